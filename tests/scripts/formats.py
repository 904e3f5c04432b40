#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every byte string survives the way through csv, json, tsv and uniq.

Lines of awkward bytes are counted, and what is printed is read back by Python's csv and json modules;
json and csv are also what those modules would have written, byte for byte, and uniq what `uniq -c`
writes.
"""
import base64
import csv
import io
import json
import os
import random
import subprocess
import sys
from collections import Counter

if os.environ.get("MRCOUNT_VARIANT") == "tsan":
    print("what a format looks like is no matter of threads")
    sys.exit(77)

random.seed(11)
csv.field_size_limit(1 << 20)


def keys():
    """Lines without newlines: all single bytes and pairs of special ones, all kinds of UTF-8 that is
    none, lengths around those that are copied in steps, one long key for each format's pieces."""
    special = [b"", b",", b'"', b'""', b"\r", b"\t", b"\0", b"\\", b"\x7f", b" ", b"{", b"\xc3\xa4",
               b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\x1b[2J",
               b"\xc0\x80", b"\xed\xa0\x80", b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xf4\x8f\xbf\xbf",
               b"\xf4\x90\x80\x80", b"\xe0\x9f\xbf", b"\xe0\xa0\x80", b"\xf0\x8f\xbf\xbf",
               b"\xf0\x90\x80\x80", b"\xc2", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc1\xbf", b"\xf5\x80\x80\x80",
               b"\x80", b"\xbf", b"\xff", b"\xfe"]
    yield from (bytes([i]) for i in range(256) if i != 10)
    yield from (a + b for a in special for b in special)
    yield from (bytes([65 + i % 26]) * n for i, n in enumerate(range(1, 70)))
    yield from (b"\xc3\xa4" * n for n in range(1, 30))
    for n in (49151, 49152, 49153, 98304, 150001):
        yield b'"' * n
        yield b"\x01" * n
        yield b"\xff" * n
        yield b"\xe2\x82\xac" * (n // 3) + b"x" * (n % 3)
    for _ in range(3000):
        yield bytes(random.choice(b'\x00\x09\x0d\x1f",\\ab\xc3\xa4\xe2\x82\xac\xff')
                    for _ in range(random.randrange(20)))


def run(data, *options):
    result = subprocess.run(["mrcount", "-l", *options], input=data, capture_output=True, check=False)
    if result.returncode != 0 or result.stderr:
        sys.exit(f"{options}: exit status {result.returncode}: {result.stderr!r}")
    return result.stdout


def same(what, got, want):
    if got != want:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        sys.exit(f"{what} differs at {at}: {got[at - 20:at + 60]!r} instead of {want[at - 20:at + 60]!r}")


def valid(key):
    try:
        key.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


def as_json(key, count):
    if valid(key):
        record = {"key": key.decode("utf-8"), "count": count}
    else:
        record = {"key_base64": base64.b64encode(key).decode("ascii"), "count": count}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def from_json(line):
    record = json.loads(line)
    key = record["key"].encode("utf-8") if "key" in record else base64.b64decode(record["key_base64"])
    return key, record["count"]


def as_csv(rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("key", "count"), *((k.decode("latin-1"), n) for k, n in rows)])
    return text.getvalue().encode("latin-1")


def check(counts, data, end, options):
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    same("tsv", run(data, *options), b"".join(b"%s\t%d%s" % (k, n, end) for k, n in rows))
    same("uniq", run(data, "-c", *options), b"".join(b"%7d %s%s" % (n, k, end) for k, n in rows))
    if end == b"\n":
        same("json", run(data, "--json", *options), b"".join(as_json(k, n) for k, n in rows))
        got = run(data, "--format=csv", *options)
        same("csv", got, as_csv(rows))
        back = list(csv.reader(io.StringIO(got.decode("latin-1"), newline="")))
        if back[0] != ["key", "count"] or \
                [(k.encode("latin-1"), int(n)) for k, n in back[1:]] != rows:
            sys.exit("csv does not come back")
    else:
        lines = run(data, "--json", *options).split(end)
        if lines.pop() != b"" or [from_json(line) for line in lines] != rows:
            sys.exit("json under -z does not come back")
    total = b"%d\t%d%s" % (sum(counts.values()), len(counts), end)
    for form in "tsv", "csv", "json", "uniq":
        same("total", run(data, "--total", f"--format={form}", *options), total)


def main():
    counts = Counter()
    for number, key in enumerate(dict.fromkeys(keys())):
        counts[key] += 1 + (number % 3 == 0) * random.choice([1, 8, 9, 98, 99, 100, 998, 1023])
    lines = list(counts.elements())
    random.shuffle(lines)
    data = b"".join(line + b"\n" for line in lines)
    for threads in "1", "3":
        check(counts, data, b"\n", ["-j", threads])
    zero = Counter()
    for key, count in counts.items():
        if b"\0" not in key:
            zero[key] += count
            zero[key + b"\nmore"] += 1
    data = b"".join(line + b"\0" for line in zero.elements())
    check(zero, data, b"\0", ["-z"])

    # uniq -c itself, where it can tell lines apart: it takes NUL for any other byte.
    sort = subprocess.run("sort | uniq -c", shell=True, input=b"".join(
        line + b"\n" for line in lines), capture_output=True, check=True,
        env={**os.environ, "LC_ALL": "C"})
    data = b"".join(line + b"\n" for line in lines)
    same("uniq -c", run(data, "-c", "--sort=key"), sort.stdout)

    # Counts of every width, by --merge.
    numbers = sorted({10 ** i + d for i in range(20) for d in (-1, 0, 1)} | {2 ** 64 - 1} - {0})
    numbers = [n for n in numbers if 0 < n < 2 ** 64]
    data = b"".join(b"%d\t%d\n" % (n, n) for n in numbers)
    got = subprocess.run(["mrcount", "--merge", "-r"], input=data, capture_output=True, check=True)
    same("numbers", got.stdout, data)
    got = subprocess.run(["mrcount", "--merge", "-rc"], input=data, capture_output=True, check=True)
    same("numbers of uniq", got.stdout, b"".join(b"%7d %d\n" % (n, n) for n in numbers))


main()
