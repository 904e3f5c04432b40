#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The man page explains the options that --help lists, those and no others; --help fits a terminal
# of 80 columns.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

mrcount --help > help
sed -nE 's/^ +(-[[:alnum:]]), (--[a-z0-9-]+).*/\1 \2/p; s/^ +(--[a-z0-9-]+).*/\1/p' help | tr ' ' '\n' |
    sort > want
grep '^\.It Fl' "$MRCOUNT_SOURCE/man/mrcount.1" | sed 's/Fl Fl /\n--/g; s/Fl /\n-/g' |
    sed -nE 's/^(--[a-z0-9-]+|-[[:alnum:]]).*/\1/p' | sort > got
[ "$(wc -l < want)" -gt 20 ] || fail "options not found in: $(cat help)"
same "options of --help and of the man page" want got
if grep -E '.{81}' help; then fail "--help is wider than 80 columns"; fi
