#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Whatever names a version names that of src/engine/mapreduce.h: the program, the library's file and
# soname, pkg-config, the Debian packages and the list of changes.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
cd "$MRCOUNT_SOURCE"
root=$OLDPWD/root

version=$(sed -nE 's/^#define MR_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)$/\2/p' src/engine/mapreduce.h | paste -sd .)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "src/engine/mapreduce.h: '$version'"
major=${version%%.*}

# is WHAT WANTED GOT
is() {
    [ "$2" = "$3" ] || fail "$1 is '$3', not '$2'"
}

is "mrcount --version" "mrcount $version" "$(mrcount --version | head -n 1)"
is "CHANGELOG.md" "$version" "$(sed -nE 's/^## ([0-9.]+).*/\1/p' CHANGELOG.md | head -n 1)"
is "debian/changelog" "$version" "$(sed -nE '1s/^mrcount \(([^)]*)\).*/\1/p' debian/changelog)"
is "debian/libmapreduce$major.symbols" "libmapreduce.so.$major libmapreduce$major #MINVER#" \
    "$(head -n 1 "debian/libmapreduce$major.symbols")"
grep -qx "Package: libmapreduce$major" debian/control || fail "debian/control has no libmapreduce$major"
[ -s "debian/libmapreduce$major.install" ] || fail "no debian/libmapreduce$major.install"

[ -z "$slow" ] || skip "the rest agrees; a library built with a sanitizer is not for installing"
make -s BUILD="$MRCOUNT_BUILD" PREFIX=/usr DESTDIR="$root" install > "$root.log"
is "the soname" "libmapreduce.so.$major" \
    "$(readelf -d "$root/usr/lib/libmapreduce.so" | sed -nE 's/.*SONAME.*\[(.*)\]/\1/p')"
is "the library's file" "libmapreduce.so.$version" \
    "$(basename "$(realpath "$root/usr/lib/libmapreduce.so")")"
is "pkg-config --modversion" "$version" \
    "$(PKG_CONFIG_PATH=$root/usr/lib/pkgconfig pkg-config --modversion mapreduce)"
