#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Tokens longer than any buffer are one key; tokens across the borders of splits are counted once,
# wherever the borders lie.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

if [ "$slow" ]; then bytes=6000000; else bytes=40000000; fi

# A giant between two dwarfs: one key under every rule that does not divide it.
giant() {
    head -c "$bytes" /dev/zero | tr '\0' x
}
{ printf 'a '; giant; printf ' a\n'; } > text
{ printf 'a\t2\n'; giant; printf '\t1\n'; } > want
for threads in 1 2 8; do
    for rule in space letters; do
        mrcount --words=$rule -j $threads text > got
        same "a giant word, $rule, -j $threads, a file" want got
        mrcount --words=$rule -j $threads < <(cat text) > got
        same "a giant word, $rule, -j $threads, a pipe" want got
    done
    { printf 'a '; giant; printf ' a\t1\n'; } > want-line
    mrcount -l -j $threads text > got
    same "a giant line, -j $threads, a file" want-line got
    mrcount -l -j $threads < <(cat text) > got
    same "a giant line, -j $threads, a pipe" want-line got
done

# Giants alone: no border anywhere, with and without the last newline.
for end in '' '\n' '\n\n'; do
    # shellcheck disable=SC2059 # the end is a format on purpose
    { giant; printf "$end"; } > text
    { giant; printf '\t1\n'; } > want
    mrcount --words=space -j 3 text > got
    same "only a giant word before '$end'" want got
done

# The same text pushed along byte by byte: every token meets every border.
"$generate" zipf 60000 5000 9 > text
tokens space < text > rest
for push in 1 2 3 4 5 6 7 8 9 15 16 17 31 32 33 63 64 65; do
    { head -c $push /dev/zero | tr '\0' .; echo; cat text; } > pushed
    { head -c $push /dev/zero | tr '\0' .; echo; cat rest; } | count_lines > want
    mrcount --words=space -j 3 pushed > got
    same "pushed by $push, a file" want got
    mrcount --words=space -j 3 < <(cat pushed) > got
    same "pushed by $push, a pipe" want got
done

# A pipe that comes in drips: words are cut by reads, not by blanks.
dd if=text bs=1000 count=100 of=drips 2> dd.log
tokens space < drips | count_lines > want
dd if=drips bs=7 2> dd.log | mrcount --words=space > got
same "a pipe in drips of 7 bytes" want got
