#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--sort=first prints keys in the order in which they were first met, however many threads read.

The order is that of Python's dict, which keeps that in which keys came: for each kind of token, for
several FILEs, one of them twice and standard input between, for texts that are converted and
compressed, and in little memory. Where awk is there its '!x[$0]++' is asked as well. What is
random is so by a fixed seed.
"""
import csv
import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
import unicodedata

random.seed(25)
SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))
LINES = 4000 if SLOW else 16000
THREADS = ("-j1", "-j2", "-j8")
BUILT_IN = subprocess.run(["mrcount", "-V"], capture_output=True, text=True, check=True).stdout


def run(options, files=(), data=b"", status=0):
    done = subprocess.run(["mrcount", *options, *files], input=data, capture_output=True, check=False)
    if done.returncode != status:
        sys.exit(f"{options} {files}: exit status {done.returncode}: {done.stderr[:500]!r}")
    return done


def same(what, got, want):
    if got == want:
        return
    got, want = got.split(b"\n"), want.split(b"\n")
    for number, (one, other) in enumerate(zip(got + [b"(end)"], want + [b"(end)"]), 1):
        if one != other:
            sys.exit(f"{what}: line {number} of {len(want)}: {one[:200]!r}\ninstead of {other[:200]!r}")


def tally(tokens):
    """Pairs of a key and a count in the order of the keys' first places."""
    counts = {}
    for token in tokens:
        key, count = token if isinstance(token, tuple) else (token, 1)
        counts[key] = counts.get(key, 0) + count
    return list(counts.items())


def lines(pairs):
    return b"".join(b"%s\t%d\n" % pair for pair in pairs)


def keys(pairs):
    return b"".join(key + b"\n" for key, _ in pairs)


def check(options, tokens, files=(), data=b"", threads=THREADS):
    pairs = tally(tokens)
    for thread in threads:
        got = run(["--sort=first", thread, *options], files, data).stdout
        same(f"{options} {thread}", got, lines(pairs))
    same(f"{options} --keys", run(["--sort=first", "--keys", "-j2", *options], files, data).stdout, keys(pairs))


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


# ---- The text ----------------------------------------------------------------------------------------

# Small, common and rare words of every class of keys; some are wide, some not normal, some fold.
PLAIN = ["the", "The", "and", "of", "x", "a" * 31, "b" * 32, "c" * 200]
WIDE = ["Straße", "STRASSE", "ÉTÉ", "été", "e\u0301te\u0301", "\u4e2d\u6587", "\U0001f600x", "K\u212a"]


def word():
    choice = random.random()
    if choice < 0.4:
        return random.choice(PLAIN)
    if choice < 0.6:
        return random.choice(WIDE)
    if choice < 0.8:
        return "w%d" % random.randrange(3000)
    return "%x" % random.getrandbits(random.choice((16, 40, 100)))


TEXT = "".join(" ".join(word() for _ in range(random.randrange(1, 8))) + "\n" for _ in range(LINES)).encode()
ROWS = TEXT.split(b"\n")[:-1]
WORDS = [w for row in ROWS for w in row.split()]
write("text", TEXT)
check(["-l"], ROWS, ["text"])
check(["-l"], ROWS, data=TEXT)
check(["--words=space"], WORDS, ["text"])

# ---- Kinds of tokens ---------------------------------------------------------------------------------

check(["-f2,1"], [b" ".join(f[:2]) for f in map(bytes.split, ROWS)], ["text"])
check(["-f1", "-d "], [row.split(b" ")[0] for row in ROWS], ["text"])
check(["-m"], [c.encode() for row in ROWS for c in row.decode()], ["text"])
check(["-mi"], [c.casefold().encode() for row in ROWS for c in row.decode()], ["text"], threads=["-j2"])
check(["--words=space", "-g1-2"], [t for row in map(bytes.split, ROWS) for i in range(len(row))
                                  for t in ([row[i]] if i == 0 else [row[i], row[i - 1] + b" " + row[i]])], ["text"])
check(["--words=letters"], re.findall(rb"[A-Za-z]+", TEXT), ["text"], threads=["-j2"])
check(["--words=space", "--min-length=4"], [w for w in WORDS if len(w.decode()) >= 4], ["text"], threads=["-j2"])
folded = [row.decode().casefold().encode() for row in ROWS]
check(["-li"], folded, ["text"])
check(["--words=space", "-i"], [w for row in folded for w in row.split()], ["text"])
check(["-f1", "-i"], [row.split()[0] for row in folded], ["text"], threads=["-j2"])
check(["--words=space", "--normalize=nfc"],
      [unicodedata.normalize("NFC", w.decode()).encode() for w in WORDS], ["text"])
if "pcre2" in BUILT_IN:
    check(["-e", "[a-z]+[0-9]"], re.findall(rb"[a-z]+[0-9]", TEXT), ["text"])
    check(["-e", "(.)([0-9])", "--replace=$2$1"],
          [(m[1] + m[0]).encode() for row in ROWS for m in re.findall("([^\n])([0-9])", row.decode())], ["text"])
    check(["-l", "--grep=1"], [row for row in ROWS if b"1" in row], ["text"], threads=["-j2"])

table = io.StringIO(newline="")
writer = csv.writer(table)
records = []
for row in ROWS[:LINES // 2]:
    name = random.choice(('a"b', "a,b", "plain", "two\nlines", row.decode()[:20]))
    records.append(name)
    writer.writerow([1, name, 2])
write("table.csv", table.getvalue().encode())
got = run(["--csv", "-f2", "--sort=first", "--keys", "--json", "-j2"], ["table.csv"]).stdout
if [json.loads(line)["key"] for line in got.splitlines()] != list(dict.fromkeys(records)):
    sys.exit("--csv: other keys, or in another order")

# ---- Counts that are merged --------------------------------------------------------------------------

counted = [(random.choice((b"a\tb", b"c", b"%d" % random.randrange(5000))), random.randrange(1, 1000))
           for _ in range(LINES)]
write("counts", lines(counted))
check(["--merge"], counted, ["counts"])
written = run(["-l", "--escape", "--sort=first"], data=b"x\\y\nb\nc\td\nb\n").stdout
same("--escape", written, b"x\\\\y\t1\nb\t2\nc\\td\t1\n")
same("--unescape", run(["--merge", "--unescape", "--sort=first"], data=b"b\t1\nx\\\\y\t1\nc\t2\n").stdout,
     b"b\t1\nx\\y\t1\nc\t2\n")

# ---- Which are printed -------------------------------------------------------------------------------

pairs = tally(ROWS)
for thread in THREADS:
    first = ["-l", "--sort=first", thread]
    same("-r", run([*first, "-r"], ["text"]).stdout, lines(pairs[::-1]))
    same("-n", run([*first, "-n100"], ["text"]).stdout, lines(pairs[:100]))
    same("-r -n", run([*first, "-rn100"], ["text"]).stdout, lines(pairs[::-1][:100]))
    more = [pair for pair in pairs if pair[1] >= 3]
    same("--min-count", run([*first, "--min-count=3"], ["text"]).stdout, lines(more))
    same("--min-count -n", run([*first, "--min-count=3", "-n7"], ["text"]).stdout, lines(more[:7]))
    same("--min-count --keys", run([*first, "--min-count=3", "--keys"], ["text"]).stdout, keys(more))
    once = [pair for pair in pairs if pair[1] == 1]
    same("--max-count", run([*first, "--max-count=1", "--keys"], ["text"]).stdout, keys(once))
    total = b"%d\t%d\n" % (sum(count for _, count in pairs[:50]), 50)
    same("--total -n", run([*first, "--total", "-n50"], ["text"]).stdout, total)
same("--total", run(["-l", "--sort=first", "--total"], ["text"]).stdout, b"%d\t%d\n" % (len(ROWS), len(pairs)))
same("-c", run(["-l", "--sort=first", "-c"], ["text"]).stdout, b"".join(b"%7d %s\n" % pair[::-1] for pair in pairs))
run(["-l", "--sort=first", "-o", "printed"], ["text"])
same("-o", open("printed", "rb").read(), lines(pairs))

# ---- FILEs -------------------------------------------------------------------------------------------

half = TEXT.index(b"\n", len(TEXT) // 2) + 1
write("late", TEXT[half:])
write("early", TEXT[:half])
write("empty", b"")
with gzip.open("late.gz", "wb") as packed:
    packed.write(TEXT[half:])
write("wide", b"\xff\xfe" + TEXT[:half].decode().encode("utf-16-le"))
early, late = TEXT[:half].split(b"\n")[:-1], TEXT[half:].split(b"\n")[:-1]
middle = [b"from standard input", *late[:10]]
check(["-l"], late + middle + early + late, ["late", "empty", "-", "early", "late"], b"\n".join(middle) + b"\n")
check(["-l"], late + early, ["late", "wide"])
check(["-l"], early + late, ["wide", "late"], threads=["-j2"])
if "zlib" in BUILT_IN or "isa-l" in BUILT_IN:
    check(["-l"], late + early + late + late, ["late.gz", "wide", "late.gz", "late"])
os.makedirs("folder", exist_ok=True)
many = []
for i in range(300):
    many += ["line %d" % (i * 7 % 100), "only %d" % i]
    write("folder/%03d" % i, "\n".join(many[-2:]).encode())
check(["-lR"], [line.encode() for line in many], ["folder"])

# ---- More than fits memory ---------------------------------------------------------------------------

spilled = [b"%016x %d" % (random.getrandbits(50) if i % 3 else i % 1000, i % 7) for i in range(40 * LINES)]
data = b"\n".join(spilled) + b"\n"
want = keys(tally(spilled))
for thread in ("-j1", "-j8"):
    done = run(["-l", "--sort=first", "--keys", "--stats", "-S1", thread], data=data)
    same(f"-S1 {thread}", done.stdout, want)
    if not SLOW and not re.search(rb"spilled +[1-9]", done.stderr):
        sys.exit(f"nothing was spilled: {done.stderr.decode()}")
asked = subprocess.run(["awk", "!x[$0]++"], input=data, capture_output=True, check=False,
                       env={**os.environ, "LC_ALL": "C"})
if asked.returncode == 0:
    same("awk", asked.stdout, want)
