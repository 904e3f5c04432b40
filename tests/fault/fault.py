#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fault.py [--each=N] [--only=SCENARIO] - makes every call of a run fail in turn.

Each scenario runs once with all going well, where its calls are counted, then once for the K-th
call of a class failing, for every K (every K up to --each, then a spread of as many). Judged is
each run: its exit status, its messages, its output, and what it left: memory, descriptors, files.

Works in the current folder, which should be empty. MRCOUNT_BUILD names the folder of the programs.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

BUILD = Path(os.environ.get("MRCOUNT_BUILD", "build")).resolve()
PRELOAD = BUILD / "fault" / "preload.so"
SECONDS = 60  # no run takes a hundredth of that: it hangs

INVISIBLE = "invisible"  # the run must be as if nothing had happened
CLEAN = "clean"  # or end with a message; where the call was dispensable, as if nothing had happened
FEWER = "fewer"  # all must be counted, with a note at the most

# Class, how it fails, what must come of it. "1/" is every second call.
ALLOCATIONS = [("alloc", "ENOMEM", CLEAN), ("thread", "EAGAIN", FEWER)]
CALLS = [
    ("read", "EINTR", INVISIBLE), ("read", "EAGAIN", INVISIBLE), ("read", "SHORT", INVISIBLE), ("read", "EIO", CLEAN),
    ("pread", "EINTR", INVISIBLE), ("pread", "EAGAIN", CLEAN), ("pread", "SHORT", INVISIBLE), ("pread", "EIO", CLEAN),
    ("write", "EINTR", INVISIBLE), ("write", "EAGAIN", INVISIBLE), ("write", "SHORT", INVISIBLE),
    ("write", "EIO", CLEAN), ("write", "ENOSPC", CLEAN), ("write", "NONE", CLEAN),
    ("pwrite", "EINTR", INVISIBLE), ("pwrite", "EAGAIN", INVISIBLE), ("pwrite", "SHORT", INVISIBLE),
    ("pwrite", "EIO", CLEAN), ("pwrite", "ENOSPC", CLEAN), ("pwrite", "NONE", CLEAN),
    ("pwritev", "EINTR", INVISIBLE), ("pwritev", "EAGAIN", INVISIBLE), ("pwritev", "SHORT", INVISIBLE),
    ("pwritev", "EIO", CLEAN), ("pwritev", "ENOSPC", CLEAN), ("pwritev", "NONE", CLEAN),
    ("open", "EINTR", INVISIBLE), ("open", "EMFILE", CLEAN), ("open", "EACCES", CLEAN),
    ("tmpfile", "EINTR", INVISIBLE), ("tmpfile", "EOPNOTSUPP", INVISIBLE), ("tmpfile", "EMFILE", CLEAN),
    ("open", "EAGAIN", CLEAN), ("fcntl", "EAGAIN", CLEAN),
    ("poll", "EINTR", INVISIBLE), ("poll", "EAGAIN", INVISIBLE), ("poll", "ENOMEM", INVISIBLE),
    ("getrandom", "EINTR", INVISIBLE), ("getrandom", "EAGAIN", INVISIBLE), ("getrandom", "EIO", CLEAN),
    ("fstat", "EIO", CLEAN), ("stat", "EIO", CLEAN), ("lseek", "EIO", CLEAN), ("ftruncate", "EIO", CLEAN),
    ("rename", "EIO", CLEAN), ("rename", "EBUSY", CLEAN), ("fsync", "EIO", CLEAN), ("pipe", "EMFILE", CLEAN), ("eventfd", "EMFILE", CLEAN),
    ("fcntl", "EIO", CLEAN), ("linkat", "EIO", INVISIBLE), ("linkat", "EINTR", INVISIBLE),
    ("fchmod", "EIO", CLEAN), ("fchown", "EIO", CLEAN), ("xattr", "EIO", CLEAN), ("xattr", "EOPNOTSUPP", CLEAN),
    ("readlink", "EIO", CLEAN), ("statfs", "EIO", CLEAN), ("tmpfile", "EACCES", CLEAN),
    ("close", "EIO", CLEAN), ("fallocate", "ENOSPC", INVISIBLE),
    ("openat", "EINTR", INVISIBLE), ("openat", "EMFILE", CLEAN), ("openat", "EACCES", CLEAN), ("readdir", "EIO", CLEAN),
    # Of where programs are run.
    ("fork", "EAGAIN", CLEAN), ("socket", "EMFILE", CLEAN), ("send", "EINTR", INVISIBLE), ("send", "ENOMEM", CLEAN),
    ("wait", "EINTR", INVISIBLE),
]
# Of the process that starts them.
SPAWNER = [
    ("alloc", "ENOMEM", CLEAN), ("fork", "EAGAIN", CLEAN), ("fork", "ENOMEM", CLEAN), ("recv", "EINTR", INVISIBLE),
    ("recv", "EAGAIN", INVISIBLE), ("recv", "ENOMEM", CLEAN), ("poll", "EINTR", INVISIBLE),
    ("poll", "ENOMEM", INVISIBLE), ("poll", "EAGAIN", INVISIBLE), ("poll", "EIO", CLEAN), ("wait", "EINTR", INVISIBLE),
    ("wait", "EIO", CLEAN), ("write", "EINTR", INVISIBLE), ("write", "EAGAIN", INVISIBLE),
    ("write", "SHORT", INVISIBLE), ("write", "EIO", CLEAN), ("write", "NONE", CLEAN), ("close", "EIO", CLEAN),
    ("send", "EIO", CLEAN), ("dup", "EMFILE", CLEAN),
]


class Scenario:
    def __init__(self, name, command, output="file", stdin=None, slow=False, spawns=False):
        self.name = name
        self.command = command
        # Where it goes: "file" (standard output), "pipe", "-o", "over", which is -o over an old file, or
        # "link", over a link to what is not there.
        self.output = output
        self.stdin = stdin  # a file's name, piped
        self.slow = slow  # a fifth of the calls must do
        self.spawns = spawns  # has a process of its own that starts others


def compressed():
    """What the text is compressed by: FILE -> (as `mrcount -V` has it, the tool, for parts of so many bytes)."""
    return {
        "text.gz": ("gzip", "gzip -nc", None),
        "text.bgz": ("gzip", "bgzip -c", None),
        "utf16.gz": ("gzip", "gzip -nc", None),
        "text.zst": ("zstd", "zstd -c", None),
        "frames.zst": ("zstd", "zstd -c", 100000),
        "text.xz": ("xz", "xz -0c", None),
        "blocks.xz": ("xz", "xz -0 --block-size=100KiB -c", None),
        "text.bz2": ("bzip2", "bzip2 -c", None),
        "text.lz4": ("lz4", "lz4 -c", None),
        "old.lz4": ("lz4", "lz4 -lc", None),
    }


def compress():
    """Makes these FILEs: those of formats that are not built in, or whose tool is not there, are named."""
    version = subprocess.run([BUILD / "mrcount", "-V"], stdout=subprocess.PIPE, check=True).stdout.decode()
    built = re.search("Built in:(.*)", version)
    built = built[1].split() if built else []
    for name, (format, command, part) in compressed().items():
        tool = command.split()
        if format not in built or not shutil.which(tool[0]):
            print(f"left out: {name}, for want of {format if format not in built else tool[0]}")
            continue
        text = Path("utf16" if name == "utf16.gz" else "text").read_bytes()
        part = part or len(text)
        parts = [text[i: i + part] for i in range(0, len(text), part)]
        Path(name).write_bytes(b"".join(
            subprocess.run(tool, input=one, stdout=subprocess.PIPE, check=True).stdout for one in parts))


def compressed_scenarios(mrcount):
    """Each of them from a FILE, with others beside it, and from a pipe."""
    for name in compressed():
        if Path(name).exists():
            yield Scenario(name, [mrcount, "-j2", name, "small", name], "pipe", slow=True)
            yield Scenario(f"{name}-pipe", [mrcount, "-j2"], "pipe", name, slow=True)


def scenarios():
    mrcount = str(BUILD / "mrcount")
    return [
        Scenario("small", [mrcount, "small"], "pipe"),
        Scenario("words", [mrcount, "-j2", "text"]),
        Scenario("words-o", [mrcount, "-j2", "-o", "out", "text", "small"], "-o"),
        Scenario("words-over", [mrcount, "-j2", "-o", "out", "small"], "over"),
        Scenario("words-link", [mrcount, "-j2", "-o", "to-out", "small"], "link"),
        Scenario("pipe", [mrcount, "-j2", "-l"], "pipe", "text"),
        Scenario("ngrams", [mrcount, "-j2", "-i", "-g1-2", "--stop-words=stop", "--sort=key", "small"], "pipe"),
        Scenario("normalize", [mrcount, "-j2", "-i", "-g1-2", "--normalize=nfkc", "--stop-words=marked", "--sort=key",
                               "marked"], "pipe"),
        Scenario("files", [mrcount, "-j2", "-f2", "--format=json", "--sort=none", "--files0-from=names"]),
        Scenario("line", [mrcount, "-j2", "-i", "-g3", "--stop-words=stop", "--sort=key", "line"], slow=True),
        Scenario("line-pipe", [mrcount, "-j2", "-g3", "--sort=key"], "pipe", "line", slow=True),
        Scenario("line-fields", [mrcount, "-j2", "-f3-", "line", "text"], slow=True),
        Scenario("line-fields-pipe", [mrcount, "-j2", "-f1,9"], "pipe", "line", slow=True),
        Scenario("csv", [mrcount, "-j2", "-i", "--csv", "-H", "-f\"a \"\"b\"\"\",1", "table", "table"], slow=True),
        Scenario("csv-pipe", [mrcount, "-j2", "--csv", "-d,", "-f2-"], "pipe", "table", slow=True),
        Scenario("header", [mrcount, "-j2", "-H", "--quoted", "-fb", "-d\\x3a", "quoted"], slow=True),
        Scenario("spill", [mrcount, "-q", "-j2", "-l", "-S1K", "-T", "tmp", "long"], slow=True),
        Scenario("spill-top", [mrcount, "-q", "-j2", "-l", "-S1K", "-T", "tmp", "-n3", "long"], "pipe", slow=True),
        Scenario("values", [mrcount, "-j2", "-f1", "--sum=2", "--mean=2", "--max=2", "--json", "numbers"], slow=True),
        Scenario("mean-spill", [mrcount, "-q", "-j2", "-S1K", "-T", "tmp", "-f1", "--mean=2", "--min-count=2", "numbers"],
                 slow=True),
        Scenario("values-spill", [mrcount, "-q", "-j2", "-S1K", "-T", "tmp", "-f1", "--median=2", "--distinct=2", "--sum=2",
                                  "numbers"], "pipe", slow=True),
        Scenario("quantile", [mrcount, "-j2", "-f1", "--quantile=2:0.5,0.9", "numbers"], slow=True),
        Scenario("distinct", [mrcount, "-j2", "-f1", "--distinct=2", "numbers"], "pipe", slow=True),
        Scenario("tabulate", [mrcount, "-j2", "--format=table", "small", "text"], "pipe", slow=True),
        Scenario("shares", [mrcount, "-j2", "-p", "--cumulative", "--others", "-b", "-n50", "small", "text"], "pipe",
                 slow=True),
        Scenario("shares-of-sums", [mrcount, "-j2", "-f1", "--sum=2", "--median=2", "-p", "--json", "numbers"], slow=True),
        Scenario("first", [mrcount, "-j2", "-l", "--sort=first", "small", "text"], "pipe", slow=True),
        Scenario("first-spill", [mrcount, "-q", "-j2", "-S1K", "-T", "tmp", "--sort=first", "--keys", "text"], slow=True),
        Scenario("diff", [mrcount, "-j2", "--diff", "counts", "other-counts"], slow=True),
        Scenario("merge", [mrcount, "-j2", "--merge", "counts", "counts"]),
        Scenario("total", [mrcount, "-j2", "--total", "--stats", "text"], "pipe"),
        Scenario("mapper", [mrcount, "-j2", "-l", "--mapper=cat", "text", "small"], slow=True, spawns=True),
        Scenario("per-file", [mrcount, "-j2", "--per-file", "-wspace", "--mapper=cat; echo $MRCOUNT_FILE", "small", "text",
                              "small"], slow=True, spawns=True),
        Scenario("reducer", [mrcount, "-q", "-j2", "-S1K", "-T", "tmp", "-o", "out", "--mapper=cat", "--reducer=cat",
                             "long"], "-o", slow=True, spawns=True),
        Scenario("walk", [mrcount, "-R", "-j2", "-i", "--exclude=*.no", "--exclude-dir=not", "tree"], "pipe"),
        Scenario("walk-per-file", [mrcount, "-R", "--per-file", "-j2", "-l", "--mapper=cat", "tree"], slow=True, spawns=True),
        Scenario("charset", [mrcount, "-j2", "--encoding=SHIFT_JIS", "sjis", "sjis"], slow=True),
        Scenario("charset-byte", [mrcount, "-j2", "-l", "--encoding=KOI8-R"], "pipe", "sjis", slow=True),
        Scenario("utf16", [mrcount, "-j2", "utf16", "small", "utf16"], "pipe"),
        *compressed_scenarios(mrcount),
        Scenario("pagerank", [str(BUILD / "tests" / "examples" / "pagerank")], "pipe", "links", slow=True),
        Scenario("decoded", [str(BUILD / "fault" / "decoded"), "turned", "small", "turned-in-order", "turned"], "pipe"),
        Scenario("decoded-pipe", [str(BUILD / "fault" / "decoded"), "-", "turned"], "pipe", "turned"),
        Scenario("clients", [str(BUILD / "fault" / "clients"), "tmp"], "pipe", slow=True),
    ]


def prepare():
    draw = random.Random(7)
    words = [f"{chr(97 + i % 26)}word{i} Straße" for i in range(4000)]
    Path("text").write_text("".join(" ".join(draw.choices(words, k=9)) + "\n" for _ in range(4000)), encoding="utf-8")
    Path("line").write_text("".join(draw.choices(words[:9], k=1)[0] + " " for _ in range(40000)), encoding="utf-8")
    Path("small").write_text("b a b\nc Straße b a\n" * 40, encoding="utf-8")
    Path("links").write_text("".join(f"p{i} p{i * 7 % 90} p{i * i % 80}\n" for i in range(100)))
    Path("stop").write_text("a\nthe\nbword1\n")
    Path("marked").write_text("e\u0301te\u0301 \ufb01n e" + "\u0301\u0323" * 99 + " \u338f\n" + "e\u0301 x\n" * 40, encoding="utf-8")
    Path("names").write_bytes(b"small\0text\0small\0")
    Path("long").write_text("".join(f"{i * 7919 % 50000:0300}\n" for i in range(50000)))
    rows = [f'{i % 9},"x ""{i * 7919 % 700}""\n",{words[i % 50]}\n' for i in range(9000)]
    Path("table").write_text('id,"a ""b""",c\n' + "".join(rows), encoding="utf-8")
    # Some need more than the 16 bytes of an ordinary sum.
    Path("numbers").write_text("".join(f"k{i % 700} {i}{'000' * (i % 9)}.{i:06}\n" for i in range(30000)))
    Path("quoted").write_text("a:b\n" + "".join(f'[{i}]:"{i % 7}:\\""\n' for i in range(9000)))
    turned = bytes(byte ^ 0x80 for byte in Path("text").read_bytes()[:60000])
    Path("turned").write_bytes(b"!D" + turned)
    Path("turned-in-order").write_bytes(b"!O" + turned)
    Path("tmp").mkdir(exist_ok=True)
    for name in "a", "b/c/d", "b/c/e.no", "b/not/f", "g":
        Path("tree", name).parent.mkdir(parents=True, exist_ok=True)
        Path("tree", name).write_text(f"{name} b\n" * 30)
    Path("sjis").write_bytes("日本 あいう カナ word\n".encode("shift_jis") * 3000 + b"\x82")
    Path("utf16").write_bytes("日本 word Straße\n".encode("utf-16") * 3000)
    compress()
    if not os.path.islink("to-out"):
        os.symlink("out", "to-out")
    with open("counts", "wb") as counts:
        subprocess.run([BUILD / "mrcount", "text"], stdout=counts, check=True)
    with open("other-counts", "wb") as counts:
        subprocess.run([BUILD / "mrcount", "text", "small"], stdout=counts, check=True)


def read_log(name):
    """What the library that makes calls fail has counted; nothing where a process ended otherwise."""
    if not Path(name).exists():
        return {}
    return {a: int(b) for a, b in (line.split() for line in Path(name).read_text().splitlines())}


class Outcome:
    def __init__(self, scenario, rule, spawner=False):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FAULT_")}
        environment.update(LD_PRELOAD=str(PRELOAD), FAULT_LOG="log", FAULT_ALONE="1", LC_ALL="C", TMPDIR="tmp")
        if spawner:
            environment["FAULT_CHILD"] = "log-child"
        if rule:
            environment["FAULT_RULE"] = rule
        for name in ("log", "log-child", "out", "stdout"):
            Path(name).unlink(missing_ok=True)
        if scenario.output == "over":
            Path("out").write_bytes(b"old\n")
            os.chmod("out", 0o640)
        before = set(os.listdir("."))
        data = Path(scenario.stdin).read_bytes() if scenario.stdin else None
        out = open("stdout", "wb") if scenario.output == "file" else subprocess.PIPE
        with subprocess.Popen(scenario.command, stdin=subprocess.PIPE if data else subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.PIPE, env=environment) as child:
            try:
                output, errors = child.communicate(data, SECONDS)
                self.hung = False
            except subprocess.TimeoutExpired:
                child.kill()
                output, errors = child.communicate()
                self.hung = True
        if scenario.output == "file":
            out.close()
            output = Path("stdout").read_bytes()
        elif scenario.output in ("-o", "link"):
            output = Path("out").read_bytes() if Path("out").exists() else b""
        elif scenario.output == "over":
            output = Path("out").read_bytes()
            output = b"" if output == b"old\n" else output
        self.status = child.returncode
        self.output = output
        # Lines of --stats are none.
        start = Path(scenario.command[0]).name + ": "
        self.messages = [line for line in errors.decode(errors="replace").splitlines() if line.startswith(start)]
        self.notes = errors.count(b"\n") - len(self.messages)
        # What holds for each of a FILE's names is one thing that is wrong.
        self.messages = list(dict.fromkeys(self.messages))
        self.figures = read_log("log")
        # Whose calls are to fail.
        self.tried = read_log("log-child") if spawner else self.figures
        self.left = sorted(set(os.listdir(".")) - before - {"out", "stdout", "log", "log-child"}) + os.listdir("tmp")
        for name in os.listdir("tmp"):
            Path("tmp", name).unlink()

    @property
    def hits(self):
        return self.tried.get("hits", 0)


def complaint(scenario, good, got, wanted, unordered):
    """What is wrong with a run, or None."""
    if got.hung:
        return "hangs"
    if got.status < 0:
        return f"killed by signal {-got.status}"
    if not got.figures:
        return "did not end normally"
    if got.left:
        return f"left {got.left}"
    for what in ("blocks", "mapped", "descriptors"):
        # What goes with the process, when the disk is full, need not be closed; memory always comes back.
        # Of blocks the C library keeps some for iconv, unless it fails.
        more = got.figures[what] - good.figures[what]
        if more > 0 or (more < 0 and what != "blocks"):
            return f"{what}: {got.figures[what]} left, {good.figures[what]} when all goes well"
    same = got.output == good.output or (
        unordered and sorted(got.output.splitlines(True)) == sorted(good.output.splitlines(True)))
    if wanted != INVISIBLE and got.status == 0 and len(got.messages) == 1 and re.search(
            r": (only \d+ of \d+ threads can be had|cannot start a thread: .*)$", got.messages[0]):
        got.messages = []
    # A client of the library is told when a job's own threads cannot start, and gives up.
    if wanted == FEWER and scenario.name in ("clients", "decoded", "decoded-pipe"):
        wanted = CLEAN
    if got.hits == 0 or wanted != CLEAN or got.status == 0:
        if got.status != 0:
            return f"exit status {got.status}, {got.messages}"
        if not same:
            return f"exit status 0 and another output of {len(got.output)} bytes"
        if got.messages or got.notes != good.notes:
            return f"says {got.messages} and {got.notes} lines more"
        return None
    if len(got.messages) != 1 or len(got.messages[0]) < 12:
        return f"{len(got.messages)} messages: {got.messages}"
    if got.output and not got.output.endswith(b"\n"):
        return f"a partial line: {got.output[-40:]!r}"
    if got.status == 2:
        # The last step of all may fail when everything is there.
        if scenario.output not in ("pipe", "file") and got.output and not same:
            return f"exit status 2 and {len(got.output)} bytes in the file"
        if not unordered and not good.output.startswith(got.output):
            return "exit status 2 and other lines than there should be"
        return None
    return None if got.status == 1 else f"exit status {got.status}"


def chosen(count, each):
    """Every number up to `each`, then about as many of the rest."""
    numbers = list(range(1, min(count, each) + 1))
    if count > each:
        step = max(1, (count - each) // each)
        numbers += range(each + step, count + 1, step)
    return numbers


def run_all(rules, options, failures, spawner=False):
    """Returns how many runs met their fault, and how many there were."""
    met = runs = 0
    for scenario in scenarios():
        if options.only and scenario.name not in options.only.split(","):
            continue
        if spawner and not scenario.spawns:
            continue
        # Starting programs takes its time: in small, one of these must do.
        if scenario.spawns and options.each < 10 and not options.only and scenario.name != "reducer":
            continue
        good = Outcome(scenario, None, spawner)
        unordered = "--sort=none" in scenario.command
        each = max(1, options.each // (5 if scenario.slow else 1))
        if good.status != 0 or not good.output:
            failures.append(f"{scenario.name}: exit status {good.status}, {good.messages}, when all goes well")
            continue
        for name, how, wanted in rules:
            count = good.tried[name]
            numbers = [str(k) for k in chosen(count, each)]
            if count:
                # Who is told for ever that there will be something later goes on asking.
                if wanted == INVISIBLE:
                    numbers += ["1/"]
                elif (how != "EAGAIN" or name == "thread") and not (scenario.spawns and each == 1):
                    numbers += [f"{k}+" for k in chosen(count, max(1, each // 8))]
            for number in numbers:
                rule = f"{name}:{number}:{how}"
                got = Outcome(scenario, rule, spawner)
                if number.endswith("+"):  # several FILEs may be missing before the end
                    got.messages = got.messages[-1:]
                wrong = complaint(scenario, good, got, wanted, unordered)
                # Threads do not always make as many calls as in the first run.
                if got.hits or wrong:
                    runs += 1
                    met += wrong is None
                if wrong:
                    failures.append(f"{scenario.name}{', spawner' * spawner} with {rule}: {wrong}")
                    print(f"failed: {failures[-1]}", flush=True)
        if options.verbose:
            print(f"{scenario.name}: {runs} runs so far, {time.process_time():.0f} s", flush=True)
    return met, runs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=300, help="how many calls of a class fail one by one")
    parser.add_argument("--only", help="names of scenarios, with commas")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--calls-only", action="store_true")
    options = parser.parse_args()
    prepare()
    failures = []
    allocations = (0, 0) if options.calls_only else run_all(ALLOCATIONS, options, failures)
    calls = run_all(CALLS, options, failures)
    spawners = run_all(SPAWNER, options, failures, spawner=True)
    calls = calls[0] + spawners[0], calls[1] + spawners[1]
    print(f"allocations failed: {allocations[0]} of {allocations[1]}, calls failed: {calls[0]} of {calls[1]}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
