#!/bin/bash
# SPDX-License-Identifier: MIT
#
# An output that others write to as well: nothing of theirs is lost, lines stay whole, and what is
# left of ours after a failure are whole lines.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

# A small input is counted by the main thread, a large one by others.
seq 1 2000 > small
seq 1 "${slow:+1}20000" > large
printf '%s\n' c a b > few
mrcount few > few.counted
for input in small large; do mrcount -l "$input" > "$input.counted"; done

# whole WHAT FILE PATTERN - every line of the file matches.
whole() {
    [ -s "$2" ] || fail "$1: nothing there"
    if grep -Evqx -- "$3" "$2"; then fail "$1: $(grep -Evxm 3 -- "$3" "$2" | head -c 300)"; fi
    [ "$(tail -c 1 "$2" | od -An -tx1)" = " 0a" ] || fail "$1: the last line does not end: $(tail -c 30 "$2")"
}

# Several at a time on one output, whatever kind it is.
for number in 1 2 3 4 5 6 7 8; do seq "${number}00001" "${number}01000" > part$number; done
cat part? | sort > want
together() {
    printf '%s\n' part? | xargs -P4 -n1 mrcount -l -j2
}
: > appended
together > out
together >> appended
together | cat > piped
together | tee >(cat > teed.copy) > teed
mkfifo fifo
cat fifo > through &
together > fifo
wait
for file in out appended piped teed through; do
    whole "together, $file" "$file" '[1-8]0[0-9]{4}	1'
    cut -f 1 "$file" | sort | cmp -s - want || fail "together, $file: $(wc -l < "$file") lines of $(wc -l < want)"
done

# One begins before another, and ends after it.
mkfifo first second
{
    mrcount -l < first &
    mrcount -l < second &
    exec 8> first 9> second
    cat small >&9
    exec 9>&-
    wait $!
    echo between
    cat small >&8
    exec 8>&-
    wait
} > out
cat small.counted <(echo between) small.counted | cmp -s - out || fail "one after the other: $(wc -l < out) lines"

# Between the lines of a shell, by every name that there is for the same output, in more than one
# shell and by every redirection.
ln -s /dev/stdout link
ln -s link link2
shells=(sh bash)
names=('' '-o log' '-o link2' '-o /dev/stdout' '-o /dev/fd/1' '-o /proc/self/fd/1' '-o ./log' '-o link' '-o hard'
    '-o /dev/fd/7 7>&1')
# What is open already is found by one thread, and in the same way whatever its name.
if [ "$slow" ]; then shells=(sh) names=("${names[@]:0:3}"); fi
for shell in "${shells[@]}"; do
    for input in few large; do
        for name in "${names[@]}"; do
            for redirection in '> log' '>> log' '1<> log' '> log 2>&1'; do
                rm -f log hard
                : > log
                ln log hard
                $shell -c "(echo head; mrcount -l $name $input; echo tail) $redirection" ||
                    fail "$shell, $name $redirection: exit status $?"
                (echo head; cat $input.counted; echo tail) | cmp -s - log ||
                    fail "$shell, $input $name $redirection: $(wc -l < log) lines"
            done
        done
        $shell -c "(echo head >&2; mrcount -l -o /dev/stderr $input; echo tail >&2) 2> log"
        (echo head; cat $input.counted; echo tail) | cmp -s - log || fail "$shell, /dev/stderr: $(wc -l < log) lines"
        [ "$($shell -c "mrcount -l -o /dev/fd/3 $input 3>&1 > log" | wc -l)" = "$(wc -l < $input)" ] ||
            fail "$shell, /dev/fd/3 of a pipe"
    done
done
mrcount -l -o >(cat > substituted) large
await "all of the output in -o >(cat)" cmp -s large.counted substituted

# A limit on the size of files: it is a message, not a death by SIGXFSZ, and no half line is left.
limited() {
    local what=$1 status=0
    bash -c "ulimit -f 8; $2" 2> said || status=$?
    [ "$status" = 2 ] || fail "$what: exit status $status: $(cat said)"
}
for input in small large; do
    for format in tsv json uniq; do
        pattern='(head|[0-9]+	1|\{"key":"[0-9]+","count":1\}| *1 [0-9]+|mrcount: .*)'
        for redirection in '> log' '>> log' '1<> log' '> log 2>&1'; do
            rm -f log
            : > log
            limited "limit, $input $redirection" \
                "(echo head; mrcount -l --format=$format $input; exit \$?) $redirection"
            [ "$(head -n 1 log)" = head ] || fail "limit, $input $redirection: no head"
            whole "limit, $input $format $redirection" log "$pattern"
            # Where the message itself has no room in that file nobody hears of it.
            case $redirection in *'2>&1') continue ;; esac
            grep -q 'File too large' said || fail "limit, $input: $(cat said)"
        done
    done
done
limited "limit, keys longer than that" 'head -c 20000 /dev/zero | tr "\0" x | mrcount > log'
[ ! -s log ] || fail "limit: the half of a long key: $(wc -c < log)"
status=0
(ulimit -f 8; mrcount -l -o beyond large) 2> said || status=$?
[ "$status" = 2 ] || fail "limit, -o: exit status $status"
[ ! -e beyond ] || fail "limit, -o: left $(wc -c < beyond)"

# A disk that is full, with others on it who write into the same file.
own=(unshare -m)
[ "$(id -u)" = 0 ] || own=(unshare -rm)
mkdir disk
if ! "${own[@]}" mount -t tmpfs none disk 2> /dev/null; then
    echo "not run: a full disk (no file system can be mounted)"
    exit 0
fi
cat > full.sh <<'END'
set -e
for input in small large; do
    for redirection in '> disk/log' '>> disk/log' '1<> disk/log' '> disk/log 2>&1'; do
        mount -t tmpfs -o size=256K none disk
        : > disk/log
        # So much is left that lines do not end with a page.
        head -c 249856 /dev/zero > disk/other
        status=0
        bash -c "(echo head; mrcount -l $input; exit \$?) $redirection" 2> said || status=$?
        echo "$input $redirection: $status $(tail -c 1 disk/log | od -An -tx1) $(head -n 1 disk/log)"
        grep -Evx 'head|[0-9]+	1|mrcount: .*' disk/log || true
        umount disk
    done
done
END
"${own[@]}" bash full.sh > result 2>&1 || fail "full disk: $(cat result)"
for input in small large; do
    for redirection in '> disk/log' '>> disk/log' '1<> disk/log' '> disk/log 2>&1'; do
        grep -Fqx "$input $redirection: 2  0a head" result || fail "full disk: $(cat result)"
    done
done
[ "$(wc -l < result)" = 8 ] || fail "full disk, lines that are none: $(cat result)"
