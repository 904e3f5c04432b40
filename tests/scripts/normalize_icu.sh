#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Normalization agrees with ICU's, where ICU's headers are installed and know the same Unicode.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh"

pkg-config --exists icu-uc 2> /dev/null || skip "ICU's headers (libicu-dev) are not installed"
base=$MRCOUNT_SOURCE/src/base text=$MRCOUNT_SOURCE/src/text
read -ra icu <<< "$(pkg-config --cflags --libs icu-uc)"
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -I"$MRCOUNT_SOURCE/src" -o normalize_icu \
    "$MRCOUNT_SOURCE/tests/icu/normalize_icu.c" "$text"/{normalize,case_fold,room}.c "$text"/unicode/*.c \
    "$base"/kernels/*.c "$base"/{cgroup,cpu,io,read_all,test_hooks,utf8}.c "${icu[@]}"
./normalize_icu
