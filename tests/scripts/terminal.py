#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The progress line on a terminal and off it, and signals.

The program runs on a pseudo-terminal whose output goes through a small model of a screen that knows
only what the program may send: text, CR, LF and erase-to-the-end. Nothing here waits for a fixed
time: each step waits for what must come, and fails after a minute without it.
"""
import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60
FIRST_LINE = 0.5  # seconds into a run
BIG = 1 << 40  # of holes: longer than any test, and of known size


def fail(text):
    sys.exit(f"failed: {text}")


class Screen:
    """What is on the terminal; a line that reaches the last column is a failure."""

    def __init__(self):
        self.lines = [""]
        self.column = 0
        self.width = 80
        self.pending = ""
        self.drawn = []  # what stood on the bottom line, at each erase-to-end

    def feed(self, data):
        self.pending += data.decode("latin-1")
        while self.pending:
            match = re.match(r"\r\n|\r|\n|\x1b\[J|[^\r\n\x1b]", self.pending)
            if not match:
                if len(self.pending) > 3:
                    fail(f"unexpected on the terminal: {self.pending!r}")
                return
            token = match.group()
            if token == "\r" and len(self.pending) == 1:
                return  # perhaps CR LF
            self.pending = self.pending[len(token):]
            if token == "\r":
                self.column = 0
            elif token in ("\r\n", "\n"):
                self.lines.append("")
                self.column = 0
            elif token == "\x1b[J":
                self.lines[-1] = self.lines[-1][:self.column]
                if self.lines[-1]:
                    self.drawn.append(self.lines[-1])
            else:
                line = self.lines[-1].ljust(self.column)
                self.lines[-1] = line[:self.column] + token + line[self.column + 1:]
                self.column += 1
                if self.column >= self.width:
                    fail(f"wider than {self.width} columns: {self.lines[-1]!r}")


class Session:
    """The program with a terminal as its controlling one, on standard error and where asked for."""

    def __init__(self, *options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, width=80, **env):
        self.master, self.slave = os.openpty()
        self.screen = Screen()
        self.resize(width)
        self.out = b""
        slave = self.slave

        def control():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            ["mrcount", *options], stdin=slave if stdin == "terminal" else stdin,
            stdout=slave if stdout == "terminal" else stdout, stderr=slave, start_new_session=True,
            preexec_fn=control, env={**os.environ, "TERM": "xterm", **env})

    def resize(self, width):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        self.screen.width = width

    def read(self, timeout):
        ready, _, _ = select.select([self.master], [], [], timeout)
        if ready:
            self.screen.feed(os.read(self.master, 65536))
        return bool(ready)

    def wait_for(self, what, happened):
        end = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > end:
                fail(f"{what} did not come; the screen: {self.screen.lines} {self.screen.drawn}")
            self.read(0.05)

    def wait_for_line(self, pattern):
        self.wait_for(pattern, lambda: any(re.fullmatch(pattern, line) for line in self.screen.drawn))

    def end(self):
        """The exit status; afterwards the screen shows all that was sent."""
        self.wait_for("the end", lambda: self.process.poll() is not None)
        if self.process.stdout:
            self.out = self.process.stdout.read()
            self.process.stdout.close()
        while self.read(0.05):
            pass
        os.close(self.master)
        os.close(self.slave)
        return self.process.returncode


def expect(what, got, want):
    if got != want:
        fail(f"{what}: {got!r} instead of {want!r}")


def seconds(line):
    """How long the program has run, by the bytes and the rate in a line of progress."""
    match = re.fullmatch(r"map ([\d.]+) (.?B)(?: ([\d.]+) (.?B)/s)?.*", line)
    if not match:
        fail(f"not progress: {line!r}")
    amount, unit, rate, rate_unit = match.groups()
    scale = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
    return float(amount) * scale[unit] / (float(rate) * scale[rate_unit]) if rate else 0


def test_pipe_of_unknown_size():
    reader, writer = os.pipe()
    session = Session(stdin=reader)
    os.close(reader)
    os.write(writer, b"b a b\n" * 1000)
    session.wait_for_line(r"map( [0-9.]+ k?B)?( [0-9.]+ k?B/s)?")
    os.close(writer)
    expect("exit status", session.end(), 0)
    expect("output", session.out, b"b\t2000\na\t1000\n")
    expect("screen at the end", session.screen.lines, [""])
    for line in session.screen.drawn:
        if "%" in line or "eta" in line:
            fail(f"a percentage of nothing: {line}")


def test_terminal_as_newer_c_libraries_ask_for_it():
    library = os.path.join(os.environ["MRCOUNT_BUILD"], "fault", "libraries.so")
    if not os.path.exists(library):
        return  # a sanitizer's functions stand in its way
    reader, writer = os.pipe()
    session = Session(stdin=reader, LD_PRELOAD=library)
    os.close(reader)
    os.write(writer, b"b a b\n" * 1000)
    session.wait_for_line(r"map( [0-9.]+ k?B)?( [0-9.]+ k?B/s)?")
    os.close(writer)
    expect("exit status", session.end(), 0)
    expect("output", session.out, b"b\t2000\na\t1000\n")


def test_file_of_known_size():
    session = Session("holes")
    session.wait_for_line(r"map \d+% [\d.]+/1\.1 TB [\d.]+ [MG]B/s eta [0-9hms]+")
    session.resize(20)
    session.screen.drawn.clear()
    session.wait_for_line(r"map \d+%( [\d.]+/1\.1 TB)?")
    session.wait_for("three redraws", lambda: len(session.screen.drawn) > 3)
    session.resize(300)
    session.screen.drawn.clear()
    session.wait_for_line(r"map \d+% .* eta [0-9hms]+")
    # There is more to read than it could in the time that is waited for the end.
    os.write(session.master, b"\x03")
    expect("status after ^C", session.end(), -signal.SIGINT)
    expect("output", session.out, b"")
    # The terminal itself echoes the ^C.
    expect("screen after ^C", [line for line in session.screen.lines if line not in ("", "^C")], [])


def test_terminal_as_output():
    reader, writer = os.pipe()
    session = Session("-j2", stdin=reader, stdout="terminal")
    os.close(reader)
    os.write(writer, b"x y x\n")
    session.wait_for_line(r"map.*")
    os.close(writer)
    expect("exit status", session.end(), 0)
    expect("screen", session.screen.lines, ["x\t2", "y\t1", ""])


def test_message_in_between():
    os.mkfifo("fifo")
    session = Session("fifo", "gone-later")
    writer = os.open("fifo", os.O_WRONLY)
    os.write(writer, b"x\n")
    session.wait_for_line(r"map.*")
    os.close(writer)
    expect("exit status", session.end(), 1)
    expect("screen", session.screen.lines,
           ["mrcount: gone-later: No such file or directory", ""])
    expect("output", session.out, b"x\t1\n")


def short_run(options):
    """A run that was over before a line could be due; on a busy machine that may take some tries."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        begun = time.monotonic()
        session = Session(*options, "small")
        expect("exit status", session.end(), 0)
        if time.monotonic() < begun + FIRST_LINE:
            return session
    fail(f"no run of {options} was short")


def test_nothing_to_show():
    for options in [], ["-q"], ["--progress=never"], ["--progress"]:
        session = short_run(options)
        expect(f"screen of a short run {options}", session.screen.lines, [""])
        expect("redraws", session.screen.drawn, [])
    for options, env in (["-q", "--progress=always"], {}), (["--progress=never"], {}), \
            ([], {"TERM": "dumb"}), ([], {"TERM": ""}):
        reader, writer = os.pipe()
        session = Session(*options, stdin=reader, **env)
        os.close(reader)
        os.write(writer, b"x\n" * 500000)  # more than a pipe and a block hold: some of it is mapped
        # Lines that are requested say when one would have come by itself, were there one.
        requests = 0
        while not requests or seconds(session.screen.lines[-2]) < 1:
            requests += 1
            os.kill(session.process.pid, signal.SIGUSR1)
            session.wait_for("the line requested", lambda: len(session.screen.lines) > requests)
        os.close(writer)
        expect("exit status", session.end(), 0)
        expect("redraws", session.screen.drawn, [])
        expect("lines", len(session.screen.lines), requests + 1)


def test_dumb_but_always():
    reader, writer = os.pipe()
    session = Session("--progress=always", stdin=reader, TERM="dumb")
    os.close(reader)
    os.write(writer, b"x\n")
    session.wait_for("two lines", lambda: len(session.screen.lines) > 2)
    os.close(writer)
    expect("exit status", session.end(), 0)
    expect("redraws", session.screen.drawn, [])
    for line in session.screen.lines[:-1]:
        if not re.match("map|reduce", line):
            fail(f"not progress: {line!r}")


def test_terminal_as_input():
    session = Session(stdin="terminal")
    session.wait_for("the note", lambda: any("reading standard input" in line
                                             for line in session.screen.lines))
    os.write(session.master, b"x y x\n")
    os.write(session.master, b"\x04")
    expect("exit status", session.end(), 0)
    expect("output", session.out, b"x\t2\ny\t1\n")
    notes = [line for line in session.screen.lines if "standard input" in line]
    expect("notes", len(notes), 1)
    session = Session("-q", stdin="terminal")
    os.write(session.master, b"x\n\x04")
    expect("exit status", session.end(), 0)
    expect("notes when quiet", any("input" in line for line in session.screen.lines), False)
    # ^C before anything was typed.
    session = Session(stdin="terminal")
    session.wait_for("the note", lambda: any("reading" in line for line in session.screen.lines))
    os.write(session.master, b"\x03")
    expect("status after ^C", session.end(), -signal.SIGINT)


def start(*options, **more):
    return subprocess.Popen(["mrcount", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def test_lines_without_terminal():
    process = start("--progress=always", "holes")
    lines = [process.stderr.readline() for _ in range(3)]
    for line in lines:
        if not re.fullmatch(rb"map \d+% [\d.]+/1\.1 TB( [\d.]+ .B/s eta [0-9hms]+)?\n", line):
            fail(f"a plain line: {line!r}")
    process.terminate()
    out, err = process.communicate()
    expect("status", (process.returncode, out), (-signal.SIGTERM, b""))
    if b"\r" in err or b"\x1b" in err:
        fail(f"control characters in a plain line: {err!r}")


def test_json_lines():
    process = start("--progress=json", "holes")
    figures = [json.loads(process.stderr.readline()) for _ in range(3)]
    for record in figures:
        expect("phase", record["phase"], "map")
        expect("sum", record["done"] + record["not_done"], BIG)
        expect("members", sorted(record), ["bytes", "done", "keys", "not_done", "phase", "seconds",
                                           "spilled", "tokens"])
    if not figures[0]["done"] < figures[1]["done"] < figures[2]["done"]:
        fail(f"no progress: {figures}")
    process.terminate()
    process.communicate()
    done = subprocess.run(["mrcount", "-j2", "--progress=json", "medium"], capture_output=True, check=True)
    last = json.loads(done.stderr.splitlines()[-1])
    expect("last", (last["phase"], last["bytes"], last["tokens"], last["keys"]),
           ("done", os.path.getsize("medium"), 200000, 1))


def test_line_on_request():
    for options in [], ["-q"], ["--progress=never"]:
        process = start(*options, "-", stdin=subprocess.PIPE)
        # More than a pipe holds: when it is all written, the program has begun.
        process.stdin.write(b"x\n" * 70000)
        process.stdin.flush()
        os.kill(process.pid, signal.SIGUSR1)
        line = process.stderr.readline()
        if not re.fullmatch(rb"map [\d.]+ .?B.*\n", line):
            fail(f"SIGUSR1: {line!r}")
        out, err = process.communicate()
        expect("after SIGUSR1", (process.returncode, out, err), (0, b"x\t70000\n", b""))


def test_signals():
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        process = start("--progress=always", "holes")
        process.stderr.readline()
        process.send_signal(number)
        process.communicate()
        expect(f"after {number}", process.returncode, -number)
    # What was ignored stays ignored, as under nohup.
    process = start("--progress=always", "holes", preexec_fn=lambda: signal.signal(
        signal.SIGHUP, signal.SIG_IGN))
    process.stderr.readline()
    process.send_signal(signal.SIGHUP)
    process.stderr.readline()
    process.stderr.readline()
    expect("ignored", process.poll(), None)
    process.terminate()
    process.communicate()
    expect("after SIGTERM", process.returncode, -signal.SIGTERM)


def leftovers():
    return [name for name in os.listdir("target") if name.startswith(".")]


def test_temporary_goes():
    """Stopped while it writes: the temporary beside -o goes and the old file stays."""
    os.mkdir("target")
    with open("target/out", "w", encoding="ascii") as file:
        file.write("old\n")
    caught = 0
    for _ in range(20):
        process = start("-l", "-o", "target/out", "distinct")
        while process.poll() is None and not leftovers():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate()
        expect("temporaries", leftovers(), [])
        with open("target/out", encoding="ascii") as file:
            content = file.read(10)
        if process.returncode == -signal.SIGINT:
            caught += 1
        else:
            expect("status", process.returncode, 0)
        if content != "old\n":
            break
        if caught == 3:
            break
    if caught == 0:
        print("never caught in the act")


def test_stuck_output():
    """Killed while nobody reads its output."""
    process = start("-l", "distinct")
    process.stdout.read(1000)
    process.send_signal(signal.SIGINT)
    expect("status", process.wait(timeout=PATIENCE), -signal.SIGINT)
    process.communicate()


def main():
    try:
        for end in os.openpty():
            os.close(end)
    except OSError as error:
        print(f"there are no pseudo-terminals here: {error}")
        sys.exit(77)
    with open("holes", "wb") as file:
        file.truncate(BIG)
    with open("small", "w", encoding="ascii") as file:
        file.write("x\n")
    with open("medium", "w", encoding="ascii") as file:
        file.write("x\n" * 200000)
    with open("distinct", "w", encoding="ascii") as file:
        for i in range(400000 if not os.environ.get("MRCOUNT_VARIANT") else 50000):
            file.write(f"{i * 2654435761 % 2 ** 32:x}\n")
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            print(name, flush=True)
            test()


main()
