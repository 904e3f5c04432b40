#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CMDs killed, and mrcount killed while it runs CMDs, at any moment of a run that spills: a message
that names the CMD and its signal and exit status 2, or our own signal; no process and no file is
left, and the output is the old one or the whole new one. MRCOUNT_KILLS says how often to try.

A moment is told by the bytes that mrcount has read and written, not by the time, as a machine is
now slow and now fast.
"""
import os
import random
import re
import signal
import subprocess
import sys
import time

SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))
KILLS = int(os.environ.get("MRCOUNT_KILLS", "0")) or (7 if SLOW else 60)
# In the environment of all that a run starts, by which they are found.
MARK = f"MRCOUNT_KILL_MARK={os.getpid()}"
# Each says who it is; a pipeline is more than its leader.
MAPPER = "echo $$ >> mappers; cat | cat"
REDUCER = "echo $$ >> reducers; exec cat"
COMMANDS = {
    "mapper": ["--mapper=" + MAPPER, "-l"],
    "both": ["--mapper=" + MAPPER, "--reducer=" + REDUCER],
    "per-file": ["--mapper=" + MAPPER, "--per-file", "-l"],
}
OURS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
KINDS = (["mapper", "reducer", "mapper", "reducer", "terminal"] + OURS)
draw = random.Random(17)


def fail(what):
    sys.exit(f"failed: {what}")


def read(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:  # of a process that is no more, or a file that nobody has made
        return b""


def moved(child):
    """Bytes that it has read and written; None where it has ended."""
    text = read(f"/proc/{child.pid}/io").decode()
    return sum(int(number) for number in re.findall(r"[rw]char: (\d+)", text)) if text else None


def marked():
    """The processes of a run that still live."""
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit()
            and MARK.encode() in read(f"/proc/{pid}/environ").split(b"\0")]


def start(options):
    for name in "mappers", "reducers":
        if os.path.exists(name):
            os.remove(name)
    with open("out", "wb") as file:
        file.write(b"old\n")
    name, value = MARK.split("=")
    return subprocess.Popen(["mrcount", "-q", "-j2", "-S1K", "-T", "tmp", "-o", "out", *options, *names],
                            env={**os.environ, name: value}, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def kill_command(role):
    """Kills a CMD of that role if one lives, and says so; a process of the same number that is none is
    let be."""
    pids = [int(line) for line in read(role + "s").split()]
    for pid in draw.sample(pids, len(pids)):
        try:
            held = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            if MARK.encode() in read(f"/proc/{pid}/environ").split(b"\0"):
                signal.pidfd_send_signal(held, signal.SIGKILL)
                return True
        except ProcessLookupError:
            pass
        finally:
            os.close(held)
    return False


def one_kill(mode, kind, want, whole):
    """Returns whether it came in time."""
    what = f"{kind} of {mode}"
    with start(COMMANDS[mode]) as child:
        goal = 0.8 * whole * draw.random()  # in the rest it is only a matter of writing
        while child.poll() is None and (at := moved(child)) is not None and at < goal:
            pass
        if kind in ("mapper", "reducer"):
            while child.poll() is None and not kill_command(kind):
                pass
        elif kind == "terminal":
            if child.returncode is None:  # nobody has waited for it: the number is still its own
                os.killpg(child.pid, signal.SIGINT)
        else:
            child.send_signal(kind)
        out, err = child.communicate()
    status = child.returncode
    deadline = time.monotonic() + 60
    while left := marked():
        if time.monotonic() > deadline:
            fail(f"{what}: processes are left: {[read(f'/proc/{pid}/cmdline') for pid in left]}")
    if files := os.listdir("tmp") + [name for name in os.listdir(".") if name.startswith(".mrcount")]:
        fail(f"{what}: files are left: {files}")
    if out:
        fail(f"{what}: printed {out[:100]}")
    got = read("out")
    if got != want and (status == 0 or got != b"old\n"):
        fail(f"{what}: status {status}, an output that is not whole: {len(got)} bytes")
    if status == 0:
        if err:
            fail(f"{what}: said {err}")
        return False
    if kind in ("mapper", "reducer"):
        command = MAPPER if kind == "mapper" else REDUCER
        wanted = 2, f"mrcount: {command}: killed by signal 9 (Killed)\n".encode()
    else:
        wanted = -(signal.SIGINT if kind == "terminal" else kind), b""
    if (status, err) != wanted:
        fail(f"{what}: status {status}, said {err}")
    return True


os.mkdir("tmp")
names = ["part1", "part2", "part3"]
for at, name in enumerate(names):
    with open(name, "w", encoding="ascii") as file:
        file.writelines(f"{i * 7919 % 60000:0300d}\n" for i in range(at, 60000, 3))
kinds = KINDS
try:  # after SIGKILL nobody can clean up: there must have been no name
    os.close(os.open("tmp", os.O_TMPFILE | os.O_WRONLY))
except OSError as error:
    kinds = [kind for kind in KINDS if kind != signal.SIGKILL]
    print(f"no nameless files here, so no SIGKILL of mrcount: {error}")
wholes = {}
for mode, options in COMMANDS.items():
    with start(options) as child:
        most = 0
        while child.poll() is None:
            most = moved(child) or most
        out, err = child.communicate()
    if child.returncode != 0 or out or err or marked():
        fail(f"{mode}: status {child.returncode}, {out[:100]}, {err}, {marked()}")
    wholes[mode] = read("out"), most
ended = 0
for i in range(KILLS):
    kind = kinds[i % len(kinds)]
    mode = "both" if kind == "reducer" else draw.choice(list(COMMANDS))
    ended += one_kill(mode, kind, *wholes[mode])
print(f"ended by a kill: {ended} of {KILLS}")
if ended == 0 and KILLS >= 20:
    fail("every kill came too late")
