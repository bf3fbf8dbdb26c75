#!/usr/bin/env python3
"""Times writing, changing, comparing, growing and reading a table beside other tools; checks every answer.

Usage: Benchmarks/store.py PROGRAM [ROWS…] [--only store|growth] [--peers-up-to ROWS] [--folder FOLDER] [--results FILE]

1,000,000 rows if none are named, 10,000 at least; above 10,000,000 the peers are left out unless --peers-up-to says more. Rows look like events: ten columns, about 220 bytes
of canonical text, keyed by time and id. The work is done in FOLDER (a temporary one if none is named;
50 million rows need 40 GB). Prints Markdown, and writes it to FILE, a name in Benchmarks/Results if
none is given. What takes less than five seconds is the median of five runs, except what changes a
repository. Exits 1 if an answer is wrong. Needs Python 3.9, git, zstd; installs Polars and DVC in
.deps/bench-venv.
"""
import argparse
import os
import pathlib
import platform
import shutil
import sys
import tempfile

import events
import growth
import peers
from measure import (
    LONGEST, SHORT, THREADS, Report, default_results, mebibytes, median, megabytes, memory,
    peers_programs, processor, run, said, seconds, size_of, times,
)
from warehouse import Warehouse

QUERY = "SELECT count(*), sum(amount), max(number) FROM "
EDITS = (0, 1, 1_000, 5_000)


class Bench:
    def __init__(self, program, folder, report):
        self.program, self.folder, self.report = os.path.abspath(program), folder, report
        self.programs = peers_programs()
        self.has_peers = True
        self.duck = events.Duck(self.program, folder)


def describe(bench, rows):
    """Prints where, when and with what this runs."""
    say, python = bench.report.say, (bench.programs or pathlib.Path()) / "python"
    versions = [
        f"osodata {said(bench.program, '--version')} at {said('git', 'describe', '--always', '--dirty')}",
        said("git", "--version"),
        "duckdb " + bench.duck.answer("SELECT version()").output.strip(),
    ]
    if bench.programs:
        versions.append("polars " + said(python, "-c", "import polars; print(polars.__version__)"))
        versions.append("dvc " + said(bench.programs / "dvc", "--version"))
    say("# The store beside its peers")
    say()
    say(f"- {said('date', '-u', '+%Y-%m-%d %H:%M')} UTC; {', '.join(versions)}")
    say(
        f"- {os.cpu_count()} × {processor()}, {memory() / 2**30:.0f} GiB of memory, "
        f"Linux {platform.release()}; whoever takes a number of threads has {THREADS}"
    )
    say(f"- `Benchmarks/store.py PROGRAM {' '.join(map(str, rows))}`")
    if not bench.programs:
        say("- Polars and DVC are left out: they could not be installed from PyPI.")
    say()
    say(
        "Times are of whole processes, their start included; memory is the most they held; cpu is processor "
        "time, which other work on the machine changes least. (2×) is twice what osodata takes. "
        f"Medians of five where it takes less than {SHORT} s and changes no repository."
    )


def cell(outcome, ours, right=True):
    """What a peer took."""
    if outcome is None:
        return "–"
    if outcome.failure:
        return outcome.failure
    return f"{beside(outcome, ours)}, {mebibytes(outcome.peak)}" + ("" if right else ", WRONG")


def beside(outcome, ours, of="seconds"):
    """Seconds, and how often ours they are."""
    value = getattr(outcome, of)
    return seconds(value) + (f" ({times(value, getattr(ours, of))})" if ours else "")


def write(bench, rows, folder):
    """Times making the table of files in no order. Gives the warehouse; leaves 0.parquet, in order."""
    report, duck, target = bench.report, bench.duck, folder / "0.parquet"
    kept, digests = None, set()
    report.table("write", "time", "cpu", "rows a second", "memory", "bytes")

    def line(what, outcome, size, ours=None):
        if outcome.failure:
            return report.row(what, outcome.failure, "", "", "", "")
        took = beside(outcome, ours), beside(outcome, ours, "processor"), f"{rows / outcome.seconds:,.0f}"
        report.row(what, *took, mebibytes(outcome.peak), megabytes(size))

    def imported():
        shutil.rmtree(folder / "new", ignore_errors=True)
        warehouse = Warehouse(bench.program, folder / "new")
        outcome = warehouse.write(source, "--key", "time,id")
        digests.add(warehouse.digest())
        made.append(warehouse)
        return outcome

    for source in (folder / "rows.csv", folder / "rows.parquet"):
        duck.copy(events.unsorted(rows), source)
        made = []
        ours = median(imported)
        line(f"`osodata import {source.name} --memory 256MB`", ours, made[-1].size())
        if kept:
            shutil.rmtree(folder / "new")
        else:
            kept = made[-1]
            kept.move(folder / "warehouse")
        if not bench.has_peers:
            source.unlink()
            continue
        for bound in ("256MB", "512MB", "1GB", "2GB", "4GB", "8GB"):
            order = f"FROM {events.table(source)} ORDER BY time, id"
            theirs = median(lambda: duck.copy(order, target, bound, LONGEST))
            if not theirs.failure:
                break
        size = 0 if theirs.failure else target.stat().st_size
        line(f"DuckDB, {source.name} to sorted Parquet, memory_limit {bound}", theirs, size, ours)
        if not theirs.failure and source.suffix == ".csv":
            both, size = committed(folder, target, theirs)
            line("the same, `git add` and `git commit`", both, size, ours)
        source.unlink()
    if not bench.has_peers or theirs.failure:
        duck.copy(f"FROM ({events.unsorted(rows)}) ORDER BY time, id", target)
    report.check("digests of the table made of CSV and of Parquet", len(digests), 1)
    return kept


def committed(folder, file, before):
    """What it takes to commit a file after it was made, and the bytes of its object."""
    place = folder / "plain"
    place.mkdir()
    run(["git", "init", "-q", "."], place)
    os.link(file, place / file.name)
    outcomes = [run(["git", *rest], place) for rest in (["add", "-A"], ["commit", "-qm", "all"])]
    size = size_of(place / ".git" / "objects")
    shutil.rmtree(place)
    outcomes.append(before)
    return before._replace(
        seconds=sum(outcome.seconds for outcome in outcomes),
        processor=sum(outcome.processor for outcome in outcomes),
        peak=max(outcome.peak for outcome in outcomes),
    ), size


def change_and_compare(bench, rows, folder, warehouse):
    """Makes versions and times comparing each with the one before. Gives the last as Parquet."""
    report, duck = bench.report, bench.duck
    others = peers.Peers(duck, bench.programs)
    texts = bench.has_peers and rows * 160 < peers.GIT_REFUSES
    before, changes, compared = folder / "0.parquet", [], []
    if texts:
        duck.copy(f"FROM '{before}'", before.with_suffix(".csv"))
    report.table("diff", "osodata", "chunks", "text read", *peers.NAMES)
    for step, count in enumerate([*EDITS, rows // 300], 1):
        after, file = folder / f"{step}.parquet", folder / "changes.csv"
        day = step > len(EDITS)
        if count == 0:
            os.link(before, after)
            warehouse.git("commit", "-q", "--allow-empty", "-m", "no change")
        else:
            new = events.more(rows, 0, count) if day else events.edits(before, rows, count)
            whole = f"FROM '{before}' UNION ALL {new}" if day else events.edited(before, rows, count)
            duck.copy(new, file)
            duck.copy(whole, after)
            size = warehouse.size()
            option = "--append" if day else "--update"
            outcome = warehouse.write(file, option)
            changes.append((option, count, outcome, warehouse.size() - size))
        if texts:
            duck.copy(f"FROM '{after}'", after.with_suffix(".csv"))

        what = f"{count:,} rows appended" if day else f"{count:,} {'cell' if count == 1 else 'cells'} changed"
        counts = (count, 0, 0) if day else (0, 0, count)
        outcome, found = warehouse.diff()
        right = report.check(what, tuple(found[name] for name in ("added", "removed", "changed")), counts)
        cells, theirs_all = [], []
        for name in peers.NAMES:
            theirs = others.compare(name, before, after) if bench.has_peers else None
            fine = theirs is None or bool(theirs.failure)
            fine = fine or report.check(f"{name}, {what}", theirs.output, peers.expected(name, *counts))
            cells.append(cell(theirs, outcome, fine))
            theirs_all.append(theirs)
        compared.append((what, outcome, theirs_all))
        took = f"{seconds(outcome.seconds)}, {mebibytes(outcome.peak)}" + ("" if right else ", WRONG")
        report.row(what, took, f"{found['chunks_read']:,}", megabytes(found["bytes_read"]), *cells)
        for old in (before, before.with_suffix(".csv")):
            old.unlink(missing_ok=True)
        before = after
    before.with_suffix(".csv").unlink(missing_ok=True)

    report.table("diff, cpu", "osodata", *peers.NAMES)
    for what, ours, theirs_all in compared:
        report.row(what, beside(ours, None, "processor"), *(
            "–" if theirs is None or theirs.failure else beside(theirs, ours, "processor")
            for theirs in theirs_all
        ))
    report.table("change", "rows of the file", "time", "cpu", "memory", "bytes added")
    for option, count, outcome, size in changes:
        took = seconds(outcome.seconds), seconds(outcome.processor)
        what = f"`osodata import {option} --memory 256MB`"
        report.row(what, f"{count:,}", *took, mebibytes(outcome.peak), megabytes(size))
    answer = warehouse.query(events.CHECKSUM).output
    expected = duck.answer(f"{events.CHECKSUM}'{before}'").output
    report.check("all cells after the changes", answer, expected)
    return before


def read(bench, folder, warehouse, parquet):
    """Times reading the table whole from a repository as osodata wrote it, a clone, and loose objects."""
    report = bench.report
    clone, loose = folder / "clone.git", folder / "loose.git"
    cloned = run(["git", "clone", "-q", "--bare", f"file://{warehouse.folder}", clone], folder)
    shell = f"git init -q --bare -b main {loose} && cd {loose}"
    shell += f" && for pack in {warehouse.folder}/.git/objects/pack/*.pack; do git unpack-objects -q <$pack; done"
    run(["sh", "-ec", f"{shell} && cp -rn {warehouse.folder}/.git/objects/?? objects/"], folder)
    head = warehouse.git("rev-parse", "HEAD").output.strip()
    run(["git", "update-ref", "refs/heads/main", head], loose)

    report.table("read", "bytes", "query", "`show`", "`verify --content`")
    expected = median(lambda: bench.duck.answer(f"{QUERY}'{parquet}'"))
    answers = set()
    places = [
        ("the repository as written", warehouse.folder / ".git", warehouse),
        (f"a bare clone, made in {seconds(cloned.seconds)}", clone, warehouse.at(clone)),
        ("a copy of loose objects", loose, warehouse.at(loose)),
    ]
    for what, place, there in places:
        query = there.query(QUERY)
        report.check(f"the query, {what}", query.output, expected.output)
        show = median(lambda: there.run("show", there.table))
        verify = median(lambda: there.run("verify", there.table, "--content", "--threads", THREADS))
        answers.add((show.output, verify.output))
        report.row(
            what, megabytes(size_of(place / "objects")),
            *(f"{seconds(o.seconds)}, {mebibytes(o.peak)}" for o in (query, show, verify))
        )
    report.check("what show and verify say of the three", len(answers), 1)
    report.row("DuckDB, one Parquet file", megabytes(parquet.stat().st_size), cell(expected, query), "", "")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].split("Usage: ")[1])
    parser.add_argument("program")
    parser.add_argument("rows", nargs="*", type=int)
    parser.add_argument("--only", choices=["store", "growth"])
    parser.add_argument("--peers-up-to", type=int, default=10_000_000)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    arguments = parser.parse_args()
    sizes = arguments.rows or [1_000_000]
    if min(sizes) < 10_000:
        parser.error("10,000 rows are the least")
    folder = arguments.folder.resolve() if arguments.folder else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    report = Report(arguments.results or default_results())
    with tempfile.TemporaryDirectory(prefix="osodata-store-", dir=folder) as temporary:
        bench = Bench(arguments.program, pathlib.Path(temporary), report)
        describe(bench, sizes)
        for rows in sizes if arguments.only != "growth" else ():
            bench.has_peers = rows <= arguments.peers_up_to
            report.say(f"\n## {rows:,} rows")
            folder = bench.folder / str(rows)
            folder.mkdir()
            warehouse = write(bench, rows, folder)
            parquet = change_and_compare(bench, rows, folder, warehouse)
            read(bench, folder, warehouse, parquet)
            shutil.rmtree(folder)
        base = min(1_000_000, max(sizes))
        if arguments.only != "store":
            report.say(f"\n## {growth.DAYS} days added to {base:,} rows")
            for day in (3_333, 666):
                growth.measure(bench, base, day)
    report.say()
    report.say(f"{report.wrong} answers wrong." if report.wrong else "Every answer was right.")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
