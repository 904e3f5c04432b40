#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every figure of --stats against a count of its own, and the progress of --progress=json with it."""
import gzip
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter

random.seed(4)
LABELS = ["bytes", "tokens", "distinct keys", "invalid bytes", "map", "reduce", "rate", "threads",
          "kernel", "peak memory", "bytes spilled"]
UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}


def expect(what, got, want):
    if got != want:
        sys.exit(f"failed: {what}: {got!r} instead of {want!r}")


def near(what, got, least, most):
    if not least <= got <= most:
        sys.exit(f"failed: {what}: {got} is not from {least} to {most}")


def run(*options, wide=False, programs=False, compressed=False, **env):
    began = time.monotonic()
    with subprocess.Popen(["mrcount", "--stats", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, **env}) as process:
        out, err = process.communicate()
    wall = time.monotonic() - began
    if process.returncode != 0:
        sys.exit(f"failed: {options}: {err!r}")
    figures = {}
    # A note on text of which much is invalid stands before the table.
    lines = [line for line in err.decode("ascii").splitlines() if not line.endswith("named by --encoding")]
    for line in lines:
        match = re.fullmatch(r"(\w+(?: \w+)?) +(\S+)( \S+)?", line)
        if not match or len(line.rstrip()) < 35:
            sys.exit(f"failed: no line of the table: {line!r}")
        figures[match[1]] = (match[2], (match[3] or "").strip())
    labels = ["bytes", "text bytes", *LABELS[1:]] if compressed else LABELS
    expect("labels", list(figures), labels + ["processes", "their time"] * programs)
    # The figures end in one column, whatever their unit.
    expect("columns", {len(line) - (len(unit) + 1 if unit else 0)
                       for line, (_, unit) in zip(lines, figures.values())
                       if not wide or not line.startswith("tokens")}, {35})
    return out, figures, wall


def whole(figures, label):
    expect(f"unit of {label}", figures[label][1], "")
    return int(figures[label][0])


def size(figures, label, suffix=""):
    return float(figures[label][0]) * UNITS[figures[label][1].removesuffix(suffix)]


def invalid_bytes(data):
    return sum("\udc80" <= c <= "\udcff" for c in data.decode("utf-8", "surrogateescape"))


def check(data, names, *options, threads):
    counts = Counter(data.split())
    out, figures, wall = run("--words=space", "-j", str(threads), *options, *names)
    expect("bytes", whole(figures, "bytes"), len(data))
    expect("tokens", whole(figures, "tokens"), sum(counts.values()))
    expect("sum of what is printed", sum(int(line.split(b"\t")[1]) for line in out.splitlines()),
           sum(counts.values()))
    expect("distinct keys", whole(figures, "distinct keys"), len(counts))
    expect("invalid bytes", whole(figures, "invalid bytes"), invalid_bytes(data))
    expect("threads", whole(figures, "threads"), threads)
    seconds = 0.0
    for label in "map", "reduce":
        expect(f"unit of {label}", figures[label][1], "s")
        seconds += float(figures[label][0])
    near("seconds", seconds, 0, wall + 0.002)
    # The rate is rounded to a decimal, the seconds to milliseconds.
    if seconds > 0.02:
        near("rate", size(figures, "rate", "/s"), len(data) / (seconds + 0.0011) * 0.94,
             len(data) / (seconds - 0.0011) * 1.06)
    return figures


def check_compressed(data):
    """Both sizes are shown, and progress goes by the compressed one."""
    version = subprocess.run(["mrcount", "-V"], capture_output=True, check=True).stdout
    if b" gzip" not in version:
        print("not run: compressed FILEs, for want of gzip")
        return
    members = [gzip.compress(data[: len(data) // 2], 1), gzip.compress(data[len(data) // 2:], 9)]
    size_there = sum(map(len, members))
    with open("text.gz", "wb") as file:
        file.writelines(members)
    for threads in "1", "3":
        _, figures, _ = run("-wspace", "-j", threads, "text.gz", "text", "text.gz", compressed=True)
        expect("compressed bytes", whole(figures, "bytes"), 2 * size_there + len(data))
        expect("text bytes", whole(figures, "text bytes"), 3 * len(data))
        expect("tokens of compressed FILEs", whole(figures, "tokens"), 600000)
    _, figures, _ = run("-l", "--decompress=never", "text.gz")
    expect("bytes as they are", whole(figures, "bytes"), size_there)
    result = subprocess.run(["mrcount", "-g1-3", "-j1", "--progress=json", *["text.gz"] * 9],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith(b"{")]
    expect("bytes of compressed FILEs", lines[-1]["bytes"], 9 * size_there)
    done = [0] + [line["done"] for line in lines if line["phase"] == "map"]
    expect("progress", done, sorted(done))
    for line in lines:
        if line["phase"] == "map":
            expect("all of compressed FILEs", line["done"] + line["not_done"], 9 * size_there)


def main():
    words = [bytes(random.choice(b"abcdefg\xc3\xa4\xe2\x82\xac\xff") for _ in range(random.randrange(1, 7)))
             for _ in range(300)]
    data = b" ".join(random.choices(words, k=200000)) + b"\n"
    with open("text", "wb") as file:
        file.write(data)
    for threads in 1, 2, 5:
        figures = check(data, ["text"], threads=threads)
        expect("bytes spilled", whole(figures, "bytes spilled"), 0)
        check(data * 3, ["text"] * 3, threads=threads)

    check_compressed(data)

    # Invalid bytes are the same whatever the rule.
    for option in "-w", "-l", "-m", "-f1", "-wletters":
        _, figures, _ = run(option, "text")
        expect(f"invalid bytes of {option}", whole(figures, "invalid bytes"), invalid_bytes(data))
    for option in "--min-count=100", "-n1", "--total":
        _, figures, _ = run("-wspace", option, "text")
        expect(f"tokens under {option}", whole(figures, "tokens"), 200000)

    # Characters and merged counts as tokens.
    out, _, _ = run("-wspace", "text")
    with open("counts", "wb") as file:
        file.write(out)
    merged, figures, _ = run("--merge", "counts", "counts")
    expect("tokens of --merge", whole(figures, "tokens"), 400000)
    expect("sum of --merge", sum(int(line.split(b"\t")[1]) for line in merged.splitlines()), 400000)

    # Their sum can be larger than any count: of two keys, of many threads' mappers.
    huge = 2 ** 64 - 1
    for keys, count in (2, 2 ** 63), (1, huge), (5000, huge):
        with open("huge", "w", encoding="ascii") as file:
            file.writelines(f"{key}\t{count}\n" for key in range(keys))
        _, figures, _ = run("--merge", "-j3", "huge", wide=True)
        expect("tokens past 2^64", whole(figures, "tokens"), keys * count)

    # Programs that were run: what they print is tokens, what they read bytes.
    out, figures, _ = run("--mapper=cat; echo end", "-wspace", "-j3", "text", programs=True)
    expect("bytes given to programs", whole(figures, "bytes"), len(data))
    started = whole(figures, "processes")
    expect("tokens of what programs print", whole(figures, "tokens"), 200000 + started)
    near("processes", started, 1, 3)
    _, figures, _ = run("--mapper=i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done", "--per-file",
                        "-j2", "text", "text", "text", programs=True)
    expect("processes, one a FILE", whole(figures, "processes"), 3)
    expect("bytes of FILEs", whole(figures, "bytes"), 3 * len(data))
    near("their time", float(figures["their time"][0]), 0.01, 1000)

    # Nothing at all.
    _, figures, _ = run("/dev/null")
    for label in "bytes", "tokens", "distinct keys", "invalid bytes", "bytes spilled":
        expect(label, whole(figures, label), 0)

    # A kernel that was asked for.
    _, figures, _ = run("text", MRCOUNT_KERNEL="scalar")
    expect("kernel", figures["kernel"], ("scalar", ""))

    # Memory and disk: more keys than the memory given holds.
    count = 900000 if os.environ.get("MRCOUNT_VARIANT") else 1500000
    with open("distinct", "wb") as file:
        for i in range(count):
            file.write(b"key-number-%d\n" % i)
    _, roomy, _ = run("-l", "-j2", "-S", "1G", "distinct")
    expect("bytes spilled with room", whole(roomy, "bytes spilled"), 0)
    _, tight, _ = run("-l", "-j2", "-S", "24M", "distinct")
    near("bytes spilled", whole(tight, "bytes spilled"), count, 10 * os.path.getsize("distinct"))
    if not os.environ.get("MRCOUNT_VARIANT"):
        if size(tight, "peak memory") >= size(roomy, "peak memory"):
            sys.exit("failed: less memory allowed, not less taken")
        # All keys were in memory at once; or no more than was allowed, and what a run needs anyway.
        near("peak memory", size(roomy, "peak memory"), 0.8 * os.path.getsize("distinct"), 1e9)
        near("peak memory", size(tight, "peak memory"), 1e6, (8 + 32 + 2 * 8) * 2 ** 20)

    # The last object of --progress=json says the same.
    result = subprocess.run(["mrcount", "-l", "-j2", "--stats", "--progress=json", "distinct"],
                            capture_output=True, check=True)
    lines = result.stderr.decode("ascii").splitlines()
    last = json.loads([line for line in lines if line.startswith("{")][-1])
    expect("json", (last["bytes"], last["tokens"], last["keys"]),
           (os.path.getsize("distinct"), count, count))


main()
