#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The public header is C++17 without a warning, and a program of C++ works, exceptions and all.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
source=$MRCOUNT_SOURCE/tests/examples/letters.cc
flags=(-std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$MRCOUNT_SOURCE/src/engine" -pthread)
case ${MRCOUNT_VARIANT:-} in
asan) flags+=(-fsanitize=address -fsanitize=undefined) ;;
tsan) flags+=(-fsanitize=thread) ;;
esac

compilers=()
for compiler in c++ clang++; do
    if command -v $compiler > /dev/null; then compilers+=("$compiler"); fi
done
[ ${#compilers[@]} -gt 0 ] || skip "there is no compiler of C++"

cp "$MRCOUNT_SOURCE/data/tempest.txt" tempest
printf 'Zebra zebra' > unended
tr -s ' \t\v\f\r' '\n' < tempest | cat - <(echo) unended | tr '[:upper:]' '[:lower:]' | awk 'NF' | sort -u | cut -b 1 |
    uniq -c | awk '{ print $2 "\t" $1 }' > want
for compiler in "${compilers[@]}"; do
    # The header alone, too, which must not lean on what others include.
    "$compiler" "${flags[@]}" -fsyntax-only -include mapreduce.h -x c++ /dev/null ||
        fail "$compiler does not take mapreduce.h"
    # What a sanitizer needs is the C compiler's own.
    case $slow,${CC:-cc},$compiler in
    1,*clang*,c++ | 1,*cc*,clang++) continue ;;
    esac
    "$compiler" "${flags[@]}" -O1 -o letters "$source" "$MRCOUNT_BUILD/libmapreduce.a" ||
        fail "$compiler does not take letters.cc"
    ./letters tempest unended > got
    same "letters by $compiler" want got
    if ./letters missing 2> told; then fail "letters of a missing file"; fi
    grep -qx 'letters: missing: No such file or directory' told || fail "letters: $(cat told)"
done
