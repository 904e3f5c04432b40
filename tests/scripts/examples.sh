#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The examples give what awk, sort, join or Python make of the same input, fail where they should,
# and are short: each is a program of which only the map and what follows it is long.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
examples=$MRCOUNT_BUILD/tests/examples
sources=$MRCOUNT_SOURCE/tests/examples
if [ -n "$slow" ]; then million=50000; else million=400000; fi

# ---- Their length --------------------------------------------------------------------------------

# A line of code has a letter and is no comment. Prints how many a file has, and how many of them are
# outside of functions that map, combine, reduce or compare.
count_code() {
    awk '{
            line = $0
            if (comment && !sub(/^.*\*\//, "", line))
                next
            comment = 0
            gsub(/\/\*[^*]*\*+([^\/*][^*]*\*+)*\//, "", line)
            comment = sub(/\/\*.*$/, "", line)
            if (line ~ /^static .*[ *](map|combine|reduce|compare)[a-z_]*\(/)
                within = 1
            if (line ~ /[A-Za-z]/) {
                all++
                other += !within
            }
            if (line ~ /^}/)
                within = line ~ /{/
        }
        END { print all, other }' "$1"
}

for source in "$sources"/*; do
    read -r all other < <(count_code "$source")
    if [ "$all" -lt 15 ] || [ "$all" -gt 60 ]; then fail "$source has $all lines of code"; fi
    if [ "$other" -lt 10 ] || [ "$other" -gt 20 ]; then fail "$source has $other lines beside"; fi
    if grep -nE '#include ("|<[^>]*/)' "$source"; then fail "$source includes more than a user has"; fi
done

# ---- What they print -----------------------------------------------------------------------------

"$generate" zipf $million 20000 1 > text
"$generate" uniform $((million / 4)) $million 2 > second
cp "$MRCOUNT_SOURCE/data/tempest.txt" tempest
: > empty
printf 'no newline at the end' > unended
printf '\n\n \n\t\n' > blank

"$examples/wordcount" text second empty tempest unended blank > got
cat text second tempest unended blank | tokens space | count_lines > want
same "wordcount" want got
"$examples/wordcount" < text > got
tokens space < text | count_lines > want
same "wordcount of standard input" want got
"$examples/wordcount" empty > got
[ ! -s got ] || fail "wordcount of nothing"

"$examples/grep" the tempest empty text unended > got
for file in empty tempest text unended; do
    { grep -abF the "$file" || true; } |
        awk -v file="$file" '{ at = index($0, ":"); printf "%s:%012d\t%s\n", file, substr($0, 1, at - 1), substr($0, at + 1) }'
done > want
[ -s want ] || fail "nothing to find"
same "grep" want got

"$generate" log $((million / 4)) 5000 3 | awk '{
        print $7, NR % 3 ? $10 : -$10
        if (NR % 50 == 0)
            print $7, "-"
        if (NR % 70 == 0)
            print $7
    }' > numbers
printf 'end -12 and more' >> numbers
"$examples/statistics" numbers empty blank > got
awk '$2 ~ /^-?[0-9]+$/ {
        if (!($1 in count) || $2 + 0 < least[$1])
            least[$1] = $2
        if (!($1 in count) || $2 + 0 > most[$1])
            most[$1] = $2
        sum[$1] += $2
        count[$1]++
    }
    END { for (key in sum) printf "%s\t%d\t%d\t%.2f\n", key, least[key], most[key], sum[key] / count[key] }' numbers |
    sort -t "$(printf '\t')" -k 1,1 > want
same "statistics" want got

"$examples/top3" numbers blank empty > got
awk '$2 ~ /^-?[0-9]+$/ { print $1, $2 }' numbers | sort -k 1,1 -k 2,2nr |
    awk '$1 != key { if (NR > 1) print line; key = $1; line = key "\t" $2; n = 1; next }
         n++ < 3 { line = line " " $2 }
         END { print line }' > want
same "top3" want got

tr ' ' '\n' < second | awk 'NF { print substr($1, 1, 2), substr($1, 3, 2) substr("xyz", 1, NR % 4); if (NR % 9 == 0) print }' > pairs
"$examples/distinct" pairs empty blank > got
cat pairs blank | grep ' ' | sort -u | cut -d ' ' -f 1 | count_lines > want
same "distinct" want got

"$examples/inverted_index" text tempest empty unended > got
python3 - text tempest empty unended > want << 'END'
import re, sys
places = {}
for name in sys.argv[1:]:
    for word in re.finditer(rb"[^\0-\x20]+", open(name, "rb").read()):
        places.setdefault(word[0], {}).setdefault(name, []).append(str(word.start()))
for word in sorted(places):
    lists = "".join(f" {name}:{','.join(at)}" for name, at in places[word].items())
    sys.stdout.buffer.write(word + b"\t" + lists.encode() + b"\n")
END
same "inverted_index" want got

tr ' ' '\n' < second | awk 'NF { print substr($1, 1, 4), "left" NR % 7 }' > left
tr ' ' '\n' < second | awk 'NF && NR % 3 { print substr($1, 2, 4), "right" NR % 5; if (NR % 30 == 0) print $1 }' > right
"$examples/join" left right > got
sort -k 1,1 left > left.sorted
grep ' ' right | sort -k 1,1 > right.sorted
join left.sorted right.sorted | sed 's/ /\t/' | sort > want
[ -s want ] || fail "nothing to join"
sort got | same "join" want -
sort -c -t "$(printf '\t')" -k 1,1 got || fail "join is not in order"

awk -v n=$((million / 100)) 'BEGIN {
        for (i = 0; i < n; i++) {
            printf "p%d", i
            for (k = i % 7; k > 0; k--)
                printf " p%d", (i * k * k + 3 * k + 1) % (n + 5)
            print ""
        }
        print "p1 p2\np3"
    }' > links
"$examples/pagerank" < links > got
"$examples/pagerank" < links > again
same "pagerank, twice" got again
python3 - links got << 'END' || fail "pagerank"
import sys
links, ranks = {}, {}
for line in open(sys.argv[1]):
    page, *targets = line.split()
    links.setdefault(page, []).extend(targets)
    ranks[page] = 0.15
for _ in range(10):
    new = dict.fromkeys(ranks, 0.15)
    for page, targets in links.items():
        for target in targets:
            new[target] = new.get(target, 0.15) + 0.85 * ranks[page] / len(targets)
    ranks = new
got = [line.rstrip("\n").split("\t") for line in open(sys.argv[2])]
assert [page for page, _ in got] == sorted(ranks), len(got)
worst = max(abs(float(rank) - ranks[page]) for page, rank in got)
assert worst < 2e-6, worst
END

awk '{ print $1 "\t" NR % 10 "\t" $2; if (NR % 100 == 0) print $3; if (NR % 90 == 0) print $3 "\t" }' \
    text tempest > records
"$examples/sort" records empty unended blank > got
cat records unended <(echo) blank | sort -t "$(printf '\t')" -k 1,1 > want
same "sort" want got

python3 - 1 > points << 'END'
import random, struct, sys
random.seed(1)
for _ in range(400):
    centre = random.randrange(5)
    sys.stdout.buffer.write(struct.pack("=99d", *(random.gauss(centre * (d % 3), 1) for d in range(99))))
END
"$examples/kmeans" < points > got
python3 - points got << 'END' || fail "kmeans"
import struct, sys
points = list(struct.iter_unpack("=99d", open(sys.argv[1], "rb").read()))
lines = iter(open(sys.argv[2]))
means = [[0.0] * 99 for _ in range(8)]
for _ in range(10):
    sums = {}
    for i, point in enumerate(points):
        distances = [sum((a - b) ** 2 for a, b in zip(point, means[(i + k) % 8])) for k in range(8)]
        cluster = (i + distances.index(min(distances))) % 8
        count, total = sums.get(cluster, (0, [0.0] * 99))
        sums[cluster] = count + 1, [a + b for a, b in zip(total, point)]
    for cluster, (count, total) in sorted(sums.items()):
        means[cluster] = [value / count for value in total]
        key, values = next(lines).split("\t")
        values = values.split()
        assert (int(key), int(values[0])) == (cluster, count), (key, values[0], cluster, count)
        for a, b in zip(means[cluster], values[1:], strict=True):
            assert abs(a - float(b)) <= 1e-3 * max(1, abs(a)), (a, b)
assert next(lines, None) is None
END

"$examples/sales" > got 2> told
printf '%s\n' 'Bern: 1 for 3.25' 'Graz: 1 for 99.00' 'Ulm: 2 for 20.00' > want
same "sales" want got
grep -qx 'map: 4 done, 0 to do' told || fail "sales was told: $(cat told)"
grep -q '^reduce: [0-9]* done, 0 to do$' told || fail "sales was told: $(cat told)"

"$examples/clients" text tempest empty second unended > told
sort told > got
for file in text tempest second; do printf '%s\t%d\n' $file "$(wc -l < $file)"; done > counted
printf 'unended\t1\n' >> counted
sort counted > want
same "clients" want got

# ---- Where they fail -----------------------------------------------------------------------------

# fails MESSAGE EXAMPLE ARGUMENTS... - exit status 1 and a line on standard error that ends like that.
fails() {
    local message=$1 name=$2 status=0
    shift 2
    "$examples/$name" "$@" > got 2> told < /dev/null || status=$?
    [ $status = 1 ] || fail "$name $*: exit status $status"
    [ "$(wc -l < told)" = 1 ] || fail "$name $*: $(cat told)"
    case $(cat told) in
    "$name: "*"$message") ;;
    *) fail "$name $*: $(cat told)" ;;
    esac
}

for name in wordcount statistics distinct inverted_index top3 sort clients; do
    fails 'missing: No such file or directory' $name tempest missing
    fails ': Is a directory' $name .
done
fails 'missing: No such file or directory' grep the missing
fails 'missing: No such file or directory' join missing missing
fails 'usage: grep TEXT FILE...' grep the
fails 'usage: join LEFT RIGHT' join left
# shellcheck disable=SC2046 # 65 names
fails 'more than 64 FILEs' clients $(seq 65)

# Standard output that cannot be written.
if [ -w /dev/full ]; then
    for name in wordcount sort statistics; do
        status=0
        "$examples/$name" numbers > /dev/full 2> told || status=$?
        [ $status = 1 ] || fail "$name on a full disk: exit status $status"
        grep -q "^$name: " told || fail "$name on a full disk: $(cat told)"
    done
fi
# Where it is closed, results must not go to what is opened in its place.
status=0
"$examples/wordcount" numbers 2> told <&- >&- || status=$?
[ $status = 1 ] || fail "wordcount with a closed standard output: exit status $status"
grep -q 'Bad file descriptor' told || fail "wordcount with a closed standard output: $(cat told)"

# ---- Under valgrind ------------------------------------------------------------------------------

if [ -n "$slow" ] || ! command -v valgrind > /dev/null; then exit 0; fi
# clean EXAMPLE ARGUMENTS... < INPUT
clean() {
    local name=$1
    shift
    valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible \
        --errors-for-leak-kinds=definite,possible --log-file=valgrind.log \
        "$examples/$name" "$@" > got 2> told || fail "$name under valgrind: $(head -n 30 valgrind.log)"
}
head -n 300 numbers > few.numbers
head -n 300 pairs > few.pairs
head -n 100 left > few.left
head -n 100 right > few.right
head -n 300 links > few.links
head -n 300 records > few.records
head -c 40000 points > few.points
clean wordcount tempest
clean grep the tempest
clean statistics few.numbers
clean top3 few.numbers
clean distinct few.pairs
clean inverted_index "$MRCOUNT_SOURCE/data/fool.txt"
clean join few.left few.right
clean pagerank < few.links
clean sort few.records
clean kmeans < few.points
clean sales
clean clients tempest few.numbers
