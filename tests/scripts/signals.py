#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One signal ends the program, whatever it is blocked in, small input or large, also as the first
process of a container; and SIGUSR1 is answered meanwhile.

Nothing here waits for a fixed time: each step waits for what must come, and fails after a minute
without it.
"""
import contextlib
import ctypes
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time

PATIENCE = 60
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
F_SETPIPE_SZ = 1031
PR_SET_PDEATHSIG = 1
ROOT = os.geteuid() == 0
libc = ctypes.CDLL(None, use_errno=True)
skipped = []


def fail(text):
    sys.exit(f"failed: {text}")


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def wait_until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            fail(f"never: {what}")
        time.sleep(0.01)


def asleep(pid):
    """Whether the main thread sleeps, and does so again and again: it is blocked, or looks for signals."""
    return all(state(pid) == "S" or time.sleep(0.002) for _ in range(5))


def die_with_us():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def running(command, **streams):
    """A program that sleeps, and is gone in the end."""
    with subprocess.Popen(command, preexec_fn=die_with_us, **streams) as child:
        try:
            wait_until(f"{command} sleeps or ends", lambda: child.poll() is not None or asleep(child.pid))
            yield child
        finally:
            child.kill()


class Pipe:
    """A pipe of one page, which nobody empties."""

    def __init__(self):
        self.read, self.write = os.pipe()
        fcntl.fcntl(self.write, F_SETPIPE_SZ, 4096)

    def full(self):
        size = bytearray(4)
        fcntl.ioctl(self.read, termios.FIONREAD, size)
        return int.from_bytes(size, sys.byteorder) > 2000

    def drain(self):
        os.set_blocking(self.read, False)
        data = b""
        with contextlib.suppress(BlockingIOError):
            while more := os.read(self.read, 1 << 16):
                data += more
        return data

    def close(self):
        os.close(self.read)
        os.close(self.write)


def ends(child, number, what):
    child.send_signal(number)
    try:
        status = child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        fail(f"{what}: {number!r} does not end it")
    if status != -number:
        fail(f"{what}: {number!r} ends it with {status}")


def whole_lines(data, what):
    if data and not data.endswith(b"\n"):
        fail(f"{what}: half a line is left: {data[-40:]}")


def blocked_writing(name, arguments, number):
    """Results go to a pipe that nobody reads; SIGUSR1 brings a line meanwhile."""
    pipe = Pipe()
    with running(["mrcount", *arguments, name], stdout=pipe.write, stderr=subprocess.PIPE) as child:
        wait_until("the pipe is full", pipe.full)
        child.send_signal(signal.SIGUSR1)
        line = child.stderr.readline()
        if not line.startswith((b"reduce ", b"map ")):
            fail(f"{name}: SIGUSR1 brings {line}")
        ends(child, number, f"writing what is in {name}")
        whole_lines(pipe.drain(), name)
        if rest := child.stderr.read():
            fail(f"{name}: says {rest}")
    pipe.close()


def blocked_messages(number):
    """Standard error is a pipe that nobody reads, and there is much to say."""
    for arguments in (["-j2", *["missing" * 20] * 200], ["-j2", "--progress=json", "/dev/zero"]):
        pipe = Pipe()
        with running(["mrcount", *arguments], stdout=subprocess.DEVNULL, stderr=pipe.write) as child:
            wait_until("the pipe is full", pipe.full)
            ends(child, number, f"saying that {arguments[-1][:7]}")
        pipe.close()


def blocked_opening(number):
    """What is opened or read at the start, and input that does not come."""
    for what, arguments in (
        ("-o of a FIFO", ["-o", "fifo", "small"]),
        ("a FIFO of names", ["--files0-from=fifo"]),
        ("a FIFO of stop words", ["--stop-words=fifo", "small"]),
        ("a FIFO", ["fifo"]),
        ("a FIFO behind a FILE", ["small", "fifo"]),
        ("standard input", []),
        ("standard input behind a FILE", ["small", "-"]),
    ):
        pipe = Pipe()
        with running(["mrcount", *arguments], stdin=pipe.read, stdout=subprocess.DEVNULL) as child:
            ends(child, number, what)
        pipe.close()
    if os.access("/proc/kmsg", os.R_OK) and ROOT:
        with running(["mrcount", "small", "/proc/kmsg"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
            if child.poll() is None:
                ends(child, number, "a file of /proc that has no end")
            else:
                skipped.append("/proc/kmsg (it cannot be read here)")
    else:
        skipped.append("/proc/kmsg (not root)")


def stopped_terminal(number):
    """A terminal whose user has typed ^S."""
    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)
    with running(["mrcount", "-j2", "-l", "/dev/zero"], stdin=theirs, stdout=theirs, stderr=theirs) as child:
        ends(child, number, "a stopped terminal")
    os.close(theirs)
    os.close(ours)


def ignored_stays_ignored():
    pipe = Pipe()
    with subprocess.Popen(["sh", "-c", "trap '' HUP INT; exec mrcount"], stdin=pipe.read, stdout=subprocess.PIPE,
                          preexec_fn=die_with_us) as child:
        wait_until("it is mrcount", lambda: open(f"/proc/{child.pid}/comm", encoding="ascii").read() == "mrcount\n")
        wait_until("it sleeps", lambda: asleep(child.pid))
        child.send_signal(signal.SIGHUP)
        child.send_signal(signal.SIGINT)
        os.write(pipe.write, b"a b\n")
        pipe.close()
        out = child.communicate(timeout=PATIENCE)[0]
        if out != b"a\t1\nb\t1\n" or child.returncode != 0:
            fail(f"with HUP and INT ignored: {child.returncode} {out}")


def first_process(outer):
    """As process 1 of a name space for processes, for which signals have no default action."""
    pipe = Pipe()
    for what, arguments, streams in (
        ("small", ["-l", "--format=json", "small"], {"stdout": pipe.write}),
        ("large", ["-l", "large"], {"stdout": pipe.write}),
        ("opening", ["-o", "fifo", "small"], {}),
        ("names", ["--files0-from=fifo"], {}),
        ("reading", [], {"stdin": pipe.read}),
    ):
        for number in ENDING:
            with subprocess.Popen([*outer, "mrcount", *arguments], preexec_fn=die_with_us,
                                  **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **streams}) as parent:
                children = f"/proc/{parent.pid}/task/{parent.pid}/children"
                inside = []

                def found():
                    inside[:] = open(children, encoding="ascii").read().split()
                    return inside and open(f"/proc/{inside[0]}/comm", encoding="ascii").read() == "mrcount\n"

                wait_until("mrcount is process 1", found)
                pid = int(inside[0])
                wait_until("it sleeps", lambda: asleep(pid))
                os.kill(pid, number)
                try:
                    status = parent.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    os.kill(pid, signal.SIGKILL)
                    fail(f"process 1, {what}: {number!r} does not end it")
                if status != 128 + number:
                    fail(f"process 1, {what}: {number!r} ends it with {status}")
    pipe.close()
    # Nobody reads: the kernel does not send the first process a SIGPIPE that ends it.
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*outer, "mrcount", "small"], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    if done.returncode != 128 + signal.SIGPIPE or done.stderr:
        fail(f"process 1 without a reader: {done.returncode} {done.stderr}")


def main():
    with open("small", "w", encoding="ascii") as file:
        file.write("".join(f"{i}\n" for i in range(9000)))
    with open("large", "w", encoding="ascii") as file:
        file.write("".join(f"{i}\n" for i in range(100000)))
    if not 0 < os.path.getsize("small") <= 65536 < os.path.getsize("large"):
        fail("the small input is not small")
    os.mkfifo("fifo")
    for number in ENDING:
        for name in ("small", "large"):
            for arguments in (["-l"], ["-l", "--format=json"], ["-l", "--sort=none"], ["-l", "-o", "/dev/stdout"]):
                blocked_writing(name, arguments, number)
        blocked_messages(number)
        blocked_opening(number)
        stopped_terminal(number)
    ignored_stays_ignored()
    outer = ["unshare", "-pf", "--kill-child"] if ROOT else ["unshare", "-rpf", "--kill-child"]
    tried = subprocess.run([*outer, "true"], check=False, capture_output=True)
    if tried.returncode == 0:
        first_process(outer)
    else:
        skipped.append(f"process 1 ({tried.stderr.decode().strip()})")
    for what in sorted(set(skipped)):
        print(f"not run: {what}")


if __name__ == "__main__":
    main()
