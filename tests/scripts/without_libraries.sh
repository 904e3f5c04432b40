#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Built without optional libraries, and where they cannot be loaded, mrcount says so when one is
# needed, and counts all else.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

[ -z "${MRCOUNT_VARIANT:-}" ] || skip "what is linked by hand here would need the sanitizer's flags"
[ -d "$MRCOUNT_BUILD/obj/src" ] || skip "no objects to link"

# STATUS WANTED PROGRAM ARGUMENT...
refused() {
    local status=0 expected=$1 wanted=$2 program=$3
    shift 3
    "$program" "$@" < /dev/null > got 2>&1 || status=$?
    [ "$status" = "$expected" ] || fail "$program $*: status $status: $(cat got)"
    grep -qF -e "$wanted" got || fail "$program $* says: $(cat got)"
}

# How each format begins.
printf '\037\213\010\0' > gzip
printf '\050\265\057\375' > zstd
printf '\3757zXZ\0' > xz
printf 'BZh91AY&SY' > bzip2
printf '\004\042\115\030' > lz4
formats="gzip zstd xz bzip2 lz4"

cd "$MRCOUNT_SOURCE"
sources=$(grep -l 'MRCOUNT_[A-Z0-9]*$' src/text/*.c src/input/*.c)
cd - > /dev/null
mapfile -t objects < <(find "$MRCOUNT_BUILD/obj/src" -name '*.o' | sort |
    grep -vF "$(sed -E 's,.*,/&,; s,\.c$,.o,' <<< "$sources")")
mapfile -t names <<< "$sources"
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -I"$MRCOUNT_SOURCE/src" -fPIE -pie -pthread -o without "${names[@]/#/$MRCOUNT_SOURCE/}" "${objects[@]}"
./without -V | grep -qx 'Built in: nothing' || fail "-V: $(./without -V)"
for option in --regexp --grep --vgrep; do
    refused 2 "$option: this mrcount was built without PCRE2" ./without "$option=x"
done
for format in $formats; do
    refused 1 "mrcount: $format: $format data, which this mrcount was built without" ./without "$format"
    refused 0 1 ./without --decompress=never --words=space "$format"
done
[ "$(echo a b a | ./without - gzip 2> /dev/null)" = "$(printf 'a\t2\nb\t1')" ] || fail "words"

# Libraries of these names that have nothing in them.
mkdir -p empty
for library in libpcre2-8.so.0 libisal.so.2 libzstd.so.1 liblzma.so.5 libbz2.so.1.0 liblz4.so.1; do
    "${CC:-cc}" -shared -fPIC -x c /dev/null -o "empty/$library"
done
# Only for mrcount: other programs are linked with them.
printf '#!/bin/sh\nLD_LIBRARY_PATH=empty exec mrcount "$@"\n' > unable
chmod +x unable
built=$(mrcount -V | grep '^Built in:')
if [[ $built = *pcre2* ]]; then
    refused 2 'cannot load the library of PCRE2' ./unable -e x
fi
for format in $formats; do
    [[ $built = *" $format"* ]] || continue
    refused 1 "mrcount: $format: $format data, but lib" ./unable "$format"
done
[ "$(echo a b a | ./unable - gzip 2> /dev/null)" = "$(printf 'a\t2\nb\t1')" ] || fail "words without the libraries"
