#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What goes to disk: whatever is counted and however it is printed, the bytes are those of a run in
# memory, nothing is left, and several directories are used in turn.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

# Enough for 24 MB to be too little: some 600,000 lines are not.
"$generate" uniform 1000000 20000000 11 > text
mkdir tmp

# compare OPTION... - the same with and without room, and that something was spilled.
compare() {
    mrcount -j 2 -S 1G "$@" > want
    mrcount -q -j 2 -S 1K -T tmp --stats "$@" > got 2> stats || fail "$*: status $?: $(cat stats)"
    same "$*" want got
    [ "$(sed -n 's/^bytes spilled  *//p' stats)" -gt 0 ] || fail "$*: nothing was spilled"
    [ -z "$(ls -A tmp)" ] || fail "$*: left $(ls -A tmp)"
}

tr ' ' '\n' < text > lines
tr '\n' '\0' < lines > zeros
compare -l lines
compare -l --sort=key -r -c lines
compare -l -n 1000 lines
compare -l --total lines
compare -g2 text
# The threads that spill do the same in the others, of which each takes a sanitizer seconds.
if [ -z "$slow" ]; then
    compare -l -r lines
    compare -l --sort=key lines
    compare -l --min-count=2 lines
    compare -l --format=json lines
    compare -l -i --min-length=8 lines
    compare -l -z zeros
    compare --words=space text
    compare -w -i text
    compare -f1 lines
    compare -f1 -d o lines
    compare -g2-3 --words=space --sort=key text
    compare -m -g7-8 --min-length=7 lines
fi
# What is in no order is still the same lines.
mrcount -l -S 1G lines > counted
sort -S 10% counted > want
mrcount -q -l -S 1K -T tmp --sort=none lines | sort -S 10% > got
same "--sort=none" want got

# Counts of parts, added up; the second time with sums past 2^32.
split -n l/4 lines part.
for part in part.*; do
    mrcount -l -S 1G "$part" > "counts.$part"
done
[ "$slow" ] || compare --merge counts.*
mrcount -q --merge -S 1K -T tmp counts.* > got
same "--merge and the whole" counted got
sed 's/$/000000000/' counts.part.aa > large
compare --merge large counts.*

# A pipe.
# shellcheck disable=SC2002 # a pipe on purpose
cat lines | mrcount -q -l -S 1K -T tmp > got
same "a pipe" counted got

# Progress says how much was spilled, while it runs and at the end.
mrcount -l -j 2 -S 24M -T tmp --progress=json lines 2> progress > got
same "--progress=json" counted got
tail -n 1 progress | grep -Eq '"spilled":[1-9]' || fail "no spilled bytes: $(tail -n 1 progress)"

# ---- Directories ---------------------------------------------------------------------------------

# One that is missing is found out before anything is counted, wherever it stands.
missing="mrcount: missing: cannot hold temporary files: No such file or directory"
for order in "-T tmp -T missing" "-T missing -T tmp"; do
    status=0
    # shellcheck disable=SC2086 # options are divided on purpose
    mrcount -q -l -S 1K $order lines > got 2> said || status=$?
    [ $status = 2 ] || fail "$order: status $status"
    [ ! -s got ] || fail "$order: printed something"
    [ "$(cat said)" = "$missing" ] ||
        fail "$order: said $(cat said)"
done
