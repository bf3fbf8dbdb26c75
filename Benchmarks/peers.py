#!/usr/bin/env python3
"""What else one would use to compare two versions of a table.

Usage: Benchmarks/peers.py BEFORE AFTER      counts the rows that only one has, with Polars
"""
import sys

from events import COLUMNS
from measure import LONGEST, Outcome, median, run

KEY, REST = COLUMNS[:2], COLUMNS[2:]
NAMES = ["DuckDB full join", "DuckDB EXCEPT", "Polars anti-joins", "git diff"]
GIT_REFUSES = 1023 << 20  # bytes of a file; "git diff" has none if they are too many


def full_join(before, after):
    differ = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in REST)
    return f"""SELECT count(*) FILTER (a.id IS NULL), count(*) FILTER (b.id IS NULL),
        count(*) FILTER (a.id IS NOT NULL AND b.id IS NOT NULL AND ({differ}))
        FROM '{before}' a FULL JOIN '{after}' b ON a.time = b.time AND a.id = b.id"""


def except_both(before, after):
    return f"""SELECT (SELECT count(*) FROM (FROM '{after}' EXCEPT FROM '{before}')),
        (SELECT count(*) FROM (FROM '{before}' EXCEPT FROM '{after}'))"""


class Peers:
    """Each in a process of its own. One that fails is not asked again."""

    def __init__(self, duck, programs):
        self.duck, self.programs, self.failed = duck, programs, {}

    def compare(self, name, before, after):
        """The outcome of a peer, its answer as numbers with commas between; None if it is not there."""
        if name not in self.failed:
            if name == NAMES[2] and not self.programs:
                return None
            outcome = median(lambda: self.once(name, before, after))
            if not outcome.failure:
                return outcome._replace(output=outcome.output.strip())
            self.failed[name] = outcome
        return self.failed[name]

    def once(self, name, before, after):
        folder = self.duck.folder
        if name == "DuckDB full join":
            return self.duck.answer(full_join(before, after), limit=LONGEST)
        if name == "DuckDB EXCEPT":
            return self.duck.answer(except_both(before, after), limit=LONGEST)
        if name == "Polars anti-joins":
            return run([self.programs / "python", __file__, before, after], folder, limit=LONGEST)
        texts = [path.with_suffix(".csv") for path in (before, after)]
        if not texts[0].exists():
            return Outcome("", 0, 0, 0, "refuses files over 1 GB")
        # Unless told otherwise, git takes files over 512 MiB as binary and gives no counts.
        command = ["git", "-c", "core.bigFileThreshold=4g", "diff", "--no-index", "--numstat", *texts]
        outcome = run(command, folder, statuses=(0, 1), limit=LONGEST)
        return outcome._replace(output=",".join(outcome.output.split()[:2]) or "0,0")


def expected(name, added, removed, changed):
    """The right answer of a peer: the full join gives three counts, the others rows of one side only."""
    if name == "DuckDB full join":
        return f"{added},{removed},{changed}"
    return f"{added + changed},{removed + changed}"


def anti_joins(before, after):
    import polars

    def only_in(these, those):
        joined = polars.scan_parquet(these).join(
            polars.scan_parquet(those), on=COLUMNS, how="anti", nulls_equal=True
        )
        return joined.select(polars.len()).collect(engine="streaming").item()

    print(f"{only_in(after, before)},{only_in(before, after)}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    anti_joins(*sys.argv[1:])
