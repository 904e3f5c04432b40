#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compressed FILEs are counted as what their own tool makes of them: in 60 forms, from a file and
from a pipe, by 1, 2 and 8 threads; cut off behind every byte, and with single bits flipped, where
mrcount must complain whenever the tool does."""
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

VARIANT = os.environ.get("MRCOUNT_VARIANT", "")
SLOW = VARIANT != ""
RANDOM = random.Random(23)
# Format -> what makes text of it, and the bytes by which it is recognized: without them all in
# place the bytes are text.
TOOLS = {
    "gzip": (["gzip", "-dc"], 2),
    "zstd": (["zstd", "-dcq", "--long=31"], 4),
    "xz": (["xz", "-dc"], 6),
    "bzip2": (["bzip2", "-dc"], 10),
    "lz4": (["lz4", "-dcq"], 4),
}
SKIPPABLE = b"\x53\x2a\x4d\x18\x05\0\0\0abcde"
done = 0


def tool(format, data):
    got = subprocess.run(TOOLS[format][0], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return got.returncode, got.stdout


def made(command, data):
    """What a tool prints of the data; None where there is no such tool."""
    if not shutil.which(command.split()[0]):
        return None
    return subprocess.run(command, shell=True, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def mrcount(arguments, data=None):
    got = subprocess.run(["mrcount", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         check=False, timeout=600)
    if got.returncode < 0:
        sys.exit(f"mrcount {arguments}: killed by signal {-got.returncode}: {got.stderr[-2000:]!r}")
    return got.returncode, got.stdout, got.stderr


def text_of(size):
    words = [bytes(RANDOM.choices(b"abcdefghijklmnopqrstuvwxyz", k=RANDOM.randint(1, 9))) for _ in range(2000)]
    out = bytearray()
    while len(out) < size:
        out += b" ".join(RANDOM.choices(words, k=RANDOM.randint(0, 12))) + b"\n"
    return bytes(out[:size])


def pieces(command, parts):
    """Each part compressed by itself."""
    all_of = [made(command, part) for part in parts]
    return None if None in all_of else b"".join(all_of)


def forms():
    """(name, format, data or None where its tool is missing)."""
    small, medium, large = text_of(3000), text_of(200_000), text_of(300_000 if SLOW else 3_000_000)
    thirds = [medium[:70_000], medium[70_000:70_001], b"", medium[70_001:]]
    Path("large").write_bytes(large)
    gz = made("gzip -nc", small)
    header = b"\x1f\x8b\x08\x1f" + bytes(6) + b"\x05\0extra" + b"name" * 9000 + b"\0a comment\0"
    header += struct.pack("<H", zlib.crc32(header) & 0xffff)
    yield "gzip", "gzip", gz
    yield "gzip-fast", "gzip", made("gzip -1c", large)
    yield "gzip-best", "gzip", made("gzip -9c", large)
    yield "gzip-empty", "gzip", made("gzip -c", b"")
    yield "gzip-one-byte", "gzip", made("gzip -c", b"x")
    yield "gzip-no-line-end", "gzip", made("gzip -c", b"one two\nthree")
    yield "gzip-members", "gzip", pieces("gzip -c", thirds)
    yield "gzip-empty-members", "gzip", pieces("gzip -c", [b"", b"", small, b"", b""])
    yield "gzip-zeros-behind", "gzip", gz + bytes(1234)
    yield "gzip-zeros-and-more-behind", "gzip", gz + bytes(12) + b"x"
    yield "gzip-garbage-behind", "gzip", gz + b"garbage"
    yield "gzip-header", "gzip", header + gz[10:]
    yield "gzip-stored", "gzip", made("gzip -1c", bytes(RANDOM.choices(range(256), k=200_000)))
    yield "pigz", "gzip", made("pigz -c", large)
    yield "pigz-independent", "gzip", made("pigz -ic", large)
    yield "igzip", "gzip", made("igzip -c", large)
    yield "bgzip", "gzip", made("bgzip -c", large)
    yield "bgzip-small", "gzip", made("bgzip -c", small)
    yield "bgzip-empty", "gzip", made("bgzip -c", b"")
    bgzf = made("bgzip -c", medium)
    yield "bgzip-twice", "gzip", bgzf and bgzf * 2
    yield "bgzip-then-gzip", "gzip", bgzf and bgzf + gz + bgzf
    yield "bgzip-zeros-behind", "gzip", bgzf and bgzf + bytes(512)
    yield "bgzip-no-last-block", "gzip", bgzf and bgzf[:-28]
    zst = made("zstd -c", small)
    yield "zstd", "zstd", zst
    yield "zstd-fast", "zstd", made("zstd --fast=3 -c", large)
    yield "zstd-19", "zstd", made("zstd -19 -c", medium)
    yield "zstd-empty", "zstd", made("zstd -c", b"")
    yield "zstd-one-byte", "zstd", made("zstd -c", b"x")
    yield "zstd-long", "zstd", made("zstd --long=27 -c", large)
    yield "zstd-known-size", "zstd", made("zstd -c large", None)
    yield "zstd-no-checksum", "zstd", made("zstd --no-check -c large", None)
    yield "zstd-frames", "zstd", pieces("zstd -c", thirds)
    yield "zstd-many-frames", "zstd", zst and zst * 500
    yield "zstd-adapt", "zstd", made("zstd --adapt -c", large)
    yield "zstd-skippable", "zstd", zst and SKIPPABLE + zst + SKIPPABLE * 2 + zst + SKIPPABLE
    yield "zstd-zeros-behind", "zstd", zst and zst + bytes(16)
    yield "zstd-garbage-behind", "zstd", zst and zst * 300 + b"garbage"
    yield "pzstd", "zstd", made("pzstd -q -p 4 -c large", None)
    yield "pzstd-small", "zstd", made("pzstd -q -p 4 -c", small)
    xz = made("xz -c", small)
    yield "xz", "xz", xz
    yield "xz-0", "xz", made("xz -0c", large)
    yield "xz-empty", "xz", made("xz -c", b"")
    yield "xz-one-byte", "xz", made("xz -c", b"x")
    yield "xz-T2", "xz", made("xz -T2 -0 --block-size=100KiB -c", large)
    yield "xz-blocks", "xz", made("xz -T1 -0 --block-size=100KiB -c", large)
    yield "xz-streams", "xz", pieces("xz -c", thirds)
    yield "xz-padding", "xz", xz and xz + bytes(8) + made("xz -T2 --block-size=50KiB -c", medium) + bytes(4)
    yield "xz-bad-padding", "xz", xz and xz + bytes(3)
    yield "xz-garbage-behind", "xz", xz and xz + b"garbage!"
    yield "xz-no-check", "xz", made("xz -C none -c", small)
    yield "xz-sha256-x86", "xz", made("xz -C sha256 --x86 --lzma2 -c", medium)
    bz2 = made("bzip2 -c", small)
    yield "bzip2", "bzip2", bz2
    yield "bzip2-1", "bzip2", made("bzip2 -1c", large)
    yield "bzip2-empty", "bzip2", made("bzip2 -c", b"")
    yield "bzip2-streams", "bzip2", pieces("bzip2 -c", thirds)
    yield "bzip2-zeros-behind", "bzip2", bz2 and bz2 + bytes(9)
    yield "bzip2-garbage-behind", "bzip2", bz2 and bz2 + b"garbage"
    yield "bzip2-half-a-beginning-behind", "bzip2", bz2 and bz2 + b"BZ"
    lz4 = made("lz4 -c", small)
    yield "lz4", "lz4", lz4
    yield "lz4-empty", "lz4", made("lz4 -c", b"")
    yield "lz4-dependent-blocks", "lz4", made("lz4 -9 -BD -B4 -BX -c", large)
    yield "lz4-frames", "lz4", pieces("lz4 -c", thirds)
    yield "lz4-skippable", "lz4", lz4 and lz4 + SKIPPABLE + lz4
    yield "lz4-old", "lz4", made("lz4 -l -c", large)
    old = made("lz4 -l -c", medium)
    yield "lz4-old-and-new", "lz4", old and old * 2 + lz4 + old
    yield "lz4-garbage-behind", "lz4", lz4 and lz4 + b"garbage"


def complains(what, format, errors):
    wanted = rb"mrcount: [^\n]*: %b data [^\n]*byte \d+[^\n]*\n" % format.encode()
    if not re.fullmatch(wanted, errors):
        sys.exit(f"{what}: says {errors!r}")


def check_form(name, format, data):
    """As the tool has it, whatever the threads and from wherever."""
    global done
    status, text = tool(format, data)
    want = mrcount([], text)[1]
    file = f"{name}.bin"
    Path(file).write_bytes(data)
    for threads in ("2",) if SLOW else ("1", "2", "8"):
        for arguments, given in ([file], None), ([], data):
            got = mrcount(["-j", threads, *arguments], given)
            what = f"{name}, -j {threads}, {'file' if arguments else 'pipe'}"
            if got[1] != want:
                sys.exit(f"{what}: {len(got[1])} bytes of output, not {len(want)}: {got[2]!r}")
            if got[0] != (1 if status != 0 else 0):
                sys.exit(f"{what}: exit status {got[0]}, that of the tool is {status}: {got[2]!r}")
            if status != 0:
                complains(what, format, got[2])
            done += 1


def check_broken(what, format, data, whole_text):
    """Complains where the tool does, and counts no more than there was."""
    global done
    status, text = tool(format, data)
    Path("broken").write_bytes(data)
    got = mrcount(["-l", "--sort=key", "broken"])
    if status == 0:
        if got[0] != 0 or got[1] != mrcount(["-l", "--sort=key"], text)[1]:
            sys.exit(f"{what}: the tool takes it, mrcount does not: {got}")
    else:
        if got[0] != 1:
            sys.exit(f"{what}: exit status {got[0]}, that of the tool is {status}: {got[2]!r}")
        complains(what, format, got[2])
    if whole_text is not None:
        for line in got[1].splitlines():
            if line.rpartition(b"\t")[0] not in whole_text:
                sys.exit(f"{what}: counts {line!r}, which is not in the text")
    done += 1


def check_cuts(format, data, text):
    for size in range(TOOLS[format][1], len(data), 13 if SLOW else 1):
        check_broken(f"{format} cut at {size}", format, data[:size], text)


def check_flips(format, data):
    for _ in range(8 if SLOW else 200):
        broken = bytearray(data)
        bit = RANDOM.randrange(8 * TOOLS[format][1], 8 * len(data))
        broken[bit // 8] ^= 1 << bit % 8
        check_broken(f"{format} with bit {bit} flipped", format, bytes(broken), None)


def check_faults():
    """What came before a fault is counted, and so are the other FILEs; one message a FILE."""
    lines = b"".join(b"%d\n" % i for i in range(20000))
    Path("plain").write_bytes(b"plain\n")
    for name, command in (("gzip", "gzip -c"), ("gzip", "bgzip -c"), ("zstd", "zstd -c"), ("xz", "xz -c"),
                          ("bzip2", "bzip2 -c"), ("lz4", "lz4 -c")):
        one = made(command, lines)
        if one is None:
            continue
        other = made(command, b"other\n" * 9)
        Path("a").write_bytes(other)
        Path("b").write_bytes(one + one[:-9])
        Path("c").write_bytes(one[:-9])
        got = mrcount(["-l", "a", "b", "plain", "c", "a"])
        counts = dict(line.rpartition(b"\t")[::2] for line in got[1].splitlines())
        if got[0] != 1 or counts.get(b"plain") != b"1" or counts.get(b"other") != b"18" or int(counts.get(b"17", 0)) < 1:
            sys.exit(f"{command}: {got[0]}, {got[2]!r}, {list(counts.items())[:5]}")
        if len(re.findall(rb"mrcount: [bc]: %b data is cut off at byte \d+\n" % name.encode(), got[2])) != 2:
            sys.exit(f"{command}: says {got[2]!r}")


def check_options():
    data = made("gzip -nc", b"a b\na\n")
    Path("o.gz").write_bytes(data)
    plain = mrcount(["--decompress=never", "-l", "o.gz"])
    if plain[0] != 0 or plain[1] == mrcount(["-l"], b"a b\na\n")[1] or plain[1] != mrcount(
            ["--decompress=never", "-l"], data)[1]:
        sys.exit(f"--decompress=never: {plain}")
    for arguments in ["--mapper=cat", "-l"], ["--mapper=cat", "--reducer=cat"]:
        got = mrcount([*arguments, "o.gz"])
        if got != mrcount(arguments, b"a b\na\n"):
            sys.exit(f"{arguments}: {got}")
    got = mrcount(["--mapper=wc -c", "--per-file", "-l", "o.gz"])
    if got[1] != b"%d\t1\n" % len(data):
        sys.exit(f"--per-file: {got}")
    Path("m.gz").write_bytes(made("gzip -c", b"a\t5\nb\t2\n"))
    got = mrcount(["--merge", "m.gz", "m.gz"])
    if got[1] != b"a\t10\nb\t4\n":
        sys.exit(f"--merge: {got}")
    Path("list").write_bytes(b"o.gz\0o.gz\0")
    if mrcount(["--files0-from=list"])[1] != b"a\t4\nb\t2\n":
        sys.exit("--files0-from")


def check_memory():
    """Zeros without end, and a window that is more than there is."""
    size = 50_000_000 if SLOW else 400_000_000
    if not SLOW:
        Path("zeros.gz").write_bytes(made(f"head -c {size} /dev/zero | gzip -1", None))
        got = mrcount(["-S", "48M", "-j", "2", "--stats", "--total", "zeros.gz"])
        peak = re.search(rb"peak memory +([\d.]+) (\w+)", got[2])
        if got[0] != 0 or peak is None or (peak[2] == b"MB" and float(peak[1]) > 90) or peak[2] == b"GB":
            sys.exit(f"zeros: {got}")
    if shutil.which("zstd"):
        Path("wide.zst").write_bytes(made("zstd --long=30 -c", text_of(100_000)))
        got = mrcount(["-S", "48M", "wide.zst"])
        if got[0] != 1 or not re.fullmatch(rb"mrcount: wide.zst: zstd data at byte 0 needs \d+M to be decompressed, "
                                           rb"and --buffer-size leaves \d+M: give more of it\n", got[2]):
            sys.exit(f"a wide window: {got}")


def main():
    built = subprocess.run(["mrcount", "-V"], stdout=subprocess.PIPE, check=True).stdout.decode()
    built = re.search("Built in:(.*)", built)[1].split()
    missing = set()
    for name, format, data in forms():
        if format not in built or data is None or not shutil.which(TOOLS[format][0][0]):
            missing.add(name)
            continue
        check_form(name, format, data)
    text = b"".join(b"line %d of the text\n" % i for i in range(12))
    lines = {text[: i].rpartition(b"\n")[2] for i in range(len(text) + 1)}
    lines |= set(text.split(b"\n"))
    for format, (command, _) in TOOLS.items():
        if format not in built or not shutil.which(command[0]):
            continue
        if VARIANT == "tsan":  # one thread's work
            break
        data = made(f"{format} -c", text)
        check_cuts(format, data, lines)
        check_flips(format, data)
        check_flips(format, made(f"{format} -c", text_of(2000)) * 2)
    if "gzip" in built and shutil.which("bgzip"):
        check_flips("gzip", made("bgzip -c", text_of(150_000)))
    check_faults()
    check_options()
    check_memory()
    print(f"{done} comparisons", f"(without {' '.join(sorted(missing))})" if missing else "")


main()
