# SPDX-License-Identifier: MIT
"""count_duckdb.py FILE OUT PLAIN THREADS - words of FILE counted by DuckDB, sorted by count.

Where PLAIN is 1, words have blanks and newlines between them, nothing else.
"""

import sys

import duckdb

file, out, plain, threads = sys.argv[1:5]
line = (
    "line" if plain == "1" else "translate(line, chr(9) || chr(11) || chr(12) || chr(13), '    ')"
)
lines = (
    f"read_csv('{file}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', "
    "header = false, auto_detect = false, max_line_size = 100000000)"
)
connection = duckdb.connect(config={"threads": int(threads)})
connection.execute(f"""
    COPY (SELECT word, count(*) AS n
          FROM (SELECT unnest(string_split({line}, ' ')) AS word FROM {lines})
          WHERE word <> '' GROUP BY word ORDER BY n DESC)
    TO '{out}' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '', ESCAPE '')""")
