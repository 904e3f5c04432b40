#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The hardening of the program as it was built: position independent, its tables read-only after the
# start, no stack that can be run, functions that watch their stack and the sizes they are given.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "a sanitizer's build is not hardened"
case ${MAKEFLAGS:-} in *HARDENING=*) skip "built with HARDENING of the user's own" ;; esac
command -v readelf > /dev/null || skip "no readelf"

# has WHAT PATTERN OPTION... FILE - readelf must show it.
has() {
    local what=$1 pattern=$2
    shift 2
    readelf -W "$@" > shown 2> /dev/null || fail "readelf $*"
    grep -Eq "$pattern" shown || fail "${*: -1}: no $what"
}

for file in "$MRCOUNT_BUILD/mrcount" "$MRCOUNT_BUILD/libmapreduce.so"; do
    has "position independence" 'Type: +DYN' -h "$file"
    has "read-only relocations" 'GNU_RELRO' -l "$file"
    has "binding at the start" 'BIND_NOW|FLAGS_1.*NOW' -d "$file"
    has "segment for the stack" 'GNU_STACK' -l "$file"
    ! grep -Eq 'GNU_STACK.* RWE' shown || fail "$file: a stack that can be run"
    ! grep -Eq 'LOAD.* RWE' shown || fail "$file: memory that can be written and run"
    has "guarded stack" '__stack_chk_fail' --dyn-syms "$file"
done
has "PIE flag" 'FLAGS_1.*PIE' -d "$MRCOUNT_BUILD/mrcount"
# What is checked depends on which functions are used; some always are, where the compiler optimizes.
if grep -Eq -- ' -O[1-3sg]' "$MRCOUNT_BUILD/flags"; then
    has "checked functions of the C library" '__[a-z]+_chk' --dyn-syms "$MRCOUNT_BUILD/mrcount"
else
    echo "checked functions of the C library: not without optimization"
fi

# A program is marked only where all its objects are, the C library's start files among them: so ours
# are looked at.
if [ "$(uname -m)" = x86_64 ] && grep -q -- '-fcf-protection' "$MRCOUNT_BUILD/flags"; then
    has "control-flow enforcement" 'IBT, SHSTK' -n "$MRCOUNT_BUILD/obj/src/main.o"
    readelf -W -n "$MRCOUNT_BUILD/mrcount" > shown 2> /dev/null || fail "readelf -n"
    if grep -q 'IBT, SHSTK' shown; then
        echo "control-flow enforcement: the program is marked"
    else
        echo "control-flow enforcement: our objects are marked, the C library's start files are not"
    fi
else
    echo "control-flow enforcement: not known to this compiler on $(uname -m)"
fi
