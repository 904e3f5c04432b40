# SPDX-License-Identifier: MIT
"""The parts of `make bench` that look at mrcount alone, beside `wc -w`: one function each.

Each takes the paths of the corpora by name, prints and writes a table, and marks limits as passed
or missed.
"""

import math
import subprocess

from common import (
    BUILD,
    CORPORA,
    ENV,
    MB,
    MRCOUNT,
    RESULTS,
    RUNS,
    SOURCE,
    Table,
    alternate,
    checksum,
    cpus,
    keys_for,
    measure,
    must,
    quit_with,
    say,
    stat_of,
    verdict,
    warm,
    wrong,
)

GOALS = {"K": 10.0, "L": 2.8, "M": 6.5, "U": 1.5}


def threads():
    """The numbers of threads that are compared: 1, 2 and what the machine has."""
    return sorted({1, 2, cpus()})


def count(file, *options):
    return [MRCOUNT, "--words=space", *options, str(file)]


def speed(corpora):
    """Times of `wc -w` divided by mrcount's."""
    table = Table(
        "speed",
        f"Speed: sorted counts to /dev/null, median of {RUNS}",
        "corpus:-6",
        "MB:7",
        "program:-12",
        "seconds:8",
        "least:8",
        "most:8",
        "MB/s:7",
        "to_wc:7",
        "peak_MB:8",
        "goal:5",
        "verdict:-7",
    )
    for name, file in corpora.items():
        warm(file)
        commands = {"wc -w": ["wc", "-w", str(file)]}
        for n in threads():
            commands[f"mrcount -j {n}"] = count(file, f"-j{n}")
        results = alternate(commands)
        size = file.stat().st_size / MB
        wc = results["wc -w"].median()
        for program, rounds in results.items():
            ratio = wc / rounds.median()
            goal = GOALS[name] if program == "mrcount -j 2" else None
            table.row(
                name,
                f"{size:.1f}",
                program,
                rounds.median(),
                rounds.least(),
                rounds.most(),
                f"{size / rounds.median():.0f}",
                f"{ratio:.2f}",
                f"{rounds.peak() / MB:.1f}",
                goal or "",
                verdict(f"speed on {name}: {ratio:.2f} of {goal}", ratio >= goal) if goal else "",
            )


def scale(corpora):
    """One thread against more of them."""
    table = Table(
        "scale",
        f"Threads: median of {RUNS}",
        "corpus:-6",
        "threads:7",
        "seconds:8",
        "times_one:9",
        "goal:5",
        "verdict:-7",
    )
    counts = [1]
    while counts[-1] * 2 <= max(2, cpus()):
        counts.append(counts[-1] * 2)
    for name, file in corpora.items():
        warm(file)
        results = alternate({n: count(file, f"-j{n}") for n in counts})
        for n, rounds in results.items():
            gain = results[1].median() / rounds.median()
            table.row(
                name,
                n,
                rounds.median(),
                f"{gain:.2f}",
                1.85 if n == 2 else "",
                verdict(f"2 threads on {name}: {gain:.2f} of 1.85", gain >= 1.85) if n == 2 else "",
            )


def rules(corpora):
    """The rules that look closer than `space`, and folding."""
    table = Table(
        "rules",
        f"Rules, 2 threads: median of {RUNS}; to `space`, and with -i to without",
        "corpus:-6",
        "rule:-8",
        "seconds:8",
        "to_space:8",
        "verdict:-7",
        "with_i:8",
        "to_without:10",
        "i_verdict:-9",
    )
    for name in "K", "L":
        if name not in corpora:
            continue
        file = corpora[name]
        warm(file)
        commands = {}
        for rule in "space", "unicode", "letters":
            commands[rule] = [MRCOUNT, "-j2", f"--words={rule}", str(file)]
            commands[rule, "-i"] = [*commands[rule], "-i"]
        results = alternate(commands)
        for rule in "space", "unicode", "letters":
            plain, folded = results[rule].median(), results[rule, "-i"].median()
            ratio, with_i = plain / results["space"].median(), folded / plain
            table.row(
                name,
                rule,
                plain,
                f"{ratio:.2f}",
                (
                    ""
                    if rule == "space"
                    else verdict(
                        f"{rule} on {name}: {ratio:.2f} times space, of at most 1.25", ratio <= 1.25
                    )
                ),
                folded,
                f"{with_i:.2f}",
                verdict(
                    f"{rule} -i on {name}: {with_i:.2f} times without, of at most 1.15",
                    with_i <= 1.15,
                ),
            )


def normalize(corpora):
    """--normalize on text that is in the form already: K, and the texts of the tests, of which the
    one or the other script is nothing but characters that must be looked at."""
    table = Table(
        "normalize",
        f"Normalization, 2 threads, words: median of {RUNS}; to without",
        "text:-8",
        "seconds:8",
        "nfc:8",
        "to_without:10",
        "verdict:-7",
    )
    texts = {name: corpora[name] for name in "K" if name in corpora}
    scripts = CORPORA / "scripts"
    if not scripts.exists():
        parts = sorted((SOURCE / "tests" / "data" / "text").glob("*.txt"))
        text = b"".join(part.read_bytes() for part in parts)
        scripts.write_bytes(text * (200 * MB // len(text)))
    texts["scripts"] = scripts
    for name, file in texts.items():
        warm(file)
        plain = [MRCOUNT, "-j2", str(file)]
        results = alternate({"plain": plain, "nfc": [*plain, "--normalize=nfc"]})
        without, normal = results["plain"].median(), results["nfc"].median()
        ratio = normal / without
        table.row(
            name,
            without,
            normal,
            f"{ratio:.2f}",
            verdict(
                f"--normalize=nfc on {name}: {ratio:.2f} times without, of at most 1.15",
                ratio <= 1.15,
            ),
        )


def pipe(corpora):
    """A pipe against the file, where the pipe can deliver as fast."""
    table = Table(
        "pipe",
        f"Pipes, 2 threads: median of {RUNS}; at most 1.25 times the file or the pipe alone",
        "corpus:-6",
        "file:8",
        "cat|mrcount:11",
        "cat|cat:8",
        "ratio:6",
        "verdict:-7",
    )
    for name, file in corpora.items():
        warm(file)
        results = alternate(
            {
                "file": count(file, "-j2"),
                "pipe": f"cat '{file}' | '{MRCOUNT}' --words=space -j2",
                "cat": f"cat '{file}' | cat",
            }
        )
        alone = max(results["file"].median(), results["cat"].median())
        ratio = results["pipe"].median() / alone
        table.row(
            name,
            results["file"].median(),
            results["pipe"].median(),
            results["cat"].median(),
            f"{ratio:.2f}",
            verdict(f"pipe on {name}: {ratio:.2f} of at most 1.25", ratio <= 1.25),
        )


def small(_):
    """A file of 1 KB, as a whole process."""
    text = RESULTS / "small"
    text.write_bytes((SOURCE / "data/tempest.txt").read_bytes()[:1000] + b"\n")
    runs = max(300, 100 * RUNS)
    out = subprocess.run(
        [BUILD / "tests/bench/spawn", str(runs), "wc", "-w", text, "--", MRCOUNT, text],
        check=True,
        stdout=subprocess.PIPE,
        env={**ENV, "LC_ALL": "C"},
    ).stdout.split()
    wc, ours = float(out[0]), float(out[1])
    table = Table(
        "small",
        f"A file of 1 KB, whole process, median of {runs}",
        "program:-8",
        "us:8",
        "to_wc:6",
        "most:5",
        "verdict:-7",
    )
    table.row("wc -w", f"{wc:.0f}", "1.00", "", "")
    table.row(
        "mrcount",
        f"{ours:.0f}",
        f"{ours / wc:.2f}",
        1.3,
        verdict(f"a file of 1 KB: {ours / wc:.2f} times wc -w, of at most 1.3", ours <= 1.3 * wc),
    )
    text.unlink()


def memory(corpora):
    """Peaks of memory against what is promised."""
    table = Table(
        "memory",
        "Peak memory, 2 threads",
        "corpus:-6",
        "peak_MB:8",
        "output_MB:9",
        "most_MB:8",
        "verdict:-7",
    )
    for name, file in corpora.items():
        out = subprocess.run(
            f"'{MRCOUNT}' --words=space -j2 '{file}' | wc -c",
            shell=True,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        most = {"K": 40 * MB, "M": 64 * MB}.get(name) or 1.3 * int(out) + 64 * MB
        command = count(file, "-j2")
        peak = max(must(measure(command), command).peak for _ in range(min(3, RUNS)))
        table.row(
            name,
            f"{peak / MB:.1f}",
            f"{int(out) / MB:.1f}",
            f"{most / MB:.1f}",
            verdict(
                f"memory on {name}: {peak / MB:.0f} MB of at most {most / MB:.0f}", peak <= most
            ),
        )


def sweep(_):
    """The same number of words over more and more different ones: nowhere a cliff."""
    tokens = int(ENV.get("BENCH_SWEEP_TOKENS", "200000000"))
    factor = float(ENV.get("BENCH_SWEEP_STEP", "2"))
    runs = min(3, RUNS)
    table = Table(
        "sweep",
        f"{tokens} words over more and more different ones, 2 threads, median of {runs}; "
        f"a factor of {factor:g} in keys may take 1.5 times as long for each 2 in it",
        "keys:10",
        "MB:7",
        "seconds:8",
        "ns_a_word:9",
        "step:6",
        "peak_MB:8",
        "verdict:-7",
    )
    file = CORPORA / "sweep"
    most = 1.5 ** math.log2(factor)
    last = None
    distinct = 100.0
    while distinct < 1.2e8:
        if distinct > 0.75 * tokens:
            print(f"({tokens} words are too few for {distinct:.0f} different ones)")
            break
        keys = keys_for(tokens, distinct)
        with open(file, "wb") as out:
            subprocess.run(
                [BUILD / "generate", "uniform", str(tokens), str(keys), "4"], stdout=out, check=True
            )
        warm(file)
        results = [must(measure(count(file, "-j2", "--stats")), "mrcount") for _ in range(runs)]
        seconds = sorted(run.seconds for run in results)[runs // 2]
        step = seconds / last if last else None
        table.row(
            stat_of(results[0], "distinct keys"),
            f"{file.stat().st_size / MB:.0f}",
            seconds,
            f"{seconds / tokens * 1e9:.2f}",
            f"{step:.2f}" if step else "",
            f"{max(run.peak for run in results) / MB:.1f}",
            (
                verdict(f"sweep to {distinct:.0f} keys: a step of {step:.2f}", step <= most)
                if step
                else ""
            ),
        )
        last = seconds
        distinct *= factor
    file.unlink(missing_ok=True)


def icu(_):
    """The word segmenter against ICU's, where that is installed."""
    program = BUILD / "tests/bench/words_icu"
    print("\nWords of two-byte scripts against ICU")
    if not program.exists():
        print("skipped: libicu-dev is not installed")
    elif subprocess.run([program], check=False).returncode != 0:
        quit_with("words_icu failed")


def emit(_):
    """Pairs emitted one by one, beside batches into which the caller copies them."""
    table = Table(
        "emit",
        f"mr_emit beside mr_emit_batch: processor seconds of the map and of the whole job, median of {RUNS}",
        "keys:-12",
        "map:7",
        "batch:7",
        "ratio:5",
        "whole:7",
        "batch:7",
        "ratio:5",
        "goal:5",
        "verdict:-7",
    )
    program = [BUILD / "tests/bench/emit", "10000000", str(RUNS)]
    run = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        quit_with("emit failed")
    for line in run.stdout.splitlines()[1:]:
        keys, *figures = line.split("\t")
        ratio = float(figures[2])
        table.row(keys, *figures, 1.3, verdict(f"mr_emit, {keys}: {ratio:.2f} of 1.3", ratio <= 1.3))


def library(corpora):
    """The word count among the examples, beside mrcount's and one in C++ without the library."""
    table = Table(
        "library",
        f"Word count by the library's simple layer, all threads: median of {RUNS}; seconds of processors",
        "corpus:-6",
        "program:-10",
        "seconds:8",
        "processor:9",
        "to_library:10",
        "goal:5",
        "verdict:-7",
    )
    # The library's part of the time, and what the others' must be of it.
    goals = {"mrcount": 1 / 1.2, "words_map": 2.0}
    for name, file in corpora.items():
        warm(file)
        commands = {
            "library": [BUILD / "tests/examples/wordcount", str(file)],
            "mrcount": count(file),
        }
        program = BUILD / "tests/bench/words_map"
        if program.exists():
            commands["words_map"] = [program, str(file)]
        else:
            say("words_map: there is no compiler of C++")
        sums = {
            other: checksum(" ".join(f"'{word}'" for word in command)) for other, command in commands.items()
        }
        results = alternate(commands)
        own = results["library"].processor()
        for other, rounds in results.items():
            if sums[other] != sums["library"]:
                wrong.append(f"{other} on {name}")
            ratio = rounds.processor() / own
            goal = goals.get(other) if name == "K" else None
            table.row(
                name,
                other,
                rounds.median(),
                rounds.processor(),
                f"{ratio:.2f}",
                f"{goal:.2f}" if goal else "",
                verdict(f"{other} on {name}: {ratio:.2f} of {goal:.2f}", ratio >= goal) if goal else "",
            )


def collisions(_):
    """Keys chosen against the hash, beside random ones."""
    print(flush=True)
    env = {**ENV, "MRCOUNT_BUILD": str(BUILD)}
    command = [SOURCE / "tests/bench/collisions", str(4 * RUNS)]
    good = subprocess.run(command, env=env, check=False).returncode == 0
    verdict("keys that collide: over twice the time of random ones", good)
