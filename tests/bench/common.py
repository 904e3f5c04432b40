# SPDX-License-Identifier: MIT
"""What the benches share: settings, one measured run, rounds of runs, and tables.

A command is a list of arguments or a line for bash. Times are of the whole process, files are warm
in the page cache, and commands that are compared run in turn (A B A B), so that a machine that
becomes slower or faster does so for all of them. The peak of memory is that of the command's
largest process.
"""

import math
import os
import signal
import stat
import statistics
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

ENV = os.environ
SOURCE = Path(__file__).resolve().parent.parent.parent
BUILD = Path(ENV.get("MRCOUNT_BUILD") or SOURCE / "build").resolve()
CACHE = Path(
    ENV.get("BENCH_CACHE")
    or Path(ENV.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mrcount-bench"
).resolve()
CORPORA = Path(ENV.get("BENCH_CORPORA") or CACHE).resolve()
RUNS = int(ENV.get("BENCH_RUNS", "5"))
LIMIT = float(ENV.get("BENCH_LIMIT", "1800"))
MRCOUNT = str(BUILD / "mrcount")
RESULTS = BUILD / "bench"
MB = 1_000_000
MIB = 1 << 20


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def quit_with(text):
    say(text)
    sys.exit(1)


def chosen(variable, known):
    """The names in an environment variable, in their usual order; all where it is not set."""
    wanted = ENV.get(variable, "").split() or list(known)
    for name in wanted:
        if name not in known:
            quit_with(f"{variable}: {name} is none of {' '.join(known)}")
    return [name for name in known if name in wanted]


def prepare(names):
    """Installs what is needed and makes the corpora; returns their paths by name."""
    env = {
        **ENV,
        "BENCH_CACHE": str(CACHE),
        "BENCH_CORPORA": str(CORPORA),
        "MRCOUNT_BUILD": str(BUILD),
    }
    if (
        subprocess.run([SOURCE / "tests/bench/prepare", *names], env=env, check=False).returncode
        != 0
    ):
        quit_with("the corpora could not be made")
    return {name: CORPORA / name for name in names}


def cpus():
    return len(os.sched_getaffinity(0))


def machine():
    """What was measured on, in one line."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{model}, {cpus()} of {os.cpu_count()} CPUs, {memory:.0f} GiB, "
        f"Linux {os.uname().release}, nice {os.nice(0)}, load {os.getloadavg()[0]:.2f}"
    )


# ---- One run -------------------------------------------------------------------------------


@dataclass
class Run:
    seconds: float  # wall
    cpu: float  # user and system
    peak: int  # bytes
    status: int  # exit status; negative for a signal
    timed_out: bool
    err: str  # standard error
    disk: int = 0  # most bytes that temporary files took on disk at once


class DiskWatch(threading.Thread):
    """The disk space of a process's nameless files, looked at fifty times a second."""

    def __init__(self, report):
        super().__init__(daemon=True)
        self.report = report
        self.most = 0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            total = 0
            try:
                folder = f"/proc/{int(self.report.read_text().split()[0])}/fd"
                for name in os.listdir(folder):
                    info = os.stat(f"{folder}/{name}")
                    # Regular files without a name: temporaries.
                    if stat.S_ISREG(info.st_mode) and info.st_nlink == 0:
                        total += info.st_blocks * 512
            except (OSError, IndexError, ValueError):
                continue
            self.most = max(self.most, total)

    def stop(self):
        self.over.set()
        self.join()
        return self.most


def measure(command, out=os.devnull, watch=False):
    """Runs a command once; standard error is kept in the Run, standard output goes to `out`."""
    if isinstance(command, str):
        command = ["bash", "-c", command]
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = RESULTS / "report"
    report.write_text("")
    with open(out, "wb") as stdout, open(RESULTS / "stderr", "w+b") as stderr, open(
        os.devnull, "rb"
    ) as stdin, subprocess.Popen(
        [BUILD / "tests/bench/measure", report, *command],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={**ENV, "LC_ALL": "C"},
        start_new_session=True,
    ) as process:
        disk = DiskWatch(report) if watch else None
        if disk:
            disk.start()
        timed_out = False
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            timed_out = True
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        most = disk.stop() if disk else 0
        stderr.seek(0)
        err = stderr.read().decode("utf-8", "replace")
    if process.returncode != 0:
        return Run(0.0, 0.0, 0, process.returncode, timed_out, err, most)
    _, seconds, cpu, peak, status = report.read_text().split()
    return Run(float(seconds), float(cpu), int(peak) * 1024, int(status), False, err, most)


def must(run, command):
    if run.status != 0:
        quit_with(f"{command}: exit status {run.status}: {run.err.strip()}")
    return run


def warm(*files):
    for file in files:
        must(measure(["cat", str(file)]), f"cat {file}")


class Rounds:
    """The runs of one command."""

    def __init__(self, runs):
        self.runs = runs

    def median(self):
        return statistics.median(run.seconds for run in self.runs)

    def least(self):
        return min(run.seconds for run in self.runs)

    def most(self):
        return max(run.seconds for run in self.runs)

    def processor(self):
        return statistics.median(run.cpu for run in self.runs)

    def peak(self):
        return max(run.peak for run in self.runs)


def alternate(commands, runs=RUNS):
    """Runs named commands in turn, `runs` times each; every one must succeed. Rounds by name."""
    results = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            results[name].append(must(measure(command), command))
    return {name: Rounds(list_) for name, list_ in results.items()}


def checksum(line):
    """The MD5 sum of what a line for bash prints."""
    return (
        subprocess.run(
            ["bash", "-c", f"set -o pipefail; {{ {line}; }} | md5sum"],
            check=True,
            stdout=subprocess.PIPE,
            env={**ENV, "LC_ALL": "C"},
        )
        .stdout.split()[0]
        .decode()
    )


def stat_of(run, label):
    """A whole figure of --stats."""
    for line in run.err.splitlines():
        if line.startswith(label + " "):
            return int(line[len(label) :].split()[0])
    return quit_with(f"--stats does not say: {label}")


def keys_for(tokens, distinct):
    """How many keys to draw evenly from for so many different ones among `tokens` draws."""
    low, high = float(distinct), 1e12
    while high - low > 0.5:
        middle = (low + high) / 2
        if -middle * math.expm1(-tokens / middle) < distinct:
            low = middle
        else:
            high = middle
    return round(high)


# ---- Tables --------------------------------------------------------------------------------

missed = []
wrong = []


def verdict(what, good):
    """ "pass" or "miss"; misses are counted for the last line."""
    if not good:
        missed.append(what)
    return "pass" if good else "miss"


class Table:
    """Rows that are printed as they come and written to RESULTS/NAME.tsv."""

    def __init__(self, name, title, *columns):
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.columns = columns
        self.file = open(RESULTS / f"{name}.tsv", "w", encoding="utf-8")
        self.file.write("\t".join(self.name(column) for column in columns) + "\n")
        print(f"\n{title}")
        self.show([self.name(column) for column in columns])

    @staticmethod
    def name(column):
        return column.split(":")[0]

    def show(self, cells):
        out = []
        for column, cell in zip(self.columns, cells):
            width = int(column.split(":")[1])
            out.append(cell.ljust(-width) if width < 0 else cell.rjust(width))
        print("  ".join(out).rstrip(), flush=True)

    def row(self, *cells):
        cells = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells]
        self.file.write("\t".join(cells) + "\n")
        self.file.flush()
        self.show(cells)


def finish():
    """The last lines, and the exit status: 1 where results differed."""
    print()
    for what in missed:
        print(f"missed: {what}")
    for what in wrong:
        print(f"wrong: {what}")
    print(
        f"bench: {len(missed)} limits missed, {len(wrong)} results wrong; "
        f"figures in {RESULTS}/*.tsv"
    )
    sys.exit(1 if wrong else 0)
