# SPDX-License-Identifier: MIT
"""The part of `make bench` that looks at what is computed for a key: sums and means beside counts, and
beside DuckDB, Polars and mawk; quantiles and different values beside DuckDB, with all memory and with
little. The files have BENCH_VALUES_ROWS rows (100000000) of 100, 100,000 and, of as many rows,
20,000,000 keys, whose values are below 100,000, and of 100 keys whose values are below 1,000,000, so
that most pairs differ; they stay beside the corpora. All programs must find the same."""

import shutil
import subprocess

from common import BUILD, CACHE, CORPORA, ENV, LIMIT, MB, MIB, MRCOUNT, RUNS, SOURCE, Rounds, Table
from common import checksum, measure, must, say, verdict, warm, wrong

ROWS = int(ENV.get("BENCH_VALUES_ROWS", "100000000"))
KEYS = (100, 100_000, ROWS // 5)
RUNS_HERE = min(3, RUNS)
AWK = '{ s[$1] += $2; n[$1]++ } END { for (k in s) printf "%s\\t%d\\t%.6f\\n", k, s[k], s[k] / n[k] }'
# Options, and of how many times its own time the others must need.
WHATS = {
    "sums": ("--sum=2 --mean=2", {"DuckDB": 4.0, "Polars": 4.0, "mawk": 10.0}),
    "quantile": ("--quantile=2:0.99", {"DuckDB": 3.0}),
    "distinct": ("--distinct=2", {"DuckDB": 3.0}),
}


def make(keys, kind="values"):
    file = CORPORA / f"{kind}-{ROWS}-{keys}"
    if not file.exists():
        say(f"making {file}")
        part = file.with_suffix(".part")
        with open(part, "wb") as out:
            command = [BUILD / "generate", kind, str(ROWS), str(keys), "24"]
            subprocess.run(command, stdout=out, check=True)
        part.rename(file)
    return file


def others(what, file, out, memory=""):
    """Commands of other programs that compute that."""
    python = CACHE / "venv/bin/python"
    commands = {}
    if python.exists():
        # Polars has no nearest rank.
        for name in ("DuckDB", "Polars") if what != "quantile" else ("DuckDB",):
            program = f"'{python}' '{SOURCE}/tests/bench/compute.py' {name.lower()}"
            commands[name] = f"{program} {what} '{file}' {out} 2 {memory}"
    else:
        say("DuckDB and Polars are not installed")
    if what == "sums" and shutil.which("mawk"):
        commands["mawk"] = f"mawk '{AWK}' '{file}' > {out}"
    return commands


def alternate(commands):
    """As in common, but a program may fail; then it has no rounds."""
    results = {name: [] for name in commands}
    for _ in range(RUNS_HERE):
        for name, command in commands.items():
            if results[name] is not None:
                run = measure(command)
                if run.status != 0 and name.startswith("mrcount"):
                    must(run, command)
                if run.status != 0:
                    say(f"{name}: {'over ' + str(LIMIT) + ' s' if run.timed_out else run.err.strip()[-200:]}")
                results[name] = results[name] + [run] if run.status == 0 else None
    return {name: runs and Rounds(runs) for name, runs in results.items()}


def first_column(line):
    """The sum of key and first column: a mean is rounded in other ways elsewhere."""
    return checksum(f"{line} | cut -f 1,2 | sort")


def beside_counts(table, file, keys):
    base = f"'{MRCOUNT}' -j2 -f1 '{file}' > /dev/null"
    commands = {"mrcount": base}
    for options in ("--sum=2", "--mean=2", "--sum=2 --mean=2", "--count --sum=2 --mean=2 --min=2 --max=2"):
        commands[f"mrcount {options}"] = f"'{MRCOUNT}' -j2 -f1 {options} '{file}' > /dev/null"
    results = alternate(commands)
    count = results["mrcount"]
    for name, rounds in results.items():
        ratio, peak = rounds.median() / count.median(), rounds.peak() / count.peak()
        limited = name in ("mrcount --sum=2", "mrcount --mean=2")
        good = ""
        if limited:
            good = verdict(f"{name}, {keys} keys: {ratio:.2f} times counts, of 1.5", ratio <= 1.5)
        if name == "mrcount --sum=2" and keys == KEYS[-1]:
            within = verdict(f"{name}, {keys} keys: {peak:.2f} times the memory of counts, of 1.5", peak <= 1.5)
            good = max(good, within, key=("pass", "miss").index)
        table.row("counts", keys, name[:24], rounds.median(), f"{rounds.peak() / MB:.0f}", f"{ratio:.2f}",
                  "<1.5" if limited else "", good)


def beside_others(table, what, file, keys):
    options, limits = WHATS[what]
    own = f"'{MRCOUNT}' -j2 -f1 {options} '{file}'"
    commands = {"mrcount": f"{own} > /dev/null", **others(what, file, "/dev/null")}
    results = alternate(commands)
    want = first_column(own)
    lines = others(what, file, "/dev/stdout")
    for name, rounds in results.items():
        if rounds is None:
            table.row(what, keys, name, "failed", "", "", limits.get(name, ""), "")
            continue
        if name != "mrcount" and first_column(lines[name]) != want:
            wrong.append(f"{name}: {what} of {keys} keys")
        ratio = rounds.median() / results["mrcount"].median()
        goal = limits.get(name)
        table.row(what, keys, name, rounds.median(), f"{rounds.peak() / MB:.0f}", f"{ratio:.2f}", goal or "",
                  verdict(f"{what}, {keys} keys, {name}: {ratio:.2f} of {goal}", ratio >= goal) if goal else "")


def in_little_memory(table, what, file, keys):
    options, _ = WHATS[what]
    own = f"'{MRCOUNT}' -j2 -S256M -f1 {options} '{file}' > /dev/null"
    commands = {"mrcount -S256M": own}
    commands.update({f"{name} 256 MiB": line for name, line in others(what, file, "/dev/null", "256MiB").items()
                     if name == "DuckDB"})
    for name, rounds in alternate(commands).items():
        if rounds is None:
            table.row(what, keys, name, "failed", "", "", "", "")
            continue
        good = ""
        if name.startswith("mrcount"):
            most = 272 * MIB
            good = verdict(f"{what} with -S256M: peak {rounds.peak() / MIB:.0f} MiB of 272", rounds.peak() <= most)
        table.row(what, keys, name, rounds.median(), f"{rounds.peak() / MB:.0f}", "", "", good)


def run(_):
    table = Table(
        "values",
        f"Computed for a key, 2 threads, {ROWS} rows: median of {RUNS_HERE}; counts take 1, or mrcount does",
        "what:-8",
        "keys:9",
        "program:-24",
        "seconds:8",
        "peak_MB:8",
        "to_first:8",
        "goal:5",
        "verdict:-7",
    )
    for keys in KEYS:
        file = make(keys)
        warm(file)
        beside_counts(table, file, keys)
        for what in WHATS:
            beside_others(table, what, file, keys)
    wide = make(KEYS[0], "wide")
    warm(wide)
    for what in ("quantile", "distinct"):
        beside_others(table, what, wide, f"{KEYS[0]} wide")
    for what in ("quantile", "distinct"):
        in_little_memory(table, what, file, KEYS[-1])
