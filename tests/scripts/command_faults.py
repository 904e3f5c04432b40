#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CMDs that fail, print when nobody expects it, or do not read; and ends from outside.

Each has the exit status and the message that it should, prints nothing that is not complete, and leaves
no process behind.
"""
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))  # under a sanitizer
MANY = 5_000_000 if SLOW else 100_000_000
SECONDS = 120
done = 0


def fail(what):
    sys.exit(f"failed: {what}")


def run(options, status=0, errors=b"", stdout=None, data=None, shell=None):
    """Runs mrcount on the file `lines`, on `data`, or as in a line for a shell; `errors` is a pattern for what
    it says, and `stdout` what it prints where that is not None."""
    global done
    command = ["sh", "-c", shell] if shell else ["mrcount", *options, *([] if data is not None else ["lines"])]
    got = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                         check=False)
    if (got.returncode != status or not re.fullmatch(errors, got.stderr, re.DOTALL)
            or (stdout is not None and got.stdout != stdout)):
        fail(f"{command}: exit status {got.returncode}, {got.stdout[:200]!r}, {got.stderr[-300:]!r}")
    done += 1
    return got.stdout


def await_(what, condition):
    for _ in range(SECONDS * 50):
        if condition():
            return
        time.sleep(0.02)
    fail(f"never: {what}")


def running(mark):
    """Processes that hold the mark among their arguments or in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if mark in (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def prepare():
    Path("lines").write_bytes(b"".join(b"line %d\n" % (i * 7919 % 5000) for i in range(100_000)))
    Path("script").write_bytes(b"#!/bin/sh\ncat\n")
    os.chmod("script", 0o644)


BOTH = [["--mapper="], ["--mapper=cat", "--reducer="], ["-l", "--reducer="]]


def failures():
    """CMDs that fail, as mapper and as reducer: what is printed is nothing, and the old output stays."""
    cases = [
        ("exit 3", rb"exit status 3"),
        ("echo first >&2; echo the reason >&2; exit 3", rb"exit status 3: the reason"),
        ("cat > /dev/null; exit 3", rb"exit status 3"),
        ("cat; exit 3", rb"exit status 3"),
        ("no-such-command", rb"exit status 127: [^\n]*not found"),
        ("./script", rb"exit status 126: [^\n]*Permission denied"),
        ("kill -9 $$", rb"killed by signal 9 \(Killed\)"),
        ("exec < /dev/null; sleep 1000 & exit 4", rb"exit status 4"),
        ("sleep 1000 & cat > /dev/null; kill -TERM $$", rb"killed by signal 15 \(Terminated\)"),
    ]
    for command, reason in cases:
        said = rb"(.*\n)?mrcount: " + re.escape(command.encode()) + rb": " + reason + rb"\n"
        for options in BOTH:
            own = [*options[:-1], options[-1] + command, "-o", "out"]
            Path("out").write_bytes(b"as it was")
            run(own, 2, said, b"")
            if Path("out").read_bytes() != b"as it was" or [name for name in os.listdir() if name.startswith(".")]:
                fail(f"{own}: the output is not as it was")
        run([f"--mapper={command}"], 2, said, b"", data=b"")
    os.remove("out")
    run(["--mapper=cat; exit 3", "--accept-status=0,2-4", "-l", "--total"], stdout=b"100000\t5000\n")
    run(["--mapper=echo 'a\tb'"], 2, rb"mrcount: record 'a\\011b': what follows the last TAB is no count\n", b"")


def uses():
    """What CMDs may do."""
    run(["--mapper=cat"], data=b"", stdout=b"")
    run(["--mapper=wc -l"], data=b"", stdout=b"0\t1\n")
    run(["--mapper=cat", "--reducer=wc -l"], data=b"", stdout=b"0\n")
    run(["-l", "--reducer=wc -l"], data=b"", stdout=b"0\n")
    run(["--mapper=cat > /dev/null", "--reducer=cat"], stdout=b"")
    for reader in ("head -n 1", "exec < /dev/null; echo y"):
        for threads in (1, 2, 4):
            run([], shell=f"yes | mrcount -j{threads} -l --mapper='{reader}' --total", stdout=b"%d\t1\n" % threads)
    run(["-l", "--reducer=head -n 1", "-j1"], stdout=b"line 0\n")
    # Two mappers, for more lines than one split has.
    run(["-j2", "-l", "--total", f"--mapper=head -c {MANY} /dev/zero | tr '\\0' '\\n'; cat > /dev/null"],
        data=b"x\n" * 1_000_000, stdout=b"%d\t1\n" % (2 * MANY))
    run(["-j2", "-l", "--total", "--mapper=sort -r"], stdout=b"100000\t5000\n")


def standard_error():
    """What they write there passes, in whole lines."""
    count = MANY // 10 // 13
    for options in (["-l", "--mapper="], ["--mapper=cat", "--reducer="]):
        command = f"seq -f '%012.0f' {count} >&2; cat > /dev/null"
        got = subprocess.run(["mrcount", "-j3", *options[:-1], options[-1] + command, "lines"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=SECONDS, check=False)
        lines = got.stderr.split(b"\n")
        if got.returncode != 0 or got.stdout != b"" or lines[-1] != b"" or len(lines) % count != 1:
            fail(f"{options}: {got.returncode}, {len(lines)} lines")
        if sorted(set(lines[:-1])) != [b"%012d" % i for i in range(1, count + 1)]:
            fail(f"{options}: lines are not whole")


def outputs():
    """Outputs that fail."""
    for options in ("--mapper=cat -l", "--mapper=cat --reducer=cat", "-l --reducer=cat"):
        run([], 2, rb"mrcount: [^\n]*No space left on device\n", shell=f"mrcount {options} lines > /dev/full")
        run([], 2, rb"mrcount: [^\n]*Bad file descriptor\n", shell=f"mrcount {options} lines >&-")
        run([], 0, rb"", shell=f"mrcount {options} lines | head -n 1")
    run(["--mapper=cat", "--reducer=cat", "no-such-file"], 1, rb"mrcount: no-such-file: No such file or directory\n")
    run(["--per-file", "--mapper=wc -l", "no-such-file", "/"], 1, rb"mrcount: [^\n]*\nmrcount: [^\n]*\n",
        b"100000\t1\n")


def signals():
    """Ended by a signal while CMDs run: they are gone too, with what they have started."""
    for i, number in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)):
        for k, options in enumerate(BOTH):
            mark = f"mark-{os.getpid()}-{i}-{k}"
            command = f": {mark}; cat > /dev/null | sleep 1000"
            with subprocess.Popen(["mrcount", *options[:-1], options[-1] + command, "-o", "out", "lines"]) as child:
                await_("the CMD runs", lambda mark=mark: len(running(mark.encode())) > 1)
                await_("what it starts runs", lambda mark=mark: started(mark))
                child.send_signal(number)
                child.wait(SECONDS)
            if child.returncode != -number:
                fail(f"signal {number}: ended by {child.returncode}")
            await_("no process is left", lambda mark=mark: not running(mark.encode()))
            if os.path.exists("out") or [name for name in os.listdir() if name.startswith(".")]:
                fail(f"signal {number}: files are left")


def started(mark):
    """Whether a shell with that mark has a child that sleeps."""
    for pid in running(mark.encode()):
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if any(b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children):
                return True
        except OSError:
            pass
    return False


def typed():
    """Lines typed at a terminal reach a CMD, which may not read from it."""
    global done
    for options in ([], ["--per-file"], ["--per-file", "-j2", "/dev/tty"]):
        child, terminal = pty.fork()
        if child == 0:
            os.execvp("mrcount", ["mrcount", *options, "--mapper=cat; echo end"])
        os.write(terminal, b"one\ntwo\none\n\4")
        shown = b""
        try:
            while part := os.read(terminal, 4096):
                shown += part
        except OSError:  # how a terminal says that nobody holds it any more
            pass
        _, status = os.waitpid(child, 0)
        if status != 0 or b"one\t2\r\nend\t1\r\ntwo\t1\r\n" not in shown.replace(b"        ", b"\t"):
            fail(f"{options}: status {status}, {shown!r}")
        os.close(terminal)
        done += 1


def have_terminals():
    try:
        for fd in os.openpty():
            os.close(fd)
        return True
    except OSError:
        return False


prepare()
if have_terminals():
    typed()
else:
    print("no pseudo-terminals here, so nothing is typed")
failures()
uses()
standard_error()
outputs()
signals()
print(f"{done} runs")
