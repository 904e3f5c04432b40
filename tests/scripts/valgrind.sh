#!/bin/bash
# SPDX-License-Identifier: MIT
#
# No invalid access, nothing uninitialised, nothing lost, no descriptor left open, whatever is counted.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "valgrind and a sanitizer do not go together"
command -v valgrind > /dev/null || skip "valgrind is not installed"

# clean STATUS ARGUMENTS...
clean() {
    local want=$1 status=0
    shift
    valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible \
        --errors-for-leak-kinds=definite,possible --log-file=valgrind.log \
        mrcount "$@" > out 2> err || status=$?
    [ "$status" = "$want" ] || fail "$*: exit status $status: $(head -n 30 valgrind.log) $(cat err)"
    # What it forks has a status of its own, and the same log.
    ! grep -q '^==' valgrind.log || fail "$*: $(head -n 30 valgrind.log)"
}

"$generate" hard 60000 0 1 > hard.text
"$generate" zipf 60000 9000 1 > text
"$generate" lines 10000 3000 1 > lines.text
clean 0 /dev/null
clean 0 -j 1 "$MRCOUNT_SOURCE/data/fool.txt"
for rule in unicode space letters; do
    clean 0 -j 3 --words=$rule hard.text text
    clean 0 -j 3 --words=$rule -i -n 10 text hard.text
done
clean 0 -j 2 -l lines.text
clean 0 -j 2 -l -i -z lines.text
clean 0 -j 2 -m hard.text
clean 0 -j 2 -f1,3- lines.text
clean 0 -j 2 -d: -f2 lines.text
clean 0 -j 2 -g 2-3 hard.text
clean 0 -j 2 --json hard.text
clean 0 -j 2 --format=csv -o csv hard.text
clean 0 --total --stats text
mrcount text > counts
clean 0 --merge counts counts
# CMDs themselves are not looked at, but all that is done for them, in both processes.
clean 0 -j 2 -l --mapper=cat lines.text text
clean 0 -j 2 -wspace --per-file --mapper='cat; env | grep ^MRCOUNT_FILE=; echo said >&2' text lines.text
clean 0 -j 2 -q -S1K --mapper=cat --reducer='uniq -c' lines.text text
clean 2 --mapper='cat; exit 3' lines.text
clean 2 --mapper=cat --reducer='kill $$' lines.text
clean 1 missing text
clean 2 --tread=3
clean 0 --help
clean 0 --completion=bash
