#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--normalize does what each line of Unicode's NormalizationTest.txt says, for every kind of key.

A line has a text, its forms C and D, and its forms KC and KD; all five of them have the form C of
one of the first three (or of the last two), and the form KC of any. What stands in no line of the
file's part 1 is to stay as it is.
"""
import bz2
import os
import subprocess
import sys

UCD = os.environ.get("UCD", "/usr/share/unicode")
BUILD = os.environ["MRCOUNT_BUILD"]
TABLES = os.path.join(os.environ["MRCOUNT_SOURCE"], "src/text/unicode/tables.h")
# A key is LABEL TEXT: what is to become of which text stays to be seen, and no two keys meet.
JOINT = "|"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def read():
    name = os.path.join(UCD, "NormalizationTest.txt")
    for path, opener in ((name, open), (name + ".bz2", bz2.open)):
        if os.path.exists(path):
            with opener(path, "rt", encoding="utf-8") as file:
                return file.read().splitlines()
    skip("the Unicode Character Database (unicode-data) is not installed")


def count(form, keys, *options):
    """The keys that come of these, in the order of their bytes."""
    command = [os.path.join(BUILD, "mrcount"), "-l", f"--normalize={form}", "--sort=key", "-j2", *options]
    done = subprocess.run(command, input=b"\n".join(keys) + b"\n", stdout=subprocess.PIPE, check=True)
    return done.stdout.split(b"\n")[:-1]


def check(form, pairs):
    """Each pair is a text and what is to become of it."""
    label = [f"{i}{JOINT}" for i in range(len(pairs))]
    got = count(form, [(label[i] + text).encode() for i, (text, _) in enumerate(pairs)])
    want = sorted((label[i] + text).encode() + b"\t1" for i, (_, text) in enumerate(pairs))
    if got != want:
        wrong = next(i for i, line in enumerate(want) if i >= len(got) or got[i] != line)
        sys.exit(f"{form}: not {got[wrong:wrong + 1]} but {want[wrong]}")
    # Alone on their lines too, where nothing stands before them.
    got = count(form, [text.encode() for text, _ in pairs if text not in "\n"])
    if sorted(line.rpartition(b"\t")[0] for line in got) != sorted({text.encode() for _, text in pairs}):
        sys.exit(f"{form}: keys that stand alone are others")


def main():
    variant = os.environ.get("MRCOUNT_VARIANT", "")
    if variant == "tsan":
        skip("what a form is, is no matter of threads")
    lines = read()
    with open(TABLES, encoding="utf-8") as file:
        version = file.read().split('#define UNICODE_VERSION "')[1].split('"')[0]
    if not lines[0].startswith(f"# NormalizationTest-{version}.txt"):
        skip(f"{UCD} is not Unicode {version}")
    nfc, nfkc, part, listed, tests = [], [], "", set(), 0
    for line in lines:
        if line.startswith("@Part"):
            part = line.split()[0]
            continue
        fields = line.split("#")[0].split(";")
        if len(fields) < 5:
            continue
        source, c, d, kc, kd = ("".join(chr(int(code, 16)) for code in field.split()) for field in fields[:5])
        tests += 1
        if part == "@Part1":
            listed.add(source)
        nfc += [(source, c), (c, c), (d, c), (kc, kc), (kd, kc)]
        nfkc += [(text, kc) for text in (source, c, d, kc, kd)]
    others = [(chr(code), chr(code)) for code in range(0x110000)
              if code != 0x0A and not 0xD800 <= code < 0xE000 and chr(code) not in listed]
    check("nfc", nfc)
    check("nfkc", nfkc)
    if variant:
        others = others[::9]
    check("nfc", others)
    check("nfkc", others)
    print(f"{tests} lines, {len(others)} other characters")


main()
