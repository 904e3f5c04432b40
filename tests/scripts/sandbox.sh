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
filtered() {
    after=$(sed -n 's/^Seccomp_filters:\t//p' "/proc/$child/status")
    [ "${after:-1}" != "${before:-0}" ] && grep -qx 'Seccomp:	2' "/proc/$child/status"
}
await "a filter of its own" filtered
grep -qx 'NoNewPrivs:	1' "/proc/$child/status" || fail "new privileges may come"
for task in "/proc/$child/task"/*; do
    grep -qx 'Seccomp:	2' "$task/status" || fail "$(cat "$task/comm") has no filter"
done
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
sendmsg EPERM
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
execveat EPERM
END
same "what an intruder can do" want log
[ "$(cat victim)" = untouched ] || fail "a file was touched"
[ ! -e made-by-intruder ] || fail "a folder was made"

# The same where commands are run, who are under no filter of ours.
seq 300000 | INTRUDE_LOG=log1 INTRUDE_FILE=victim LD_PRELOAD=$MRCOUNT_BUILD/fault/intrude.so \
    mrcount --mapper='LD_PRELOAD= cat' -n1 > out || fail "mrcount --mapper: $? $(cat log1)"
printf '1\t1\n' | cmp -s - out || fail "printed $(cat out)"
same "what an intruder can do beside commands" want log1
[ "$(cat victim)" = untouched ] || fail "a file was touched"
grep -E '^(NoNewPrivs|Seccomp)' /proc/self/status > free
mrcount --mapper="grep -E '^(NoNewPrivs|Seccomp)' /proc/self/status" -l --sort=key < /dev/null | cut -f 1,2 > got
same "what a command may do" <(sort free) got

# With -o, over an old file and in a folder where temporaries are.
printf 'old\n' > out
seq 200000 | mrcount -l -q -S1K -T . -o out -j3 || fail "-o: $?"
[ "$(wc -l < out)" = 200000 ] || fail "-o under the filter: $(wc -l < out) lines"
seq 200000 | mrcount -l --total --stats --progress=always > out 2> stats || fail "--stats: $?"
grep -q 'peak memory' stats || fail "--stats under the filter: $(cat stats)"

# What newer C libraries and preloaded allocators do goes on: nothing of it is refused.
seq 300000 | LIBRARIES_LOG=log2 LD_PRELOAD=$MRCOUNT_BUILD/fault/libraries.so mrcount -l -n1 > out ||
    fail "mrcount: $?"
printf '1\t1\n' | cmp -s - out || fail "printed $(cat out)"
grep -q '^ioctl-TCGETS2 ENOTTY$' log2 || fail "TCGETS2: $(cat log2)"
grep -q '^young ENOSYS$' log2 || fail "a call nobody knows: $(cat log2)"
grep ' EPERM$' log2 && fail "refused"
[ "$(wc -l < log2)" -ge 30 ] || fail "not all was tried: $(cat log2)"

# What is refused is told as what it is. The library opens each FILE for reading and writing.
cat > open.c <<'END'
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int open(const char *name, int flags, ...)
{
    return (int)syscall(SYS_openat, AT_FDCWD, name, strstr(name, "odd") ? O_RDWR : flags, 0666);
}
int __open_2(const char *name, int flags)
{
    return open(name, flags);
}
END
if "${CC:-cc}" -w -shared -fPIC -o open.so open.c; then
    seq 300000 > even
    seq 300000 > odd
    status=0
    LD_PRELOAD=./open.so mrcount -l --total even odd > out 2> err || status=$?
    [ $status = 1 ] || fail "a FILE that may not be opened: status $status, $(cat err)"
    grep -qx 'mrcount: odd: Operation not permitted (perhaps refused by the filter of system calls)' err ||
        fail "a FILE that may not be opened: $(cat err)"
fi

# Where no filter can be set, counting goes on.
unfiltered() {
    status=0
    "$MRCOUNT_BUILD/fault/nofilter" "$@" mrcount -l --total even > out 2> err || status=$?
    [ $status != 77 ] || skip "all else is as it should be: $(cat err)"
    [ "$status $(cat out err)" = "0 $(printf '300000\t300000')" ] || fail "$*: status $status, $(cat out err)"
}
seq 300000 > even
for error in 1 22 38; do # EPERM, EINVAL, ENOSYS
    unfiltered seccomp $error
    unfiltered flags $error
    [ "$(id -u)" != 0 ] || unfiltered privileges $error
done
# A kernel that knows fewer flags still has the filter.
seq 300000 | INTRUDE_LOG=log3 INTRUDE_FILE=victim "$MRCOUNT_BUILD/fault/nofilter" flags 22 \
    env LD_PRELOAD="$MRCOUNT_BUILD/fault/intrude.so" "$(command -v mrcount)" -l -n1 > out || fail "mrcount: $?"
same "what an intruder can do, with an older kernel" want log3

# Built for coverage, of which a part is enough, it writes its profile at the end, over an older one.
objects=()
while IFS= read -r source; do
    objects+=("$MRCOUNT_BUILD/obj/${source%.c}.o")
done < <(cd "$MRCOUNT_SOURCE" && find src -name '*.c' ! -path src/main.c)
if "${CC:-cc}" -std=c11 -D_GNU_SOURCE -I "$MRCOUNT_SOURCE/src" --coverage -fPIE -pthread -c -o main.o \
    "$MRCOUNT_SOURCE/src/main.c" && "${CC:-cc}" --coverage -pie -pthread -o covered main.o "${objects[@]}" 2> err; then
    for run in 1 2; do
        ./covered -l --total even > out 2> err || fail "built for coverage: status $?, $(cat err)"
        [ ! -s err ] || fail "built for coverage, run $run: said $(cat err)"
    done
    [ -n "$(find . -name '*.gcda')" ] || fail "built for coverage, and no profile"
else
    echo "not run: a build for coverage ($(tail -n 1 err))"
fi

# Under what is often preloaded. Whatever is not installed is left out, and named at the end.
missing=
seq 300000 > many
tried() {
    local what=$1
    shift
    "$@" mrcount -l --sort=key -j3 -S1K -q -T . -o out many 2> err || fail "$what: status $?, $(cat err)"
    [ ! -s err ] || fail "$what: said $(cat err)"
    mrcount -l --sort=key many | cmp -s - out || fail "$what: another output"
}
if command -v fakeroot > /dev/null; then tried fakeroot fakeroot; else missing="$missing fakeroot"; fi
if command -v fakeroot-tcp > /dev/null; then tried fakeroot-tcp fakeroot-tcp; fi
for library in libjemalloc.so.2 libmimalloc.so.2 libtcmalloc_minimal.so.4; do
    # The dynamic linker says so where there is none; a shell's own `true` would not ask it.
    if [ -n "$(env LD_PRELOAD=$library true 2>&1)" ]; then
        missing="$missing $library"
    else
        tried $library env LD_PRELOAD=$library
    fi
done
[ -z "$missing" ] || echo "not run: under what is not installed:$missing"
