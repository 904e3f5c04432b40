#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--format=table lays keys and numbers out as its rules say, by the widths that Python's own Unicode
data tells: all lines of a table are equally wide up to their last column, whatever keys are of.

Keys are random characters of any script, control characters and bytes that are no UTF-8.
"""
import os
import random
import subprocess
import sys
import unicodedata
from collections import Counter

if os.environ.get("MRCOUNT_VARIANT") == "tsan":
    print("tables are made by one thread")
    sys.exit(77)

if int(unicodedata.unidata_version.split(".")[0]) > 15:
    print(f"Python's Unicode {unicodedata.unidata_version} is newer than the tables")
    sys.exit(77)

random.seed(25)
ROWS, WIDEST = 1000, 200  # of cli/tabulate.h
SEEN = {0xAD, *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
LETTERS = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def width_of(char):
    code = ord(char)
    if unicodedata.category(char) in ("Mn", "Me", "Cf") and code not in SEEN:
        return 0
    if 0x1160 <= code < 0x1200 or 0xD7B0 <= code < 0xD7C7 or 0xD7CB <= code < 0xD7FC:
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def width(text):
    return sum(map(width_of, text))


def show(key):
    """What is seen of a key."""
    text = ""
    for char in key.decode("utf-8", "surrogateescape"):
        if char in LETTERS:
            text += LETTERS[char]
        elif "\udc80" <= char <= "\udcff":
            text += f"\\x{ord(char) & 0xFF:02x}"
        elif unicodedata.category(char) in ("Cc", "Zl", "Zp"):
            text += "".join(f"\\x{byte:02x}" for byte in char.encode())
        else:
            text += char
    return text


def table(head, rows):
    """Lines of cells that are shown; those past the first are numbers."""
    widths = [width(cell) for cell in head]
    for row in rows[:ROWS]:
        for column, cell in enumerate(row):
            if widths[column] < width(cell) <= WIDEST:
                widths[column] = width(cell)
    for row in [head, *rows]:
        pads = [" " * (wanted - width(cell)) for wanted, cell in zip(widths, row)]
        line = row[0] + (pads[0] if len(row) > 1 else "")
        for pad, cell in zip(pads[1:], row[1:]):
            line += "  " + pad + cell
        yield line


def characters():
    """Of each width and category as many as of any other, and those at both ends of a run."""
    kinds = {}
    before = None
    for code in range(0x110000):
        char = chr(code)
        category = unicodedata.category(char)
        if category in ("Cn", "Cs", "Co") or char == "\n":
            continue
        kind = category, width_of(char)
        if kind != before:
            kinds.setdefault("border", []).append(char)
        kinds.setdefault(kind, []).append(char)
        before = kind
    return list(kinds.values())


def random_key(kinds):
    out = b""
    for _ in range(random.choice([0, 1, 1, 2, 3, 5, 8, 20])):
        if random.random() < 0.05:
            out += bytes([random.randrange(0x80, 0x100)])
        else:
            out += random.choice(random.choice(kinds)).encode()
    # Bytes at random may be a character, of which Python knows no width where it is unassigned.
    if any(unicodedata.category(char) == "Cn" for char in out.decode("utf-8", "surrogateescape")):
        return random_key(kinds)
    return out.replace(b"\n", b"")


def run(data, *options):
    result = subprocess.run(["mrcount", "-l", "--format=table", *options], input=data,
                            capture_output=True, check=False)
    if result.returncode != 0 or result.stderr:
        sys.exit(f"{options}: exit status {result.returncode}: {result.stderr!r}")
    return result.stdout.decode("utf-8")


def same(what, got, want):
    if got != want:
        for one, other in zip(got.split("\n"), want.split("\n")):
            if one != other:
                sys.exit(f"{what}: {one!r} instead of {other!r}")
        sys.exit(f"{what}: {len(got)} bytes instead of {len(want)}")


def check(keys, *options):
    counts = Counter(keys)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    shown = [[show(key), str(count)] for key, count in rows]
    data = b"".join(key + b"\n" for key in keys)
    same("table", run(data, *options), "\n".join(table(["key", "count"], shown)) + "\n")
    got = run(data, "-n", "50", *options)
    same("of the first", got, "\n".join(table(["key", "count"], shown[:50])) + "\n")
    lines = got.split("\n")[:-1]
    if all(width(row[0]) <= WIDEST for row in shown[:50]) and len(set(map(width, lines))) != 1:
        sys.exit("lines of different widths")
    same("of keys", run(data, "--keys", *options),
         "\n".join(table(["key"], [row[:1] for row in shown])) + "\n")


def main():
    kinds = characters()
    if len(kinds) < 30:
        sys.exit(f"{len(kinds)} kinds of characters")
    keys = [random_key(kinds) for _ in range(4000)]
    keys += random.choices(keys, k=4000)
    for threads in "1", "3":
        check(keys, "-j", threads)
    # One that is too wide to decide, others that come too late, and some that come first.
    long = [b"x" * n for n in (199, 200, 201, 5000)]
    check(keys[:900] + long)
    check([b"%d" % n for n in range(3000)] * 2 + long)
    same("nothing", run(b""), "key  count\n")
    zero = subprocess.run(["mrcount", "-lz", "--format=table"], input=b"a\nb\0c\0c\0",
                          capture_output=True, check=True).stdout
    if zero != b"key   count\0c         2\0a\\nb      1\0":
        sys.exit(f"under -z: {zero!r}")


main()
