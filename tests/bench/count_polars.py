# SPDX-License-Identifier: MIT
"""count_polars.py FILE OUT PLAIN THREADS - words of FILE counted by Polars, sorted by count.

Where PLAIN is 1, words have blanks and newlines between them, nothing else.
"""

import os
import sys

file, out, plain, threads = sys.argv[1:5]
os.environ["POLARS_MAX_THREADS"] = threads
import polars  # noqa: E402 - it reads its number of threads when it is imported

word = polars.col("word")
if plain != "1":
    word = word.str.replace_all(r"[\t\x0b\x0c\r]", " ")
(
    polars.scan_csv(
        file, separator="\x01", has_header=False, quote_char=None, schema={"word": polars.String}
    )
    .select(word.str.split(" ").explode())
    .filter(polars.col("word") != "")
    .group_by("word")
    .len()
    .sort("len", descending=True)
    .sink_csv(out, separator="\t", include_header=False, quote_style="never")
)
