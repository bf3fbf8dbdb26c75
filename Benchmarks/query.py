#!/usr/bin/env python3
"""Times SQL over a table beside other tools on the same rows; checks every answer.

Usage: Benchmarks/query.py PROGRAM [ROWS] [--folder FOLDER] [--results FILE]

5,000,000 rows if no number is given, 100,000 at least. The rows are those of store.py, keyed by time and id.
osodata reads them from its repository without a cache, from a fresh clone for the first time, and again
with what that left behind; DuckDB's command, chdb and Polars read the same text in compressed files of a
mebibyte, DuckDB also one Parquet file. Prints Markdown, and adds it to FILE (a name in Benchmarks/Results if
none is given). Medians of five. Exits 1 if an answer is wrong. Needs Python 3.9, git, zstd; installs the
peers in .deps/bench-venv.
"""
import argparse
import csv
import io
import pathlib
import subprocess
import sys
import tempfile

import events
from measure import (
    THREADS, Outcome, Report, default_results, environment, mebibytes, median, megabytes, peers_programs, run,
    said, seconds, size_of, times,
)
from warehouse import Warehouse

TYPES = dict(zip(events.COLUMNS, "TIMESTAMP BIGINT VARCHAR VARCHAR VARCHAR BIGINT VARCHAR VARCHAR VARCHAR BIGINT".split()))
# The five of limits.md, a join and a window; the goals are how many times as fast as the best reader of text.
QUERIES = [
    ("Q1 count", 15, "SELECT count(*) AS n FROM {t}"),
    ("Q2 group by", 2, "SELECT event_type, count(*) AS n, sum(amount)::BIGINT AS s FROM {t} GROUP BY 1 ORDER BY 1"),
    ("Q3 a tenth, distinct", 9, "SELECT to_artifact, count(DISTINCT from_artifact) AS n FROM {t}"
     " WHERE event_type = 'COMMIT_CODE' AND time >= TIMESTAMP '2025-11-25' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"),
    ("Q4 one row", 25, "SELECT id, sha, number FROM {t} WHERE id = {id}"),
    ("Q5 distinct by month", 1.8, "SELECT date_trunc('month', time)::DATE AS m, to_artifact,"
     " count(DISTINCT from_artifact) AS n FROM {t} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20"),
    ("join", None, "SELECT a.event_type, count(*) AS n FROM {t} a JOIN {t} b ON a.id = b.id + 1"
     " WHERE b.amount = 3 GROUP BY 1 ORDER BY 1"),
    ("window", None, "SELECT event_type, id FROM (SELECT event_type, id, row_number() OVER (PARTITION BY event_type"
     " ORDER BY number DESC, id) AS r FROM {t}) WHERE r <= 2 ORDER BY 1, 2"),
]


def text_files(folder, parquet, duck):
    """The rows as NDJSON in files of a mebibyte, each compressed by zstd -3."""
    folder.mkdir()
    whole = folder.with_suffix(".ndjson")
    duck.run(f"COPY (FROM '{parquet}') TO '{whole}' (FORMAT json, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')")
    subprocess.run(
        ["split", "-C", "1m", "-d", "-a", "5", "--additional-suffix=.ndjson", whole, folder / "c"], check=True
    )
    whole.unlink()
    files = sorted(str(path) for path in folder.iterdir())
    for start in range(0, len(files), 1_000):
        subprocess.run(["zstd", "-q", "-3", "--rm", "-T1", *files[start:start + 1_000]], check=True)


def rows(text):
    """The cells of CSV without its header; dates and times in one spelling."""
    cells = [row for row in csv.reader(io.StringIO(text)) if row][1:]
    return [[cell.replace("T00:00:00.000000", "").replace(" 00:00:00", "") for cell in row] for row in cells]


class Peers:
    def __init__(self, programs, folder, texts, parquet):
        self.programs, self.folder = programs, folder
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
        self.text = f"read_ndjson('{texts}/*.zst', columns = {{{columns}}}, compression = 'zstd')"
        self.parquet = f"'{parquet}'"
        kinds = ", ".join(f"{name} {dict(TIMESTAMP='DateTime', BIGINT='Int64', VARCHAR='String')[kind]}"
                          for name, kind in TYPES.items())
        self.clickhouse = f"file('{texts}/*.zst', 'JSONEachRow', '{kinds}', 'zstd')"
        self.texts = texts

    def duckdb(self, sql, table):
        text = f"SET threads = {THREADS}; SET timezone = 'UTC'; {sql.replace('{t}', table)}"
        return run([self.programs / "duckdb", "-csv", "-c", text], self.folder, limit=120)

    def chdb(self, sql):
        # Its own names of what the statements use.
        sql = sql.replace("{t}", self.clickhouse).replace("::BIGINT", "").replace("::DATE", "")
        sql = sql.replace("TIMESTAMP '2025-11-25'", "toDateTime('2025-11-25 00:00:00', 'UTC')")
        sql = sql.replace("date_trunc('month', time)", "toStartOfMonth(time)")
        program = (
            "import chdb, sys; print(chdb.query(sys.argv[1] + ' SETTINGS max_threads = "
            f"{THREADS}, date_time_input_format = ''best_effort'', session_timezone = ''UTC'' FORMAT CSVWithNames'))"
        ).replace("''", "\\'")
        return run([self.programs / "python", "-c", program, sql], self.folder, limit=120)

    def polars(self, sql):
        sql = sql.replace("{t}", "t").replace("::BIGINT", "").replace("::DATE", "")
        program = f"""
import polars as pl, sys
kinds = dict(TIMESTAMP=pl.String, BIGINT=pl.Int64, VARCHAR=pl.String)
t = pl.scan_ndjson('{self.texts}/*.zst', schema={{k: kinds[v] for k, v in {TYPES!r}.items()}})
t = t.with_columns(pl.col('time').str.to_datetime('%Y-%m-%dT%H:%M:%SZ'))
sys.stdout.write(pl.SQLContext(t=t).execute(sys.argv[1]).collect(engine='streaming').write_csv())
"""
        return run([self.programs / "python", "-c", program, sql], self.folder, limit=120)


def measure(program, count, folder, report):
    duck = events.Duck(program, folder)
    parquet = folder / "events.parquet"
    duck.run(
        f"COPY (FROM ({events.unsorted(count)}) ORDER BY time, id) TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)"
    )
    warehouse = Warehouse(program, folder / "warehouse")
    warehouse.write(parquet, "--key", "time,id")
    text_files(folder / "texts", parquet, duck)
    clone = folder / "clone"
    run(["git", "clone", "-q", warehouse.folder, clone], folder)
    programs = peers_programs()
    peers = Peers(programs, folder, folder / "texts", parquet) if programs else None
    report.say(
        f"\n## Queries over {count:,} rows\n\nOne table, {megabytes(warehouse.size())} of objects; the same rows in text, "
        f"{megabytes(size_of(folder / 'texts'))} in files of a mebibyte, and in Parquet, {megabytes(parquet.stat().st_size)}. "
        "Whole processes, two threads, medians of five. (2×) is twice what osodata takes without a cache."
    )

    def ask(place, sql, *options):
        command = [warehouse.program, "query", sql.replace("{t}", warehouse.table), "--format", "csv", "--threads", THREADS]
        return run([*command, *options], place)

    none = median(lambda: run([warehouse.program, "query", "SELECT 1"], warehouse.folder))
    # The cold runs open no file of the cache: there is none.
    cache = warehouse.folder / ".osodata" / "cache"
    columns = ["osodata, no cache", "read", "duckdb-cli", "chdb", "Polars", "goal", "is", "again, cached", "DuckDB, Parquet"]
    report.table("query", *columns)
    lines = []
    for name, goal, sql in QUERIES:
        sql = sql.replace("{id}", str(events.FIRST + count // 2))
        cold = median(lambda: ask(warehouse.folder, sql, "--no-cache"))
        report.check(f"{name}: files of the cache", cache.exists() and any(cache.glob("*.duckdb")), False)
        explained = subprocess.run(
            [warehouse.program, "query", sql.replace("{t}", warehouse.table), "--no-cache", "--explain"],
            cwd=warehouse.folder, env=environment(folder), capture_output=True, text=True,
        ).stderr
        read = sum(int(line.split("read ")[1].split(" of")[0].replace(",", "")) for line in explained.splitlines()
                   if line.startswith("scan: "))
        answer = rows(cold.output)
        theirs, cells = [], []
        for peer in (
            (lambda: peers.duckdb(sql, peers.text)), (lambda: peers.chdb(sql)), (lambda: peers.polars(sql)),
        ) if peers else ():
            outcome = median(peer)
            right = outcome.failure or report.check(name, rows(outcome.output), answer)
            if not outcome.failure and right:
                theirs.append(outcome.seconds)
            cells.append(outcome.failure or f"{seconds(outcome.seconds)} ({times(outcome.seconds, cold.seconds)})")
        columnar = median(lambda: peers.duckdb(sql, peers.parquet)) if peers else Outcome("", 1, 1, 1, "–")
        if peers:
            report.check(f"{name}, Parquet", rows(columnar.output), answer)
        lines.append((name, goal, sql, cold, read, cells or ["–"] * 3, theirs, columnar, answer))
    # First in a fresh clone, which has no cache and whose pages are read; then warm.
    first = ask(clone, QUERIES[1][2])
    run([warehouse.program, "cache", "warm"], clone)
    warmed = median(lambda: run([warehouse.program, "cache", "list"], clone))
    report.check("files after warming", len(list((clone / ".osodata" / "cache").glob("*.duckdb"))), 1)
    for name, goal, sql, cold, read, cells, theirs, columnar, answer in lines:
        warm = median(lambda: ask(clone, sql))
        report.check(f"{name}, cached", rows(warm.output), answer)
        best = f"{min(theirs) / cold.seconds:.1f}×" if theirs else "–"
        report.row(
            name, f"{seconds(cold.seconds)}, {mebibytes(cold.peak)}", f"{read:,} chunks", *cells,
            f"{goal}×" if goal else "", best,
            f"{seconds(warm.seconds)} ({times(warm.seconds, columnar.seconds)} Parquet)", seconds(columnar.seconds),
        )
    report.say(
        f"\n`select 1` takes {seconds(none.seconds)} (goal 0.05 s). Q2 as the first query in a fresh clone takes "
        f"{seconds(first.seconds)}, {times(first.seconds, lines[1][7].seconds)} what DuckDB takes with Parquet (goal 10×). "
        f"The cache of the clone has {megabytes(size_of(clone / '.osodata' / 'cache'))}; listing it takes {seconds(warmed.seconds)}."
    )


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].split("Usage: ")[1])
    parser.add_argument("program")
    parser.add_argument("rows", nargs="?", type=int, default=5_000_000)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.rows < 100_000:
        parser.error("100,000 rows are the least")
    program = pathlib.Path(arguments.program).resolve()
    report = Report(arguments.results or default_results(), append=True)
    report.say(f"\n`Benchmarks/query.py PROGRAM {arguments.rows}`, {said('date', '-u', '+%Y-%m-%d %H:%M')} UTC; "
               f"osodata {said(str(program), '--version')} at {said('git', 'describe', '--always', '--dirty')}")
    with tempfile.TemporaryDirectory(prefix="osodata-query-", dir=arguments.folder) as folder:
        measure(program, arguments.rows, pathlib.Path(folder), report)
    report.say(f"\n{report.wrong} answers wrong." if report.wrong else "\nEvery answer was right.")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
