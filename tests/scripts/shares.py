#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shares of what was counted are what Python's fractions say.

Lines KEY<TAB>COUNT with counts of all sizes are summed, and rows with decimals; each is printed with
its share, the share so far and what is left out, in each format, with several numbers of threads and
in little memory. A random part of all ways to choose and order lines is taken, by a fixed seed.
"""
import csv
import fcntl
import io
import json
import os
import pty
import random
import struct
import subprocess
import sys
import termios
from fractions import Fraction

random.seed(25)
KEYS = 1500
RUNS = (["-j1"], ["-j2"], ["-j8"], ["-j2", "-S16M"])


def run(options, data, status=0):
    done = subprocess.run(["mrcount", *options], input=data, capture_output=True, check=False)
    if done.returncode != status:
        sys.exit(f"{options}: exit status {done.returncode}: {done.stderr[:500]!r}")
    return done.stdout if status == 0 else done.stderr


def percent(part, whole):
    """Rounded half to even, as round() of a fraction is."""
    hundredths = round(Fraction(part) * 10000 / whole) if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02}"


def plain(number):
    """A fraction whose denominator is a power of ten, without zeros at its end."""
    scale = 0
    while number * 10**scale != int(number * 10**scale):
        scale += 1
    digits = f"{int(number * 10**scale):0{scale + 1}}"
    return f"{digits[:len(digits) - scale]}.{digits[len(digits) - scale:]}" if scale else digits


def chosen(counts, options):
    """The pairs that are printed: (key, number) of {key: (number, count)}, in their order."""
    pairs = [(key, number) for key, (number, count) in counts.items()
             if options["min"] <= count <= options["max"]]
    if options["sort"] == "key":
        pairs.sort(reverse=options["reverse"])
    elif options["sort"] == "first":  # as they are
        pairs = pairs[::-1] if options["reverse"] else pairs
    else:
        pairs.sort(key=lambda pair: (-pair[1], pair[0]), reverse=options["reverse"])
    return pairs if options["top"] is None else pairs[:options["top"]]


def lines_of(pairs, whole, options):
    """[(key, number, percent, cumulative)] that are wanted."""
    so_far = Fraction(0)
    lines = []
    for key, number in pairs:
        so_far += number
        lines.append((key, plain(number), percent(number, whole), percent(so_far, whole)))
    if options["others"] is not None and so_far < whole:
        rest = whole - so_far
        lines.append((options["others"].encode(), plain(rest), percent(rest, whole), percent(1, 1)))
    return lines


def encoded(lines, options, number):
    wanted = [i for i, name in ((2, "percent"), (3, "cumulative")) if options[name]]
    names = [{2: "percent", 3: "cumulative"}[i] for i in wanted]
    out = []
    if options["format"] == "csv":
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["key", number, *names])
        for line in lines:
            writer.writerow([line[0].decode(), line[1], *(line[i] for i in wanted)])
        return text.getvalue().encode()
    for line in lines:
        key, shares = line[0], [line[i] for i in wanted]
        if options["format"] == "uniq":
            head = "".join(f" {share:>6}" for share in shares)
            out.append(f"{line[1]:>7}{head} ".encode() + key)
        elif options["format"] == "json":
            members = "".join(f',"{name}":{share}' for name, share in zip(names, shares))
            text = json.dumps(key.decode(), ensure_ascii=False)
            out.append(f'{{"key":{text},"{number}":{line[1]}{members}}}'.encode())
        else:
            out.append(b"\t".join([key, line[1].encode(), *(share.encode() for share in shares)]))
    return b"".join(line + b"\n" for line in out)


def arguments(options):
    given = [f"--format={options['format']}", f"--sort={options['sort']}"]
    given += ["-r"] if options["reverse"] else []
    given += ["-p"] if options["percent"] else []
    given += ["--cumulative"] if options["cumulative"] else []
    given += ["--others" if options["others"] == "(others)" else f"--others={options['others']}"] \
        if options["others"] is not None else []
    given += [f"-n{options['top']}"] if options["top"] is not None else []
    given += [f"--min-count={options['min']}"] if options["min"] > 0 else []
    given += [f"--max-count={options['max']}"] if options["max"] < 2**64 else []
    return given


def some_options(formats, counts, orders):
    options = {
        "format": random.choice(formats), "sort": random.choice(orders),
        "reverse": random.random() < 0.3, "percent": random.random() < 0.7,
        "cumulative": random.random() < 0.5,
        "others": random.choice((None, "(others)", "a, \"b\" \u00e9")),
        "top": random.choice((None, 0, 1, 2, 5, 700, 10**6)),
        "min": random.choice((0, 0, 2, random.choice(counts))),
        "max": random.choice((2**64, 2**64, random.choice(counts))),
    }
    if not (options["percent"] or options["cumulative"]) and options["others"] is None:
        options["percent"] = True
    return options


def check(data, kind, counts, formats, number):
    """Compares one random way with the reference; `counts` is {key: (number, count)}, first met first."""
    whole = sum(one for one, _ in counts.values())
    orders = ("count", "key", "first") if "--merge" in kind else ("count", "key")
    options = some_options(formats, [count for _, count in counts.values()], orders)
    given = kind + arguments(options)
    want = encoded(lines_of(chosen(counts, options), whole, options), options, number)
    for how in RUNS if random.random() < 0.2 else [random.choice(RUNS)]:
        got = run(given + how, data)
        if got != want:
            for one, other in zip(got.split(b"\n"), want.split(b"\n")):
                if one != other:
                    sys.exit(f"{given + how}: {one!r} instead of {other!r}")
            sys.exit(f"{given + how}: {len(got)} bytes instead of {len(want)}")


def sums_up(data, kind, whole):
    """What is printed with the rest is --total, and the shares are all but their rounding."""
    for top in (0, 1, 10, 1000, KEYS + 1):
        lines = [line.rsplit("\t", 2) for line in
                 run([*kind, "-p", "--others", f"-n{top}"], data).decode().splitlines()]
        if sum(Fraction(line[1]) for line in lines) != whole:
            sys.exit(f"-n{top}: lines sum to {sum(Fraction(line[1]) for line in lines)}, not {whole}")
        if abs(sum(Fraction(line[2]) for line in lines) - 100) > Fraction(len(lines), 200):
            sys.exit(f"-n{top}: shares sum to {sum(Fraction(line[2]) for line in lines)}")


def merged(most):
    names = {f"{random.choice(('w', 'é ', 'a,', chr(34)))}{i}".encode() for i in range(KEYS)}
    counts = {name: random.randrange(1, most) for name in names}
    lines = []
    for name, count in counts.items():
        half = random.randrange(count + 1)
        lines += [name + b"\t%d\n" % half, name + b"\t%d\n" % (count - half)]
    random.shuffle(lines)
    order = dict.fromkeys(line.rpartition(b"\t")[0] for line in lines)
    return b"".join(lines), {name: (Fraction(counts[name]), counts[name]) for name in order}


def counting():
    for most in (3, 50, 10**6, 2**64 // KEYS - 1):
        data, counts = merged(most)
        whole = sum(count for _, count in counts.values())
        total = run(["--merge", "--total"], data).split(b"\t")[0]
        if int(total) != whole:
            sys.exit(f"--total says {total}, not {whole}")
        sums_up(data, ["--merge"], whole)
        for _ in range(12):
            check(data, ["--merge"], counts, ("tsv", "uniq", "csv", "json"), "count")
        lines = run(["--merge", "-p", "--sort=none"], data).splitlines()
        want = [key + b"\t%d\t" % count + percent(count, whole).encode()
                for key, (_, count) in counts.items()]
        if sorted(lines) != sorted(want):
            sys.exit("--sort=none -p")


def computing():
    for digits in (0, 3, 18):
        counts, rows = {}, []
        for i in range(KEYS):
            for _ in range(random.randrange(1, 4)):
                number = Fraction(random.randrange(10 ** (digits + 3)), 10**digits)
                key = b"k%d" % i
                rows.append(key + b" " + plain(number).encode() + b"\n")
                old = counts.get(key, (Fraction(0), 0))
                counts[key] = (old[0] + number, old[1] + 1)
        random.shuffle(rows)
        data = b"".join(rows)
        sums_up(data, ["-f1", "--sum=2"], sum(number for number, _ in counts.values()))
        for _ in range(10):
            check(data, ["-f1", "--sum=2"], counts, ("tsv", "csv", "json"), "sum_2")
        by_count = {key: (Fraction(count), count) for key, (_, count) in counts.items()}
        check(data, ["-f1", "--count"], by_count, ("tsv", "csv", "json"), "count")


def ways_to_the_total():
    """Whatever counts, the total is what --total says."""
    text = ("The cat, a dog; the c\u00e4t!\nthe end\n" * 50).encode()
    for kind in (["-w"], ["-l"], ["-m"], ["-wspace", "-g1-2"], ["-f2"], ["--mapper=cat", "-w"],
                 ["-w", "--min-length=3"], ["--mapper=tr ' ' '\\n'"], ["-i", "--normalize=nfkc"]):
        kind = ["--words=space" if one == "-wspace" else one for one in kind]
        total = run([*kind, "--total"], text).split(b"\t")[0]
        if run([*kind, "--others=x", "-n0"], text) != b"x\t" + total + b"\n":
            sys.exit(f"{kind}: the total is {total}")
    rows = b"a 1 5\nb 2.50 6\nb 0.25 x\na 1 7\n"
    got = run(["-f1", "--sum=2", "--distinct=3", "--median=2", "-p", "--cumulative", "--others"]
              + ["--min-count=3"], rows)
    if got != b"(others)\t4.75\t\t\t100.00\t100.00\n":
        sys.exit(f"columns that the rest has not: {got!r}")
    got = run(["-f1", "--sum=2", "--distinct=3", "-p", "--sort=none", "-n1", "--cumulative"], rows)
    if got not in (b"a\t2\t2\t42.11\t42.11\n", b"b\t2.75\t2\t57.89\t57.89\n"):
        sys.exit(f"--sort=none: {got!r}")
    if run(["-p", "--cumulative", "--others", "-f1", "--sum=2"], b"") != b"":
        sys.exit("of nothing there is no share")
    if run(["-p", "--cumulative", "--others", "-f1", "--sum=2"], b"a 0\nb 0.0\n") != \
            b"a\t0\t0.00\t0.00\nb\t0\t0.00\t0.00\n":
        sys.exit("shares of 0")


def faults():
    past = b"a\t%d\nb\t1\n" % (2**64 - 1)
    if b"the total is past 2^64-1" not in run(["--merge", "-p"], past, 2):
        sys.exit("a total past 2^64-1")
    if b"sum of field 2 for key 'a' is negative" not in run(["-f1", "--sum=2", "-p"], b"a -1\nb 3\n", 2):
        sys.exit("a negative number")
    long = b"".join(b"%d 9%s\n" % (i, b"0" * 37) for i in range(9))
    if b"more than 38 digits" not in run(["-f1", "--sum=2", "-p"], long, 2):
        sys.exit("a total of too many digits")


def blocks(eighths):
    return "\u2588" * (eighths // 8) + (chr(0x2590 - eighths % 8) if eighths % 8 else "")


def on_a_terminal(columns, data, **environment):
    """What mrcount -l -b prints on a terminal of so many columns."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    names = ("COLUMNS", "LC_ALL", "LC_CTYPE", "LANG", "TERM")
    plain_ones = {name: value for name, value in os.environ.items() if name not in names}
    with subprocess.Popen(["mrcount", "-l", "-b"], stdin=subprocess.PIPE, stdout=terminal,
                          env={**plain_ones, **environment}) as program:
        os.close(terminal)
        program.stdin.write(data)
        program.stdin.close()
        got = b""
        try:
            while piece := os.read(main, 1 << 16):
                got += piece
        except OSError:  # the other end is closed
            pass
    os.close(main)
    return got.decode().replace("\r\n", "\n")


def bars():
    counts = {"a": 100, "b": 73, "c": 36, "dd": 12, "e": 1}
    data = "".join(f"{key}\n" * count for key, count in counts.items()).encode()
    utf8 = {"TERM": "xterm", "LC_ALL": "C.UTF-8"}
    for columns in (20, 80, 300):
        start = 16 if columns > 20 else 10  # where a TAB behind the count goes, if there is room
        width = columns - start
        for environment, draws in (
                (utf8, True), ({"TERM": "xterm", "LANG": "de_DE.utf8"}, True),
                ({"TERM": "xterm", "LC_ALL": "", "LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, True),
                ({**utf8, "TERM": "dumb"}, False), ({"LC_ALL": "C.UTF-8"}, False),
                ({"TERM": "xterm", "LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
                ({"TERM": "xterm"}, False)):
            want = ""
            for key, count in counts.items():
                eighths = (2 * count * width * 8 + 100) // 200
                bar = blocks(eighths) if draws else "#" * ((2 * count * width + 100) // 200)
                want += f"{key}\t{count}\t{bar}\n"
            got = on_a_terminal(columns, data, **environment)
            if got != want:
                sys.exit(f"{columns} columns, {environment}:\n{got}instead of\n{want}")
    if on_a_terminal(300, data, COLUMNS="80", **utf8) != on_a_terminal(80, data, **utf8):
        sys.exit("COLUMNS does not say how wide the terminal is")
    # The first thousand lines decide on what is full, and nothing is longer.
    lines = b"".join(b"%05d\t%d\n" % (i, 5 if i < 1000 else 9) for i in range(30000))
    got = run(["--merge", "-b", "--sort=key"], lines).splitlines()
    if {line[8:] for line in got} != {b"#" * 64}:
        sys.exit("a bar that is longer than a full one")


counting()
computing()
ways_to_the_total()
bars()
faults()
