# SPDX-License-Identifier: MIT
"""count_column.py duckdb|polars FILE COLUMN THREADS - the values of a column of CSV, counted and
sorted by count, as KEY<TAB>COUNT lines."""

import os
import sys

program, file, column, threads = sys.argv[1:5]
if program == "duckdb":
    import duckdb

    connection = duckdb.connect(config={"threads": int(threads)})
    rows = connection.execute(
        f'SELECT "{column}", count(*) FROM read_csv(\'{file}\', header = true) '
        f'GROUP BY "{column}" ORDER BY 2 DESC'
    ).fetchall()
else:
    os.environ["POLARS_MAX_THREADS"] = threads
    import polars  # it reads its number of threads when it is imported

    counted = polars.scan_csv(file).group_by(column).len().sort("len", descending=True)
    rows = counted.collect(engine="streaming").rows()
sys.stdout.write("".join(f"{key}\t{count}\n" for key, count in rows))
