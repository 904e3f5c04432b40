# SPDX-License-Identifier: MIT
"""Programs of --mapper and --reducer beside the pipes that they stand for.

Each takes 300 MB of K. Python and awk count words; parallel has the same mapper for blocks of the file,
and sort and the reducer behind it. All print the same bytes.
"""

import os
import shlex
import shutil
import statistics
import sys

from common import (
    CORPORA,
    MB,
    MRCOUNT,
    RESULTS,
    RUNS,
    Table,
    measure,
    must,
    say,
    verdict,
    warm,
    wrong,
)

SIZE = 300 * MB
PYTHON_MAPPER = """\
import sys
write = sys.stdout.write
for line in sys.stdin:
    for word in line.split():
        write(word + "\\t1\\n")
"""
PYTHON_REDUCER = """\
import sys
last, count = None, 0
for line in sys.stdin:
    word, number = line.rstrip("\\n").split("\\t")
    if word != last:
        if last is not None:
            print(last, count, sep="\\t")
        last, count = word, 0
    count += int(number)
if last is not None:
    print(last, count, sep="\\t")
"""
AWK_MAPPER = '{ for (i = 1; i <= NF; i++) print $i "\\t1" }'
AWK_REDUCER = (
    '$1 "" != word { if (NR > 1) print word "\\t" count; word = $1; count = 0 } '
    '{ count += $2 } END { if (NR) print word "\\t" count }'
)


def text():
    """The beginning of K, in whole lines."""
    file = CORPORA / "K300"
    if not file.exists():
        with open(CORPORA / "K", "rb") as source:
            data = source.read(SIZE)
        part = CORPORA / "K300.part"
        part.write_bytes(data[: data.rindex(b"\n") + 1])
        part.rename(file)
    return file


def programs():
    """Mapper and reducer by name, with the most that mrcount may take of the pipe's time."""
    (RESULTS / "map.py").write_text(PYTHON_MAPPER)
    (RESULTS / "reduce.py").write_text(PYTHON_REDUCER)
    python = [shlex.join([sys.executable, str(RESULTS / name)]) for name in ("map.py", "reduce.py")]
    # Where Python writes each line by itself, that is all that it does.
    os.environ.pop("PYTHONUNBUFFERED", None)
    found = {"python": (*python, 0.6)}
    awk = shutil.which("mawk")
    if awk:
        found["awk"] = (
            shlex.join([awk, AWK_MAPPER]),
            shlex.join([awk, "-F", "\t", AWK_REDUCER]),
            0.45,
        )
    else:
        say("awk: mawk is not installed")
    return found


def seconds_of(commands, what, runs):
    """Runs commands in turn, which must print the same; the median of each's seconds by name."""
    out = RESULTS / "printed"
    times = {name: [] for name in commands}
    sums = set()
    for _ in range(runs):
        for name, command in commands.items():
            run = must(measure(f"set -o pipefail; {{ {command}; }} | md5sum", out=out), command)
            times[name].append(run.seconds)
            sums.add(out.read_text())
    if len(sums) > 1:
        wrong.append(f"commands, {what}")
    return {name: statistics.median(list_) for name, list_ in times.items()}


def run(_):
    file = text()
    warm(file)
    runs = min(3, RUNS)
    table = Table(
        "commands",
        f"Commands: {file.stat().st_size / MB:.0f} MB of English, all threads, median of {runs}",
        "commands:-10",
        "beside:-22",
        "seconds:8",
        "mrcount:8",
        "ratio:5",
        "most:5",
        "verdict:-7",
    )

    def show(what, beside, seconds, ours, most):
        ratio = ours / seconds
        good = verdict(f"{what} beside {beside}: {ratio:.2f} of {most}", ratio <= most)
        table.row(what, beside, seconds, ours, f"{ratio:.2f}", most, good)

    times = seconds_of(
        {
            "cat | mrcount -l": f"cat '{file}' | '{MRCOUNT}' -l",
            "mrcount": f"'{MRCOUNT}' --mapper=cat -l '{file}'",
        },
        "lines",
        RUNS,
    )
    show("cat", "cat | mrcount -l", times["cat | mrcount -l"], times["mrcount"], 1.5)
    for name, (mapper, reducer, most) in programs().items():
        commands = {
            "cat | map | sort | reduce": f"cat '{file}' | {mapper} | sort | {reducer}",
            "mrcount": shlex.join(
                [MRCOUNT, f"--mapper={mapper}", f"--reducer={reducer}", str(file)]
            ),
        }
        parallel = shutil.which("parallel")
        if parallel:
            blocks = [parallel, "--will-cite", "--pipepart", "-a", str(file), "--block", "16M"]
            commands["parallel"] = f"{shlex.join([*blocks, mapper])} | sort | {reducer}"
        times = seconds_of(commands, name, runs)
        show(name, "the pipe", times["cat | map | sort | reduce"], times["mrcount"], most)
        if parallel:
            show(name, "parallel --pipepart", times["parallel"], times["mrcount"], 0.8)
        else:
            say("parallel is not installed")
