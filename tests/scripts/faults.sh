#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Exit statuses and messages when something is empty, missing, full or closed.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

# expect STATUS STDOUT STDERR COMMAND... - STDERR is a pattern that all of it must match, anchored.
expect() {
    local status=$1 out=$2 err=$3 got=0
    shift 3
    "$@" > stdout 2> stderr || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, not $status; $(cat stderr)"
    # shellcheck disable=SC2059 # the wanted output is a format on purpose
    printf "$out" | cmp -s - stdout || fail "$*: printed $(head -c 1000 stdout)"
    if [ -z "$err" ]; then
        [ ! -s stderr ] || fail "$*: said $(cat stderr)"
    else
        [ "$(wc -l < stderr)" -ge 1 ] || fail "$*: said nothing"
        grep -Eqvx "$err" stderr && fail "$*: said $(cat stderr)"
        true
    fi
}

printf 'b a b\n' > file
expect 0 '' '' mrcount /dev/null
expect 0 '' '' mrcount < /dev/null
expect 0 '' '' sh -c ': | mrcount'
expect 0 'b\t2\na\t1\n' '' mrcount file
expect 0 'b\t2\na\t1\n' '' mrcount - < file
expect 0 'b\t4\na\t2\n' '' mrcount file file
expect 1 'b\t2\na\t1\n' 'mrcount: missing: No such file or directory' mrcount missing file
expect 1 'b\t2\na\t1\n' 'mrcount: missing: No such file or directory' mrcount file missing
expect 1 '' 'mrcount: missing: No such file or directory' mrcount missing
mkdir folder
expect 1 'b\t2\na\t1\n' 'mrcount: folder: Is a directory' mrcount folder file
expect 1 'b\t2\na\t1\n' "mrcount: '': No such file or directory" mrcount '' file
if [ "$(id -u)" != 0 ]; then
    printf 'secret\n' > closed
    chmod 0 closed
    expect 1 'b\t2\na\t1\n' 'mrcount: closed: Permission denied' mrcount closed file
fi
mkfifo fifo
cat file > fifo &
expect 0 'b\t2\na\t1\n' '' mrcount fifo
wait
expect 0 'b\t4\na\t2\n' '' sh -c 'cat file | mrcount file -'

# Files of /proc say they are empty and are not.
mrcount --words=space /proc/filesystems > got
tokens space < /proc/filesystems | count_lines > want
[ -s want ] || fail "/proc/filesystems is empty"
same "/proc/filesystems" want got

# Output that cannot be written.
expect 2 '' 'mrcount: .*No space left on device' sh -c 'mrcount file > /dev/full'
expect 2 '' 'mrcount: .*Bad file descriptor' sh -c 'mrcount file >&-'
expect 2 '' 'mrcount: .*folder-not-there/out.*' mrcount -o folder-not-there/out file
"$generate" uniform 300000 300000 1 > many
expect 2 '' 'mrcount: .*No space left on device' sh -c 'mrcount many > /dev/full'
expect 2 '' 'mrcount: .*No space left on device' sh -c 'mrcount --sort=none many > /dev/full'

# A reader that goes early: silence, and death by SIGPIPE.
set +e
{ mrcount many 2> stderr; echo $? > status; } | head -n 1 > got
set -e
[ "$(cat status)" = 141 ] || fail "| head -n 1: exit status $(cat status)"
[ ! -s stderr ] || fail "| head -n 1: said $(cat stderr)"
[ "$(wc -l < got)" = 1 ] || fail "| head -n 1: no line"

# No standard input at all.
expect 1 '' 'mrcount: .*Bad file descriptor' sh -c 'mrcount <&-'
expect 0 'b\t2\na\t1\n' '' sh -c 'mrcount file <&-'

# Names from a file.
printf 'file\0file\0' > names
expect 0 'b\t4\na\t2\n' '' mrcount --files0-from=names
expect 0 'b\t4\na\t2\n' '' sh -c 'mrcount --files0-from=- < names'
printf 'file\0missing\0' > names
expect 1 'b\t2\na\t1\n' 'mrcount: missing: No such file or directory' mrcount --files0-from=names
expect 2 '' 'mrcount: .*not-there.*No such file or directory' mrcount --files0-from=not-there
expect 0 '' '' mrcount --files0-from=/dev/null

# --output: all or nothing.
expect 0 '' '' mrcount -o out file
printf 'b\t2\na\t1\n' | cmp -s - out || fail "-o: $(cat out)"
printf 'old\n' > out
expect 1 '' 'mrcount: missing: No such file or directory' mrcount -o out missing file
printf 'b\t2\na\t1\n' | cmp -s - out || fail "-o over an old file: $(cat out)"
[ "$(find . -name '*out*' ! -name stdout | wc -l)" = 1 ] || fail "-o left something: $(find . -name '*out*' ! -name stdout)"
