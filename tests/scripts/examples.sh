#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The example programs of the library against what other tools say of the same input.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
examples=$MRCOUNT_BUILD/tests/examples
if [ "$slow" ]; then million=50000; else million=400000; fi

"$generate" zipf $million 20000 1 > text
"$generate" uniform $((million / 4)) $million 2 > second
cp "$MRCOUNT_SOURCE/data/tempest.txt" tempest
: > empty

"$examples/wordcount" text second empty tempest > got
cat text second tempest | tokens space | count_lines | tr '\t' ' ' > want
same "wordcount" want got
"$examples/wordcount" empty > got
[ ! -s got ] || fail "wordcount of nothing"

"$examples/inverted_index" text tempest empty > got
awk '{
        for (i = 1; i <= NF; i++) {
            place = FILENAME ":" FNR
            if (last[$i] == place)
                continue
            last[$i] = place
            if (file[$i] == FILENAME)
                list[$i] = list[$i] "," FNR
            else
                list[$i] = list[$i] " " place
            file[$i] = FILENAME
        }
    }
    END { for (word in list) print word "\t" list[word] }' text tempest |
    sort -t "$(printf '\t')" -k 1,1 | tr -d '\t' > want
same "inverted_index" want got

"$generate" log $((million / 4)) 5000 3 | awk '{ print $7, $10; if (NR % 50 == 0) print $7, "-" }' > sizes
"$examples/mean_max" sizes empty > got
awk '$2 ~ /^[0-9]+$/ { sum[$1] += $2; count[$1]++; if ($2 > max[$1]) max[$1] = $2 }
    END { for (key in sum) printf "%s %.2f %d\n", key, sum[key] / count[key], max[key] }' sizes |
    sort -k 3,3nr -k 1,1 > want
same "mean_max" want got

tr ' ' '\n' < second | awk 'NF { print substr($1, 1, 4), "left" NR % 7 }' > left
tr ' ' '\n' < second | awk 'NF && NR % 3 { print substr($1, 2, 4), "right" NR % 5 }' > right
"$examples/join" left right | sort > got
sort -k 1,1 left > left.sorted
sort -k 1,1 right > right.sorted
join left.sorted right.sorted | sort > want
[ -s want ] || fail "nothing to join"
same "join" want got

if "$examples/wordcount" missing > got 2> message; then fail "wordcount of a missing file"; fi
grep -q 'missing: No such file' message || fail "wordcount of a missing file said $(cat message)"
