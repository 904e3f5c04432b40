#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The man pages speak of all that there is, and of nothing else: those of the library of each function,
# type, member and enumerator of the header, and they are what `make manual` makes of it; mrcount(1)
# of the variables of the environment that the program reads.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

header=$MRCOUNT_SOURCE/src/engine/mapreduce.h
man=$MRCOUNT_SOURCE/man

# The pages are made of the header as it is now.
mkdir made
"$MRCOUNT_SOURCE/src/engine/manual.py" "$header" made
for page in made/*.3; do
    [ -e "$man/${page#made/}" ] || fail "man/${page#made/} is missing: make manual"
    same "man/${page#made/} is not of this header: make manual" "$page" "$man/${page#made/}"
done
for page in "$man"/mr_*.3; do
    [ -e "made/${page##*/}" ] || fail "man/${page##*/} is of no name of the header"
done

# The header without comments and lines for the preprocessor, one declaration a line.
sed -zE 's,/\*([^*]|\*+[^*/])*\*+/,,g' "$header" > code
sed -E 's/^#.*//; s/MR_PRINTF\([^)]*\)//' code | tr '\n' ' ' | tr ';' '\n' > declarations

sed -nE 's/.*MR_API [^(]*[ *](mr_[a-z0-9_]+)\(.*/\1/p' declarations | sort -u > functions
sed -nE 's/.*typedef [^(]*[ *](mr_[a-z0-9_]+)\(.*/\1/p' declarations | sort -u > callbacks
sed -nE 's/^(struct|enum) (mr_[a-z0-9_]+) \{.*/\2/p' code | sort -u > types
{
    sed -nE 's/^ *(MR_[A-Z0-9_]+) = .*/\1/p' code
    sed -nE 's/^#define (MR_[A-Z0-9_]+) .*/\1/p' code
} | grep -vx MR_API | sort -u > constants
# The last name of each declaration in a struct, that of a callback in its parentheses.
awk '/^struct mr_[a-z0-9_]+ \{/ { on = 1; next } /^}/ { on = 0 } on' code | tr '\n' ' ' | tr ';' '\n' |
    sed -nE 's/^[^(]*\(\*([a-z0-9_]+)\).*/\1/p; t; s/.*[ *]([a-z0-9_]+)(\[[0-9]+\])?$/\1/p' | sort -u > members
for kind in functions:50 callbacks:10 types:20 constants:25 members:70; do
    [ "$(wc -l < "${kind%:*}")" -ge "${kind#*:}" ] || fail "only these ${kind%:*}: $(cat "${kind%:*}")"
done
# What stands before SEE ALSO, but not in the synopsis or the name.
for page in "$man"/mr_*.3; do
    sed -n '/^\.Sh DESCRIPTION/,/^\.Sh SEE ALSO/p' "$page"
done > text
while read -r word; do
    grep -qE "(^|[^a-z_])$word([^a-z_]|\$)" text || fail "no man page of the library explains $word"
done < <(cat functions callbacks types constants members)

# Each call and type has a page, or a link to one.
sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "$man"/mr_*.3 | sort > named
cat functions callbacks types | sort > want
same "names at the heads of pages" want named

# The overview speaks of all callbacks where it says what runs where, and of no call that is not there.
sed -n '/^\.Ss What runs where/,/^\.Ss What a callback/p' "$man/mapreduce.3" > table
for callback in map mapper_open mapper_end mapper_close combine value_order reducer_open reduce \
    reducer_close next load release interrupt close collect encode write end progress fault; do
    grep -qE "^\.It Fa .*\b$callback\b" table || fail "the table of the overview has no $callback"
done
grep -oE '\bmr_[a-z0-9_]+' "$man/mapreduce.3" | sort -u > spoken
sed -nE 's/^struct (mr_[a-z]+);$/\1/p' code | sort -u want - | comm -23 spoken - > unknown
[ ! -s unknown ] || fail "mapreduce(3) speaks of $(cat unknown)"

# What main or a room reads of the environment, but for what is for tests, named MRCOUNT_.
grep -rhoE 'getenv\("[A-Z_]+"' "$MRCOUNT_SOURCE/src" | cut -d '"' -f 2 | grep -v ^MRCOUNT_ |
    sort -u > want
sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh EXIT/p' "$MRCOUNT_SOURCE/man/mrcount.1" |
    sed -nE 's/^\.It Ev (.*)/\1/p' | sed 's/ , /\n/g' | sort -u > got
same "variables of the environment and the man page" want got
