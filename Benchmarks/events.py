"""Generated events: ten columns, about 220 bytes of canonical text a row, the same on every machine.

Row i of a table of n is a function of i and n. Rows past n go on in time as the table did.
"""
import re
import subprocess

from measure import HERE, PYTHON, THREADS, run

FIRST = 40_000_000_000  # the id of row 0
COLUMNS = "time id event_type from_artifact to_artifact amount source sha ref number".split()
CSV = "(FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')"
PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
EVENT = """
    TIMESTAMP '2025-01-01' + to_seconds(i * 31536000 // {rows}) AS time,
    {first} + i AS id,
    list_extract(['COMMIT_CODE', 'COMMIT_CODE', 'COMMIT_CODE', 'COMMIT_CODE', 'COMMIT_CODE', 'COMMIT_CODE',
        'STARRED', 'FORKED', 'ISSUE_OPENED', 'ISSUE_COMMENT'], CAST(1 + hash(i, 1) % 10 AS BIGINT)) AS event_type,
    'developer-' || hash(i, 2) % 50000 AS from_artifact,
    'owner-' || hash(i, 3) % 2000 || '/repository-' || hash(i, 4) % 9 AS to_artifact,
    CAST(1 + hash(i, 5) % 3 AS BIGINT) AS amount,
    'github' AS source,
    sha1(CAST(i AS VARCHAR)) AS sha,
    'refs/heads/main' AS ref,
    CAST(hash(i, 6) % 100000 AS BIGINT) AS number"""
# A number that every cell of every row counts in; osodata's SQL is the same engine's.
CHECKSUM = f"SELECT count(*), sum(amount), max(number), bit_xor(hash({', '.join(COLUMNS)})) FROM "


class Duck:
    """DuckDB, each time in a process of its own."""

    def __init__(self, program, folder):
        linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
        found = re.search(r"libduckdb\S* => (/\S+)", linked)
        if not found:
            raise SystemExit(f"{program} is not linked with libduckdb")
        self.library, self.folder = found[1], folder

    def run(self, sql, memory="", limit=None):
        settings = f"SET threads = {THREADS}; SET temp_directory = '{self.folder}/spill';"
        if memory:
            settings += f"SET memory_limit = '{memory}';"
        command = [PYTHON, HERE / "duck.py", self.library]
        return run(command, self.folder, settings + sql, limit=limit)

    def answer(self, sql, limit=None):
        """The outcome of a query; its rows as CSV."""
        outcome = self.run(f"COPY ({sql}) TO '/dev/stdout' (FORMAT csv, HEADER false)", limit=limit)
        return outcome._replace(output=outcome.output.strip())

    def copy(self, sql, path, memory="", limit=None):
        kind = CSV if path.suffix == ".csv" else PARQUET
        return self.run(f"COPY ({sql}) TO '{path}' {kind}", memory, limit)


def scattered(rows):
    """All numbers below rows, each once, in an order that has nothing to do with theirs."""
    bits = max(rows.bit_length(), 8)
    mask, half = (1 << bits) - 1, bits // 2
    return f"""(
        SELECT xor(b, b >> {half}) AS i FROM (
            SELECT (xor(a, a >> {half}) * {0x9E3779B1 >> 1 | 1}) & {mask} AS b FROM (
                SELECT ((k + 1) * {0x2545F491}) & {mask} AS a FROM range({mask + 1}) t(k)))
        WHERE xor(b, b >> {half}) < {rows})"""


def table(path):
    """SQL for the rows of a file."""
    return f"read_csv('{path}', types = {{'time': 'TIMESTAMP'}})" if path.suffix == ".csv" else f"'{path}'"


def events(rows, numbers):
    """SQL for the events of a table of so many rows whose numbers a source with a column i gives."""
    return f"SELECT {EVENT.format(rows=rows, first=FIRST)} FROM {numbers}"


def unsorted(rows):
    return events(rows, scattered(rows))


def more(rows, start, count):
    """The events from one on."""
    return events(rows, f"(SELECT {rows} + {start} + k AS i FROM range({count}) t(k))")


def chosen(rows, count):
    """SQL for whether a row is one of so many anywhere: one of each count-th part of the table."""
    number = f"(id - {FIRST})"
    part = f"({number} * {count} // {rows})"
    place = f"({part} * {rows} + {count - 1}) // {count} + hash({part}, {count}) % {rows // count}"
    return f"{number} < {rows} AND {number} = CAST({place} AS BIGINT)"


def edits(path, rows, count):
    """Those rows of a Parquet file, each with another amount."""
    return f"SELECT * REPLACE (amount + 10 AS amount) FROM '{path}' WHERE {chosen(rows, count)}"


def edited(path, rows, count):
    """All rows of a Parquet file, those changed. A join would not keep them in order."""
    amount = f"amount + CASE WHEN {chosen(rows, count)} THEN 10 ELSE 0 END"
    return f"SELECT * REPLACE ({amount} AS amount) FROM '{path}'"
