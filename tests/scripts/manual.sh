#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The man pages speak of all that there is, and of nothing else: mapreduce(3) of each function and
# enumerator of the header, and of each member that a caller fills in; mrcount(1) of the variables of
# the environment that the program reads.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

header=$MRCOUNT_SOURCE/src/engine/mapreduce.h
page=$MRCOUNT_SOURCE/man/mapreduce.3

# The header without comments, one declaration a line.
sed -zE 's,/\*([^*]|\*+[^*/])*\*+/,,g' "$header" > code
tr '\n' ' ' < code | tr ';' '\n' > declarations

grep MR_API declarations | sed -nE 's/.*MR_API [^(]*[ *](mr_[a-z_]+)\(.*/\1/p' | sort -u > functions
grep -oE '\bMR_[A-Z]+' code | grep -vxE 'MR_(API|ORDER)' | sort -u > constants
grep -oE '\bMR_ORDER_[A-Z]+' code | sort -u >> constants
# members STRUCT - the last name of each declaration, that of a callback in its parentheses.
members() {
    awk -v begin="^struct $1 \\\\{" '$0 ~ begin { on = 1; next } on && /^}/ { exit } on' code |
        tr '\n' ' ' | tr ';' '\n' |
        sed -nE 's/^[^(]*\(\*([a-z_]+)\).*/\1/p; t; s/.*[ *]([a-z_]+)$/\1/p'
}
for struct in mr_engine_options mr_input mr_output mr_job_spec; do
    members "$struct"
done | grep -vx -e context | sort -u > filled
[ "$(wc -l < functions)" -ge 20 ] || fail "functions: $(cat functions)"
[ "$(wc -l < constants)" -ge 20 ] || fail "constants: $(cat constants)"
[ "$(wc -l < filled)" -ge 25 ] || fail "members: $(cat filled)"
sed -n '/^\.Sh DESCRIPTION/,/^\.Sh EXAMPLES/p' "$page" > text
while read -r word; do
    grep -qE "(^|[^a-z_])$word([^a-z_]|\$)" text || fail "man 3 mapreduce does not explain $word"
done < <(cat functions constants filled)

# What main or a room reads of the environment, but for what is for tests, named MRCOUNT_.
grep -rhoE 'getenv\("[A-Z_]+"' "$MRCOUNT_SOURCE/src" | cut -d '"' -f 2 | grep -v ^MRCOUNT_ |
    sort -u > want
sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh EXIT/p' "$MRCOUNT_SOURCE/man/mrcount.1" |
    sed -nE 's/^\.It Ev (.*)/\1/p' | sed 's/ , /\n/g' | sort -u > got
same "variables of the environment and the man page" want got
