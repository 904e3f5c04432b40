#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the examples of the README and of the man pages and compares what they print.

In a ```console block of README.md, and in a literal display of a man page, a line that begins with
"$ " is a command for sh and the lines below it, up to the next command, are what it must print. A
program, which is a block with an #include, begins with a comment of its name, "/* NAME - ...": for
the commands below it there is that file, and the library where pkg-config finds it. Other passages
of C must stand in tests/examples.

With --write as the first argument the outputs are written into the documents instead, for a person
to read.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["MRCOUNT_SOURCE"])
BUILD = Path(os.environ["MRCOUNT_BUILD"])
SANITIZED = bool(os.environ.get("MRCOUNT_VARIANT"))
ESCAPES = [("\\(aq", "'"), ("\\(ga", "`"), ("\\(ha", "^"), ("\\(ti", "~"), ("\\-", "-"),
           ("\\&", ""), ("\\e", "\\")]


def from_mdoc(line):
    out = ""
    while line:
        for escape, text in ESCAPES:
            if line.startswith(escape):
                out += text
                line = line[len(escape):]
                break
        else:
            out += line[0]
            line = line[1:]
    return out


def to_mdoc(line):
    line = line.replace("\\", "\\e")
    for escape, text in ESCAPES[:5]:
        line = line.replace(text, escape)
    return "\\&" + line if line[:1] in (".", "'") else line


def plain(line):
    return line


def blocks(lines, begin, end):
    """Yields (kind, first line, line after the last) of what is between the two patterns."""
    at = 0
    while at < len(lines):
        match = re.fullmatch(begin, lines[at])
        at += 1
        if not match:
            continue
        first = at
        while not re.fullmatch(end, lines[at]):
            at += 1
        yield match.group(1) if match.groups() else "", first, at


def examples(lines, first, last, decode):
    """Yields (command, first line of output, line after its last)."""
    at = first
    while at < last:
        command = decode(lines[at])
        if not command.startswith("$ "):
            sys.exit(f"line {at + 1}: an example begins with '$ ', not {command!r}")
        at += 1
        command = command[2:]
        while command.endswith("\\") and at < last:
            command += "\n" + decode(lines[at])
            at += 1
        begin = at
        while at < last and not decode(lines[at]).startswith("$ "):
            at += 1
        yield command, begin, at


def run(command):
    result = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    out = result.stdout.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    if result.returncode != 0:
        sys.exit(f"$ {command}\n{out}exit status {result.returncode}")
    return out.rstrip("\n").split("\n") if out.strip("\n") else []


def install():
    """The library where pkg-config and the loader find it."""
    prefix = Path.cwd() / "prefix"
    if prefix.exists():
        return
    subprocess.run(["make", "-s", "-C", SOURCE, f"BUILD={BUILD}", f"PREFIX={prefix}", "DESTDIR=",
                    "install"], check=True, stdout=subprocess.DEVNULL)
    os.environ["PKG_CONFIG_PATH"] = f"{prefix}/lib/pkgconfig"
    os.environ["LD_LIBRARY_PATH"] = f"{prefix}/lib"


def check(path, begin, end, decode, encode, write):
    lines = path.read_text(encoding="utf-8").split("\n")
    passages = "".join(p.read_text() for p in sorted(SOURCE.glob("tests/examples/*.[ch]")))
    changes = []
    failed = False
    count = 0
    for kind, first, last in blocks(lines, begin, end):
        text = "\n".join(decode(line) for line in lines[first:last]) + "\n"
        if "#include" in text:
            name = re.match(r"(?:/\*|//) ([\w.]+) - ", text)
            if not name:
                sys.exit(f"{path.name}:{first + 1}: a program begins with '/* NAME - '")
            # A program without the sanitizer cannot use a library with it.
            if not SANITIZED:
                Path(name.group(1)).write_text(text)
                install()
            continue
        if kind == "c":
            if text not in passages:
                print(f"{path.name}:{first}: not a passage of tests/examples:\n{text}")
                failed = True
            continue
        for command, after, until in examples(lines, first, last, decode):
            count += 1
            if SANITIZED and "pkg-config" in text:
                continue
            want = [decode(line) for line in lines[after:until]]
            got = run(command)
            changes.append((after, until, got))
            if got != want and not write:
                print(f"{path.name}:{after}: $ {command}\nwanted:", *want, "got:", *got, sep="\n")
                failed = True
    if write:
        for after, until, got in reversed(changes):
            lines[after:until] = [encode(line) for line in got]
        path.write_text("\n".join(lines), encoding="utf-8")
    if count == 0:
        sys.exit(f"{path.name}: no examples found")
    return failed


def main():
    write = sys.argv[1:2] == ["--write"]
    # Bars are so wide that a man page of 80 columns has room for them, indented as its examples are.
    os.environ["COLUMNS"] = "60"
    if not Path("data").exists():
        os.symlink(SOURCE / "data", "data")
    failed = check(SOURCE / "README.md", r"```(console|c)", "```", plain, plain, write)
    for page in sorted((SOURCE / "man").glob("*.[13]")):
        # Those of calls are made of the header, where no examples are.
        if page.name.startswith("mr_"):
            continue
        failed |= check(page, r"\.Bd -literal(?: -offset indent)?", r"\.Ed", from_mdoc, to_mdoc, write)
    sys.exit(1 if failed else 0)


main()
