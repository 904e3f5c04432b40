# SPDX-License-Identifier: MIT
"""Lines in the order of their first places: --sort=first beside --sort=none and awk's !x[$0]++."""

import random

from common import CORPORA, MB, MRCOUNT, RUNS, Table, alternate, checksum, cpus, say, verdict, warm, wrong

LINES = 5_000_000
TO_NONE = 1.6
TO_AWK = 0.35


def lines(name, draw_line):
    file = CORPORA / name
    if file.exists():
        return file
    say(f"making {file}")
    with open(file.with_suffix(".new"), "w", encoding="ascii") as out:
        for _ in range(LINES):
            out.write(draw_line())
    file.with_suffix(".new").rename(file)
    return file


def run(_corpora):
    """Both limits, on lines that hardly repeat and on some that do."""
    draw = random.Random(1)
    table = Table(
        "first",
        f"--sort=first --keys: lines of {LINES // 1_000_000} million, median of {RUNS}",
        "lines:-8",
        "MB:5",
        "first_s:8",
        "none_s:8",
        "awk_s:8",
        "to_none:8",
        "to_awk:7",
        "verdict:-7",
    )
    for name, file in {
        "distinct": lines("lines-distinct", lambda: f"{draw.getrandbits(76):019x}\n"),
        "repeated": lines("lines-repeated", lambda: f"line {int(draw.paretovariate(0.5)) % 20000} of a text\n"),
    }.items():
        warm(file)
        counted = [MRCOUNT, "-l", "--keys", f"-j{min(2, cpus())}", str(file)]
        results = alternate({"first": counted + ["--sort=first"], "none": counted + ["--sort=none"]})
        awk = alternate({"awk": ["awk", "!x[$0]++", str(file)]}, 1)["awk"].median()
        first, none = results["first"].median(), results["none"].median()
        good = first <= TO_NONE * none and first <= TO_AWK * awk
        table.row(name, f"{file.stat().st_size / MB:.0f}", first, none, awk, f"{first / none:.2f}",
                  f"{first / awk:.2f}",
                  verdict(f"first: {name} lines take {first / none:.2f} of {TO_NONE} times no order, "
                          f"{first / awk:.2f} of {TO_AWK} times awk", good))
        if checksum(f"{MRCOUNT} -l --sort=first --keys {file}") != checksum(f"awk '!x[$0]++' {file}"):
            wrong.append(f"first: awk prints other lines of the {name} ones")
