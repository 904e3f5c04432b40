#!/bin/bash
# SPDX-License-Identifier: MIT
#
# In a control group, of version 1 or 2, below one that may have 96 MiB, mrcount without -S counts
# more keys than that holds: half of what is left is its budget, it spills, and nothing is killed.
# A quota of processors is its number of threads. Needs root.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"
[ "$(id -u)" = 0 ] || skip "control groups are made by root"

tree=/sys/fs/cgroup
limit=$((96 << 20))
group=
quota=
finish() {
    for made in ${group:+"$group/inner" "$group"} ${quota:+"$quota"}; do
        rmdir "$made" 2> /dev/null || { sleep 1 && rmdir "$made"; } || true
    done
}
trap finish EXIT

# A group below the root of the tree, so that nothing that runs has to be moved.
if [ "$(stat -f -c %T $tree)" = cgroup2fs ]; then
    version=2
    grep -qw memory $tree/cgroup.controllers || skip "no memory controller in the control groups"
    group=$tree/mrcount-test.$$
    mkdir "$group" 2> /dev/null || { group=; skip "no control group can be made"; }
    [ -e "$group/memory.max" ] || echo +memory > $tree/cgroup.subtree_control || true
    [ -e "$group/memory.max" ] || skip "the control groups' memory controller cannot be had"
    echo $limit > "$group/memory.max"
    [ ! -e "$group/memory.swap.max" ] || echo 0 > "$group/memory.swap.max"
elif [ -e $tree/memory/memory.limit_in_bytes ]; then
    version=1
    group=$tree/memory/mrcount-test.$$
    mkdir "$group" 2> /dev/null || { group=; skip "no control group can be made"; }
    echo $limit > "$group/memory.limit_in_bytes"
    swap=$group/memory.memsw.limit_in_bytes
    [ ! -e "$swap" ] || echo $limit > "$swap"
else
    skip "no control groups that limit memory"
fi

mkdir "$group/inner"

# within GROUP COMMAND... - runs it in a group.
within() {
    # shellcheck disable=SC2016 # for the inner shell
    sh -c 'echo $$ > "$0/cgroup.procs" && exec "$@"' "$@"
}

inside() {
    within "$group/inner" "$@"
}

# The group does limit: what takes 300 MB there does not live.
status=0
inside dd if=/dev/zero of=/dev/null bs=300M count=1 2> /dev/null || status=$?
[ $status = 137 ] || skip "what the control group is told is not done: dd ended with $status"

"$generate" uniform 4000000 20000000 7 > text
tokens space < text | sort -S 10% | uniq -c > want
status=0
inside mrcount --words=space --sort=key -c -j 2 -T . --stats text > got 2> stats || status=$?
[ $status = 0 ] || fail "a file: exit status $status; $(cat stats)"
same "a file" want got
[ "$(sed -n 's/^bytes spilled  *//p' stats)" -gt 0 ] || fail "nothing was spilled: $(cat stats)"

# From a pipe, with more threads.
# shellcheck disable=SC2002 # a pipe on purpose
cat text | inside mrcount --words=space --sort=key -c -j 8 -T . > got || fail "a pipe: status $?"
same "a pipe" want got

# The limit is that of the group itself, too, and percentages are of it.
printf 'b a b\n' > text
within "$group" mrcount -S 10% -j 1 text 2> note > /dev/null || fail "-S 10%: status $?"
grep -q 'too small' note || fail "10% of 96 MiB are not too little: $(cat note)"

# Half a processor is one thread.
if [ $version = 2 ]; then
    quota=$tree/mrcount-test-cpu.$$
    mkdir "$quota"
    [ -e "$quota/cpu.max" ] || echo +cpu > $tree/cgroup.subtree_control || true
    [ -e "$quota/cpu.max" ] || skip "memory is as it should be; there is no cpu controller"
    echo 50000 > "$quota/cpu.max"
else
    [ -d $tree/cpu ] || skip "memory is as it should be; there is no cpu controller"
    quota=$tree/cpu/mrcount-test-cpu.$$
    mkdir "$quota"
    [ -e "$quota/cpu.cfs_quota_us" ] || skip "memory is as it should be; there are no quotas"
    echo 50000 > "$quota/cpu.cfs_quota_us"
fi
seq 100000 | within "$quota" mrcount -l --total --stats > got 2> stats || fail "a quota: status $?"
threads=$(sed -n 's/^threads  *//p' stats)
[ "$threads" = 1 ] || fail "$threads threads where half a processor is to be had"
