#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Limits of the process (ulimit): of addresses, data, stack, threads. All is counted, if by fewer
# threads and with a note; or, where next to nothing is left, one message says that memory is out.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "sanitizers take more addresses than any limit leaves"

"$generate" uniform 1500000 200000000 5 > keys
printf 'b a b\n' > small
mrcount --words=space keys > want
mrcount --words=space --sort=none keys | sort > want-unordered

# limited LIMIT OPTION... - counts under `ulimit LIMIT`: into got and err, the status into status.
limited() {
    local limit=$1
    shift
    status=0
    # shellcheck disable=SC2016,SC2086 # for the inner shell; two words on purpose
    bash -c 'ulimit '"$limit"' && exec mrcount "$@"' - "$@" > got 2> err || status=$?
}

# complete WHAT - all was counted, and said are notes at the most.
complete() {
    [ $status = 0 ] || fail "$1: exit status $status, $(cat err)"
    same "$1" want got
    notes "$1"
}

notes() {
    grep -vxE 'mrcount: (only [0-9]+ of [0-9]+ threads can be had|--buffer-size is .*, using [0-9]+K|cannot start a thread: .*)' err &&
        fail "$1: said $(cat err)"
    true
}

# either WHAT - or it says in one message that it cannot.
either() {
    if [ $status = 0 ]; then
        complete "$1"
    else
        [ $status = 2 ] || fail "$1: exit status $status, $(cat err)"
        [ "$(grep -cx 'mrcount: out of memory.*' err)" = 1 ] || fail "$1: said $(cat err)"
        [ ! -s got ] || fail "$1: failed and printed"
    fi
}

# Addresses and data: from next to nothing to plenty, which is 30 MB and more.
for kib in 8000 30000 100000 200000 500000 1000000; do
    for threads in 2 8 16; do
        for limit in v d; do
            limited "-$limit $kib" -j $threads --words=space keys
            if [ $kib -lt 30000 ]; then either "ulimit -$limit $kib, -j $threads"; else complete "ulimit -$limit $kib, -j $threads"; fi
        done
    done
    limited "-v $kib" -j 8 -S 1G --words=space < keys
    if [ $kib -lt 30000 ]; then either "ulimit -v $kib, -S 1G, a pipe"; else complete "ulimit -v $kib, -S 1G, a pipe"; fi
    limited "-v $kib" -j 8 small
    [ $status = 0 ] || fail "ulimit -v $kib, a small file: $(cat err)"
done
limited "-v 100000" -j 64 --words=space keys
grep -qxE 'mrcount: only [0-9]+ of 64 threads can be had' err || fail "64 threads in 100 MB: $(cat err)"
limited "-v 100000" -j 2 -S 1G --words=space keys
grep -qxE 'mrcount: --buffer-size is more than .*, using [0-9]+K' err || fail "-S 1G in 100 MB: $(cat err)"

# The stack: as little as any program starts with, in threads of their own too.
for kib in 16 24 64 256 8192; do
    limited "-s $kib" -n1 small
    if [ $status != 0 ]; then
        # shellcheck disable=SC2016 # for the inner shell
        bash -c 'ulimit -s "$0" && exec true' $kib 2> /dev/null && fail "ulimit -s $kib: status $status, $(cat err)"
        continue # nothing at all starts
    fi
    printf 'b\t2\n' | cmp -s - got || fail "ulimit -s $kib: $(cat got)"
    limited "-s $kib" -j 3 --words=space keys
    complete "ulimit -s $kib"
    limited "-s $kib" -j 3 -S 1K -q --words=space keys
    complete "ulimit -s $kib, spilled"
    limited "-s $kib" --nothing
    [ $status = 2 ] || fail "ulimit -s $kib, a wrong option: status $status"
done

# A signal finds the program on that stack as well.
mkfifo fifo
(ulimit -s 64 && exec mrcount -l -j2 fifo > got 2> err) &
child=$!
exec 3> fifo
seq 1000 >&3
all_threads() { [ "$(sed -n 's/^Threads:\t//p' "/proc/$child/status")" -ge 5 ]; }
await "all threads run" all_threads
kill -TERM $child
status=0
wait $child 2> /dev/null || status=$?
exec 3>&-
[ $status = 143 ] || fail "SIGTERM, with a stack of its own: status $status, $(cat err)"

# Threads that do not start, from the first, the second, ... on. One reads, the others work.
for first in 1 2 3 4 5 9; do
    for options in keys "--sort=none keys" "-"; do
        status=0
        # shellcheck disable=SC2086 # options are divided on purpose
        FAULT_RULE=thread:$first+:EAGAIN LD_PRELOAD=$MRCOUNT_BUILD/fault/preload.so \
            mrcount --words=space -j 6 --stats $options < keys > got 2> err || status=$?
        [ $status = 0 ] || fail "no thread from the $first. on: status $status, $(cat err)"
        case $options in --sort=none*) sort -o got got && same "$options, no thread from the $first. on" want-unordered got ;; *) same "$options, no thread from the $first. on" want got ;; esac
        case $first in
        1) workers=1 note='mrcount: cannot start a thread: Resource temporarily unavailable' ;;
        2) workers=1 note='mrcount: only 1 of 6 threads can be had' ;;
        9) workers=6 note= ;;
        *) workers=$((first - 2)) note="mrcount: only $((first - 2)) of 6 threads can be had" ;;
        esac
        [ "$(sed -n 's/^threads  *//p' err)" = $workers ] || fail "no thread from the $first. on: $(cat err)"
        [ "$(grep '^mrcount: ' err || true)" = "$note" ] || fail "no thread from the $first. on: said $(cat err)"
    done
done
# Without any thread a signal is obeyed too, at the next look.
rm -f err pid
trap '[ ! -s pid ] || kill -KILL "$(cat pid)" 2> /dev/null || true' EXIT
yes line 2> /dev/null | FAULT_RULE=thread:1+:EAGAIN LD_PRELOAD=$MRCOUNT_BUILD/fault/preload.so \
    bash -c 'echo $$ > pid && exec mrcount -l' > got 2> err &
child=$!
await "it says that it has no threads" test -s err
status=0
kill -TERM "$(cat pid)"
wait $child 2> /dev/null || status=$?
rm pid
[ $status = 143 ] || fail "SIGTERM, without threads: status $status, $(cat err)"
[ "$(wc -l < err)" = 1 ] || fail "SIGTERM, without threads: said $(cat err)"

if FAULT_RULE=thread:1+:EAGAIN LD_PRELOAD=$MRCOUNT_BUILD/fault/preload.so \
    bash -c 'ulimit -s 100 && exec mrcount small' > got 2> err; then
    fail "neither a stack nor a thread, and it runs"
fi
grep -qx 'mrcount: the stack is too small (ulimit -s), and no other can be had: .*' err || fail "said $(cat err)"

# The same by ulimit -u, which does not hold root.
user=()
if [ "$(id -u)" = 0 ]; then
    command -v setpriv > /dev/null || skip "all but ulimit -u is as it should be: no setpriv"
    user=(setpriv --reuid=54321 --regid=54321 --clear-groups)
    chmod 755 .
    "${user[@]}" "$MRCOUNT_BUILD/mrcount" --version > /dev/null 2>&1 ||
        skip "all but ulimit -u is as it should be: another user cannot run the program"
    for processes in 1 2 3 5; do
        status=0
        # shellcheck disable=SC2016 # for the inner shell
        "${user[@]}" bash -c 'ulimit -u "$0" && exec "$@"' $processes "$MRCOUNT_BUILD/mrcount" --words=space -j 6 \
            < keys > got 2> err || status=$?
        complete "ulimit -u $processes"
    done
fi
