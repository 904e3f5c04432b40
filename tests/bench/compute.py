# SPDX-License-Identifier: MIT
"""compute.py duckdb|polars sums|quantile|distinct FILE OUT THREADS [MEMORY] - what is computed by key
of lines "KEY VALUE": KEY, TAB and sum and mean, or the 99th percentile, or the number of different
values, the greatest first. DuckDB may take so much MEMORY."""

import os
import sys

program, what, file, out, threads = sys.argv[1:6]
if program == "duckdb":
    import duckdb

    columns = {
        "sums": "sum(v), avg(v)",
        "quantile": "quantile_disc(v, 0.99)",
        "distinct": "count(DISTINCT v)",
    }[what]
    config = {"threads": int(threads)}
    if len(sys.argv) > 6:
        config["memory_limit"] = sys.argv[6]
    connection = duckdb.connect(config=config)
    connection.execute(
        f"COPY (SELECT k, {columns} FROM read_csv('{file}', header = false, delim = ' ', quote = '', escape = '', "
        "auto_detect = false, columns = {'k': 'VARCHAR', 'v': 'BIGINT'}) GROUP BY k ORDER BY 2 DESC, 1) "
        f"TO '{out}' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '', ESCAPE '')"
    )
else:
    os.environ["POLARS_MAX_THREADS"] = threads
    import polars  # it reads its number of threads when it is imported

    value = polars.col("v")
    columns = {
        "sums": [value.sum().alias("c"), value.mean().alias("d")],
        "distinct": [value.n_unique().alias("c")],
    }[what]
    schema = {"k": polars.String, "v": polars.Int64}
    (
        polars.scan_csv(file, separator=" ", has_header=False, quote_char=None, schema=schema)
        .group_by("k")
        .agg(columns)
        .sort("c", "k", descending=[True, False])
        .sink_csv(out, separator="\t", include_header=False, quote_style="never")
    )
