#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--diff prints what Python finds between two files of counts, in every order and format.

Keys are hostile: with TABs, empty, not UTF-8; counts are up to 2^64-1, in as many lines as come. What
is printed, added to the old counts, is the new ones; with the FILEs in the other order it has the
other sign, and all else is the same.
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
from collections import Counter

SANITIZED = bool(os.environ.get("MRCOUNT_VARIANT"))
SEED = int(os.environ.get("MRCOUNT_SEED", "23"))
MOST, DIFFERENCE = 2**64 - 1, 2**63 - 1
random.seed(SEED)


def key(among):
    number = random.randrange(among)
    kind = number % 7
    name = b"%d" % number
    return (name, name + b"\t" + name, b"\xff\xfe" + name, b"-%d" % number, b'"' + name + b",",
            name * (1 + number % 40), b"" if number < 70 else b"\t" + name)[kind]


def write(name, counts, parts=1):
    """A file of counts, each as the sum of up to `parts` lines, in any order."""
    lines = []
    for one, count in counts.items():
        for _ in range(random.randrange(parts)):
            part = random.randrange(count + 1)
            lines.append(b"%s\t%d\n" % (one, part))
            count -= part
        lines.append(b"%s\t%d\n" % (one, count))
    random.shuffle(lines)
    with open(name, "wb") as file:
        file.write(b"".join(lines))


def run(options, stdin=b"", status=0):
    done = subprocess.run(["mrcount", *options], input=stdin, capture_output=True, check=False)
    if done.returncode != status or (status == 0 and done.stderr and "--stats" not in options):
        sys.exit(f"{options}: exit status {done.returncode}: {done.stderr!r}")
    return done


def expect(old, new, order="count"):
    rows = [(one, old[one], new[one]) for one in old.keys() | new.keys() if old[one] != new[one]]
    return sorted(rows, key=lambda row: (-abs(row[2] - row[1]) if order == "count" else 0, row[0]))


def lines(rows, end=b"\n"):
    return b"".join(b"%s\t%d\t%d\t%d%s" % (one, a, b, b - a, end) for one, a, b in rows)


def read(text):
    return [(one, int(a), int(b), int(c))
            for one, a, b, c in (line.rsplit(b"\t", 3) for line in text.split(b"\n")[:-1])]


def same(what, got, want):
    if got != want:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        sys.exit(f"seed {SEED}: {what} differs at {at}: {got[at:at + 80]!r} instead of {want[at:at + 80]!r}")


# ---- Orders, formats, threads ------------------------------------------------------------------------

def tables(count, among, most, parts):
    """Two tables of which some keys are in one only, and some are alike."""
    old, new = Counter(), Counter()
    for _ in range(count):
        one = key(among)
        which = random.randrange(5)
        if one in old or one in new:
            continue
        if which < 4:
            old[one] = most() if which > 0 else min(most(), DIFFERENCE)
        if which > 0:
            new[one] = old[one] if which == 1 else most() if which < 4 else min(most(), DIFFERENCE)
    write("old", old, parts)
    write("new", new, parts)
    return old, new


def huge():
    """No two are 2^63 or more apart."""
    return random.choice((2**63 + random.randrange(-3, 4), random.randrange(2**62, 2**63), MOST - 2**62,
                          2**63 - 1))


def check(old, new):
    rows, by_key = expect(old, new), expect(old, new, "key")
    cases = [([], rows), (["-r"], rows[::-1]), (["-n9"], rows[:9]), (["-rn9"], rows[::-1][:9]),
             (["--sort=key"], by_key), (["--sort=key", "-r", "-n7"], by_key[::-1][:7]), (["-j8", "--merge"], rows)]
    for options, want in cases:
        same(options, run(["--diff", *options, "old", "new"]).stdout, lines(want))
    got = run(["--diff", "--sort=none", "-j2", "old", "new"]).stdout
    same("--sort=none", sorted(read(got)), sorted(read(lines(rows))))
    same("--keys", run(["--diff", "--keys", "old", "new"]).stdout, b"".join(row[0] + b"\n" for row in rows))

    back = csv.reader(io.StringIO(run(["--diff", "--format=csv", "old", "new"]).stdout.decode("latin-1"),
                                  newline=""))
    want = [["key", "old", "new", "difference"],
            *([one.decode("latin-1"), str(a), str(b), str(b - a)] for one, a, b in rows)]
    same("csv", list(back), want)
    objects = [json.loads(line) for line in run(["--diff", "--json", "old", "new"]).stdout.splitlines()]
    same("json", [(o["old"], o["new"], o["difference"], list(o)[1:]) for o in objects],
         [(a, b, b - a, ["old", "new", "difference"]) for _, a, b in rows])
    same("json's keys", [o["key"].encode() for o in objects if "key" in o],
         [one for one, _, _ in rows if b"\xff" not in one])

    # The other way round, and back again.
    other = run(["--diff", "new", "old"]).stdout
    same("the FILEs the other way round", other, lines((one, b, a) for one, a, b in rows))
    sums = Counter(old)
    for one, _, _, change in read(run(["--diff", "old", "new"]).stdout):
        sums[one] += change
    same("the old counts and what changed", sorted((+sums).items()), sorted((+new).items()))

    # What comes from elsewhere: one of them from a pipe, compressed, or twice the same.
    with open("old", "rb") as file:
        data = file.read()
    with open("old.packed", "wb") as file:
        file.write(gzip.compress(data, 1))
    same("standard input", run(["--diff", "-", "new"], data).stdout, lines(rows))
    same("compressed", run(["--diff", "-j1", "old.packed", "new"]).stdout, lines(rows))
    same("standard input as NEW", run(["--diff", "new", "-"], data).stdout, other)
    same("one FILE twice", run(["--diff", "old", "old"]).stdout, b"")


def folded(old, new):
    def fold(counts):
        sums = Counter()
        for one, count in counts.items():
            sums[one.lower()] += count
        return sums
    small = [Counter({one + random.choice((b"A", b"a")): count % 1000 for one, count in table.items()})
             for table in (old, new)]
    write("old", small[0], 3)
    write("new", small[1], 3)
    rows = expect(fold(small[0]), fold(small[1]))
    same("-i", run(["--diff", "-i", "old", "new"]).stdout, lines(rows))
    same("--max-length", run(["--diff", "--max-length=4", "old", "new"]).stdout,
         lines(row for row in expect(*small) if len(row[0]) <= 4))
    with open("stop", "wb") as file:
        file.write(b"".join(row[0] + b"\n" for row in rows[::2]))
    same("--stop-words", run(["--diff", "-i", "--stop-words=stop", "old", "new"]).stdout, lines(rows[1::2]))


# ---- Disk --------------------------------------------------------------------------------------------

def spilled():
    count = 40000 if SANITIZED else 250000
    old = Counter({b"key number %d" % i: 1 + i % 9 for i in range(count)})
    new = Counter({b"key number %d" % i: 1 + i % 7 for i in range(count // 9, count + 1000)})
    write("old", old)
    write("new", new)
    want = lines(expect(old, new))
    os.mkdir("tmp")
    done = run(["--diff", "-S1K", "-j2", "-Ttmp", "-q", "--stats", "old", "new"])
    same("-S1K", done.stdout, want)
    if not SANITIZED and not re.search(rb"^bytes spilled +[1-9]", done.stderr, re.M):
        sys.exit(f"nothing was spilled: {done.stderr.decode()}")
    if os.listdir("tmp"):
        sys.exit("temporary files were left")


# ---- Numbers that are too large ----------------------------------------------------------------------

def limits():
    for a, b, error in ((MOST, 0, b"the difference of"), (0, DIFFERENCE + 1, b"the difference of"),
                        (DIFFERENCE, 0, None), (0, DIFFERENCE, None), (MOST, MOST, None),
                        (MOST - DIFFERENCE, MOST, None), (MOST + 1, MOST, b"the old count of"),
                        (MOST, 2 * MOST, b"the new count of"), (MOST + 5, 7 * MOST, b"the old count of")):
        tables(300, 400, lambda: random.randrange(1, 9), 2)
        for name, sum_of in ("old", a), ("new", b):
            with open(name, "ab") as file:
                while sum_of > 0:
                    part = min(sum_of, MOST)
                    file.write(b"the one\t%d\n" % part)
                    sum_of -= part
        for threads in "-j1", "-j2":
            done = run(["--diff", threads, "old", "new"], status=2 if error else 0)
            if error:
                past = DIFFERENCE if b"difference" in error else MOST
                same("the message", done.stderr, b"mrcount: %s 'the one' goes past %d\n" % (error, past))
                same("nothing printed", done.stdout, b"")
            elif a != b and (b"the one\t%d\t%d\t%d\n" % (a, b, b - a)) not in done.stdout:
                sys.exit(f"{a} and {b}: {done.stdout[:80]!r}")


def main():
    some = 400 if SANITIZED else 2000
    for most, parts in (lambda: random.randrange(1, 5), 3), (lambda: random.randrange(1, 10**6), 2), (huge, 4):
        old, new = tables(some, 2 * some, most, parts)
        check(old, new)
    folded(old, new)
    spilled()
    limits()


if __name__ == "__main__":
    main()
