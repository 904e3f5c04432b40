#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is computed for a key is what Python's decimal and sorted lists say.

Rows, MRCOUNT_ROWS of them, are generated to be hostile: numbers with signs, long fractions,
exponents, zeros where none are needed, equal ones that are written otherwise, sums that cancel, as
many keys as there are rows, and one. MRCOUNT_ROWS=1000000 takes some minutes. They are
read as fields, as CSV by names, as a log and by groups of an RE, from FILEs and pipes, by several
numbers of threads and in little memory: the bytes are the same. What is random is so by a fixed
seed.
"""
import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal, getcontext

random.seed(24)
getcontext().prec = 100
VARIANT = os.environ.get("MRCOUNT_VARIANT", "")
ROWS = int(os.environ.get("MRCOUNT_ROWS") or (5000 if VARIANT else 200000))
RUNS = (["-j1"], ["-j2"], ["-j8"], ["-j2", "-S24M"])
UNIT = 10 ** 18
NUMBER = re.compile(rb"[ \t]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[ \t\r]*")
PCRE2 = "pcre2" in subprocess.run(["mrcount", "-V"], capture_output=True, text=True, check=True).stdout


def run(options, files=(), data=None, status=0):
    done = subprocess.run(["mrcount", *options, *files], input=data, capture_output=True, check=False)
    if done.returncode != status:
        sys.exit(f"{options} {files}: exit status {done.returncode}: {done.stderr[:500]!r}")
    return done


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def same(what, got, want):
    if got == want:
        return
    got, want = got.split(b"\n"), want.split(b"\n")
    for number, (one, other) in enumerate(zip(got + [b"(end)"], want + [b"(end)"]), 1):
        if one != other:
            sys.exit(f"{what}: line {number} of {len(want)}: {one[:300]!r}\ninstead of {other[:300]!r}")


# ---- The reference -----------------------------------------------------------------------------------

READ = {}


def read(text):
    """A number as parts of 10^18, and its decimals; None where it is none or too long."""
    if text not in READ:
        READ[text] = None
        if NUMBER.fullmatch(text):
            _, digits, exponent = Decimal(text.strip(b" \t\r").decode()).as_tuple()
            sign = -1 if b"-" in text.lower().split(b"e")[0] else 1
            whole, decimals = int("".join(map(str, digits))), max(0, -exponent)
            if whole == 0:
                exponent = min(exponent, 0)
            if exponent > 60:
                return None
            whole *= 10 ** max(0, exponent)
            if decimals > 18 or len(str(whole)) > 38:
                while decimals > 0 and whole % 10 == 0:
                    whole, decimals = whole // 10, decimals - 1
            if decimals <= 18 and len(str(whole)) <= 38:
                READ[text] = (sign * whole * 10 ** (18 - decimals), decimals)
    return READ[text]


def show(value, decimals):
    sign, value = "-" if value < 0 else "", abs(value)
    text = f"{sign}{value // UNIT}"
    return text + f".{value % UNIT:018}"[:decimals + 1] if decimals else text


def stripped(value):
    text = show(value, 18).rstrip("0").rstrip(".")
    return text


def mean(total, count):
    whole, rest = divmod(total, count * 10 ** 12)
    if 2 * rest > count * 10 ** 12 or (2 * rest == count * 10 ** 12 and whole % 2 == 1):
        whole += 1
    return whole * 10 ** 12


def nearest(ordered, place):
    """Of (value, decimals) in order: the one at place ceil(P * n), of equal ones the shortest."""
    numerator, denominator = Decimal(place).as_integer_ratio()
    at = max(1, -(-numerator * len(ordered) // denominator)) - 1
    while at > 0 and ordered[at - 1][0] == ordered[at][0]:
        at -= 1
    return ordered[at]


def column(op, values):
    """A column of one key: a number to order by, and its text. `values` are the field's, as read."""
    name, _, place = op.partition(":")
    if name == "count":
        return len(values) * UNIT, str(len(values))
    if name == "distinct":
        return len(set(values)) * UNIT, str(len(set(values)))
    numbers = [READ[value] for value in values]
    if name == "sum":
        total = sum(value for value, _ in numbers)
        return total, stripped(total)
    if name == "mean":
        value = mean(sum(value for value, _ in numbers), len(numbers))
        return value, stripped(value)
    if name == "max":
        value, decimals = max(numbers, key=lambda number: (number[0], -number[1]))
    elif name == "min":
        value, decimals = min(numbers)
    else:
        value, decimals = nearest(sorted(numbers), place or "0.5")
    return value, show(value, decimals)


def expect(rows, ops, order="count", least=0, most=float("inf")):
    """The lines for rows of (key, fields), for columns of (op, index of the field)."""
    groups = defaultdict(list)
    for key, fields in rows:
        groups[key].append(fields)
    results = []
    for key, members in groups.items():
        if not least <= len(members) <= most:
            continue
        columns = [column(op, members if field is None else [row[field] for row in members])
                   for op, field in ops]
        results.append((-columns[0][0] if order == "count" else 0, key, [text for _, text in columns]))
    results.sort()
    return [(key, texts) for _, key, texts in results]


def lines(results, end=b"\n"):
    return b"".join(key + b"\t" + "\t".join(texts).encode() + end for key, texts in results)


# ---- Hostile numbers ---------------------------------------------------------------------------------

def number():
    """One of less than 10^13, in one of the ways to write it."""
    kind = random.randrange(9)
    if kind < 3:
        return str(random.randrange(-1000, 1000)).encode()
    if kind == 3:
        return f"{random.randrange(-10 ** 12, 10 ** 12)}.{random.randrange(10 ** 18):018}".encode()
    if kind == 4:
        return f"{random.choice(['', '+', '-'])}00{random.randrange(100)}.{random.randrange(100):02}0".encode()
    if kind == 5:
        return f"{random.randrange(-99, 99)}.{random.randrange(100)}e{random.randrange(-6, 7)}".encode()
    if kind == 6:
        return random.choice([b"0", b"-0", b"0.00", b".5", b"5.", b"-.25", b"1E3", b"+1e+0", b"0e400", b"0e-400",
                              b"1." + b"0" * 30, b"10000000000000e-1", b"3.5", b"3.50", b"3.500", b"7", b"7.0"])
    if kind == 7:
        return f"{random.randrange(-10 ** 4, 10 ** 4)}.{random.randrange(10 ** 2):02}".encode()
    return f"{random.randrange(1, 10 ** 9)}e-{random.randrange(19 - 9)}".encode()


def pool(size):
    texts = [number() for _ in range(size)]
    for text in texts:
        if read(text) is None:
            sys.exit(f"the reference takes {text!r} for no number")
    return texts


FLAT = [("count", None), ("sum", 0), ("min", 0), ("max", 0), ("mean", 0), ("sum", 1)]
PAIRS = [("median", 0), ("count", None), ("quantile:0", 0), ("quantile:0.99", 0), ("distinct", 1), ("quantile:1", 1)]
BOTH = [("mean", 1), ("distinct", 0), ("max", 0), ("quantile:0.123456789012345678", 0)]


def given(ops, names):
    """The options of columns, for fields of these names."""
    options = []
    for op, field in ops:
        name, _, place = op.partition(":")
        options.append(f"--{name}" if field is None else f"--{name}={names[field]}" + (f":{place}" if place else ""))
    return options


def many_keys():
    """1 to as many keys as there are rows, by all numbers of threads and in little memory."""
    texts = pool(20000)
    whole = [str(random.randrange(-10 ** 6, 10 ** 6)).encode() for _ in range(1000)]
    for text in whole:
        read(text)
    # A tenth of the rows, for what takes Python long.
    for rows, cases in ((ROWS // 10, [(0, FLAT), (2, FLAT), (3, PAIRS), (2, PAIRS), (3, BOTH)]),
                        (ROWS, [(3, [("sum", 0)]), (1, [("sum", 0), ("min", 0), ("quantile:0.99", 1)])])):
        keys, fields = [], []
        for i in range(rows):
            keys.append((b"k", b"c%d" % (i * i % 100), b"m%d" % random.randrange(rows // 10),
                         b"%d" % (i * 7919 % rows)))
            fields.append((random.choice(texts), random.choice(whole)))
        write("rows", b"".join(b"%s %s %s %s %s %s\n" % (*key, *row) for key, row in zip(keys, fields)))
        for at, ops in cases:
            want = lines(expect(((key[at], row) for key, row in zip(keys, fields)), ops))
            for options in RUNS:
                done = run([f"-f{at + 1}", *given(ops, "56"), *options], ["rows"])
                same(f"field {at + 1} of {rows} rows, {ops}, {options}", done.stdout, want)


def kinds():
    """The same rows as fields of every kind, as FILEs and from a pipe."""
    texts = pool(2000)
    count = ROWS // 50
    rows = [(f"k{random.randrange(300)}".encode(), (random.choice(texts), random.choice(texts)))
            for _ in range(count)]

    def form(pattern):
        return b"".join(pattern % (key, *fields) for key, fields in rows)
    shapes = [
        (["-f2"], "34", form(b"x %s  %s\t%s \n")),
        (["-f1", "-d;"], "23", form(b"%s;%s;%s\n")),
        (["-f1", "-d::"], "23", form(b"%s::%s::%s\n")),
        (["-f2", "--csv", "-H"], ["price", '"a, ""b"""'],
         b'x,key,price,"a, ""b"""\r\n' + form(b'"a\nb",%s,"%s",%s\r\n')),
        (["-fkey", "-H", "-d\\t"], ["n", "3"], b"key\tn\tm\n" + form(b"%s\t%s\t%s\n")),
        (["-f1", "--quoted"], "24", form(b'%s "%s" - [%s] "GET / HTTP"\n')),
    ]
    if PCRE2:
        shapes.append((["-e", r"(k\d+)=(\S+);(?<us>\S+)us$"], ["2", "us"], form(b"at %s=%s;%sus\n")))
        shapes.append((["-e", r"(k)(\d+)=(\S+);(\S+)us$", "--replace=$1$2"], "34", form(b"at %s=%s;%sus\n")))
        shapes.append((["-f1", "--grep=k"], "23", form(b"%s %s %s\n- 1 1\n")))
    for ops in (FLAT, PAIRS, BOTH):
        want = lines(expect(rows, ops))
        for options, names, data in shapes:
            write("shaped", data)
            for threads in (1, 3):
                same(f"{options} {ops} -j{threads}",
                     run([*options, f"-j{threads}", *given(ops, names)], ["shaped"]).stdout, want)
            same(f"{options} {ops}, a pipe", run([*options, *given(ops, names)], data=data).stdout, want)


def cancelling():
    """Sums of 38 digits that cancel, and that end past what can be told."""
    big = 10 ** 38 - 1
    rows = []
    for key in range(200):
        parts = [str(big), f"-{big}", str(big), f"-{big}", "0.000000000000000001", f"{key}.5",
                 f"{10 ** 20 - 1}.999999999999999999", f"-{10 ** 20 - 1}.999999999999999999"] * 3
        random.shuffle(parts)
        rows += [(b"c%d" % key, (part.encode(),)) for part in parts]
    random.shuffle(rows)
    for _, (text,) in rows:
        read(text)
    write("cancelling", b"".join(b"%s %s\n" % (key, text) for key, (text,) in rows))
    ops = [("sum", 0), ("mean", 0), ("min", 0), ("max", 0), ("median", 0)]
    for used in (ops[:4], ops):
        want = lines(expect(rows, used))
        for options in RUNS:
            same(f"cancelling {options}", run(["-f1", *given(used, "2"), *options], ["cancelling"]).stdout, want)
    write("past", b"".join(b"a %d\nb 1\n" % value for value in (big, 1)))
    for options in RUNS:
        for more in ([], ["--distinct=2"]):
            done = run(["-f1", "--sum=2", *more, *options], ["past"], status=2)
            want = b"mrcount: the sum of field 2 for key 'a' has more than 38 digits\n"
            if done.stdout or done.stderr != want:
                sys.exit(f"a sum of 39 digits, {options} {more}: {done.stdout!r} {done.stderr!r}")


# ---- Bad numbers -------------------------------------------------------------------------------------

BAD = [b"-", b"1,234", b"0x10", b"nan", b"inf", b"1e", b"e5", b".", b"1.2.3", b"--1", b"1_000", b"x" * 100, b"\xff"]
LONG = [b"1e400", b"1e-19", b"9" * 39, b"0." + b"1" * 19, b"1" * 21 + b"." + b"1" * 18]


def shown(text):
    """As messages show it."""
    return b"".join(b"\\%03o" % byte if byte >= 128 else bytes([byte]) for byte in text[:40]) \
        + (b"..." if len(text) > 40 else b"")


def fails(what, options, files, data, want):
    done = run(options, files, data, 2)
    if done.stdout or done.stderr != want:
        sys.exit(f"{what} {options}: {done.stdout[:100]!r} {done.stderr!r}\ninstead of {want!r}")


def bad_numbers():
    right = b"k 1 2\n" * (500 if VARIANT else 20000)
    before = right.count(b"\n")
    write("right", right)
    for number, text in enumerate(BAD + LONG + [None]):
        row = b"k " + (text or b"")
        reason = b"there is no field 2" if text is None else \
            (b"field 2 is no number: '%s'" if text in BAD else
             b"field 2 has more than 38 digits, or 18 behind the point: '%s'") % shown(text)
        write("wrong", right + row + b"\n" + right * 3 + b"k !\n" + right)
        more = ["--count", "--median=2", "--max=2"][number % 3]
        for options in (["-j1"], ["-j2"], ["-j8"]):
            fails(f"{text!r}", ["-f1", more, "--sum=2", *options], ["right", "wrong"], None,
                  b"mrcount: wrong: line %d: %s\n" % (before + 1, reason))
        with open("wrong", "rb") as file:
            fails(f"{text!r} from a pipe", ["-f1", "--mean=2"], (), file.read(),
                  b"mrcount: -: line %d: %s\n" % (before + 1, reason))
    shapes = [(["-f1", "-d,"], "2", b"k,1\n", b"k,\n", b"field 2 is no number: ''"),
              (["-fk", "--csv", "-H"], ["price"], b"k,1\n", b'k,"x y"\n', b"field 'price' is no number: 'x y'"),
              (["-f2", "--quoted"], "1", b'1 "k"\n', b'"" "k"\n', b"field 1 is no number: ''")]
    if PCRE2:
        shapes.append((["-e", r"(k) (\d+)?"], "2", b"k 1\n", b"k -\n", b"there is no group 2"))
        shapes.append((["-e", r"(k) (?<n>\S+)"], ["n"], b"k 1\n", b"k -\n", b"group 'n' is no number: '-'"))
    for options, names, good, wrong, reason in shapes:
        head = b"k,price\n" if "-H" in options else b""
        data = head + good * before + wrong + good * before + wrong
        write("wrong", data)
        for ops in ([("sum", 0)], [("median", 0)]):
            want = b"line %d: %s\n" % (before + 1 + len(head.split()), reason)
            for threads in ("-j1", "-j8"):
                fails("a shape", [*options, threads, *given(ops, names)], ["wrong"], None, b"mrcount: wrong: " + want)
            fails("a shape in a pipe", [*options, *given(ops, names)], (), data, b"mrcount: -: " + want)
            done = run([*options, "--skip-invalid", *given(ops, names)], ["wrong"])
            if (done.stdout, done.stderr) != (b"k\t1\n" if ops[0][0] == "median" else b"k\t%d\n" % (2 * before),
                                              b"mrcount: 2 lines were left out: a field is missing or no number\n"):
                sys.exit(f"{options} --skip-invalid: {done.stdout!r} {done.stderr!r}")


def skipping():
    """Lines that are left out count in no column."""
    rows, right, left_out = [], [], 0
    good = pool(500)
    for _ in range(ROWS // 20):
        fields = tuple(random.choice(good if random.random() < 0.97 else BAD[:8] + LONG) for _ in range(2))
        fields = fields[:random.choice((2,) * 50 + (1, 0))]
        row = (b"k%d" % random.randrange(100), fields)
        rows.append(row)
        if len(fields) == 2 and None not in map(read, fields):
            right.append(row)
        else:
            left_out += 1
    data = b"".join(b" ".join((key, *fields)) + b"\n" for key, fields in rows)
    write("skipping", data)
    note = b"mrcount: %d lines were left out: a field is missing or no number\n" % left_out
    for ops in (FLAT, PAIRS):
        want = lines(expect(right, ops))
        for options in RUNS:
            done = run(["-f1", "--skip-invalid", *given(ops, "23"), *options], ["skipping"])
            same(f"left out, {ops} {options}", done.stdout, want)
            same(f"the note, {ops} {options}", done.stderr, note)
        if run(["-qf1", "--skip-invalid", *given(ops, "23")], ["skipping"]).stderr:
            sys.exit("--quiet says what is left out")


# ---- What goes with it -------------------------------------------------------------------------------

def options_with_it():
    texts = pool(300)
    rows = [(random.choice([b"Ab", b"aB", b"AB", b"cd", b"e, \"f\"", b"g\xff", b"h\xc3\x89"])
             + b"%d" % int(random.expovariate(0.1)), (random.choice(texts), random.choice(texts)))
            for _ in range(3000)]
    write("few", b"".join(b"%s;%s;%s\n" % (key, *fields) for key, fields in rows))
    for ops in (FLAT, PAIRS, BOTH, [("sum", 0)], [("distinct", 1)], [("min", 1), ("median", 1)]):
        base = ["-f1", "-d;", *given(ops, "23")]
        by_first, by_key = expect(rows, ops), expect(rows, ops, "key")
        cases = [
            ([], lines(by_first)), (["-r"], lines(by_first[::-1])), (["-n7"], lines(by_first[:7])),
            (["-n0"], b""), (["-rn5"], lines(by_first[::-1][:5])), (["--sort=key"], lines(by_key)),
            (["--sort=key", "-r", "-n3"], lines(by_key[::-1][:3])),
            (["--min-count=20"], lines(expect(rows, ops, least=20))),
            (["--min-count=20", "-n4", "--sort=key"], lines(expect(rows, ops, "key", 20)[:4])),
            (["--max-count=9"], lines(expect(rows, ops, most=9))),
            (["--min-count=3", "--max-count=30", "-rn5"], lines(expect(rows, ops, least=3, most=30)[::-1][:5])),
            (["--min-count=3", "--max-count=2"], b""),
            (["--progress=never", "-q", "--max-length=3"],
             lines(row for row in by_first if len(row[0].decode("utf-8", "replace")) < 4)),
        ]
        for options, want in cases:
            same(f"{ops} {options}", run([*base, *options], ["few"]).stdout, want)
        same(f"{ops} --sort=none", lines_sorted(run([*base, "--sort=none"], ["few"]).stdout),
             lines_sorted(lines(by_key)))
        folded = [(key.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape"), fields)
                  for key, fields in rows]
        same(f"{ops} -i", run([*base, "-i"], ["few"]).stdout, lines(expect(folded, ops)))
        write("stop", b"Ab1\ncd2\n")
        same(f"{ops} --stop-words", run([*base, "--stop-words=stop"], ["few"]).stdout,
             lines(row for row in by_first if row[0] not in (b"Ab1", b"cd2")))
        run([*base, "-oout"], ["few"])
        with open("out", "rb") as file:
            same(f"{ops} -o", file.read(), lines(by_first))
        write("zero", b"".join(b"%s;%s;%s\0" % (key, *fields) for key, fields in rows))
        same(f"{ops} -z", run([*base, "-z"], ["zero"]).stdout, lines(by_first, b"\0"))
        done = run([*base, "--stats", "--progress=always", "-j2"], ["few"])
        same(f"{ops} --stats", done.stdout, lines(by_first))
        found = dict(re.findall(rb"^(tokens|distinct keys) +(\d+)$", done.stderr, re.M))
        if found != {b"tokens": b"%d" % len(rows), b"distinct keys": b"%d" % len(by_first)}:
            sys.exit(f"{ops}: --stats: {done.stderr.decode()}")
        formats(ops, base, by_first)


def lines_sorted(text):
    return b"".join(sorted(text.splitlines(True)))


def formats(ops, base, results):
    names = []
    for op, field in ops:
        name, _, place = op.partition(":")
        names.append(name if field is None else f"{name}_{field + 2}" + (f"_{place}" if place else ""))
    done = run([*base, "--format=csv"], ["few"]).stdout
    got = list(csv.reader(io.StringIO(done.decode("latin-1"), newline="")))
    want = [["key", *names]] + [[key.decode("latin-1"), *texts] for key, texts in results]
    if got != want or done.count(b"\r\n") != len(want):
        sys.exit(f"{ops}: csv: {[row for row in zip(got, want) if row[0] != row[1]][:1]}")
    done = run([*base, "--json"], ["few"]).stdout.decode()
    got = [json.loads(line, parse_float=str, parse_int=str) for line in done.splitlines()]
    for row, (key, texts) in zip(got, results):
        if list(row)[0] == "key" and row["key"].encode() != key or list(row)[1:] != names \
                or list(row.values())[1:] != texts \
                or not all(re.search(rf'"{re.escape(name)}":-?\d', done) for name in names):
            sys.exit(f"{ops}: json: {row} instead of {key!r} {texts}")
    if len(got) != len(results):
        sys.exit(f"{ops}: json: {len(got)} rows instead of {len(results)}")


def other_programs():
    """datamash and Miller, on whole numbers."""
    rows = [(b"k%d" % random.randrange(500), random.randrange(-1000, 1000)) for _ in range(ROWS // 20)]
    write("whole", b"".join(b"%s\t%d\n" % row for row in rows))
    columns = ["--count", "--sum=2", "--min=2", "--max=2", "--distinct=2"]
    got = run(["-f1", "-d\\t", "--sort=key", *columns], ["whole"]).stdout
    if shutil.which("datamash"):
        columns = ["count", "2", "sum", "2", "min", "2", "max", "2", "countunique", "2"]
        with open("whole", "rb") as file:
            done = subprocess.run(["datamash", "-sg1", *columns], stdin=file, capture_output=True, check=True,
                                  env={**os.environ, "LC_ALL": "C"})
        same("datamash", got, lines_sorted(done.stdout))
    else:
        print("not compared with datamash, which is not installed")
    if shutil.which("mlr"):
        done = subprocess.run(["mlr", "--inidx", "--ifs", "tab", "--onidx", "--ofs", "tab", "stats1", "-a",
                               "count,sum,min,max,distinct_count", "-f", "2", "-g", "1", "whole"],
                              capture_output=True, check=True)
        same("Miller", got, lines_sorted(done.stdout))
    else:
        print("not compared with Miller, which is not installed")


for test in (many_keys, kinds, cancelling, bad_numbers, skipping, options_with_it, other_programs):
    test()
