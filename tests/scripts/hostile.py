#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile.py - inputs that fight back, each counted independently here and compared line by line.

Runs in an empty folder with mrcount first on PATH. With MRCOUNT_HOSTILE=1 texts have
10^7 tokens, which takes minutes, and one file is past 4 GiB.
"""
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

FULL = bool(os.environ.get("MRCOUNT_HOSTILE"))
SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))  # under a sanitizer
MANY = 10_000_000 if FULL else 20_000 if SLOW else 300_000
SECONDS = 600
done = 0


def run(options, files=(), data=None, status=0, errors=rb"", **more):
    """Runs mrcount; returns what it printed."""
    got = subprocess.run(["mrcount", *options, *files], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=SECONDS, check=False, **more)
    if got.returncode != status or not re.fullmatch(errors, got.stderr, re.DOTALL):
        sys.exit(f"{options} {files[:3]}: exit status {got.returncode}, {got.stderr[:300]!r}")
    return got.stdout


def printed(counter):
    """A Counter as mrcount prints it."""
    order = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    return b"".join(b"%b\t%d\n" % pair for pair in order)


def same(name, got, want):
    global done
    if got != want:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        at = max(0, at - 40)
        sys.exit(f"{name}: {len(got)} bytes, not {len(want)}: {got[at:at + 120]!r}, not {want[at:at + 120]!r}")
    done += 1


def lines_of(data):
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


# The rules that a few words of Python can follow.
RULES = {
    "-l": lines_of,
    "--words=space": lambda data: re.findall(rb"[^ \t\n\v\f\r]+", data),
    "--words=letters": lambda data: re.findall(rb"[A-Za-z]+", data),
}


def compare(name, data, rules=tuple(RULES), more=("-j3",)):
    """A file and a pipe of these bytes, under each rule, with and without room in memory."""
    Path("text").write_bytes(data)
    for rule in rules:
        want = printed(Counter(RULES[rule](data)))
        same(f"{name}, {rule}", run([rule, *more], ["text"]), want)
        same(f"{name}, {rule}, a pipe", run([rule, *more], data=data), want)
        same(f"{name}, {rule}, little memory", run([rule, *more, "-q", "-S1K"], ["text"]), want)


# ---- Texts -----------------------------------------------------------------------------------------

def texts():
    draw = random.Random(5)
    compare("all keys equal", b"same\n" * MANY)
    compare("empty lines", b"\n" * MANY)
    compare("nothing but blanks", b" " * MANY)
    compare("a key a byte", bytes(97 + draw.randrange(26) if i % 2 else 32 for i in range(MANY // 4)))
    giant = b"x" * (MANY * 16 + 1)
    compare("one giant key", giant)
    same("one giant key, Unicode words", run([], ["text"]), giant + b"\t1\n")
    compare("two giant keys", giant + b"\n" + giant[1:])
    compare("the last byte differs", b"".join(b"prefixes%c\n" % (i * 7 % 256) for i in range(MANY)))
    compare("the last byte of 40 differs", b"".join(b"p" * 39 + b"%c\n" % (33 + i * 7 % 90) for i in range(MANY // 10)))
    compare("NULs", b"\0" * MANY)
    compare("NULs between letters", b"a\0b\0\0c\n" * (MANY // 8))
    same("NULs end lines", run(["-l", "-z"], data=b"a\0\0b\0a\0" * 1000), b"a\t2000\0\t1000\0b\t1000\0")
    compare("all bytes", b"".join(bytes(draw.sample(range(256), 256)) for _ in range(MANY // 256)))
    compare("random bytes", draw.randbytes(MANY))
    compare("CRLF", b"one two\r\ntwo\r\n\r\nend" * (MANY // 20))
    same("CRLF, Unicode words", run([], data=b"one two\r\ntwo\r\n"), b"two\t2\none\t1\n")
    same("CRLF, fields", run(["-f2"], data=b"a b\r\na b\r\n"), b"b\r\t2\n")
    mark = b"\xef\xbb\xbf"
    compare("byte order marks", (b"hello" + mark + b"\n" + mark + b"hello\n") * 1000)
    same("a byte order mark at the start", run(["-l"], data=mark + b"hello\n" + mark + b"hello\n"),
         b"hello\t1\n" + mark + b"hello\t1\n")
    # Format characters are part of the word before them, and of none at the start (WB4).
    same("byte order mark, Unicode words", run([], data=mark + b"hello hello\n"), b"hello\t2\n")
    compare("UTF-16", b"\n" + "\ufeffzwei Wörter\n".encode("utf-16-le") * (MANY // 40))
    compare("a line a page", (b"y" * 4095 + b"\n") * (MANY // 4096 + 1))
    pairs = [b"k%d" % draw.randrange(1000) for _ in range(MANY // 10)]
    compare("few keys", b"\n".join(pairs))
    same("chars", run(["-m"], data=bytes(range(128)) * 100), printed(Counter(
        {bytes([c]): 100 for c in range(128) if c != 10})))


def sums():
    """Counts that pass 2^32, each from many lines and at last 2^64 - 1."""
    draw = random.Random(6)
    total = Counter()
    parts = []
    for i in range(8):
        part = [(b"key%d" % (k % 977), draw.randrange(1, 1 << 40)) for k in range(2000)]
        part += [(b"large", (1 << 61) - 1)]
        for key, count in part:
            total[key] += count
        Path(f"counts{i}").write_bytes(b"".join(b"%b\t%d\n" % pair for pair in part))
        parts.append(f"counts{i}")
    Path("rest").write_bytes(b"large\t7\n")
    total[b"large"] += 7
    if total[b"large"] != (1 << 64) - 1:
        sys.exit("the sums of this test are wrong")
    same("counts past 2^32", run(["--merge"], [*parts, "rest"]), printed(total))
    same("counts past 2^32, little memory", run(["--merge", "-q", "-S1K", "-j3"], [*parts, "rest"]), printed(total))
    Path("rest").write_bytes(b"large\t8\n")
    run(["--merge"], [*parts, "rest"], status=2, errors=rb"mrcount: [^\n]*18446744073709551615[^\n]*\n")
    ones = b"b\t4294967295\n" * 3 + b"b\t1\n"
    same("three times 2^32 - 1", run(["--merge"], data=ones), b"b\t%d\n" % (3 * 0xFFFFFFFF + 1))


# ---- Keys that collide -----------------------------------------------------------------------------

def attacks(count):
    """Families of keys, chosen knowing all of base/hash.h but the seed."""
    def window(size, fill, bit):
        for i in range(count):
            key = int.from_bytes(bytes([fill]) * size, "little")
            mask = ((1 << 20) - 1) << bit
            yield ((key & ~mask) | i << bit).to_bytes(size + 3, "little")[:size]
    for size, bit in (7, 20), (7, 36), (8, 40), (15, 36), (15, 88), (31, 128), (31, 208), (64, 488):
        yield f"{size} bytes counted from bit {bit}", [
            key for key in dict.fromkeys(window(size, 97, bit)) if b"\n" not in key]
    # Halves of the product change places; every word is its neighbour's complement.
    yield "halves swapped", [key for i in range(count // 2) for key in (
        b"%07dA%07dB" % (i, count - i), b"%07dA%07dB" % (count - i, i))]
    yield "words swapped", [key for i in range(count // 2) for key in (
        b"%08d%08d" % (i, count - i) * 2, b"%08d%08d" % (count - i, i) * 2)]
    yield "one bit in a row of zeros", [
        (1 << i | 1 << j).to_bytes(31, "little") for i in range(8, 248) for j in range(i) if i % 8 != 1 or j % 8 != 3]


def collisions():
    count = 2000 if SLOW else 1 << 16
    for name, keys in attacks(count):
        keys = [key for key in keys if b"\n" not in key]
        text = b"\n".join(keys * 2) + b"\n"
        compare(f"keys that collide, {name}", text, ["-l"])


# ---- Files -----------------------------------------------------------------------------------------

def files():
    Path("folder").mkdir()
    Path("file").write_bytes(b"b a b\n")
    good = b"b\t2\na\t1\n"
    same("a folder", run([], ["folder", "file"], status=1, errors=rb"mrcount: folder: Is a directory\n"), good)
    same("an empty device", run([], ["/dev/null", "file"]), good)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        same("a socket", run([], ["socket", "file"], status=1, errors=rb"mrcount: socket: [^\n]+\n"), good)
    # Our own maps are not mrcount's; those of a process that stands still are the same for both.
    maps = f"/proc/{os.getpid()}/maps"
    before = Path(maps).read_bytes()
    got = run(["-l"], [maps])
    if before == Path(maps).read_bytes():
        same("maps of a process", got, printed(Counter(lines_of(before))))
    if b"[stack]" not in run(["--words=space"], ["/proc/self/maps"]):
        sys.exit("/proc/self/maps: no stack")
    os.symlink("loop", "loop")
    same("a link to itself", run([], ["loop", "file"], status=1, errors=rb"mrcount: loop: [^\n]+\n"), good)


def many_files():
    """Far more FILEs than descriptors."""
    count = 500 if SLOW else 10_000
    Path("many").mkdir()
    want = Counter()
    names = []
    for i in range(count):
        name = f"many/{i}"
        line = b"key%d" % (i % 97)
        with open(name, "wb") as file:
            file.write(line + b"\n" if i % 3 else line)
        want[line] += 1
        names.append(name)
    # Some of more than one split, whose workers hold them open for longer.
    large = b"large key\n" * 150_000
    for i in range(10):
        names.insert(i * count // 10, "many/large")
    Path("many/large").write_bytes(large)
    want[b"large key"] += 1_500_000
    Path("names").write_bytes(b"".join(os.fsencode(name) + b"\0" for name in names))

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    for more in (["-j8"], ["-j1"], ["-j8", "-q", "-S1K"]):
        same(f"{count} FILEs, 64 descriptors, {more}", run(["-l", *more], names, preexec_fn=limit), printed(want))
        same(f"{count} names in a file, {more}", run(["-l", *more, "--files0-from=names"], preexec_fn=limit),
             printed(want))


def start(options, files, **more):
    return subprocess.Popen(["mrcount", *options, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def finish(name, child, status=0, errors=rb""):
    out, err = child.communicate(timeout=SECONDS)
    if child.returncode != status or not re.fullmatch(errors, err):
        sys.exit(f"{name}: exit status {child.returncode}, {err[:300]!r}")
    return out


def between(name, out, line, least, most):
    """`line` as often as that; beside it at most a part of it, once."""
    global done
    counts = {key: int(count) for key, count in (row.rsplit(b"\t", 1) for row in out.splitlines())}
    whole = counts.pop(line, 0)
    if not least <= whole <= most or any(count != 1 or not line.startswith(key) for key, count in counts.items()):
        sys.exit(f"{name}: {whole} lines, not {least} to {most}, and {list(counts.items())[:3]}")
    done += 1


def has_read(pid, size):
    """Whether the process has read so many bytes, or is no more."""
    try:
        return int(re.search(r"rchar: (\d+)", Path(f"/proc/{pid}/io").read_text(encoding="ascii")).group(1)) >= size
    except OSError:
        return True


def changing():
    line = b"a line of some length to be counted"
    count = 20_000 if SLOW else 400_000
    data = (line + b"\n") * count
    for i in range(3):
        Path("file").write_bytes(data)
        stop = threading.Event()
        added = 0

        def grow():
            nonlocal added
            with open("file", "ab", buffering=0) as file:
                while not stop.is_set() and added < count:
                    file.write((line + b"\n") * 50)
                    added += 50
        writer = threading.Thread(target=grow)
        writer.start()
        out = run(["-l", f"-j{i + 1}"], ["file"])
        stop.set()
        writer.join()
        between("a file that grows", out, line, count, count + added)

        Path("file").write_bytes(data)
        kept = count // 4
        child = start(["-l", f"-j{i + 1}"], ["file"])
        while child.poll() is None and not has_read(child.pid, i * len(data) // 4):
            pass
        os.truncate("file", kept * (len(line) + 1))
        between("a file that shrinks", finish("a file that shrinks", child), line, kept, count)

        Path("file").write_bytes(data)
        child = start(["-l", f"-j{i + 1}"], ["-", "file"], stdin=subprocess.PIPE)
        os.unlink("file")  # standard input is not at its end: nothing behind it is needed yet
        out, err = child.communicate(timeout=SECONDS)
        if (child.returncode, err) not in ((0, b""), (1, b"mrcount: file: No such file or directory\n")):
            sys.exit(f"a file that vanishes: exit status {child.returncode}, {err[:300]!r}")
        between("a file that vanishes", out, line, 0 if child.returncode else count, 0 if child.returncode else count)

    # Unlinked while it is open: all of it is still there.
    Path("file").write_bytes(data)
    with open("file", "rb") as file:
        os.unlink("file")
        between("standard input without a name", finish("standard input without a name", start(["-l"], [], stdin=file)),
                line, count, count)


def dying_writer():
    os.mkfifo("fifo")
    for number in (signal.SIGKILL, signal.SIGTERM):
        child = start(["-l"], ["fifo"])
        writer = subprocess.Popen(["sh", "-c", "exec > fifo; printf 'one\\ntwo\\none\\nun'; kill -STOP $$"])
        os.waitpid(writer.pid, os.WUNTRACED)
        writer.send_signal(number)
        writer.send_signal(signal.SIGCONT)
        writer.wait()
        same("a FIFO whose writer dies", finish("a FIFO whose writer dies", child), b"one\t2\ntwo\t1\nun\t1\n")


def sparse():
    """Past 4 GiB, most of it a hole; NULs are no letters."""
    with open("sparse", "wb") as file:
        for at in (0, (1 << 31) - 3, (1 << 32) - 4, (1 << 32) + (1 << 20)):
            file.seek(at)
            file.write(b" border ")
        file.write(b"end")
    same("a file past 4 GiB", run(["--words=letters"], ["sparse"]), b"border\t4\nend\t1\n")
    os.unlink("sparse")


def main():
    texts()
    sums()
    collisions()
    files()
    many_files()
    changing()
    dying_writer()
    if FULL:
        sparse()
    print(f"hostile inputs counted right: {done}")


if __name__ == "__main__":
    main()
