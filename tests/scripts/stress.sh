#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Random calls of the library from many threads: `make stress` in small.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$MRCOUNT_BUILD/fault/stress" "$([ -n "$slow" ] && echo 500 || echo 2000)" 1
