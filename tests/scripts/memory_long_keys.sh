#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Memory stays within -S, or the least there is, and 16 MiB, where single keys take much of it: lines
# of 5 KB to 1 MB, of which a part begin alike and some come again, in every order and format, from a
# FILE and from a pipe. What is printed is what is printed with all memory.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"

# make.py SIZE COUNT - lines of that many bytes, or 2 bytes a character, the same each time.
cat > make.py <<'END'
import random, sys
size, count, wide = int(sys.argv[1]), int(sys.argv[2]), len(sys.argv) > 3
source = random.Random(size)
table = bytes(ord("a") + i % 26 for i in range(256))
begin = b"x" * (size * 9 // 10)
out = sys.stdout.buffer
for i in range(count):
    line = source.randbytes(size).translate(table)
    if i % 4 == 1:
        line = begin + line[len(begin):]
    if wide:
        line = line[: size // 2].decode().translate({c: c + 0x3d0 for c in range(97, 123)}).encode()
    out.write(line + b"\n")
    if i % 10 == 0:
        out.write(line + b"\n")
END
# measure FILE MIB TIMES OPTION... - counts with -S MIB at 1, 2 and 8 threads, from FILE and from a
# pipe by turns. The peak may be more by TIMES the bytes of a line.
measure() {
    local file=$1 mib=$2 times=$3 threads limit least line piped=
    shift 3
    line=$(head -n 1 "$file" | wc -c)
    mrcount "$@" "$file" > want
    for threads in 1 2 8; do
        least=$((16 + 4 * threads))
        limit=$((((mib > least ? mib : least) + 16) * 1024 + times * line / 1024))
        if [ -z "$piped" ]; then
            peak mrcount -q -j $threads -S "${mib}M" -T . "$@" "$file" > got
            piped=1
        else
            # shellcheck disable=SC2002 # a pipe on purpose
            cat "$file" | peak mrcount -q -j $threads -S "${mib}M" -T . "$@" > got
            piped=
        fi
        [ "$(cat peak)" -le $limit ] ||
            fail "$file, $*, -j $threads, -S ${mib}M: $(cat peak) KiB of at most $limit"
        case $* in
        *sort=none*) same "$file, $*, -j $threads" <(sort want) <(sort got) ;;
        *) same "$file, $*, -j $threads" want got ;;
        esac
    done
}

python3 make.py 1000000 40 > 1M
mrcount -l 1M > counts
python3 make.py 1000000 30 wide > 2-byte
python3 make.py 100000 400 > 100K
python3 make.py 5000 5000 > 5K

measure 1M 24 0 -l
for options in --sort=key "--sort=none" "-n 10" "--format=json"; do
    # shellcheck disable=SC2086 # options are divided on purpose
    measure 1M 24 2 -l $options
done
measure 1M 24 0 -l --total
measure 1M 24 2 -l --sort=key -r
measure counts 24 2 --merge
measure 2-byte 24 4 -l -i
measure 2-byte 24 2 -f 1,1 -d ' '
measure 100K 24 0 -l
measure 100K 24 0 -l --sort=none
measure 5K 20 0 -l --sort=key
