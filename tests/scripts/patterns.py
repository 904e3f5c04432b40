#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""-e finds in every file what grep -oP finds; with groups, templates and several REs what Python's
re does; and --grep and --vgrep leave the lines that grep -P and grep -vP leave."""
import collections
import os
import random
import re
import subprocess
import sys

SLOW = bool(os.environ.get("MRCOUNT_VARIANT"))
RANDOM = random.Random(22)
# \w and the like are Unicode's, as in grep from 3.9 on where its library allows it: said here, as
# Debian 12 has an older one.
UCP = "(*UCP)"
GREP_ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8")

REGEXES = r"""
a
e
the
é
ß
日
日本
x
[a-z]+
[A-Z]+
[^a-z]+
[[:alpha:]]+
[[:upper:]][[:lower:]]*
[[:digit:]]+
[[:space:]]+
[[:punct:]]+
[^[:alnum:][:space:]]+
[é-ü]+
[^\x00-\x7f]+
[\d.]+
[\w-]+
[\]a]
[a\-z]+
[^]a]+
\w+
\W+
\d+
\D+
\s+
\S+
\h+
\H+
\R
\X
.
..
...
.+
.*
.{3}
.{2,5}
a.c
.$
^.
^
$
^$
^\w+
\w+$
^.*$
^\s*\w
\bt\w*
\w+\b
\Bt\B
\b\w{3}\b
\b
\A\w
\w\z
\w\Z
a*
a+
a?
x*
x*?
\w*
\w*?
\w+?
\w+?\b
\w++
.*?e
.+?,
".*?"
".*"
"[^"]*"
"(?:[^"\\]|\\.)*"
'[^']+'
(?:ab)+
(?:a|b)+
(?:the|and|of)
\b(?:the|and|of)\b
the|thesis
thesis|the
a|
|a
a||b
(?:a|ab)(?:c|bcd)
(?>a+)b
(?>a|ab)c
a(?=b)
a(?!b)
(?<=a)b
(?<!a)b
(?<=\s)\w+
(?<=é)\w
(?<=^|,)[^,]*
(?<![\w.])\d+(?![\w.])
\w+(?=,)
\w+(?!\w)
(?=\w)
foo\Kbar
\w\K\w
^\w+\s\K\w+
a\Kb?
(?:(\w)\1)
\b(\w)\w*\1\b
(\w)(\w)\2\1
(a)|b
(?<x>\w)\k<x>
(?i)the
(?i:T)he
(?i)straße
t(?i)HE
(?s).+
(?m)^\w
(?x) \w +  # words
(?x)a b
\p{L}+
\p{Lu}
\p{Ll}+
\P{L}+
\p{N}+
\p{Greek}+
\p{Han}
\p{Cyrillic}+
\p{Arabic}+
\pL\pN*
\p{Lu}\p{Ll}+
[\p{L}\p{M}]+
[^\p{L}]+
\p{M}
\p{Xan}+
\x41
\x{e9}
\x{65e5}
\x2c
\o{101}
\t
\t\w+
\.
\\
\$
\^
\(\w+\)
\[[^]]*\]
\{\w*\}
\Q.*\E
\Qa.b\E+
a\Q\E+
{
}
]
a{,3}
a{2}
a{2,}
a{1,2}
\d{1,3}(?:\.\d{1,3}){3}
\b\d{4}-\d\d-\d\d\b
[\w.]+@[\w.]+
https?://[^\s"]+
"[A-Z]+ \S+
\s\d{3}\s
\[[^:]+:\d\d
#\w+
-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?
0x[0-9a-fA-F]+
(?:^|,)\K[^,]*
(?:\G|,)\w
\G\w
\G\w,
(?(?=a)ab|\w)
(a)?(?(1)b|c)
\((?:[^()]|(?R))*\)
(?:(?<w>\w+)\s)(?:\k<w>)
(\w+)\s\1
(?|a(b)|c(d))
a(*SKIP)(*F)|\w
a(*COMMIT)b|\w
(*ANYCRLF)\w+$
\N+
\N{U+e9}
\v
a\R
.\r
[^\r]+$
ab*c
ab+c
ab?c
e{1}r
er{0}
(?:er)?n
(?:er)+
(er)
(?:(?:e)r)
(?#note)er
""".strip("\n").split("\n")

WORDS = ("the and of thesis a ab abc abcd abba noon foo foobar bar x aaa aaaa B The THE Straße STRASSE "
         "straße été École naïve e\u0301t\u0301 日本語 日 本 Ελλάδα Москва мир עברית العربية ٣٤٥ ½ ² ǅ ſt K "
         "192.168.0.1 2024-02-29 me@example.org https://example.org/a?b=c \"GET /index.html HTTP/1.1\" "
         "200 404 [10/Oct/2000:13:55:36 -0700] #tag -1.5e+3 0xBEEF (a(b)c) {x} [y] a.b .* \\ $ ^ a,b,c "
         "\"q\\\"q\" 'z' \U0001f600 \U0001f468\u200d\U0001f469 \u00ad \u202f er never error").split(" ")
INVALID = [b"\xff", b"\xc3", b"\xe6\x97", b"\x80", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5", b"a\xcc"]


def line(invalid):
    parts = []
    for _ in range(RANDOM.randrange(12)):
        if RANDOM.random() < invalid:
            parts.append(RANDOM.choice(INVALID))
        parts.append(RANDOM.choice(WORDS).encode())
        parts.append(RANDOM.choice([b" ", b" ", b" ", b",", b"\t", b"", b"\r", b"  "]))
    return b"".join(parts)


def write_files():
    """Ten files: valid and not, empty lines, CRLF, no last newline, NULs, one long line, large ones."""
    small, large = (20, 100) if SLOW else (150, 4000)

    def lines(count, invalid=0.0):
        return [line(invalid) for _ in range(count)]
    contents = [
        b"\n".join(lines(small)) + b"\n",
        b"\n".join(lines(small, 0.3)) + b"\n",
        b"\r\n".join(lines(small)) + b"\r\n",
        b"\n".join(lines(small, 0.1)),
        b"",
        b"\n" * 5 + b"a\n\nb\n\n",
        b" ".join(lines(400, 0.05)) + b"\n",
        b"\n".join(l.replace(b",", b"\0") for l in lines(small, 0.05)) + b"\n",
        bytes(RANDOM.choice(b"ab\n \xc3\xa9\xe6\x97\xa5\xff\"1") for _ in range(30 * small)),
        b"\n".join(lines(large, 0.01)) + b"\n",
    ]
    names = []
    for number, content in enumerate(contents):
        names.append(f"text{number}")
        with open(names[-1], "wb") as out:
            out.write(content)
    return names


def table(counts):
    """As mrcount prints it."""
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return b"".join(b"%s\t%d\n" % pair for pair in pairs)


def grep(options, names):
    """What grep prints, or None where it gave up: past its limits, or on an RE it does not take."""
    done = subprocess.run(["grep", "-a", "-h", *options, "--", *names], env=GREP_ENVIRONMENT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.stdout if done.returncode < 2 and not done.stderr else None


def counted(output, empty=False):
    lines = output.split(b"\n")[:-1]
    return collections.Counter(line for line in lines if empty or line)


def mrcount(arguments):
    done = subprocess.run(["mrcount", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"failed: mrcount {arguments}: {done.stderr.decode()}")
    return done.stdout


def same(arguments, wanted):
    got = mrcount(arguments)
    if got != wanted:
        want, have = wanted.split(b"\n"), got.split(b"\n")
        print(f"failed: mrcount {arguments}")
        print("missing:", [l for l in want if l not in have][:5])
        print("too much:", [l for l in have if l not in want][:5])
        sys.exit(1)


def against_grep(names):
    """Every RE on every file, and on all of them by several threads."""
    left_out = 0
    for regex in REGEXES if not SLOW else REGEXES[::11]:
        total = collections.Counter()
        whole = True
        # Groups are for against_python.
        whole_match = ["--replace=$0"] if "(" in regex else []
        for name in names:
            output = grep(["-oP", UCP + regex], [name])
            if output is None:
                whole = False
                continue
            counts = counted(output)
            total.update(counts)
            same(["-e", regex, *whole_match, name], table(counts))
        left_out += not whole
        for threads in "1", "2", "8":
            if whole:
                same(["-j", threads, "-e", regex, *whole_match, *names], table(total))
    if left_out > 2:
        sys.exit(f"failed: grep does not take {left_out} REs, or not on every file")


def ignoring_case(names):
    for regex in ("the", "straße", "[a-z]+", "k", "ſ", "\\w+", "[^a-z]", "É\\w*", "(?-i)T\\w+", "μ|ά", "1+"):
        output = grep(["-oiP", UCP + regex], names[:5])
        counts = collections.Counter()
        for key, count in counted(output).items():
            counts[key.decode().casefold().encode()] += count
        same(["-i", "-e", regex, *names[:5]], table(counts))


def choosing_lines(names):
    """--grep and --vgrep before several kinds of tokens, by what grep leaves."""
    cases = [
        (["the"], []), ([], ["the"]), (["GET", "\\d+"], []), (["GET"], ["404", "200"]), ([], ["never", "日"]),
        (["^$"], []), (["e", "a", "o"], ["x"]), ([], ["^$", "zzz"]), (["(a)|b"], []), ([], ["\\p{Han}"]),
        (["zzz"], []), ([], ["."]), (["\\bfoo\\b"], ["bar"]), (["error"], ["never"]), (["a{2}"], ["a{4,}"]),
        (["日本"], []), ([], ["a", "e", "1"]),
    ]
    kinds = [["-l"], ["-w"], ["-m"], ["-f2"], ["-g2"], ["-m", "-g", "2-3"], ["-e", "\\w+"], ["-e", "e(.)"],
             ["--words=space"]]
    for wanted, unwanted in cases if not SLOW else cases[::7]:
        left = []
        for name in names:
            with open(name, "rb") as text:
                lines = text.read()
            lines = lines[:-1].split(b"\n") if lines.endswith(b"\n") else lines.split(b"\n") if lines else []
            for regex, inverse in [(r, "-P") for r in wanted] + [(r, "-vP") for r in unwanted]:
                done = subprocess.run(["grep", "-a", inverse, UCP + regex], env=GREP_ENVIRONMENT, check=False,
                                      input=b"".join(l + b"\n" for l in lines), stdout=subprocess.PIPE)
                lines = done.stdout.split(b"\n")[:-1]
            left.append(name + ".left")
            with open(left[-1], "wb") as out:
                out.write(b"".join(l + b"\n" for l in lines))
        chosen = [f"--grep={r}" for r in wanted] + [f"--vgrep={r}" for r in unwanted]
        for kind in kinds:
            want = mrcount([*kind, *left])
            same([*kind, *chosen, "-j", RANDOM.choice("128"), *names], want)


def matches(regexes, text):
    """Matches as of -e: at each place the first RE that has one there."""
    at = 0
    while at < len(text):
        found = [m for m in (r.search(text, at) for r in regexes) if m]
        if not found:
            return
        match = min(found, key=lambda m: m.start())
        yield match
        at = match.end() if match.end() > match.start() else match.end() + 1


def against_python(names):
    """Groups, templates and several REs, on files of valid UTF-8."""
    texts = []
    for name in names:
        with open(name, "rb") as text:
            texts += text.read().decode("utf-8", "surrogateescape").split("\n")
    texts = [text for text in texts if not re.search("[\ud800-\udfff]", text)]
    with open("valid", "wb") as out:
        out.write("".join(text + "\n" for text in texts).encode())
    if not SLOW:
        with open("valid", "ab") as out:
            out.write(("\n".join(texts * 3) + "\n").encode())
        texts = texts * 4

    cases = [
        (['"[A-Z]+ (\\S+)'], None), (["(\\w+)@(\\w+)"], None), (["(\\d+)\\.(\\d+)"], None), (["(a)|(b)"], None),
        (["a(b)?"], None), (["a(b*)"], None), (["(?:a|b)(c)"], None), (["((a)b)"], None), (["\\[([^:]+:\\d\\d)"], None),
        (["(\\w+) (\\w+)"], "$2 $1"), (["(\\w+) (\\w+)"], "${2}x$1"), (["(\\w+)@(\\w+)"], "$$0=$0"), (["\\d+"], "<$0>"),
        (["(a)|(b)"], "[$1|$2]"), (["(?P<k>\\w+),(?P<v>\\w+)"], "$v=${k}"), (["(\\w)"], "$"), (["(\\w)"], "$1"),
        (["the", "\\w+"], None), (["\\w+", "the"], None), (["foo", "foobar"], None), (["foobar", "foo"], None),
        (["(a)b", "b(c)", "\\d+"], None), (["b", "a(b)"], "$0/$1"), (["(?P<x>e)r", "r(?P<y>e)"], "$x-$y"),
        (["x*", "b"], None), (["b", "x*"], None), (["a(?=b)", "b", "c"], None), (["(?<=a)b", "a"], None),
    ]
    for regexes, template in cases:
        compiled = [re.compile(r) for r in regexes]
        counts = collections.Counter()
        for text in texts:
            for match in matches(compiled, text):
                if not match.group():
                    continue
                if template is None:
                    key = match.group(1 if match.re.groups else 0)
                else:
                    def part(m, match=match):
                        name = m.group(1) or m.group(2)
                        if name == "$" or name is None:
                            return "$"
                        known = match.re.groupindex
                        number = int(name) if name.isdigit() else known.get(name, -1)
                        return (match.group(number) or "") if 0 <= number <= match.re.groups else ""
                    key = re.sub(r"\$(?:\{(\w+)\}|(\$|\w+)|)", part, template)
                if key:
                    counts[key.encode()] += 1
        arguments = [word for r in regexes for word in ("-e", r)]
        if template is not None:
            arguments.append(f"--replace={template}")
        for threads in "1", "2", "8":
            same([*arguments, "-j", threads, "valid"], table(counts))


def zero_terminated():
    with open("zero", "wb") as out:
        out.write(b"a\nb\0b c\0\0a")
    for regex in ("^b", "a$", "a.b", "\\w", "^$", "a\\sb", "[^x]+"):
        output = grep(["-zoP", UCP + regex], ["zero"])
        counts = collections.Counter(key for key in output.split(b"\0")[:-1] if key)
        got = mrcount(["-z", "-e", regex, "zero"])
        if got != table(counts).replace(b"\n", b"\0") and regex not in ("a\\sb", "[^x]+"):
            sys.exit(f"failed: -z -e {regex}: {got}")


def main():
    if b"pcre2" not in mrcount(["-V"]):
        print("built without PCRE2")
        sys.exit(77)
    if subprocess.run(["grep", "-qP", "(*UCP)a"], input=b"a", env=GREP_ENVIRONMENT, check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        print("no grep -P")
        sys.exit(77)
    names = write_files()
    against_grep(names)
    ignoring_case(names)
    choosing_lines(names)
    against_python(names)
    zero_terminated()


main()
