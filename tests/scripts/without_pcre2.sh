#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Built without PCRE2, and where its library cannot be loaded, mrcount says so when an RE is to be
# matched, and counts all else.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

[ -z "${MRCOUNT_VARIANT:-}" ] || skip "what is linked by hand here would need the sanitizer's flags"
[ -d "$MRCOUNT_BUILD/obj/src" ] || skip "no objects to link"

refused() {
    local wanted=$1 program=$2 status=0
    shift 2
    "$program" "$@" < /dev/null > got 2>&1 || status=$?
    [ "$status" = 2 ] || fail "$program $*: status $status: $(cat got)"
    grep -qF -e "$wanted" got || fail "$program $* says: $(cat got)"
}

mapfile -t objects < <(find "$MRCOUNT_BUILD/obj/src" -name '*.o' ! -path '*/text/regex*.o' | sort)
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -I"$MRCOUNT_SOURCE/src" -fPIE -pie -pthread -o without \
    "$MRCOUNT_SOURCE"/src/text/regex{,_none,_literal}.c "${objects[@]}"
./without -V | grep -qx 'Built in: nothing' || fail "-V: $(./without -V)"
for option in --regexp --grep --vgrep; do
    refused "$option: this mrcount was built without PCRE2" ./without "$option=x"
done
[ "$(echo a b a | ./without)" = "$(printf 'a\t2\nb\t1')" ] || fail "words"

mrcount -V | grep -q 'Built in: .*pcre2' || skip "mrcount was built without PCRE2"
# A library of that name that has nothing in it.
mkdir -p empty
"${CC:-cc}" -shared -fPIC -x c /dev/null -o empty/libpcre2-8.so.0
# Only for mrcount: grep is linked with that library.
printf '#!/bin/sh\nLD_LIBRARY_PATH=empty exec mrcount "$@"\n' > unable
chmod +x unable
refused 'cannot load the library of PCRE2' ./unable -e x
[ "$(echo a b a | ./unable)" = "$(printf 'a\t2\nb\t1')" ] || fail "words without the library"
