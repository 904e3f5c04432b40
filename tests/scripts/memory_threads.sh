#!/bin/bash
# SPDX-License-Identifier: MIT
#
# -S holds however many threads share it: with less than the least, which is raised to 16 MiB and 4
# MiB a thread, the process takes that and 16 MiB at the most, from a file and from a pipe, and the
# same bytes come out as with all memory.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"

"$generate" zipf "${MRCOUNT_MEMORY_WORDS:-4000000}" 2000000 9 > text

# check LIMIT WHAT - what has run took so many KiB at the most, and printed what it should.
check() {
    [ "$(cat peak)" -le "$1" ] || fail "$2: $(cat peak) KiB of at most $1"
    same "$2" wanted got
}

mrcount -g1-3 text > wanted
for threads in 1 2 8 16 64; do
    limit=$(((16 + 4 * threads + 16) * 1024))
    peak mrcount --quiet -j $threads -S1 -T . -g1-3 text > got
    check $limit "-g1-3, -j $threads, a file"
    # shellcheck disable=SC2002 # a pipe on purpose
    cat text | peak mrcount --quiet -j $threads -S1 -T . -g1-3 > got
    check $limit "-g1-3, -j $threads, a pipe"
done

# Without an order each thread puts out what it has: lines come as they come, each key in one of them.
"$generate" uniform 6000000 30000000 1 > text
mrcount -g2 text > wanted
peak mrcount --quiet -j 64 -S1 -T . --sort=none -g2 text > out
[ "$(wc -l < out)" = "$(wc -l < wanted)" ] || fail "--sort=none -g2, -j 64: a key is in two lines, or missing"
mrcount --merge out > got
check "$limit" "--sort=none -g2, -j 64"
