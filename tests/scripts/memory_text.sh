#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Text without an ASCII byte, and bytes that are no text at all, are counted in the memory that -S
# allows, from files and pipes, and as without a limit: they are cut between characters.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ -z "$slow" ] || skip "memory is measured without sanitizers only"

bytes=${MRCOUNT_MEMORY_BYTES:-54000000}

# text.py NAME SIZE - writes the file text, the same each time, with characters by Zipf's law.
cat > text.py <<'END'
import random, sys

draw = random.Random(7)

def characters(first, last, marks=""):
    chosen = [chr(code) for code in range(first, last)]
    draw.shuffle(chosen)
    weights = [1 / (rank + 3) for rank in range(len(chosen))]
    out = []
    for part in range(4000):
        out += draw.choices(chosen, weights, k=draw.randint(3, 15))
        out.append(draw.choice(marks) if marks else "")
    return "".join(out).encode()

TEXTS = {
    "chinese": lambda: characters(0x4E00, 0x6000, "\uFF0C\u3002\u3001\uFF1B\u201C\u2019"),
    "japanese": lambda: (characters(0x3042, 0x3094, "\u3001\u3002")
                         + characters(0x30A2, 0x30F4, "\u6F22\u5B57\u306E")),
    "thai": lambda: characters(0x0E01, 0x0E3B),
    "emoji": lambda: characters(0x1F600, 0x1F640),
    "invalid": lambda: b"\xFF",
    "continuations": lambda: b"\x80",
    "unfinished": lambda: b"\xF0\x9F\x98\xE4\xB8",
    "spaces": lambda: b" ",
    "stops": lambda: b".",
}
block, size = TEXTS[sys.argv[1]](), int(sys.argv[2])
block *= max(1, 1000000 // len(block))
with open("text", "wb") as out:
    for _ in range(max(1, size // len(block))):
        out.write(block)
END

# check_memory WHAT THREADS OPTION... - the same bytes as without a limit, within 20 MiB, or the
# least that -S can be, and the program's own 16 MiB.
check_memory() {
    local what=$1 threads=$2 room limit
    shift 2
    room=$((16 + 4 * threads))
    [ $room -ge 20 ] || room=20
    limit=$(((room + 16) * 1024))
    peak mrcount -j "$threads" -S ${room}M -T . "$@" text > got
    [ "$(cat peak)" -le $limit ] ||
        fail "$what, $*, -j $threads, a file: $(cat peak) KiB of at most $limit"
    same "$what, $*, -j $threads, a file" want got
    # shellcheck disable=SC2002 # a pipe on purpose
    cat text | peak mrcount -j "$threads" -S ${room}M -T . "$@" > got
    [ "$(cat peak)" -le $limit ] ||
        fail "$what, $*, -j $threads, a pipe: $(cat peak) KiB of at most $limit"
    same "$what, $*, -j $threads, a pipe" want got
}

for what in chinese invalid; do
    python3 text.py $what "$bytes"
    mrcount text > want
    for threads in 1 2 8; do
        check_memory $what $threads
    done
    for options in -i -c --words=letters; do
        mrcount $options text > want
        check_memory $what 2 $options
    done
done

for what in japanese thai emoji continuations unfinished spaces stops; do
    python3 text.py $what $((bytes * 5 / 8))
    for options in --words=unicode -c --words=letters; do
        mrcount $options text > want
        check_memory $what 2 $options
    done
done

# What is invalid is counted alike wherever the text is cut.
invalid_bytes() {
    mrcount --stats "$@" 2>&1 > got | sed -n 's/^invalid bytes *//p'
}
{
    printf '\xE4'
    python3 text.py unfinished 3000000
    head -c 1500001 text
    printf '\xAD'
    python3 text.py continuations 3000000
    head -c 1500001 text
} > broken
want=$(python3 -c '
data = open("broken", "rb").read()
print(len(data) - len(data.decode("utf-8", "ignore").encode()))')
for options in --words=unicode -c --words=letters; do
    for threads in 1 2 8; do
        found=$(invalid_bytes $options -j $threads broken)
        [ "$found" = "$want" ] || fail "$options, -j $threads: $found invalid bytes, not $want"
        found=$(invalid_bytes $options -j $threads < <(cat broken))
        [ "$found" = "$want" ] ||
            fail "$options, -j $threads, a pipe: $found invalid bytes, not $want"
    done
done
