#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mrcount as the map, the combine and the reduce of something else: an engine that divides lines and
# keys as Hadoop and Spark do, and GNU parallel over ssh, with stand-ins for both. The engines
# themselves are the business of tests/cluster.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh"

# engine MERGE... < lines - what an engine does between its maps and its reduces: it takes a
# newline, a carriage return or both for the end of a line, and what stands before the first TAB
# for the key.
cat > engine.py << 'END'
import re, subprocess, sys, zlib
lines = [line for line in re.split(rb"\r\n|\r|\n", sys.stdin.buffer.read())[:-1]]
parts = [[], [], []]
for line in lines:
    key, _, value = line.partition(b"\t")
    parts[zlib.crc32(key) % len(parts)].append(key + b"\t" + value + b"\n")
for part in parts:
    subprocess.run(sys.argv[1:], input=b"".join(part), check=True)
END

"$generate" hard 3000 0 1 > text-hard
"$generate" bytes 30000 0 2 > text-bytes
"$generate" lines 3000 500 3 > text-lines
printf 'a\tb\t7\r\na\tb\t7\r\nc\\d\n\r\n\n\t5\r6\n\\t\n\t\n\xff\\\n\0x\nlast' > strange
rules=(-l -m "-m -g2" "-f1,2 -d\\" "-f 2-" -w -i --words=space "--words=letters -i")
[ -z "${MRCOUNT_VARIANT-}" ] || rules=(-l "-f1,2 -d\\" -i)
for options in "${rules[@]}"; do
    read -ra rule <<< "$options"
    for file in text-hard text-bytes text-lines strange; do
        mrcount "${rule[@]}" $file $file strange > want
        {
            mrcount "${rule[@]}" --sort=none --escape $file
            mrcount "${rule[@]}" --sort=none --escape $file | mrcount --merge --sort=none
            mrcount "${rule[@]}" --sort=none --escape strange
        } | python3 engine.py mrcount --merge --sort=none > parts
        mrcount --merge --unescape parts > got
        same "$options of $file" want got
        {
            mrcount "${rule[@]}" --sort=none --escape --bundle=7 $file
            mrcount "${rule[@]}" --sort=none --escape --bundle=7 $file |
                mrcount --merge --unbundle --unescape --sort=none --escape --bundle=7
            mrcount "${rule[@]}" --sort=none --escape --bundle=7 strange
        } | python3 engine.py mrcount --merge --unbundle --sort=none > parts
        mrcount --merge --unescape parts > got
        same "$options of $file, bundled" want got
    done
done

# A key is in the same bundle whoever wrote it, as a map or after a merge, and there are as many bundles
# as were asked for. All of this is from processes of their own.
for threads in 1 2 3; do
    mrcount -l -j$threads --sort=none --escape --bundle=30 text-lines text-hard strange |
        tee "bundled-$threads"
    mrcount --merge --unbundle --unescape --sort=none --escape --bundle=30 "bundled-$threads"
done | awk -F '\t' '
    {
        used[$1] = 1
        for (i = 2; i < NF; i += 2) {
            times[$i]++
            places[$i, $1]++
        }
    }
    END {
        for (key in times) wrong += times[key] != 6
        for (place in places) wrong += places[place] != 6
        exit wrong > 0 || length(used) != 30 || 30 in used
    }' || fail "a key is in two bundles, or bundles are missing"

# Lines that end in NUL come through as well, where the input is not the engine's.
tr '\n' '\0' < strange > zeros
cat zeros text-hard > mixed
mrcount -lz mixed > want
mrcount -lz --escape mixed | python3 engine.py mrcount --merge | mrcount --merge --unescape -z > got
same "-z" want got

# Without escapes such a key is no key: what an engine makes of it is refused, not counted.
status=0
printf 'x\ry\n' | mrcount -l | python3 engine.py mrcount --merge > got 2> error || status=$?
[ $status != 0 ] || fail "a key that was cut was counted"

# GNU parallel over ssh, to two machines that are this one.
mkdir bin
cat > bin/ssh << 'END'
#!/bin/sh
# Options, a host, and a command that the other side's shell reads.
while [ "${1#-}" != "$1" ]; do shift; done
echo "$1" >> "$HOSTS"
shift
[ "$1" != -- ] || shift
# As sshd does: the other side's shell is that of its user, whatever runs here.
SHELL=/bin/sh exec sh -c "$*"
END
chmod +x bin/ssh
export HOSTS=$PWD/hosts HOME=$PWD PARALLEL_SSH=$PWD/bin/ssh
for options in "" -l "-i -g2"; do
    read -ra rule <<< "$options"
    mrcount "${rule[@]}" "$MRCOUNT_SOURCE/data/tempest.txt" > want
    parallel --halt now,fail=1 -S 1/one,1/two --pipepart --block 2K -a "$MRCOUNT_SOURCE/data/tempest.txt" \
        mrcount -j1 "${rule[@]}" --sort=none | mrcount --merge > got
    same "parallel $options" want got
done
for host in one two; do
    grep -qx $host hosts || fail "nothing was sent to machine $host"
done

# A part that fails fails the whole, in the pipeline that README and man page give: without its
# --halt and pipefail the status is 0 and counts are missing.
cat > bin/part << 'END'
#!/bin/sh
# The part with the first line of the play dies without a word.
cat > "part.$$"
if head -n 1 "part.$$" | grep -qxF "$FIRST"; then exit 7; fi
exec mrcount "$@" < "part.$$"
END
chmod +x bin/part
FIRST=$(head -n 1 "$MRCOUNT_SOURCE/data/tempest.txt")
export FIRST PATH=$PWD/bin:$PATH
ln -s "$MRCOUNT_SOURCE/data" data
pipelines=0
while read -r pipeline; do
    pipelines=$((pipelines + 1))
    pipeline=${pipeline#"$ "}
    case $pipeline in
        "set -o pipefail; parallel --halt now,fail=1 "*" mrcount -j1 "*" | mrcount --merge "*) ;;
        *) fail "another pipeline than is tested: $pipeline" ;;
    esac
    bash -c "$pipeline" > got || fail "$pipeline: status $?"
    status=0
    bash -c "${pipeline/ mrcount -j1/ part -j1}" > got 2> error || status=$?
    [ $status != 0 ] || fail "a part failed and the status is 0: $pipeline"
done < <(cd "$MRCOUNT_SOURCE" && cat README.md <(sed 's/\\-/-/g; s/\\e$/\\/' man/mrcount.1) |
    sed -n '/^\$ .*parallel/ { /\\$/ { N; s/ *\\\n */ /; }; p; }')
[ $pipelines = 2 ] || fail "$pipelines pipelines of parallel in README and man page, not 2"

# The scripts for the engines, as far as they go without one.
tool=$MRCOUNT_SOURCE/src/cluster/mrcount-hadoop
: > streaming.jar
"$tool" --help | grep -q '^Usage' || fail "mrcount-hadoop --help"
"$tool" --jar=streaming.jar -n -il -d '"' in out > got
grep -q 'record.delimiter' got || fail "mrcount-hadoop --dry-run"
for wrong in -z --top=3 "--fields" "-S" "only"; do
    status=0
    "$tool" --jar=streaming.jar -n $wrong > got 2> error || status=$?
    [ $status = 2 ] || fail "mrcount-hadoop $wrong: status $status"
    grep -q '^mrcount-hadoop: ' error || fail "mrcount-hadoop $wrong: no message"
done
tool=$MRCOUNT_SOURCE/src/cluster/mrcount-spark.py
python3 "$tool" --help | grep -q 'spark-submit' || fail "mrcount-spark.py --help"
for wrong in -z --top=3 "-l -m"; do
    status=0
    # shellcheck disable=SC2086 # words
    python3 "$tool" $wrong in out > got 2> error || status=$?
    [ $status = 2 ] || fail "mrcount-spark.py $wrong: status $status"
    grep -q '^mrcount-spark: error' error || fail "mrcount-spark.py $wrong: no message"
done
