#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pictures and the table that tests/bench/plots makes of the bench's figures: well-formed, with
every figure in them, and the README's passage between its marks."""
import os
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

SOURCE = Path(os.environ["MRCOUNT_SOURCE"])
SVG = "{http://www.w3.org/2000/svg}"
SWEEP = [(100, 650), (1600, 640), (25600, 500.5), (409284, 210), (6500000, 90)]
SCALE = [("K", 1, 1.0), ("K", 2, 1.95), ("K", 4, 3.9), ("U", 1, 1.0), ("U", 2, 1.9), ("U", 4, 3.85),
         ("<&>", 1, 1.0), ("<&>", 4, 2.0)]
PEERS = """corpus\tMB\tprogram\tseconds\tto_wc\tpeak_MB\truns\tresult
K\t200.0\tsort | uniq -c\t31.250\t0.02\t1000.0\t1\tsame
K\t200.0\tmrcount -j 2\t0.240\t3.10\t30.4\t3\tsame
K\t200.0\tother\t\t\t\t\tfailed
"""


def check(good, what):
    if not good:
        sys.exit(f"failed: {what}")


def plots(*arguments):
    return subprocess.run([SOURCE / "tests/bench/plots", *arguments], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def picture(path, points, lines, texts):
    """The file must be a picture with so many points and lines, all within its frame."""
    root = xml.parse(path).getroot()
    _, _, width, height = (float(part) for part in root.get("viewBox").split())
    circles = root.findall(SVG + "circle")
    check(len(circles) == points, f"{path}: {len(circles)} points")
    check(len(root.findall(SVG + "polyline")) == lines, f"{path}: not {lines} lines")
    for circle in circles:
        x, y = float(circle.get("cx")), float(circle.get("cy"))
        check(0 < x < width and 0 < y < height, f"{path}: a point at {x}, {y}")
    found = [text.text for text in root.findall(SVG + "text")]
    for text in texts:
        check(text in found, f"{path}: no text '{text}' in {found}")
    return circles


def main():
    results = Path("results")
    results.mkdir()
    readme = Path("README.md")
    readme.write_text("before\n<!-- peers -->\nold\n<!-- /peers -->\nbehind\n")
    check(plots(results, "pictures", readme).returncode == 0, "no figures at all")
    check("old" in readme.read_text() and not Path("pictures").exists(), "written of nothing")

    (results / "sweep.tsv").write_text(
        "keys\tMB\tseconds\n" + "".join(f"{keys}\t{rate}\t1.000\n" for keys, rate in SWEEP))
    (results / "scale.tsv").write_text(
        "corpus\tthreads\tseconds\ttimes_one\n"
        + "".join(f"{name}\t{n}\t1.0\t{times}\n" for name, n, times in SCALE))
    (results / "peers.tsv").write_text(PEERS)
    for _ in range(2):
        done = plots(results, "pictures", readme)
        check(done.returncode == 0, done.stdout)
        points = picture(Path("pictures/keys.svg"), len(SWEEP), 1, ["mrcount", "1k", "1M", "MB/s"])
        heights = [float(point.get("cy")) for point in points]
        check(heights == sorted(heights), f"a lower speed stands higher: {heights}")
        picture(Path("pictures/threads.svg"), len(SCALE), 3, ["<&>", "the Bible", "4"])
        text = readme.read_text()
        check(text.startswith("before\n<!-- peers -->\n") and text.endswith("<!-- /peers -->\nbehind\n"),
              f"what is around the passage: {text}")
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        check(rows == ["| `mrcount -j 2` | 0.24 | 30 MB | same |",
                       "| `sort \\| uniq -c` | 31.25 | 1000 MB | same |",
                       "| `other` | | | failed |"], f"the rows are {rows}")
    readme.write_text("no marks\n")
    check(plots(results, "pictures", readme).returncode == 1, "a README without marks passes")

    # What is committed is well-formed too, and the README has its marks.
    for path in sorted((SOURCE / "data/plots").glob("*.svg")):
        xml.parse(path)
    check((SOURCE / "README.md").read_text(encoding="utf-8").count("<!-- peers -->") == 1,
          "README.md has not one place for the table")


main()
