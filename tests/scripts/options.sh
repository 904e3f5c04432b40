#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The man page and the completions agree with --help, which is made from the table of options: the
# same options with the same letters and arguments, under the same headings, in the same order, with
# the same words to choose from. --help fits a terminal of 80 columns.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
page=$MRCOUNT_SOURCE/man/mrcount.1

mrcount --help > help
if grep -E '.{81}' help; then fail "--help is wider than 80 columns"; fi

# "HEADING: -w, --words[=RULE]", an option a line.
awk '/^[A-Z].*:$/ { heading = $0 } /^ +-/ { print heading, $0 }' help |
    sed -E 's/: +/: /; s/(--[^ ]+) .*/\1/' > want
[ "$(wc -l < want)" -gt 30 ] || fail "options not found in: $(cat help)"
awk '/^\.Ss / { heading = substr($0, 5) } /^\.Sh / { heading = "" } heading && /^\.It Fl/ { print heading ": " $0 }' "$page" |
    sed -E 's/\.It //; s/Fl Fl /--/g; s/Fl /-/g; s/ Ns Op = Ns Ar ([A-Z]+)/[=\1]/g; s/ Ns = Ns Ar ([A-Z0-9]+)/=\1/g
        s/ Ns Op - Ns Ar ([A-Z]+)/[-\1]/g; s/ : Ns Ar ([A-Z]+)/:\1/; s/ Ns Op , Ns Ar ([A-Z]+)/[,\1]/g; s/ , /, /g; s/^(.*: )(--[^,]*), (--.*)/\1\2\n\1\3/' > got
same "options of --help and of the man page" want got

# chosen OPTION - the words that the man page has for its argument.
chosen() {
    awk -v option="Fl $1 " '/^\.It Fl/ { on = index($0 " ", option) } /^\.Sh/ { on = 0 }
        on && /^\.(It )?Cm / { sub(/^\.(It )?Cm /, ""); print $1 }' "$page" | sort
}
mrcount --completion=bash |
    sed -nE "s/^    (--[a-z0-9-]+\|)?--([a-z0-9-]+)=\).*compgen -W '([^']*)'.*/\2 \3/p" > choices
[ "$(wc -l < choices)" -ge 5 ] || fail "choices: $(cat choices)"
while read -r option words; do
    tr ' ' '\n' <<< "$words" | sort > want
    chosen "Fl $option" > got
    same "the words of --$option in the completions and in the man page" want got
    for word in $words; do
        grep -qE -- "--$option(=|\[=).*[ (]$word\b" help || fail "--help does not name $word for --$option"
    done
done < choices

# What an option requires, as it says where it is alone, the man page names in its item.
sed -nE 's/^ +(-.*, )?--([a-z0-9-]+)(\[?=[^ ]*)? .*/\2 \3/p' help > options
while read -r option argument; do
    mrcount "--$option${argument:+=1}" > said 2>&1 < /dev/null || true
    required=$(sed -nE 's/.* requires --([a-z-]+)$/\1/p' said)
    [ -n "$required" ] || continue
    echo "$option $required" >> required
    letter=$(sed -nE "s/^ +-(.), --$required.*/\1/p" help)
    awk -v option="Fl Fl $option " '/^\.It Fl/ { on = index($0 " ", option) } /^\.Sh/ { on = 0 } on' "$page" |
        grep -qE "^\.Fl (Fl $required|${letter:-$required})\b" ||
        fail "the man page does not say that --$option requires --$required"
done < options
[ "$(wc -l < required)" -ge 3 ] || fail "options that require another: $(cat required)"
