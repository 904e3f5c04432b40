# SPDX-License-Identifier: MIT
"""The part of `make bench` that compares with other programs.

All get the same file, all write what they count to a file, and what they wrote is compared with
what mrcount did, whatever its order. The slow ones get the first BENCH_PREFIX bytes and one run;
DuckDB and Polars, which are not slow, the whole as well, and three runs at most. A program that is
not there is left out and named.
"""

import shutil
import subprocess

from common import (
    CACHE,
    ENV,
    LIMIT,
    MB,
    MRCOUNT,
    RESULTS,
    RUNS,
    SOURCE,
    Rounds,
    Table,
    checksum,
    measure,
    say,
    warm,
    wrong,
)

PREFIX = int(ENV.get("BENCH_PREFIX", "200000000"))
# Words of these have blanks and newlines between them, nothing else.
PLAIN = ("K", "M", "U")
# These must agree on L too, where others stumble over bytes that are no UTF-8, or over NUL.
TRUSTED = ("mrcount -j 1", "sort | uniq -c")
BENCH = SOURCE / "tests/bench"
AWK = '{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (k in n) printf "%s\\t%d\\n", k, n[k] }'
PERL = '$n{$_}++ for split; END { print "$_\\t$n{$_}\\n" for keys %n }'
QSV = """import csv, sys
sys.stdin.reconfigure(encoding="latin-1")
sys.stdout.reconfigure(encoding="latin-1")
for row in list(csv.reader(sys.stdin))[1:]:
    print(row[1], row[2], sep="\\t")"""
BLANKS = "tr -s ' \\t\\v\\f\\r' '\\n' < {file} | sed '1{{/^$/d;}}'"


class Peer:
    """A program: its command, with {file}, {out}, {plain}; `form` makes its output KEY TAB COUNT."""

    def __init__(self, name, command, order, fast=False, form="cat", needs=None, module=None):
        self.name, self.command, self.order, self.fast, self.form = name, command, order, fast, form
        self.needs, self.module = needs, module

    def there(self):
        if self.needs and not shutil.which(self.needs):
            return False
        if self.module:
            python = CACHE / "venv/bin/python"
            return (
                python.exists()
                and subprocess.run(
                    [python, "-c", f"import {self.module}"], stderr=subprocess.DEVNULL, check=False
                ).returncode
                == 0
            )
        return True


def peers():
    python = f"'{CACHE}/venv/bin/python' '{BENCH}"
    return [
        Peer("wc -w", "exec wc -w {file}", "", fast=True),
        Peer("mrcount -j 2", f"exec '{MRCOUNT}' --words=space -j2 {{file}}", "count", fast=True),
        Peer("mrcount -j 1", f"exec '{MRCOUNT}' --words=space -j1 {{file}}", "count", fast=True),
        Peer(
            "DuckDB",
            f"exec {python}/count_duckdb.py' {{file}} {{out}} {{plain}} 2",
            "count",
            fast=True,
            module="duckdb",
        ),
        Peer(
            "Polars",
            f"exec {python}/count_polars.py' {{file}} {{out}} {{plain}} 2",
            "count",
            fast=True,
            module="polars",
        ),
        Peer(
            "sort | uniq -c",
            BLANKS + " | sort | uniq -c",
            "key",
            form=r"sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/'",
        ),
        Peer(
            "mawk",
            f"exec mawk '{AWK.replace('{', '{{').replace('}', '}}')}' {{file}}",
            "none",
            needs="mawk",
        ),
        Peer(
            "perl",
            f"exec perl -ne '{PERL.replace('{', '{{').replace('}', '}}')}' {{file}}",
            "none",
            needs="perl",
        ),
        Peer(
            "Python Counter",
            f"exec python3 '{BENCH}/count_counter.py' {{file}}",
            "count",
            needs="python3",
        ),
        Peer(
            "qsv",
            BLANKS + " | qsv frequency --no-headers --limit 0 -",
            "count",
            needs="qsv",
            form=f"python3 -c '{QSV}'",
        ),
    ]


def same_as(out, peer, size):
    """The checksum of the lines of an output, in the order of their bytes."""
    return checksum(f"{peer.form} < '{out}' | sort -S {max(64, size // MB)}M -T '{RESULTS}'")


def compare(table, name, file, chosen, runs):
    """Runs the programs in turn, and compares what they counted."""
    size = file.stat().st_size
    warm(file)
    rounds = {peer.name: [] for peer in chosen}
    sums, failed = {}, {}
    for i in range(runs):
        for peer in chosen:
            if peer.name in failed or (i > 0 and not peer.fast):
                continue
            out = RESULTS / "out"
            # A program that writes its output itself finds none there.
            out.unlink(missing_ok=True)
            command = peer.command.format(
                file=f"'{file}'", out=f"'{out}'", plain=int(name in PLAIN)
            )
            own = "{out}" in peer.command
            run = measure("set -o pipefail; " + command, "/dev/null" if own else out)
            if run.status != 0:
                failed[peer.name] = f"over {LIMIT:.0f} s" if run.timed_out else "failed"
                say(f"{peer.name} on {name}: {run.err.strip()[-300:] or failed[peer.name]}")
                continue
            rounds[peer.name].append(run)
            if i == 0 and peer.order:
                sums[peer.name] = same_as(out, peer, size)
            out.unlink()
    wc = Rounds(rounds["wc -w"]).median()
    for peer in chosen:
        if peer.name in failed:
            table.row(name, f"{size / MB:.1f}", peer.name, "", "", "", "", failed[peer.name])
            continue
        result = (
            ""
            if not peer.order
            else "same" if sums[peer.name] == sums["mrcount -j 2"] else "differs"
        )
        if result == "differs" and (name in PLAIN or peer.name in TRUSTED):
            wrong.append(f"{peer.name} on {name}")
        got = Rounds(rounds[peer.name])
        table.row(
            name,
            f"{size / MB:.1f}",
            peer.name,
            got.median(),
            f"{wc / got.median():.2f}",
            f"{got.peak() / MB:.1f}",
            len(got.runs),
            " ".join(filter(None, (result, {"key": "by key", "none": "unsorted"}.get(peer.order)))),
        )


def run(corpora):
    all_of_them = peers()
    there = [peer for peer in all_of_them if peer.there()]
    absent = [peer.name for peer in all_of_them if peer not in there]
    table = Table(
        "peers",
        f"Peers, output to a file, median; the slow ones one run, on the first {PREFIX / MB:.0f} MB"
        + (f"; not installed: {', '.join(absent)}" if absent else ""),
        "corpus:-6",
        "MB:7",
        "program:-14",
        "seconds:8",
        "to_wc:6",
        "peak_MB:8",
        "runs:4",
        "result:-12",
    )
    for name, file in corpora.items():
        part = RESULTS / f"{name}.prefix"
        with open(file, "rb") as source, open(part, "wb") as out:
            left = min(PREFIX, file.stat().st_size)
            while left > 0 and (piece := source.read(min(left, MB))):
                out.write(piece)
                left -= len(piece)
            # To the end of a line.
            out.write(source.readline())
        try:
            compare(table, name, part, there, min(3, RUNS))
            if file.stat().st_size > part.stat().st_size:
                compare(table, name, file, [peer for peer in there if peer.fast], min(3, RUNS))
        finally:
            part.unlink()
