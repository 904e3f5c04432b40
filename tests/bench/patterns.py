# SPDX-License-Identifier: MIT
"""Regular expressions on an access log: -e beside ripgrep, sort and uniq, and --vgrep beside no
choice of lines."""

import random
import shutil

from common import CORPORA, MB, MRCOUNT, RUNS, Table, alternate, checksum, cpus, say, verdict, warm, wrong

REQUEST = '"[A-Z]+ (\\S+)'
RARE = "POST /item/17 HTTP/2"
LINES = 1_000_000
TIMES = 6


def access_log():
    """A log of 1 GB: a million lines, six times."""
    file = CORPORA / "access"
    if file.exists():
        return file
    say(f"making {file}")
    draw = random.Random(1)
    paths = ["/index.html", "/about", "/img/logo.png"]
    paths += [f"/item/{draw.randrange(50000)}?ref={draw.randrange(9)}" for _ in range(30000)]
    agents = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0",
        "curl/7.88.1",
    ]
    block = "".join(
        f"{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(256)} - - "
        f"[{draw.randrange(1, 31):02}/Oct/2023:{draw.randrange(24):02}:{draw.randrange(60):02}:"
        f'{draw.randrange(60):02} +0000] "{draw.choice(("GET", "GET", "GET", "POST"))} {draw.choice(paths)} '
        f'HTTP/1.1" {draw.choice((200, 200, 200, 304, 404, 500))} {draw.randrange(50000)} '
        f'"{draw.choice(("-", "https://example.org/"))}" "{draw.choice(agents)}"\n'
        for _ in range(LINES)
    )
    with open(file.with_suffix(".new"), "w", encoding="ascii") as out:
        for _ in range(TIMES):
            out.write(block)
    file.with_suffix(".new").rename(file)
    return file


def run(_corpora):
    """Both limits."""
    file = access_log()
    warm(file)
    table = Table(
        "patterns",
        f"Regular expressions: an access log of {file.stat().st_size / MB:.0f} MB, median of {RUNS}",
        "program:-34",
        "seconds:8",
        "processor:9",
        "times:6",
        "goal:5",
        "verdict:-7",
    )
    threads = f"-j{min(2, cpus())}"
    counted = [MRCOUNT, threads, "-e", REQUEST, str(file)]
    searched = f"rg --no-config -oIN '{REQUEST}' {file} | sort | uniq -c"
    commands = {"mrcount -e": counted}
    if shutil.which("rg"):
        commands["rg -oIN | sort | uniq -c"] = searched
    commands["mrcount"] = [MRCOUNT, threads, str(file)]
    commands["mrcount --vgrep"] = [MRCOUNT, threads, f"--vgrep={RARE}", str(file)]
    results = alternate(commands)
    for name, rounds in results.items():
        other = {"mrcount -e": "rg -oIN | sort | uniq -c", "mrcount --vgrep": "mrcount"}.get(name)
        goal = 0.4 if name == "mrcount -e" else 1.3
        if other not in results:
            table.row(name, rounds.median(), rounds.processor(), "", "", "")
            continue
        ratio = rounds.median() / results[other].median()
        table.row(name, rounds.median(), rounds.processor(), f"{ratio:.2f}", goal,
                  verdict(f"patterns: {name} takes {ratio:.2f} of {goal}", ratio <= goal))
    if shutil.which("rg"):
        mine = checksum(f"{MRCOUNT} --sort=key -c -e '{REQUEST}' --replace='$0' {file}")
        if mine != checksum(searched):
            wrong.append("patterns: ripgrep finds other requests")
