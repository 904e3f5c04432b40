# SPDX-License-Identifier: MIT
"""The part of `make bench` that looks at fields: a column of CSV by name beside DuckDB and Polars, a
field of an access log beside mawk. Both files have BENCH_TABLES_BYTES bytes (1000000000); they stay
beside the corpora. All programs must count the same."""

import random

from common import CACHE, CORPORA, ENV, MB, MRCOUNT, RUNS, SOURCE, Table, alternate, checksum, say, verdict, warm, wrong

BYTES = int(ENV.get("BENCH_TABLES_BYTES", "1000000000"))
ROWS = 200_000  # made; then they come again
AWK = '{ n[$9]++ } END { for (k in n) printf "%s\\t%d\\n", k, n[k] }'


def csv_rows(chance):
    """Orders: some names are in quotes, and some notes hold quotes and newlines."""
    cities = ["Berlin", "New York", "São Paulo", "Paris", "Lagos"] + [f"City{i}" for i in range(500)]
    for number in range(ROWS):
        note = chance.choice(["ok", "ok", '"say ""please"""', '"two\nlines"', ""])
        yield (
            f'{number},"{chance.choice(["Doe", "Roe"])}, {chance.choice("ABC")}",{chance.choice(cities)},'
            f"{chance.randrange(100000) / 100:.2f},2025-{chance.randrange(1, 13):02}-01,{note}\n"
        )


def log_lines(chance):
    for _ in range(ROWS):
        yield (
            f"10.{chance.randrange(256)}.0.{chance.randrange(256)} - - [10/Oct/2025:13:{chance.randrange(60):02}:36 "
            f'+0000] "GET /page/{chance.randrange(20000)} HTTP/1.1" {chance.choice([200, 200, 200, 304, 404, 500])} '
            f'{chance.randrange(100000)} "https://example.org/" "Mozilla/5.0 (X11; Linux x86_64) Safari/537.36"\n'
        )


def make(name, head, rows):
    """A file of BYTES bytes, made where it is not there yet."""
    file = CORPORA / f"{name}-{BYTES}"
    if not file.exists():
        say(f"making {file}")
        chunk = "".join(rows(random.Random(1))).encode()
        part = file.with_suffix(".part")
        with open(part, "wb") as out:
            size = out.write(head)
            while size < BYTES:
                size += out.write(chunk)
        part.rename(file)
    return file


def compare(table, what, file, commands, limits):
    """Runs the programs; mrcount's time, the first's, may be the others' divided by their limit."""
    warm(file)
    sums = {name: checksum(f"{command} | sort") for name, command in commands.items()}
    results = alternate({name: f"{command} > /dev/null" for name, command in commands.items()})
    first = next(iter(commands))
    for name, rounds in results.items():
        ratio = rounds.median() / results[first].median()
        goal = limits.get(name)
        if sums[name] != sums[first]:
            wrong.append(f"{name}: {what}")
        table.row(
            what,
            f"{file.stat().st_size / MB:.0f}",
            name,
            rounds.median(),
            f"{rounds.peak() / MB:.0f}",
            f"{ratio:.2f}",
            goal or "",
            verdict(f"{what}, {name}: {ratio:.2f} of {goal}", ratio >= goal) if goal else "",
        )


def run(_):
    table = Table(
        "tables",
        f"Fields, 2 threads: median of {RUNS}; the others take so many times as long",
        "what:-10",
        "MB:7",
        "program:-17",
        "seconds:8",
        "peak_MB:8",
        "to_first:8",
        "goal:5",
        "verdict:-7",
    )
    file = make("table.csv", b"id,name,city,amount,day,note\n", csv_rows)
    commands = {"mrcount --csv": f"'{MRCOUNT}' -j2 --csv -H -f city '{file}'"}
    python = CACHE / "venv/bin/python"
    for name in ("duckdb", "polars"):
        if python.exists():
            commands[name] = f"'{python}' '{SOURCE}/tests/bench/count_column.py' {name} '{file}' city 2"
    compare(table, "CSV", file, commands, {"duckdb": 4.0, "polars": 4.0})
    file = make("access.log", b"", log_lines)
    commands = {
        "mrcount --quoted": f"'{MRCOUNT}' -j2 --quoted -f6 '{file}'",
        "mawk": f"mawk '{AWK}' '{file}'",
    }
    compare(table, "log", file, commands, {"mawk": 3.0})
    commands = {"mrcount -f": f"'{MRCOUNT}' -j2 -f9 '{file}'", "mawk": commands["mawk"]}
    compare(table, "log, plain", file, commands, {"mawk": 3.0})
