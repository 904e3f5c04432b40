#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What is counted in one line of any length takes no more memory than in many: n-grams, and fields
# that are chosen from it. Stop words are part of -S, and more of them than fit there are an error.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"

# within WHAT MIB - the peak of the last run.
within() {
    [ "$(cat peak)" -le $(($2 * 1024)) ] || fail "$1: $(cat peak) KiB of at most $2 MiB"
}

# floor THREADS - what -S 16M is raised to, and the program's own, in MiB.
floor() {
    echo $((16 + 4 * $1 + 16))
}

# check NAME FILE OPTION... - the options at several numbers of threads, from a file and from a pipe by
# turns: the bytes of a run without a limit, within -S 16M.
check() {
    local name=$1 file=$2 threads
    shift 2
    mrcount -j 2 "$@" "$file" > want
    for threads in 1 2 8; do
        if [ -z "$piped" ]; then
            peak mrcount -q -j $threads -S 16M -T . "$@" "$file" > got
            piped=", a file"
        else
            # shellcheck disable=SC2002 # a pipe on purpose
            cat "$file" | peak mrcount -q -j $threads -S 16M -T . "$@" > got
            piped=
        fi
        within "$name, $*, -j $threads${piped:-, a pipe}" "$(floor $threads)"
        same "$name, $*, -j $threads${piped:-, a pipe}" want got
    done
}
piped=

# One line of 72 MB, more than is allowed for 8 threads: few words and all of their pairs, again and
# again. Much of this is slow enough to be tried with 40 MB.
"$generate" zipf 100000 300 7 | tr '\n' ' ' > words
for _ in $(seq $((72000000 / $(wc -c < words)))); do cat words; done > line
[ "$(wc -l < line)" = 0 ] || fail "the line is not one"
check "a line" line -g2
check "a line" line -f1 -d ' '
check "a line" line -f2,70000
check "a line" line -f900000000
{ printf 'first\0'; cat line; printf '\0last'; } > lines
check "lines that end in NUL" lines -z -f1
head -c 40000000 lines > line
check "lines that end in NUL" line -z -g1-2 --words=letters -i
head -c 40000000 lines | tail -c 39999994 > line
check "characters" line -m -g2

# Hardly any token: gaps of many windows.
{ printf 'a'; head -c 36000000 /dev/zero | tr '\0' '\t'; printf 'b c'; head -c 36000000 /dev/zero | tr '\0' '\t'; printf 'd\n'; } > line
check "gaps" line -g3
[ "$(wc -l < got)" = 2 ] || fail "n-grams across gaps: $(cat got)"
check "gaps" line -f3-
rm line lines

# Stop words: a million of them, which fit and leave room to count in, and which do not.
seq 10000000 10999999 > stop
seq 10000000 2 12000000 > numbers
seq 11000000 2 12000000 | count_lines > want
for threads in 1 2 8; do
    for order in file pipe; do
        size=$((16 + 4 * threads + 24))
        if [ $order = file ]; then list=stop; else list=/dev/fd/3; fi
        peak mrcount -j $threads -S ${size}M -T . --words=space --stop-words=$list numbers 3< <(cat stop) > got
        within "stop words, -j $threads, a $order" $((size + 16))
        same "stop words, -j $threads, a $order" want got
        status=0
        peak mrcount -q -j $threads -S 16M -T . --words=space --stop-words=$list numbers 3< <(cat stop) > got 2> err || status=$?
        [ $status = 2 ] || fail "too many stop words, -j $threads, a $order: exit status $status"
        [ "$(wc -l < err)" = 1 ] || fail "too many stop words, -j $threads, a $order: said $(cat err)"
        grep -qx "mrcount: $list: the stop words take more than the [0-9]*K that --buffer-size leaves for them, give more of it" err ||
            fail "too many stop words, -j $threads, a $order: said $(cat err)"
        [ ! -s got ] || fail "too many stop words, -j $threads, a $order: failed and printed"
        within "too many stop words, -j $threads, a $order" "$(floor $threads)"
    done
done
# A list as most are is no matter of -S.
head -n 20000 stop > short
mrcount -q -j 8 -S 1 --words=space --stop-words=short numbers > got
seq 10020000 2 12000000 | count_lines > want
same "a short list" want got
