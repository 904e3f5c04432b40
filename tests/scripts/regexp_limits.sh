#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A search that would take for ever, or all memory, is an error that names FILE, line and RE: the first
# such line of the input at any number of threads, by machine code and by the interpreter.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ "${MRCOUNT_VARIANT:-}" != tsan ] || skip "what one search takes is no matter of threads"
mrcount -V | grep -q 'Built in: .*pcre2' || skip "mrcount was built without PCRE2"

if [ "$slow" ]; then size=100000; else size=1000000; fi
{
    echo x
    echo "aaaa b"
    head -c $size /dev/zero | tr '\0' a
    echo '!bxA1 '
    echo y
} > long
{
    echo x
    head -c $size /dev/zero | tr '\0' ' ' | sed 's/  /a /g'
    echo '!'
} > pairs

# limited REASON LINE FILE OPTION...
limited() {
    local reason=$1 line=$2 file=$3 status=0
    shift 3
    mrcount "$@" "$file" > got 2> said || status=$?
    [ "$status" = 2 ] || fail "mrcount $*: status $status, $(head -c 300 said)"
    grep -qE "^mrcount: $file: line $line: matching '.*' takes too $reason\$" said ||
        fail "mrcount $*: $(head -c 300 said)"
    [ ! -s got ] || fail "mrcount $*: printed $(head -c 100 got)"
}

# Steps that PCRE2 counts are bounded, and the time of those that it does not count.
for regex in '(\w+)\s+\1' '\w+\d' '(?<=a)a+b' '(a+)\1b' '(a+)\1$' '(?:a+c|a)+$' '(a+)(a+)\1\2b' \
    '(?=.*x)a' '(?=.*!)a' '(*NO_JIT)(a+)\1$'; do
    limited "many steps" 3 long -e "$regex"
done
for regex in '(a+)+$' '(?:a+)+$' '(a|aa)+$' '(a|a?)+$' '(.*)*x$' '^(([a-z])+.)+[A-Z]([a-z])+$' '(.*a){20}$' \
    '(\w+\s?)+$' '([a-zA-Z]+)*$' '(a*)*b$' '^(a?){30}a{30}$' '(a+)+\1$' 'a*a*a*b$' '(((a+)+)+)+$'; do
    limited "many steps" 3 long -e "$regex"
done
limited "many steps" 2 pairs -e '(\w+\s?)+$'
limited "many steps" 3 long -e '(*NO_JIT)(a+)+$'
limited "many steps" 3 long -e x -e '(a+)+$'
limited "many steps" 3 long -i -e '(A+)+$'
limited "many steps" 3 long --grep='(a+)+$'
limited "many steps" 3 long --vgrep='(a+)+$' -m
limited "many steps" 3 long --grep=a --vgrep='(a+)+$' -w -g2
limited "much memory" 2 long -e '(?R)?a$'
# What takes no more than its line is long goes on.
[ "$(mrcount --total -e '(?:a|b)+' long)" = "$(printf '4\t3')" ] || fail "a long match"
[ "$(mrcount --total -e '(\w+\s?)+!' pairs)" = "$(printf '1\t1')" ] || fail "a long match of pairs"

# Which line is the first does not depend on threads, nor where it stands in a split or a FILE; of a
# line that cannot be chosen and one before it that cannot be matched the latter is first.
for ((i = 0; i < 40000; i++)); do echo "line $i"; done > many
{
    cat many
    echo 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'
    cat many
    echo 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb!'
    cat many
} > first
for threads in 1 2 8; do
    limited "many steps" 40001 first -j $threads -e '(a+)+$'
    limited "many steps" 80002 first -j $threads --vgrep='(b+)+$'
    limited "many steps" 40001 first -j $threads -e '(a+)+$' --vgrep='(b+)+$'
    limited "many steps" 40001 first -j $threads -e '(b+)+$' --vgrep='(a+)+$'
    status=0
    mrcount -j $threads -e '(b+)+$' many first many 2> said || status=$?
    [ "$status: $(cat said)" = "2: mrcount: first: line 80002: matching '(b+)+\$' takes too many steps" ] ||
        fail "several FILEs: $status: $(cat said)"
    status=0
    mrcount -j $threads -e '(b+)+$' < first 2> said || status=$?
    [ "$status: $(cat said)" = "2: mrcount: -: line 80002: matching '(b+)+\$' takes too many steps" ] ||
        fail "standard input: $status: $(cat said)"
done
status=0
mrcount --mapper='cat' -e '(a+)+$' first 2> said || status=$?
[ "$status: $(cat said)" = "2: mrcount: line 'aaaaaaaaaaaaaaaaaaaa...': matching '(a+)+\$' takes too many steps" ] ||
    fail "a CMD's output: $status: $(cat said)"
