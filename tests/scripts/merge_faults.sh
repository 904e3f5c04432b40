#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Of many bad lines --merge names the first of the first FILE, whoever meets which at what time.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh"

# Who is first is a matter of chance without a sanitizer too, where a run takes milliseconds.
if [ "$slow" ]; then all_threads=(1 2 3 8) times=2; else all_threads=(1 2 3 5 8 16 2 3 5 8 16 4 4) times=8; fi

# Keys that differ, so that splits take their time, and lines of all lengths.
"$generate" uniform 200000 200000 1 | mrcount --sort=none > good
count=$(wc -l < good)

# expect MESSAGE OPTION... FILE... - many times, with more and fewer threads; `many` comes by a pipe.
expect() {
    local wanted=$1 threads status
    shift
    for threads in "${all_threads[@]}"; do
        status=0
        { cat many 2> /dev/null || true; } | mrcount --merge -j"$threads" "$@" > got 2> error || status=$?
        [ $status = 2 ] || fail "$*: status $status"
        [ "$(cat error)" = "mrcount: $wanted" ] || fail "-j$threads $*: $(cat error), not $wanted"
        [ ! -s got ] || fail "-j$threads $*: printed something"
    done
}

# Many in one FILE: the first is the last line of a split or in the middle of one.
for bad in 7 100003 $((count - 1)); do
    awk -v bad="$bad" 'NR >= bad && (NR - bad) % 501 == 0 { print "bad" NR; next } { print }' good > many
    expect "many: line $bad: no TAB" many
    expect "many: line $bad: no TAB" good many many
    expect "-: line $bad: no TAB" -
    expect "-: line $bad: no TAB" good - many
done

# One a FILE, at its end: later FILEs are shorter, so that their bad lines are met sooner.
names=()
for ((i = 1; i <= 12; i++)); do
    head -n $((count / i / i)) good > "file$i"
    printf 'x\t%d.\n' $i >> "file$i"
    names+=("file$i")
done
expect "file1: line $((count + 1)): what follows the last TAB is no count" "${names[@]}"
expect "file3: line $((count / 9 + 1)): what follows the last TAB is no count" good "${names[@]:2}"
expect "file2: line $((count / 4 + 1)): what follows the last TAB is no count" \
    /dev/null good "${names[@]:1}" "${names[@]}"

# One at the end of a split, and one at once in the next.
{ head -c 60000 good | head -n -1; echo x; } > long
echo x > short
line=$(wc -l < long)
for ((i = 0; i < times; i++)); do
    expect "long: line $line: no TAB" long short good
done

# A number past 2^64-1 is a bad line like others; lines end in NUL under -z.
printf 'a\t1\0b\t18446744073709551616\0c\0' > zeros
expect "zeros: line 2: the count of 'b' is past 18446744073709551615" -z zeros "${names[@]}"

