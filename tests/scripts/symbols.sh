#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The functions of the header, those of the linker's map and those of Debian's symbols file are the
# same, the last two in the same versions.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
cd "$MRCOUNT_SOURCE"
out=$OLDPWD

sed -zE 's,/\*([^*]|\*+[^*/])*\*+/,,g' src/engine/mapreduce.h | tr '\n' ' ' | tr ';' '\n' |
    sed -nE 's/^.*MR_API [^(]*[ *](mr_[a-z0-9_]+)\(.*/\1/p' | sort > "$out/header"
[ "$(wc -l < "$out/header")" -ge 20 ] || fail "only these functions in the header: $(cat "$out/header")"
awk '$2 == "{" { node = $1 } /^ *mr_/ { sub(";", ""); print $1 "@" node }' src/engine/mapreduce.map |
    sort > "$out/map"
sed 's/@.*//' "$out/map" > "$out/names"
same "the header's functions and the map's" "$out/header" "$out/names"

sed -nE 's/^ (mr_[^ ]*) .*/\1/p' debian/libmapreduce*.symbols | sort > "$out/debian"
same "the map's names and Debian's" "$out/map" "$out/debian"
sed -nE 's/^(MAPREDUCE_[0-9.]+) \{.*/\1/p' src/engine/mapreduce.map | sort > "$out/versions"
sed -nE 's/^ (MAPREDUCE_[0-9.]+)@\1 .*/\1/p' debian/libmapreduce*.symbols | sort > "$out/debian"
same "the map's versions and Debian's" "$out/versions" "$out/debian"
