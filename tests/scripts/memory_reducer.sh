#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Reducers are fed and drained within -S, or the least there is, and 16 MiB: half of all records
# under one key, records that come often, and output that waits for its turn. The bytes are those
# of sort and one reducer.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"

# check NAME CMD THREADS - of `records`; `want` is what the pipe prints.
check() {
    local limit=$((($3 > 12 ? 16 + 4 * $3 : 64) + 16))
    rm -rf first ended
    THREADS=$3 peak mrcount -q -l -j "$3" -S 64M -T . --reducer="$2" records > got
    same "$1, -j $3" want got
    [ "$(cat peak)" -le $((limit * 1024)) ] || fail "$1, -j $3: $(cat peak) KiB of at most $limit MiB"
}

# make.py COUNT - records, of which every other one has the same key.
cat > make.py <<'END'
import sys
count, out, lines = int(sys.argv[1]), sys.stdout.buffer, []
for i in range(count):
    key = b"the key of many" if i % 2 else b"key %07d" % (i * 7919 % 1000003)
    lines.append(b"%s\tvalue %d\n" % (key, i * 104729 % count))
    if len(lines) == 100000 or i == count - 1:
        out.write(b"".join(lines))
        lines = []
END
python3 make.py 6000000 > records
reducer='cut -f 1 | uniq -c'
sort -S 25% records | sh -c "$reducer" > want
for threads in 1 2 8; do
    check "half under one key" "$reducer" $threads
done

# What all but the first process print waits until that has seen the last record, or, where it is
# alone, for nothing. It is 200 MB.
head -n 2000000 records > part
printf 'the last\n' >> part
mv part records
# shellcheck disable=SC2016 # it is for the reducer's shell
reducer='if [ "${THREADS:-1}" -gt 1 ] && mkdir first 2> /dev/null; then
    until [ -e ended ]; do sleep 0.01; done
fi
awk "{print; print; print; print} \$0 == \"the last\" {system(\"touch ended\")}"'
sort -S 25% records | sh -c "$reducer" > want
[ "$(wc -c < want)" -gt 180000000 ] || fail "too little: $(wc -c < want)"
for threads in 1 2 8; do
    check "held output" "$reducer" $threads
done
