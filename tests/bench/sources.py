# SPDX-License-Identifier: MIT
"""Compressed FILEs of 1 GB of text in all: beside the pipe that people type today, and by two threads
beside one."""

import shutil
import subprocess

from common import CORPORA, MB, MRCOUNT, Table, alternate, say, verdict, warm

PARTS = 8
# Name -> how it is made of text on standard input, and with what.
WHOLE = {
    "one.gz": ("gzip", "gzip -6"),
    "one.bgz": ("bgzip", "bgzip -@2"),
    "one.zst": ("pzstd", "pzstd -q -p2 -c {text}"),
    "one.xz": ("xz", "xz -1 -T2"),
}


def made(file, command):
    """Makes the file by a line for bash, where it is not there."""
    if not file.exists():
        say(f"making {file}")
        new = file.with_suffix(".new")
        subprocess.run(["bash", "-c", f"{command} > {new}"], check=True)
        new.rename(file)
    return file


def prepare(corpus):
    """The text, its eighths as .gz, and the whole in each form for which there is a tool."""
    folder = CORPORA / "sources"
    folder.mkdir(exist_ok=True)
    times = -(-1000 * MB // corpus.stat().st_size)
    text = made(folder / "text", f"for i in $(seq {times}); do cat {corpus}; done | head -c {1000 * MB}")
    size = text.stat().st_size // PARTS
    eighths = [
        made(folder / f"part{i}.gz", f"tail -c +{i * size + 1} {text} | head -c {size} | gzip -6") for i in range(PARTS)
    ]
    whole = {
        name: made(folder / name, f"{command.format(text=text)} < {text}")
        for name, (tool, command) in WHOLE.items()
        if shutil.which(tool)
    }
    return eighths, whole


def run(corpora):
    """The limits of eight FILEs, of one, and of those that divide."""
    corpus = corpora.get("L") or next(iter(corpora.values()), None)
    if corpus is None:
        say("sources: no corpus to compress")
        return
    eighths, whole = prepare(corpus)
    warm(*eighths, *whole.values())
    table = Table("sources", "Compressed FILEs, 1 GB of text", "program:-28", "seconds:8", "processor:9", "than:-24",
                  "ratio:6", "goal:5", "verdict:-7")
    names = " ".join(map(str, eighths))
    commands = {
        "mrcount 8 .gz": [MRCOUNT, "-j2", *map(str, eighths)],
        "zcat 8 .gz | mrcount": f"zcat {names} | {MRCOUNT} -j2",
        "zcat 8 .gz": f"zcat {names} > /dev/null",
        "mrcount one.gz": [MRCOUNT, "-j2", str(whole["one.gz"])],
        "gzip -dc one.gz | mrcount": f"gzip -dc {whole['one.gz']} | {MRCOUNT} -j2",
    }
    goals = [
        ("mrcount 8 .gz", "zcat 8 .gz | mrcount", 0.55),
        ("mrcount 8 .gz", "zcat 8 .gz", 0.6),
        ("mrcount one.gz", "gzip -dc one.gz | mrcount", 1.05),
    ]
    for name in ("one.bgz", "one.zst", "one.xz"):
        if name in whole:
            for threads in "1", "2":
                commands[f"mrcount -j{threads} {name}"] = [MRCOUNT, f"-j{threads}", str(whole[name])]
            goals.append((f"mrcount -j2 {name}", f"mrcount -j1 {name}", 0.56))  # 1.8 times as fast
    results = alternate(commands)
    for name, rounds in results.items():
        compared = [(than, goal) for one, than, goal in goals if one == name]
        for than, goal in compared or [("", None)]:
            if goal is None:
                table.row(name, rounds.median(), rounds.processor(), "", "", "", "")
                continue
            ratio = rounds.median() / results[than].median()
            table.row(name, rounds.median(), rounds.processor(), than, f"{ratio:.2f}", goal,
                      verdict(f"sources: {name} takes {ratio:.2f} of {than}", ratio <= goal))
