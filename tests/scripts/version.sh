#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Whatever names a version names that of src/cli/version.h: the program, the library's file and
# soname, pkg-config, the Debian packages and the list of changes.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
cd "$MRCOUNT_SOURCE"
root=$OLDPWD/root

version=$(sed -n 's/^#define VERSION_TEXT "\(.*\)"$/\1/p' src/cli/version.h)
interface=$(sed -n 's/^#define VERSION_INTERFACE \([0-9]*\)$/\1/p' src/cli/version.h)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ && -n $interface ]] || fail "src/cli/version.h: '$version' '$interface'"

# is WHAT WANTED GOT
is() {
    [ "$2" = "$3" ] || fail "$1 is '$3', not '$2'"
}

is "mrcount --version" "mrcount $version" "$(mrcount --version | head -n 1)"
is "CHANGELOG.md" "$version" "$(sed -nE 's/^## ([0-9.]+).*/\1/p' CHANGELOG.md | head -n 1)"
is "debian/changelog" "$version" "$(sed -nE '1s/^mrcount \(([^)]*)\).*/\1/p' debian/changelog)"
is "debian/libmapreduce$interface.symbols" "libmapreduce.so.$interface libmapreduce$interface #MINVER#" \
    "$(head -n 1 "debian/libmapreduce$interface.symbols")"
grep -qx "Package: libmapreduce$interface" debian/control || fail "debian/control has no libmapreduce$interface"
[ -s "debian/libmapreduce$interface.install" ] || fail "no debian/libmapreduce$interface.install"

[ -z "$slow" ] || skip "the rest agrees; a library built with a sanitizer is not for installing"
make -s BUILD="$MRCOUNT_BUILD" PREFIX=/usr DESTDIR="$root" install > "$root.log"
is "the soname" "libmapreduce.so.$interface" \
    "$(readelf -d "$root/usr/lib/libmapreduce.so" | sed -nE 's/.*SONAME.*\[(.*)\]/\1/p')"
is "the library's file" "libmapreduce.so.$interface.${version%.*}" \
    "$(basename "$(realpath "$root/usr/lib/libmapreduce.so")")"
is "pkg-config --modversion" "$version" \
    "$(PKG_CONFIG_PATH=$root/usr/lib/pkgconfig pkg-config --modversion mapreduce)"
