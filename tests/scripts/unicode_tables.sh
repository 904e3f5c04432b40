#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The Unicode tables are what the generator makes of the Unicode Character Database, twice alike.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh"

[ -z "${MRCOUNT_VARIANT:-}" ] || skip "the tables are the same in every build"

ucd=${UCD:-/usr/share/unicode}
unicode=$MRCOUNT_SOURCE/src/text/unicode
version=$(sed -n 's/^#define UNICODE_VERSION "\(.*\)"/\1/p' "$unicode/tables.h")
command -v python3 > /dev/null || skip "python3 is not installed"
[ -r "$ucd/CaseFolding.txt" ] || skip "the Unicode Character Database (unicode-data) is not installed"
grep -q "^# CaseFolding-$version.txt" "$ucd/CaseFolding.txt" || skip "$ucd is not Unicode $version"

python3 "$unicode/generate.py" "$ucd" .
same "tables.h is not what generate.py makes" "$unicode/tables.h" tables.h
same "tables.c is not what generate.py makes" "$unicode/tables.c" tables.c
same "normal_tables.h is not what generate.py makes" "$unicode/normal_tables.h" normal_tables.h
same "normal_tables.c is not what generate.py makes" "$unicode/normal_tables.c" normal_tables.c
for name in width_tables.h width_tables.c; do
    same "$name is not what generate.py makes" "$MRCOUNT_SOURCE/src/cli/$name" $name
done
