#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fields of CSV are those that Python's csv module reads, and fields of logs those of a slow reader.

The files are generated to be hostile: quotes where none belong, newlines in quotes, CRLF, empty
fields and lines, records of any width, a byte order mark, columns in another order in each FILE, a
million records, a field of 64 MiB. Each is read as a FILE and from a pipe by several numbers of
threads, and moved along byte by byte, so that each record meets each border of the blocks that are
read. What is random is so by a fixed seed.
"""
import csv
import os
import random
import re
import subprocess
import sys
from collections import Counter

random.seed(5)
csv.field_size_limit(1 << 30)
VARIANT = os.environ.get("MRCOUNT_VARIANT", "")
THREADS = (2, 8) if VARIANT else (1, 2, 3, 8)
ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\"}


def unescape(key):
    return re.sub(rb"\\(.)", lambda found: ESCAPES[found[1]], key) if b"\\" in key else key


def count(options, files=(), data=None):
    """What mrcount counts in the files, or in data from a pipe."""
    done = subprocess.run(["mrcount", "--escape", *options, *files], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"{options} {files}: exit status {done.returncode}: {done.stderr[:500]!r}")
    got = Counter()
    for line in done.stdout.split(b"\n")[:-1]:
        key, number = line.rsplit(b"\t", 1)
        got[unescape(key)] = int(number)
    return got


def same(what, got, want):
    if got == want:
        return
    for key in sorted(got.keys() | want.keys()):
        if got[key] != want[key]:
            sys.exit(f"{what}: {key[:100]!r} {got[key]} times instead of {want[key]}")


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def check(what, options, data, want, threads=THREADS):
    write("text", data)
    for number in threads:
        same(f"{what}, -j {number}, a file", count([*options, f"-j{number}"], ["text"]), want)
        same(f"{what}, -j {number}, a pipe", count([*options, f"-j{number}"], data=data), want)


# ---- CSV -------------------------------------------------------------------------------------------

def rows(data):
    """The records of a file, by Python; a record there is an empty list where the line is empty."""
    return (row for row in csv.reader(lines(data.decode("latin-1"))) if row)


def lines(text):
    at = 0
    while at < len(text):
        stop = text.find("\n", at) + 1 or len(text)
        yield text[at:stop]
        at = stop


def column(data, number):
    return Counter(row[number].encode("latin-1") for row in rows(data) if len(row) > number)


PIECES = ["a", "b", "a", "", "", "ab c", '""', "\n", "\r\n", ",", "\xc3\xa9", "\0", "\r", "x" * 70, ",,\n"]
PLAIN = ["a", "b", "a", "", "", "ab c", '5" pipe', 'a"b"', " \"a", "\xc3\xa9", "\0", "x" * 70, "'", "\\\""]


def field():
    if random.random() < 0.4:
        text = '"' + "".join(random.choice(PIECES) for _ in range(random.randrange(5))) + '"'
        return text + (random.choice(PLAIN) if random.random() < 0.1 else "")
    return random.choice(PLAIN)


def table(records, width=None):
    """Records of CSV, the last perhaps without its end."""
    text = []
    for _ in range(records):
        text.append(",".join(field() for _ in range(width or random.randrange(1, 6))))
        text.append(random.choice(["\n", "\r\n", "\n", "\n\n", "\r\n\r\n"]))
    if text and random.random() < 0.5:
        text.pop()
    return "".join(text).encode("latin-1")


def small_tables():
    for turn in range(40 if VARIANT else 150):
        data = table(random.randrange(8))
        number = turn % 3
        check(f"small table {turn}", ["--csv", f"-f{number + 1}"], data, column(data, number), (1 + turn % 2,))


def large_tables():
    data = table(5000 if VARIANT else 20000)
    for number in (0, 1, 4):
        check(f"a large table, column {number}", ["--csv", f"-f{number + 1}"], data, column(data, number))
    want = Counter(",".join(row[1:3]).encode("latin-1") for row in rows(data) if len(row) > 1)
    check("two columns of a large table", ["--csv", "-f2-3"], data, want)
    tabs = "\n".join("\t".join(field().replace("\t", "") for _ in range(3)) for _ in range(2000)) + "\n"
    want = Counter(row[1].encode("latin-1") for row in csv.reader(lines(tabs), delimiter="\t") if len(row) > 1)
    check("TABs", ["--csv", "-d\\t", "-f2"], tabs.encode("latin-1"), want)


def pushed_tables():
    """Each record at each border: blocks are of 64 KiB first, then of 256 KiB."""
    rest = table(3000 if VARIANT else 12000, 3)
    wanted = column(rest, 1)
    for push in (*range(9), 31, 32, 33) if VARIANT else range(70):
        data = b'"' + b"\n" * push + b'"\n' + rest
        write("text", data)
        same(f"a table pushed by {push}, a file", count(["--csv", "-f2", "-j2"], ["text"]), wanted)
        same(f"a table pushed by {push}, a pipe", count(["--csv", "-f2", "-j2"], data=data), wanted)


def headers():
    names = ["id", "the, key", 'say "x"', "a\nb", "2"]
    want, files = {name: Counter() for name in names}, []
    for number in range(7):
        columns = names + ["more"] * (number % 3)
        random.shuffle(columns)
        head = ",".join('"' + name.replace('"', '""') + '"' for name in columns)
        data = head.encode() + b"\r\n" + table(3000 if not VARIANT else 300, len(columns))
        for name in names:
            want[name] += column(data[len(head) + 2:], columns.index(name))
        files.append(f"table{number}")
        write(files[-1], (b"\xef\xbb\xbf" if number % 2 else b"") + data)
    write("empty", b"")
    files.append("empty")
    for name in names:
        given = name if name in ("id", "a\nb") else '"' + name.replace('"', '""') + '"'
        for number in THREADS:
            same(f"the column {name!r}", count(["--csv", "-H", f"-f{given}", f"-j{number}"], files), want[name])


def giants():
    records = 50000 if VARIANT else 1000000
    data = "".join(f'{i},"{i * 7919 % 1000} ""x"",\n",{i % 3}\n' for i in range(records)).encode()
    want = Counter(f'{i * 7919 % 1000} "x",\n'.encode() for i in range(records))
    check("many records", ["--csv", "-f2"], data, want, (1, 2, 8))
    giant = (b'x, y""' * 100000 + b"\n") * (2 if VARIANT else 112)  # 64 MiB
    data = b'a,"b\n",c\na,"' + giant + b'",c\na,b,c\n'
    want = Counter([b"b\n", giant.replace(b'""', b'"'), b"b"])
    check("a giant field", ["--csv", "-f2"], data, want, (1, 2))
    check("a field behind a giant one", ["--csv", "-f3"], data, Counter({b"c": 3}), (1, 2))


def unclosed():
    for before in (0, 1, 70000):
        write("text", b'a,"b\n"\n' * before + b'c,d\ne,"f\n' + b"g,h\n" * before)
        for options, source in ((["text"], None), ([], open("text", "rb"))):
            done = subprocess.run(["mrcount", "--csv", "-f1", *options], stdin=source, capture_output=True,
                                  check=False)
            name = "text" if options else "-"
            want = f"mrcount: {name}: line {2 * before + 2}: the quote that opens here is never closed\n"
            if (done.returncode, done.stdout, done.stderr) != (2, b"", want.encode()):
                sys.exit(f"a quote that is not closed: {done.returncode}, {done.stderr!r} instead of {want!r}")


def records(text):
    """The text of each record without its end, and the record itself."""
    pulled = []
    reader = csv.reader(pulled[-1] for line in lines(text) if not pulled.append(line))
    for row in reader:
        if row:
            raw = "".join(pulled)
            yield raw[:-2] if raw.endswith("\r\n") else raw[:-1] if raw.endswith("\n") else raw, row
        pulled.clear()


def chosen_records():
    """--grep and --vgrep choose records, newlines in quotes included."""
    if "pcre2" not in subprocess.run(["mrcount", "-V"], capture_output=True, text=True, check=True).stdout:
        print("records are not chosen: mrcount was built without PCRE2")
        return
    for turn in range(6 if VARIANT else 30):
        data = table(3000 if turn < 3 else random.randrange(9), random.choice([None, 3]))
        number = turn % 3
        split = list(records(data.decode("latin-1")))
        for kept, dropped in (("ab", None), (None, "x{70}"), ("^a", "b$"), ('"\n', None), (None, "\n"), ("a|^", "^$")):
            want = Counter(row[number].encode("latin-1") for raw, row in split if len(row) > number
                           and (not kept or re.search(kept, raw))
                           and (not dropped or not re.search(dropped.replace("$", "\\Z"), raw)))
            options = [f"--grep={kept}"] * bool(kept) + [f"--vgrep={dropped}"] * bool(dropped)
            check(f"records {turn} {options}", ["--csv", f"-f{number + 1}", *options], data, want, (1, 3))
    data = b"\xef\xbb\xbfname,n\r\nab,1\r\n" + b'b,"2\na"\r\n' * 30000 + b"a,3\r\nb,4\r\n"
    check("records behind a header", ["--csv", "-H", "-fname", "--grep=a"], data, Counter({b"ab": 1, b"b": 30000, b"a": 1}))
    check("records behind a mark", ["--csv", "-f1", "--grep=^name|4$"], data, Counter({b"name": 1, b"b": 1}))
    write("text", data + b'c,d\ne,"f\n')
    done = subprocess.run(["mrcount", "--csv", "-f1", "--grep=zzz", "text"], capture_output=True, check=False)
    if (done.returncode, done.stderr) != (2, b"mrcount: text: line 60006: the quote that opens here is never closed\n"):
        sys.exit(f"a quote that is not closed among records: {done.returncode}, {done.stderr!r}")


# ---- Logs ------------------------------------------------------------------------------------------

def log_fields(line):
    """The fields of a line of a log, byte by byte."""
    found, at = [], 0
    while True:
        while at < len(line) and line[at] in " \t":
            at += 1
        if at == len(line):
            return found
        end = None
        if line[at] in '"[':
            close = at + 1
            while close < len(line) and line[close] != ('"' if line[at] == '"' else "]"):
                close += 2 if line[at] == '"' and line[close] == "\\" else 1
            if close < len(line) and (close + 1 == len(line) or line[close + 1] in " \t"):
                end = close + 1
        if end is None:
            end = at
            while end < len(line) and line[end] not in " \t":
                end += 1
            found.append(line[at:end])
        elif line[at] == "[":
            found.append(line[at + 1:end - 1])
        else:
            text, i = [], at + 1
            while i < end - 1:
                pair = line[i:i + 2] if line[i] == "\\" else line[i]
                text.append('"' if pair == '\\"' else pair)
                i += len(pair)
            found.append("".join(text))
        at = end


def log_line():
    def text():
        return "".join(random.choice(["a", " ", "/", '\\"', "\\\\", "[", "]", "\\x22", "b c", "\xc3\xa9"])
                       for _ in range(random.randrange(12)))
    if random.random() < 0.1:
        return "".join(random.choice(' "[]\\ab\t') for _ in range(random.randrange(40)))
    request = random.choice([f"GET /{text()} HTTP/1.1", "-", "GET /", "", text()])
    return (f'10.0.0.{random.randrange(9)} - {random.choice(["-", "ann"])} [10/Oct/2025:13:5{random.randrange(9)}:36 '
            f'+0000] "{request}" {random.choice([200, 404, 500])} {random.randrange(20)} "{text()}" "{text()}"')


def logs():
    lines_of = [log_line() for _ in range(5000 if VARIANT else 15000)]
    ends = [random.choice(["\n", "\n", "\r\n"]) for _ in lines_of]
    data = "".join(a + b for a, b in zip(lines_of, ends)).encode("latin-1")
    split = [log_fields(line) for line in lines_of]
    for number in (0, 3, 4, 5, 8):
        want = Counter(row[number].encode("latin-1") for row in split if len(row) > number)
        check(f"logs, field {number + 1}", ["--quoted", f"-f{number + 1}"], data, want)
    want = Counter(" ".join(row[3:6:2]).encode("latin-1") for row in split if len(row) > 3)
    check("logs, two fields", ["--quoted", "-f4,6"], data, want)


for test in (small_tables, large_tables, pushed_tables, headers, giants, unclosed, chosen_records, logs):
    test()
