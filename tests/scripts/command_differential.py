#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs of --mapper and --reducer against the pipe that they stand for.

What is printed is, byte for byte, `cat FILE... | MAPPER | LC_ALL=C sort | REDUCER`, with any number of
threads and amount of memory, from files and from a pipe; without a reducer what `sort | uniq -c` and
--merge say of the lines that mappers print, or mrcount itself where these are text to be counted.
"""
import os
import random
import shlex
import subprocess
import sys
from pathlib import Path

SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))  # under a sanitizer
SIZE = 10_000 if SLOW else 150_000
SECONDS = 300
ENVIRONMENT = dict(os.environ, LC_ALL="C")
# Each number of threads and each amount of memory has files and a pipe.
WAYS = [(1, "", "files"), (2, "", "pipe"), (3, "", "files"), (8, "", "pipe"),
        (1, "-S24M", "pipe"), (2, "-S24M", "files"), (3, "-S24M", "pipe"), (8, "-S24M", "files")]
if SLOW:
    WAYS = [(2, "", "pipe"), (3, "-S24M", "files")]
compared = 0


# ---- What is read ----------------------------------------------------------------------------------

draw = random.Random(5)
WORDS = [bytes(draw.choices(b"abcdefghijklmnopqrstuvwxyz", k=draw.randint(1, 9))) for _ in range(3000)]


def word():
    return WORDS[int(len(WORDS) * draw.random() ** 4)]


def text(count):
    """Lines of words, the last one without a newline."""
    return b"\n".join(b" ".join(word() for _ in range(draw.randint(0, 12))) for _ in range(count // 6))


def awkward(count):
    """Keys that are prefixes of one another, behind which there is a byte below TAB, a TAB, or one
    above; empty keys and values, values with TABs."""
    keys = [b"", b"a", b"ab", b"a\1", b"a\10", b"a\37", b"a ", b"b", b"\1", b"\10", b"b\10\10"]
    rest = [b"", b"\t", b"\tx", b"\tx\t", b"\t\t", b"\t\1", b"\1\tx", b"\tab", b"\10", b"\t17"]
    return [draw.choice(keys) + draw.choice(rest) + (b"%d" % draw.randrange(50) if draw.random() < 0.3 else b"")
            for _ in range(count)]


def prepare():
    Path("text").write_bytes(text(SIZE))
    lines = text(SIZE)
    Path("lines").write_bytes(lines)
    Path("names").write_bytes(b"".join(b"%d name%d\n" % (i, i % 977) for i in range(SIZE // 4)))
    Path("items").write_bytes(b"".join(b"%d item%d %d\n" % (draw.randrange(SIZE // 3), i % 31, draw.randrange(1000))
                                       for i in range(SIZE // 2)))
    records = awkward(SIZE)
    Path("records").write_bytes(b"".join(record + b"\n" for record in records))
    Path("nuls").write_bytes(b"".join(record.replace(b"b", b"\0") + b"\n" for record in records))
    Path("zeros").write_bytes(b"".join(record.replace(b"b", b"\n") + b"\0" for record in records))
    os.mkdir("many")
    for i in range(30):
        Path(f"many/{i:02}").write_bytes(text(SIZE // 30))
    Path("half").write_bytes(b"".join(b"half\tvalue %d\n" % i if i % 2 else b"%d\tother\n" % draw.randrange(SIZE)
                                      for i in range(4 * SIZE)))
    Path("group.py").write_text("""\
# How many records each key has, and how many bytes.
import itertools, sys
end = b"\\0" if "-z" in sys.argv else b"\\n"
records = sys.stdin.buffer.read().split(end)[:-1]
for key, rows in itertools.groupby(records, lambda record: record.split(b"\\t")[0]):
    rows = list(rows)
    sys.stdout.buffer.write(b"%s has %d records, %d bytes%s" % (key, len(rows), sum(map(len, rows)), end))
""")
    Path("mean.py").write_text("""\
import itertools, sys
rows = (line.rstrip("\\n").split("\\t") for line in sys.stdin)
for key, group in itertools.groupby(rows, lambda row: row[0]):
    values = [int(value) for _, value in group]
    print(f"{key}\\t{sum(values) / len(values):.6f}")
""")


# ---- Comparing -------------------------------------------------------------------------------------


def same(name, got, want):
    global compared
    if got != want:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        at = max(0, at - 40)
        sys.exit(f"{name}: {len(got)} bytes, not {len(want)}: from {at} on {got[at:at + 120]!r}, not {want[at:at + 120]!r}")
    compared += 1


def shell(command, data=b"", **more):
    return subprocess.run(["sh", "-c", command], input=data, stdout=subprocess.PIPE, timeout=SECONDS, check=False,
                          env=dict(ENVIRONMENT, **more)).stdout


def mrcount(name, options, files, source="files"):
    command = ["mrcount", "-q", *options, *(files if source == "files" else ())]
    if source == "pipe":
        Path("joined").write_bytes(joined(files, end_of(options)))
        files = ["joined"]
    with subprocess.Popen(["cat", *files], stdout=subprocess.PIPE) as cat:
        got = subprocess.run(command, stdin=cat.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                             check=False)
        cat.stdout.close()
    if got.returncode != 0 or got.stderr:
        sys.exit(f"{name}: {command}: exit status {got.returncode}, {got.stderr[:300]!r}")
    return got.stdout


def compare(name, options, files, want, ways=None):
    for threads, memory, source in ways or WAYS:
        own = [*options, f"-j{threads}", *([memory] if memory else [])]
        same(f"{name}, -j {threads} {memory}, {source}", mrcount(name, own, files, source), want)


def end_of(options):
    return b"\0" if "-z" in options else b"\n"


def joined(files, end):
    """What cat gives, but that no line goes on in the next FILE."""
    parts = [Path(name).read_bytes() for name in files]
    return b"".join(part if part.endswith(end) or not part or i == len(parts) - 1 else part + end
                    for i, part in enumerate(parts))


def reduced(name, files, mapper, reducer, *options, ways=None):
    data = shell(mapper, joined(files, end_of(options)))
    want = shell(f"sort {'-z' if '-z' in options else ''} | ({reducer})", data)
    compare(name, [f"--mapper={mapper}", f"--reducer={reducer}", *options], files, want, ways)


# ---- With reducers ---------------------------------------------------------------------------------


def awk(program, *options):
    return shlex.join(["awk", *options, program])


def per_key(add, put):
    """A reducer: `add` is done for each record of a key k, `put` behind them, where n is cleared."""
    return awk(f'NR > 1 && $1 "" != k {{ put() }} {{ k = $1 ""; add() }} END {{ if (NR) put() }} '
               f"function add() {{ {add} }} function put() {{ {put}; n = 0 }}", "-F", "\t")


WORD_ONES = awk('{ for (i = 1; i <= NF; i++) print $i "\\t1" }')
SUM = per_key("n += $2", 'print k "\\t" n')
COUNT = per_key("n++", "print k, n")


def reducers():
    reduced("word count", ["text"], WORD_ONES, SUM)
    reduced("a join", ["names", "items"],
            awk('NF == 2 { print $1 "\\tA\\t" $2 } NF == 3 { print $1 "\\tB\\t" $2 "\\t" $3 }'),
            per_key('if ($2 == "A") name = $3; else if (name != "") print k, name, $3, $4', 'name = ""'))
    reduced("top 3 a key", ["items"], awk('{ printf "%s\\t%08d\\n", $2, $3 }'),
            per_key("v[n++ % 3] = $2", 'for (i = n > 3 ? n - 3 : 0; i < n; i++) print k "\\t" v[i % 3]'))
    reduced("distinct values a key", ["text"],
            awk('{ for (i = 1; i <= NF; i++) print substr($i, 1, 2) "\\t" length($i) }'),
            per_key('if (!n || $2 "" != last) n++; last = $2 ""', "print k, n"))
    reduced("mean a key", ["items"], awk('{ print $2 "\\t" $3 }'), "python3 mean.py")
    reduced("sort", ["lines"], "cat", "cat")
    reduced("lines of several FILEs", ["lines", "text", "lines"], "cat", "cat")
    reduced("equal lines", ["lines"], "cat", "uniq -c")
    reduced("a reducer whose last line has no end", ["items"], "cat",
            awk('{ printf "%s%s", end, $0; end = "\\n" }'))
    reduced("lines with something", ["lines"], "grep ab", "cat")
    reduced("no line found", ["lines"], "grep no-such-line", "cat", "--accept-status=0,1")
    reduced("no record, of which a reducer prints something", ["lines"], "cat > /dev/null", "wc -l")
    reduced("each line fifty times", ["items"],
            awk('$1 % 5 == 0 { for (i = 0; i < 50; i++) print $2 "\\t" i }'), SUM, ways=WAYS[1::4])
    reduced("TABs, empty keys and values, prefixes", ["records"], "cat", "python3 group.py")
    reduced("the same records again and again", ["records", "records"], "cat", "uniq -c")
    reduced("NULs", ["nuls"], "cat", "python3 group.py")
    reduced("lines that end in NUL", ["zeros"], "cat", "python3 group.py -z", "-z")
    reduced("a key with half of all records", ["half"], "cat", COUNT, ways=WAYS[1:7:2])
    reduced("a mapper that reads all and prints at the end", ["items"], "sort -r", COUNT, ways=WAYS[2:6])

    want = shell("sort | python3 group.py", Path("records").read_bytes())
    compare("FILEs of records", ["-l", "--reducer=python3 group.py"], ["records"], want)

    files = sorted(str(path) for path in Path("many").iterdir())
    mapper = awk('{ for (i = 1; i <= NF; i++) print $i "\\t" ENVIRON["MRCOUNT_FILE"] }')
    reducer = per_key('if (!n++ || $2 != last) s = s " " $2; last = $2', 'print k ":" s; s = ""')
    pairs = b"".join(shell(mapper, Path(name).read_bytes(), MRCOUNT_FILE=name) for name in files)
    compare("an inverted index", ["--per-file", f"--mapper={mapper}", f"--reducer={reducer}"], files,
            shell(f"sort | {reducer}", pairs), [way for way in WAYS if way[2] == "files"])


# ---- Without ---------------------------------------------------------------------------------------


def ordered(uniq):
    """Lines of `uniq -c`, as mrcount prints them."""
    pairs = [line.lstrip(b" ").split(b" ", 1) for line in uniq.split(b"\n")[:-1]]
    pairs.sort(key=lambda pair: (-int(pair[0]), pair[1]))
    return b"".join(b"%s\t%s\n" % (key, count) for count, key in pairs)


def counts():
    files = ["lines", "text"]
    data = joined(files, b"\n")
    mapper = "tr ' ' '\\n'"
    compare("records without counts", [f"--mapper={mapper}"], ["text"],
            ordered(shell(f"{mapper} | sort | uniq -c", Path("text").read_bytes())))
    mapper = awk('NF { print $1 "\\t" NF; print $1; print $NF "\\t18446744073709" }')
    merged = shell("mrcount --merge", shell(mapper + " | sed '/\t/!s/$/\t1/'", data))
    compare("records with counts and without", [f"--mapper={mapper}"], files, merged)
    compare("the first of them by key", [f"--mapper={mapper}", "--sort=key", "-n20", "--min-count=2"], files,
            shell("mrcount --merge --sort=key -n20 --min-count=2", shell("cat", merged)))

    mapper = "sed -e 's/a/\\n/g' -e 's/b/ B\\tb /'"
    printed = shell(mapper, data)
    for options in (["-l"], ["-w"], ["-w", "-i"], ["--words=space"], ["-m"], ["-f2", "-d\t"], ["-f1,3"], ["-w", "-g2"],
                    ["-m", "-g2-3"], ["-l", "-c"], ["-w", "--total"]):
        want = shell(f"mrcount {shlex.join(options)}", printed)
        compare(f"text, {options}", [f"--mapper={mapper}", *options], files, want, WAYS[0:1] + WAYS[-3:-1])

    files = ["zeros", "zeros"]
    compare("text that ends in NULs", ["--mapper=cat", "-l", "-z"], files,
            mrcount("zeros", ["-l", "-z"], files))
    files = sorted(str(path) for path in Path("many").iterdir())
    want = b"".join(sorted(b"%s %d\t1\n" % (name.encode(), len(Path(name).read_bytes())) for name in files))
    compare("a line a FILE", ["--per-file", "--mapper=printf '%s %d' $MRCOUNT_FILE $(wc -c)"], files, want,
            [way for way in WAYS if way[2] == "files"])
    compare("a FILE as it is", ["--per-file", "--mapper=cat", "-l"], files, mrcount("many", ["-l"], files),
            [way for way in WAYS if way[2] == "files"])


prepare()
counts()
reducers()
print(f"{compared} outputs compared")
