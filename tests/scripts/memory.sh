#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Counting few different words takes 32 MiB and 8 MiB a thread at most, however long the input;
# counting many, what -S says.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"

"$generate" uniform "${MRCOUNT_MEMORY_WORDS:-16000000}" 500 7 > text

for threads in 1 2 8; do
    limit=$(((32 + 8 * threads) * 1024))
    peak mrcount --words=space -j $threads text > got
    [ "$(cat peak)" -le $limit ] || fail "a file, -j $threads: $(cat peak) KiB of at most $limit"
    # shellcheck disable=SC2002 # a pipe on purpose
    cat text | peak mrcount --words=space -j $threads > got-pipe
    [ "$(cat peak)" -le $limit ] || fail "a pipe, -j $threads: $(cat peak) KiB of at most $limit"
    same "file and pipe" got got-pipe
done

# With keys that do not fit, -S holds whatever is counted: the program itself takes 16 MiB at most.
"$generate" uniform 1000000 20000000 8 > text
mrcount --words=space text > counts
limit=$(((48 + 16) * 1024))
for threads in 1 2 8; do
    for options in "--words=space text" "--words=space --sort=key -c text" \
        "--words=space --sort=none text" "-g2 text" "--merge counts"; do
        # shellcheck disable=SC2086 # options are divided on purpose
        peak mrcount -j $threads -S 48M -T . $options > got
        [ "$(cat peak)" -le $limit ] ||
            fail "$options, -j $threads, -S 48M: $(cat peak) KiB of at most $limit"
    done
done
