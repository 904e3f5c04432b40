#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make install puts everything where it says, a program builds against the static and the shared
# library by pkg-config, and make uninstall leaves nothing behind.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "a library built with a sanitizer is not for installing"

make_it() {
    make -s -C "$MRCOUNT_SOURCE" BUILD="$MRCOUNT_BUILD" PREFIX=/opt/mrcount DESTDIR="$PWD/root" "$@"
}

make_it install > log
root=$PWD/root/opt/mrcount
for file in bin/mrcount share/mrcount/mrcount-hadoop share/mrcount/mrcount-spark.py \
    lib/libmapreduce.a lib/libmapreduce.so lib/libmapreduce.so.1 \
    include/mapreduce.h lib/pkgconfig/mapreduce.pc share/man/man1/mrcount.1 \
    share/man/man3/mapreduce.3 share/man/man3/mr_run.3 share/bash-completion/completions/mrcount \
    share/zsh/site-functions/_mrcount share/fish/vendor_completions.d/mrcount.fish; do
    [ -s "$root/$file" ] || fail "$file is not installed"
done
sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "$MRCOUNT_SOURCE"/man/*.3 | while read -r name; do
    [ -s "$root/share/man/man3/$name.3" ] || fail "no page or link $name.3"
done
for completion in bash:share/bash-completion/completions/mrcount zsh:share/zsh/site-functions/_mrcount \
    fish:share/fish/vendor_completions.d/mrcount.fish; do
    mrcount --completion="${completion%%:*}" > want
    same "completions" want "$root/${completion#*:}"
done
grep -rn @ "$root/lib/pkgconfig" && fail "mapreduce.pc is not filled in"
readelf -d "$root/lib/libmapreduce.so" | grep -q 'SONAME.*\[libmapreduce\.so\.1\]' || fail "no soname"

# What the library defines for others begins with mr_; the shared one has just the names of the
# map, each with its version.
nm -D --defined-only "$root/lib/libmapreduce.so" | awk '$2 != "A" { print $3 }' | sort > exported
awk '$2 == "{" { node = $1 } /^ *mr_/ { sub(";", ""); print $1 "@@" node }' \
    "$MRCOUNT_SOURCE/src/engine/mapreduce.map" | sort > want
same "the shared library's names and the map's" want exported
sed 's/@.*//' exported > names
nm -g --defined-only "$root/lib/libmapreduce.a" | awk 'NF == 3 { print $3 }' >> names
grep -q '^mr_run$' names || fail "mr_run is not there"
if grep -v '^mr_' names; then fail "these names are not the library's own"; fi

# Only for what follows: a make that was told so would find its libraries elsewhere, and build anew.
installed() {
    PKG_CONFIG_PATH=$root/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$PWD/root pkg-config "$@" mapreduce
}
installed --validate
cp "$MRCOUNT_SOURCE/tests/examples/wordcount.c" .
cp "$MRCOUNT_SOURCE/data/tempest.txt" text
tokens space < text | count_lines > want
read -ra cflags < <(installed --cflags)
read -ra libs < <(installed --libs)
read -ra all < <(installed --static --libs)
cc=${CC:-cc}
$cc "${cflags[@]}" -o shared wordcount.c "${libs[@]}"
LD_LIBRARY_PATH=$root/lib ./shared text > got
same "the shared library" want got
rm "$root"/lib/libmapreduce.so*
$cc "${cflags[@]}" -o static wordcount.c "${all[@]}"
./static text > got
same "the static library" want got

# The header alone is enough, also for C++ where there is a compiler of it.
if command -v c++ > /dev/null; then
    printf '#include <mapreduce.h>\nint main() { return MR_OK; }\n' > header.cc
    c++ "${cflags[@]}" -std=c++17 -Wall -Wextra -Wpedantic -Werror -o header header.cc
fi

make_it install > log
make_it uninstall > log
left=$(find root ! -type d)
[ -z "$left" ] || fail "left behind: $left"
