#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""walk.py - `mrcount -R` reads the files that find names and that `grep -r` chooses, by the same
options; what cannot be read is told, and the rest is counted.

Runs in an empty folder with mrcount first on PATH. With MRCOUNT_HOSTILE=1 it walks 10^6 files.
"""
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

FULL = bool(os.environ.get("MRCOUNT_HOSTILE"))
os.environ["LC_ALL"] = "C"  # to us a GLOB is of bytes
SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))  # under a sanitizer
MANY = 1_000_000 if FULL else 2_000 if SLOW else 10_000
SECONDS = 600
done = 0
contents = {}  # name below the tree -> the one line in that file


def run(options, files=(), status=0, errors=b"", **more):
    """Runs mrcount; returns what it printed."""
    more.setdefault("stdin", subprocess.DEVNULL)
    got = subprocess.run(["mrcount", *options, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=SECONDS, check=False, **more)
    if got.returncode != status or (errors is not None and got.stderr != errors):
        sys.exit(f"{options} {files}: exit status {got.returncode}, {got.stderr[:500]!r}, not {status}, {errors!r}")
    return got.stdout


def same(what, got, want):
    global done
    if got != want and isinstance(got, dict):
        got, want = (sorted(set(one.items()) - set(other.items())) for one, other in ((got, want), (want, got)))
        names = {line: name for name, line in contents.items()}
        got, want = ([(names.get(line, line), count) for line, count in items] for items in (got, want))
    if got != want:
        sys.exit(f"{what}: {got[:8]}, not {want[:8]}")
    done += 1


def make(name):
    """A file with a line of its own."""
    path = os.path.join(b"tree", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    contents[name] = b"id%d" % len(contents)
    Path(os.fsdecode(path)).write_bytes(contents[name] + b"\n")


def make_tree():
    rng = random.Random(5)
    parts = [b"a", b"a.b", b"a-", b"a0", b"b.c", b"x.h", b"x.c", b".hidden", b".c", b"new\nline", b"bl ank", b"-R",
             b"*", b"[x]", b"\\", b"\xe4\xf6", "ä".encode(), b"sub", b"lib", b"test.d", b"Makefile"]
    for _ in range(400):
        directory = b"/".join(rng.choice(parts) + b"_" for _ in range(rng.randrange(5)))
        name = rng.choice(parts)
        if b"%b/%b" % (directory, name) not in contents:
            make(os.path.join(directory, name))
    os.makedirs("tree/empty/empty")
    os.symlink("../tree", "tree/loop")
    os.symlink("a", "tree/to-file")
    os.mkfifo("tree/fifo")
    make(b"plain.c")


def ids(printed):
    return {line.split(b"\t")[0]: int(line.split(b"\t")[1]) for line in printed.splitlines()}


def found_by(command, **more):
    """What is in the files that another program names, each by a NUL, as often as it does."""
    names = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=SECONDS, **more).stdout.split(b"\0")[:-1]
    count = {}
    for name in names:
        text = Path(os.fsdecode(os.path.join(os.fsencode(more.get("cwd", ".")), name))).read_bytes().strip()
        count[text] = count.get(text, 0) + 1
    return count


def against_find():
    for files in ["tree"], ["tree/"], ["tree", "tree"], ["tree/plain.c", "tree"], ["tree/loop"]:
        for threads in "-j1", "-j2", "-j8":
            got = ids(run(["-R", "-l", threads], files))
            same(f"find {files}", got, found_by(["find", "-H", *files, "-type", "f", "-print0"]))
    same("find, here", ids(run(["-lR"], cwd="tree")), found_by(["find", ".", "-type", "f", "-print0"], cwd="tree"))
    # A list of names.
    Path("list").write_bytes(b"tree/plain.c\0tree\0")
    same("a list", ids(run(["-lR", "--files0-from=list"])),
         found_by(["find", "tree/plain.c", "tree", "-type", "f", "-print0"]))


def in_order():
    """Notes name FILEs in the order of their numbers."""
    os.mkdir("order")
    names = ["b/x", "a", "a.b", "b-", "b0", "b/x.y/z", "B", "b/x-"]
    for name in names:
        path = Path("order", name)
        if name == "b/x":
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xe9")
    left = sorted(f"order/{name}".encode() for name in names if name != "b/x")
    said = b"".join(b"mrcount: %b: more than one byte in 100 is invalid in UTF-8; another charset is named by "
                    b"--encoding\n" % name for name in left)
    for threads in "-j1", "-j8":
        run(["-R", threads], ["order"], errors=said)


def against_grep():
    version = subprocess.run(["grep", "--version"], stdout=subprocess.PIPE, check=False).stdout
    if b"GNU grep" not in version:
        print("not run: comparisons with grep -r, which is not GNU's")
        return
    rng = random.Random(7)
    globs = ["*.c", "*.h", "a*", "*", "x?c", "[ab]*", "?", "*_", "sub*", "tree/*", "tree", "Makefile", ".*", "*.d", "lib_",
             "\\*", "[[]x]", "plain.c", "sub_/", "tree/plain.c", "-R", "*/*", "nothing", "*line", "a.b_//"]
    for _ in range(20 if SLOW else 80):
        options = [f"--{rng.choice(['include', 'exclude', 'exclude-dir'])}={rng.choice(globs)}"
                   for _ in range(rng.randrange(1, 4))]
        files = rng.choice([["tree"], ["tree/"], ["tree/plain.c", "tree"], ["tree/loop"], [], ["."]])
        where = {"cwd": "tree"} if not files or files == ["."] else {}
        want = found_by(["grep", "-rlZ", *options, "id", *files], **where)
        same(f"grep {options} {files}", ids(run(["-lR", *options], files, **where)), want)


def what_cannot_be_read():
    run([], ["tree"], status=1, errors=b"mrcount: tree: Is a directory\n")
    got = ids(run(["-lR"], ["none", "tree/plain.c"], status=1, errors=b"mrcount: none: No such file or directory\n"))
    same("one that is missing", got, {contents[b"plain.c"]: 1})
    for option in "--include=x", "--exclude=x", "--exclude-dir=x":
        run([option], status=2, errors=None)


def as_nobody():
    """A directory that may not be read, as someone else than root."""
    shutil.copy(shutil.which("mrcount"), "program")
    os.makedirs("private/a")
    os.makedirs("private/shut")
    Path("private/a/f").write_text("one\n")
    Path("private/shut/f").write_text("two\n")
    Path("private/z").write_text("three\n")
    os.chmod("private/shut", 0)
    command = ["./program", "-lR", "--sort=key", "private"]
    become = (lambda: os.setuid(65534)) if os.getuid() == 0 else None
    try:
        got = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=SECONDS,
                             preexec_fn=become)
    except PermissionError:
        got = None
    os.chmod("private/shut", 0o700)
    if got is None or b"private: Permission denied" in got.stderr:
        print("not run: a directory that may not be read: nobody may be here")
        return
    same("one that may not be read", (got.returncode, got.stdout, got.stderr),
         (1, b"one\t1\nthree\t1\n", b"mrcount: private/shut: Permission denied\n"))


def loop():
    """A directory mounted in itself, where that is allowed."""
    os.makedirs("ring/in/ring")
    Path("ring/in/f").write_text("f\n")
    script = "mount --bind ring ring/in/ring && exec mrcount -lR ring"
    got = subprocess.run(["unshare", "-m", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         check=False, timeout=SECONDS)
    if b"mount" in got.stderr or b"unshare" in got.stderr:
        print("not run: a directory that is mounted in itself: no mounts here")
        return
    same("a loop", (got.returncode, got.stdout, got.stderr),
         (1, b"f\t1\n", b"mrcount: ring/in/ring: a directory that holds itself is left out\n"))


def with_others():
    for name, text in (("table/a.csv", "x,y\n1,2\n"), ("table/b/c.csv", "y,x\n3,1\n"), ("table/d.txt", "no\n")):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    for threads in "-j1", "-j8":
        same("--csv -H", run(["-R", "--include=*.csv", "--csv", "-H", "-fx", threads], ["table"]), b"1\t2\n")
        same("--mapper", run(["-R", "-l", "--mapper=cat", "--sort=key", threads, "--include=?.csv"], ["table"]),
             b"1,2\t1\n3,1\t1\nx,y\t1\ny,x\t1\n")
        same("--per-file", run(["-R", "--per-file", "--mapper=echo $MRCOUNT_FILE", "--sort=key", threads], ["table"]),
             b"table/a.csv\t1\ntable/b/c.csv\t1\ntable/d.txt\t1\n")
    # A line that is wrong is named by its file.
    run(["-R", "--merge", "-j8"], ["table"], status=2,
        errors=b"mrcount: table/a.csv: line 1: no TAB\n")
    progress = subprocess.run(["mrcount", "-R", "--progress=always", "table"], stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, check=True, timeout=SECONDS).stderr
    if b"%" in progress:
        sys.exit(f"a percentage of what is not known: {progress!r}")


def many():
    os.mkdir("many")
    for i in range(MANY):
        if i % 1000 == 0:
            os.mkdir(f"many/{i:07}")
        with open(f"many/{i // 1000 * 1000:07}/{i}", "wb") as file:
            file.write(b"w%d w\n" % (i % 100))
    got = ids(run(["-R", "-wspace"], ["many"]))
    same("many files", got, {b"w": MANY, **{b"w%d" % i: MANY // 100 for i in range(100)}})
    # All in one, with few descriptors.
    flat = MANY // 10
    os.mkdir("flat")
    for i in range(flat):
        os.link(f"many/{i // 1000 * 1000:07}/{i}", f"flat/{i:07}")
    limited = ["sh", "-c", "ulimit -n 20; exec mrcount -R -wspace -j2 flat"]
    got = subprocess.run(limited, stdout=subprocess.PIPE, check=True, timeout=SECONDS).stdout
    same("many in one", ids(got)[b"w"], flat)


def main():
    make_tree()
    against_find()
    in_order()
    against_grep()
    what_cannot_be_read()
    as_nobody()
    loop()
    with_others()
    many()
    print(f"{done} comparisons")


main()
