#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""charsets.py - text in many charsets is counted as `iconv -t UTF-8 | mrcount` counts it, whatever
the threads and wherever it is divided; what is invalid or cut off, as a slow conversion here has it.

Runs in an empty folder with mrcount first on PATH.
"""
import ctypes
import errno
import os
import random
import subprocess
import sys
from pathlib import Path

SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))  # under a sanitizer
SIZE = 100_000 if SLOW else 600_000  # characters of a large text: several pieces
SECONDS = 300
done = 0

# What it has words of, how many bytes at least stand for what is no character, whether it has a mark.
CHARSETS = {
    "ISO-8859-1": ("latin", 1), "WINDOWS-1252": ("latin", 1), "KOI8-R": ("russian", 1), "IBM037": ("latin", 1),
    "SHIFT_JIS": ("japanese", 1), "GB18030": ("all", 1), "EUC-KR": ("korean", 1), "ISO-2022-JP": ("japanese", 1),
    "UTF-16LE": ("all", 2), "UTF-16BE": ("all", 2), "UTF-16": ("all", 2),
    "UTF-32LE": ("all", 4), "UTF-32BE": ("all", 4), "UTF-32": ("all", 4), "UTF-8": ("all", 1),
}
SOME = "KOI8-R", "SHIFT_JIS", "GB18030", "UTF-16LE", "UTF-32"  # one of each way
WORDS = {
    "latin": "été garçon Straße naïve façade word wörld x".split(),
    "russian": "мир слово дом Ёлка и word".split(),
    "japanese": "日本 あいう カタカナ 人 word".split(),
    "korean": "한국 사람 말 word".split(),
    "all": "été мир 日本 한국 \U0001F600 \U00020000\U00020001 word \u200D\u0301".split(),
}


def run(options, data=None, files=(), status=0, errors=b""):
    """Runs mrcount; returns what it printed."""
    got = subprocess.run(["mrcount", *options, *files], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=SECONDS, check=False)
    if got.returncode != status or (errors is not None and got.stderr != errors):
        sys.exit(f"{options} {files}: exit status {got.returncode}, {got.stderr[:300]!r}")
    return got.stdout


def same(what, got, want):
    global done
    if got != want:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        at = max(0, at - 40)
        sys.exit(f"{what}: {len(got)} bytes, not {len(want)}: {got[at:at + 120]!r}, not {want[at:at + 120]!r}")
    done += 1


def iconv(charset, data):
    return subprocess.run(["iconv", "-f", charset, "-t", "UTF-8"], input=data, stdout=subprocess.PIPE, check=True,
                          timeout=SECONDS).stdout


def iconv_to(charset, text):
    return subprocess.run(["iconv", "-f", "UTF-8", "-t", charset], input=text.encode(), stdout=subprocess.PIPE,
                          check=True, timeout=SECONDS).stdout


def text_of(words, size, seed):
    rng = random.Random(seed)
    out, length = [], 0
    while length < size:
        word = rng.choice(words) + rng.choice([" ", " ", " ", "\n"])
        out.append(word)
        length += len(word)
    return "".join(out)


def known():
    have = []
    for charset in CHARSETS:
        if subprocess.run(["iconv", "-f", charset, "-t", "UTF-8"], stdin=subprocess.DEVNULL, check=False,
                          stderr=subprocess.DEVNULL).returncode == 0:
            have.append(charset)
        else:
            print(f"not run: {charset}: iconv does not know it")
    return have


# ---- A conversion byte by byte ----

libc = ctypes.CDLL(None, use_errno=True)
libc.iconv_open.restype = ctypes.c_void_p
libc.iconv.argtypes = [ctypes.c_void_p] + [ctypes.c_void_p] * 4
libc.iconv.restype = ctypes.c_size_t
libc.iconv_close.argtypes = [ctypes.c_void_p]
FAILED = ctypes.c_size_t(-1).value


def slowly(charset, unit, data):
    """What the bytes are in UTF-8; those that are no character, one invalid byte each."""
    conversion = libc.iconv_open(b"UTF-8", charset.encode())
    room = 8 * len(data) + 64
    source, text = ctypes.create_string_buffer(data, len(data) + 1), ctypes.create_string_buffer(room)
    begin, end = ctypes.addressof(source), ctypes.addressof(text)
    at, left, to, free = (ctypes.c_void_p(begin), ctypes.c_size_t(len(data)), ctypes.c_void_p(end),
                          ctypes.c_size_t(room))
    while left.value > 0:
        ctypes.set_errno(0)
        if libc.iconv(conversion, ctypes.byref(at), ctypes.byref(left), ctypes.byref(to), ctypes.byref(free)) != FAILED:
            continue
        if ctypes.get_errno() == errno.E2BIG:
            sys.exit(f"{charset}: no room")
        for _ in range(min(unit, left.value)):
            byte = data[at.value - begin]
            stays = 0x80 <= byte < 0xC0 or byte >= 0xF5
            ctypes.memset(to.value, byte if stays else 0xFF, 1)
            at.value, left.value, to.value, free.value = at.value + 1, left.value - 1, to.value + 1, free.value - 1
    libc.iconv_close(conversion)
    return text.raw[:to.value - end]


def counted(text, options):
    """Text in UTF-8 as it is counted where it comes from a FILE: a mark at its start is none of it."""
    return run([*options, "-q"], text)


# ---- What must hold ----

def whole_text(charset):
    words, _ = CHARSETS[charset]
    text = text_of(WORDS[words], SIZE, charset)
    data = iconv_to(charset, text)
    Path("text").write_bytes(data)
    utf8 = iconv(charset, data)
    for options in (["-w"], ["-m"]) if SLOW else (["-w"], ["-l"], ["-m"], ["-g2"]):
        want = counted(utf8, options)
        for threads in ("-j2",) if SLOW else ("-j1", "-j2", "-j8"):
            encoding = f"--encoding={charset}"
            same(f"{charset} {options} {threads}", run([*options, threads, encoding], files=["text"]), want)
        same(f"{charset} {options} from a pipe", run([*options, encoding], data), want)
    copies = run(["-j8", f"--encoding={charset}", "--total"], files=["text"] * 12)
    same(f"{charset}, 12 FILEs", copies, run(["--total"], b"".join([utf8 + b"\n"] * 12)))


def pieces_written(charset):
    """Small texts, written to a pipe in pieces of one byte, of two, ..."""
    words, unit = CHARSETS[charset]
    text = text_of(WORDS[words], 60, 3)
    data = iconv_to(charset, text)
    want = counted(iconv(charset, data), ["-w"])
    for size in range(1, 2 * unit + 2):
        with subprocess.Popen(["mrcount", "-w", f"--encoding={charset}"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as child:
            for at in range(0, len(data), size):
                child.stdin.write(data[at:at + size])
                child.stdin.flush()
            child.stdin.close()
            same(f"{charset} in pieces of {size}", child.stdout.read(), want)


def borders(charset):
    """Characters of every length over every border of pieces."""
    words, _ = CHARSETS[charset]
    long_one = {"all": "\U0001F600", "japanese": "人", "korean": "한"}.get(words, "é" if words == "latin" else "м")
    text = long_one * (SIZE // 3)
    data = iconv_to(charset, text)
    for shift in range(4 if words == "all" else 2):
        pad = iconv_to(charset, "a" * shift)
        Path("text").write_bytes(pad + data[len(mark_of(charset, data)):])
        # What cannot be halved stays whole: no byte is invalid.
        got = run(["-m", "-j2", "--encoding=" + charset], files=["text"])
        want = f"{long_one}\t{len(text)}\n" + (f"a\t{shift}\n" if shift else "")
        same(f"{charset} shifted by {shift}", got, want.encode())


def mark_of(charset, data):
    return data[:CHARSETS[charset][1]] if charset in ("UTF-16", "UTF-32") else b""


def broken_text(charset):
    words, unit = CHARSETS[charset]
    if charset == "UTF-8":
        return
    rng = random.Random(charset)
    data = bytearray(iconv_to(charset, text_of(WORDS[words], 3000, 5)))
    cases = [bytes(data[:len(data) - cut]) for cut in range(1, 9)]
    for _ in range(10):
        broken = bytearray(data)
        for _ in range(rng.randrange(1, 40)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        cases.append(bytes(broken))
    cases.append(bytes(rng.randrange(256) for _ in range(5000)))
    for number, case in enumerate(cases[::4] if SLOW else cases):
        Path("text").write_bytes(case)
        # In a charset with a mark iconv takes it off by itself.
        want = slowly(charset, unit, case)
        for options in ["-w", "--stats"], ["-l"], ["-m"]:
            plain = [option for option in options if option != "--stats"]
            got = run([*plain, "-q", "-j2", f"--encoding={charset}"], files=["text"])
            same(f"{charset} broken {number} {options}", got, counted(want, plain))
        invalid = [invalid_bytes(["--encoding=" + charset], case), invalid_bytes([], want)]
        same(f"{charset} broken {number}: invalid bytes", invalid[0], invalid[1])


def invalid_bytes(options, data):
    got = subprocess.run(["mrcount", "-q", "--stats", *options], input=data, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, timeout=SECONDS, check=True).stderr
    return next(line.split()[-1] for line in got.splitlines() if line.startswith(b"invalid"))


def marks():
    text = "word мир \U0001F600\nword\n"
    want = run(["-w"], text.encode())
    for charset, mark in (("UTF-8", "EFBBBF"), ("UTF-16LE", "FFFE"), ("UTF-16BE", "FEFF"), ("UTF-32LE", "FFFE0000"),
                          ("UTF-32BE", "0000FEFF")):
        data = bytes.fromhex(mark) + text.encode(charset)
        Path("text").write_bytes(data)
        for options in [], ["--encoding=auto"], [f"--encoding={charset}"]:
            same(f"mark of {charset} {options}", run(["-w", *options], files=["text"]), want)
            same(f"mark of {charset} {options} in a pipe", run(["-w", *options], data), want)
        same(f"mark of {charset}, lines", run(["-l", "-n1"], files=["text"]), b"word\t1\n")
        same(f"no mark of {charset}", run(["-l", "--encoding=none", "-q"], data), lines_of(data))
        # Only a mark: no text.
        same(f"mark of {charset} alone", run([], bytes.fromhex(mark)), b"")
    # Each FILE has its own.
    Path("one").write_bytes(b"\xff\xfe" + "eins zwei".encode("UTF-16LE"))
    Path("two").write_bytes(b"eins zwei")
    Path("three").write_bytes(b"\xef\xbb\xbfeins")
    same("FILEs of all kinds", run([], files=["one", "two", "three"]), b"eins\t3\nzwei\t2\n")


def lines_of(data):
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    count = {line: lines.count(line) for line in lines}
    return b"".join(b"%b\t%d\n" % pair for pair in sorted(count.items(), key=lambda pair: (-pair[1], pair[0])))


def notes():
    hint = b"more than one byte in 100 is invalid in UTF-8; another charset is named by --encoding\n"
    Path("latin").write_bytes(b"caf\xe9 " * 100)
    Path("few").write_bytes(b"caf\xe9 " + b"cafe " * 200)
    run(["-w"], files=["latin", "few"], errors=b"mrcount: latin: " + hint)
    run(["-m"], files=["few", "latin"], errors=b"mrcount: latin: " + hint)
    run(["-w", "-q"], files=["latin"])
    run(["-l"], files=["latin"])  # which reads no characters
    run(["-wspace"], files=["latin"])
    run(["-w", "--encoding=latin1"], files=["latin"])
    # Over all pieces of a FILE, by any number of threads.
    Path("large").write_bytes(b"cafe " * SIZE + b"\xe9" * (SIZE // 20))
    run(["-w", "-j2"], files=["large"])
    Path("large").write_bytes(b"cafe " * SIZE + b"\xe9" * (SIZE // 15))
    run(["-w", "-j2"], files=["large"], errors=b"mrcount: large: " + hint)
    names = [f"f{i:02}" for i in range(30)]
    for name in names:
        Path(name).write_bytes(b"\xe9")
    said = b"".join(b"mrcount: %b: %b" % (name.encode(), hint) for name in names[:10])
    run([], files=names, errors=said + b"mrcount: the same holds for 20 more FILEs\n")
    for order in "UTF-16LE", "UTF-16BE":
        Path("nomark").write_bytes("no mark".encode(order))
        run([], files=["nomark"],
            errors=b"mrcount: nomark: every second byte is NUL: --encoding=%b if that is what it is\n" % order.encode())
        run(["-q"], files=["nomark"])
        same(order, run([f"--encoding={order}"], files=["nomark"]), b"mark\t1\nno\t1\n")


def wrong_names():
    for name in "no-such-charset", "", "latin1//TRANSLIT":
        said = b"mrcount: --encoding: no charset is named '%b' (iconv -l lists them)\n" \
               b"Try 'mrcount --help' for more information.\n" % name.encode()
        run([f"--encoding={name}"], b"text", status=2, errors=said)
    # Nothing has been read.
    left = subprocess.run(["sh", "-c", "mrcount --encoding=no-such 2> /dev/null; cat"], input=b"text",
                          stdout=subprocess.PIPE, check=True, timeout=SECONDS).stdout
    same("what is left to read", left, b"text")


def commands():
    Path("text").write_bytes(iconv_to("UTF-16LE", "мир мир\nword\n"))
    same("--mapper", run(["-l", "--mapper=cat", "--encoding=UTF-16LE"], files=["text"]),
         "word\t1\nмир мир\t1\n".encode())
    run(["--per-file", "--mapper=cat", "--encoding=UTF-16LE"], files=["text"], status=2, errors=None)


def main():
    have = known()
    for charset in have if not SLOW else [name for name in have if name in SOME]:
        whole_text(charset)
        pieces_written(charset)
        borders(charset)
        broken_text(charset)
    marks()
    notes()
    wrong_names()
    commands()
    print(f"{done} comparisons")


main()
