#!/bin/bash
# SPDX-License-Identifier: MIT
#
# While it counts, the program can do nothing but count: seen from outside, and tried from inside.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "a sanitizer needs more calls than counting"
grep -q -- '-DMRCOUNT_NO_SANDBOX' "$MRCOUNT_BUILD/flags" && skip "built without"
case $(uname -m) in x86_64 | aarch64) ;; *) skip "no filter for $(uname -m)" ;; esac
grep -qw Seccomp /proc/self/status || skip "no seccomp here"

# Held open by us, a FIFO keeps the program counting.
mkfifo fifo
before=$(sed -n 's/^Seccomp_filters:\t//p' /proc/self/status)
mrcount -l -j2 fifo > out &
child=$!
exec 3> fifo
seq 100000 >&3
for _ in $(seq 200); do
    after=$(sed -n 's/^Seccomp_filters:\t//p' "/proc/$child/status")
    [ "${after:-1}" = "${before:-0}" ] || break
    sleep 0.05
done
grep -qx 'Seccomp:	2' "/proc/$child/status" || fail "no filter: $(grep Seccomp "/proc/$child/status")"
grep -qx 'NoNewPrivs:	1' "/proc/$child/status" || fail "new privileges may come"
for task in "/proc/$child/task"/*; do
    grep -qx 'Seccomp:	2' "$task/status" || fail "$(cat "$task/comm") has no filter"
done
[ "${after:-1}" != "${before:-0}" ] || fail "no filter of its own: $after"
exec 3>&-
wait "$child"
[ "$(wc -l < out)" = 100000 ] || fail "the count under the filter is wrong"

# From inside: memory is to be had, and nothing else.
printf 'untouched\n' > victim
seq 300000 | INTRUDE_LOG=log INTRUDE_FILE=victim LD_PRELOAD=$MRCOUNT_BUILD/fault/intrude.so mrcount -l -n1 > out ||
    fail "mrcount: $? $(cat log)"
printf '1\t1\n' | cmp -s - out || fail "printed $(cat out)"
cat > want <<'END'
memory done
mprotect EPERM
mmap EPERM
socket EPERM
connect EPERM
ptrace EPERM
kill EPERM
open EPERM
open-create EPERM
open-truncate EPERM
rename EPERM
chmod EPERM
mkdir EPERM
fork EPERM
execve EPERM
END
same "what an intruder can do" want log
[ "$(cat victim)" = untouched ] || fail "a file was touched"
[ ! -e made-by-intruder ] || fail "a folder was made"

# With -o, over an old file and in a folder where temporaries are.
printf 'old\n' > out
seq 200000 | mrcount -l -q -S1K -T . -o out -j3 || fail "-o: $?"
[ "$(wc -l < out)" = 200000 ] || fail "-o under the filter: $(wc -l < out) lines"
seq 200000 | mrcount -l --total --stats --progress=always > out 2> stats || fail "--stats: $?"
grep -q 'peak memory' stats || fail "--stats under the filter: $(cat stats)"
