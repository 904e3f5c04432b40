#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Some allocations and system calls fail: `make fault` in small.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "calls are made to fail without sanitizers only"
"$MRCOUNT_SOURCE/tests/fault/fault.py" --each=2 > summary || fail "$(tail -n 20 summary)"
grep -q 'allocations failed: [1-9]' summary || fail "nothing was made to fail: $(cat summary)"
