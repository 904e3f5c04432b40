#!/bin/bash
# SPDX-License-Identifier: MIT
#
# In a control group that may have 96 MiB, mrcount without -S counts more keys than that holds: half
# of what the group leaves is its budget, it spills, and nothing is killed. Needs root.
#
# Where memory is in the hands of a control group tree of version 1, that one sets the limit, and
# files in the form of version 2 announce it, in a mount namespace of their own.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"
[ "$(id -u)" = 0 ] || skip "control groups are made by root"

tree=/sys/fs/cgroup
limit=$((96 << 20))
group=
finish() {
    [ -z "$group" ] || rmdir "$group" 2> /dev/null || { sleep 1 && rmdir "$group"; } || true
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
    unshare -m true 2> /dev/null || skip "no mount namespace can be made"
    mkdir version2
    echo $limit > version2/memory.max
    echo 1000000 > version2/memory.current
else
    skip "no control groups that limit memory"
fi

# inside COMMAND... - runs it in the group.
inside() {
    # shellcheck disable=SC2016 # for the inner shell
    if [ $version = 2 ]; then
        sh -c 'echo $$ > "$0/cgroup.procs" && exec "$@"' "$group" "$@"
    else
        unshare -m sh -c 'echo $$ > "$0/cgroup.procs" &&
            mount --bind version2 /sys/fs/cgroup && exec "$@"' "$group" "$@"
    fi
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
