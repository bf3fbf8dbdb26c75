#!/usr/bin/env python3
"""Times runs of many trivial tables beside ninja, dbt and Dagster, and checks what they made.

Usage: Benchmarks/orchestration.py PROGRAM [TABLES…] [--folder DIR] [--results FILE]      10 and 100 if none are named

Every table is one row of two numbers. osodata writes snapshots and commits them to git; ninja starts duckdb-cli for each table, which writes a
Parquet file; dbt (dbt-duckdb) makes tables in a DuckDB file; Dagster materializes assets in process, each writing a Parquet file. A full run
starts from nothing made, a second run from everything made. dbt and Dagster make everything again in it. Then osodata alone: a run with nothing
new over 800 tables, and a plan over 1,000 models. Needs Python 3.9, git, and PyPI for the peers (Benchmarks/requirements-orchestration.txt).
Exits 1 if an answer is wrong.
"""
import argparse, pathlib, shutil, sys, tempfile

from measure import (
    THREADS, Report, default_results, mebibytes, median, peers_programs, run, said, seconds, times,
)


def sql(number):
    return f"SELECT {number} AS id, {number} * 7 AS n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class Peer:
    """A tool with its project of `count` tables in a folder."""

    def __init__(self, folder, count, programs):
        self.folder, self.count, self.programs = folder, count, programs
        folder.mkdir(parents=True)
        self.write()

    def made(self):
        """How many tables there are, and the sum of their numbers."""
        files = f"read_parquet('{self.folder}/out/*.parquet')"
        return self.ask(f"SELECT count(*), sum(n) FROM {files}")

    def ask(self, text, *database):
        done = run([self.programs / "duckdb", "-csv", "-noheader", *database, "-c", text], self.folder)
        return done.output.strip()


class Osodata(Peer):
    name = "osodata"

    def write(self):
        write(self.folder / "pipelines.toml", '[warehouse]\nname = "bench"\n')
        write(self.folder / ".gitignore", ".osodata/\n")
        for number in range(self.count):
            write(self.folder / f"models/marts/t{number}.sql", f'/* key = ["id"] */\n{sql(number)}\n')
        for command in (["init", "-q", "-b", "main", "."], ["add", "-A"], ["commit", "-qm", "Models"]):
            run(["git", *command], self.folder)
        self.start = run(["git", "rev-parse", "HEAD"], self.folder).output.strip()

    def clean(self):
        run(["git", "reset", "-q", "--hard", self.start], self.folder)
        shutil.rmtree(self.folder / ".osodata", ignore_errors=True)

    def command(self):
        return [self.program, "run", "--threads", THREADS]

    def made(self):
        tables = " UNION ALL ".join(f"SELECT n FROM marts.t{number}" for number in range(self.count))
        answer = run([self.program, "query", f"SELECT count(*), sum(n) FROM ({tables})", "--format", "csv"], self.folder)
        return answer.output.strip().splitlines()[-1]


class Ninja(Peer):
    name = "ninja + duckdb-cli"

    def write(self):
        duckdb = self.programs / "duckdb"
        lines = [f'rule make\n  command = {duckdb} -c "COPY ($sql) TO \'$out\'"\n']
        for number in range(self.count):
            lines.append(f"build out/t{number}.parquet: make\n  sql = {sql(number)}\n")
        write(self.folder / "build.ninja", "".join(lines))

    def clean(self):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        (self.folder / ".ninja_log").unlink(missing_ok=True)

    def command(self):
        return [self.programs / "ninja", "--quiet", "-j", THREADS]


class Dbt(Peer):
    name = "dbt-duckdb"

    def write(self):
        write(self.folder / "dbt_project.yml", "name: bench\nversion: '1.0'\nprofile: bench\nmodels:\n  +materialized: table\n")
        write(self.folder / "profiles.yml", "bench:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n"
              f"      path: bench.duckdb\n      threads: {THREADS}\n")
        for number in range(self.count):
            write(self.folder / f"models/t{number}.sql", sql(number) + "\n")

    def clean(self):
        shutil.rmtree(self.folder / "target", ignore_errors=True)
        (self.folder / "bench.duckdb").unlink(missing_ok=True)

    def command(self):
        return [self.programs / "dbt", "--quiet", "--no-send-anonymous-usage-stats", "run", "--profiles-dir", "."]

    def made(self):
        tables = " UNION ALL ".join(f"SELECT n FROM t{number}" for number in range(self.count))
        text = f"SELECT count(*) || ',' || sum(n) FROM ({tables})"
        program = "import duckdb, sys; print(duckdb.connect('bench.duckdb').sql(sys.argv[1]).fetchall()[0][0])"
        return run([self.programs / "python", "-c", program, text], self.folder).output.strip()


DAGSTER = '''
import pathlib, dagster, duckdb
pathlib.Path("out").mkdir(exist_ok=True)
def make(number):
    @dagster.asset(name=f"t{number}")
    def table():
        duckdb.connect().execute(f"COPY (SELECT {number} AS id, {number} * 7 AS n) TO 'out/t{number}.parquet'")
    return table
result = dagster.materialize([make(number) for number in range(COUNT)])
assert result.success
'''


class Dagster(Peer):
    name = "Dagster, in process"

    def write(self):
        write(self.folder / "assets.py", DAGSTER.replace("COUNT", str(self.count)))

    def clean(self):
        shutil.rmtree(self.folder / "out", ignore_errors=True)

    def command(self):
        return [self.programs / "python", "assets.py"]


def measure(count, folder, programs, report):
    expected = f"{count},{7 * count * (count - 1) // 2}"
    report.say(f"\n{count} tables")
    report.table("", "full run", "", "memory", "second run", "")
    ours = None
    for kind in (Osodata, Ninja, Dbt, Dagster):
        peer = kind(folder / f"{kind.__name__}-{count}", count, programs)

        def full():
            peer.clean()
            return run(peer.command(), peer.folder, limit=600)

        first = median(full)
        if first.failure:
            report.row(peer.name, first.failure)
            continue
        report.check(f"{peer.name}, {count} tables", peer.made(), expected)
        second = median(lambda: run(peer.command(), peer.folder, limit=600))
        report.check(f"{peer.name}, {count} tables, again", peer.made(), expected)
        ours = ours or (first.seconds, second.seconds)
        report.row(
            peer.name, seconds(first.seconds), times(first.seconds, ours[0]), mebibytes(first.peak),
            seconds(second.seconds), times(second.seconds, ours[1]),
        )


def measure_alone(folder, programs, report):
    report.say("\nosodata alone")
    report.table("", "time", "memory")
    many = Osodata(folder / "many", 800, programs)
    run(many.command(), many.folder)
    quiet = median(lambda: run(many.command(), many.folder))
    report.check("nothing new over 800 tables", "Nothing new" in quiet.output, True)
    report.row("run with nothing new, 800 tables", f"{quiet.seconds:.3f} s", mebibytes(quiet.peak))
    models = Osodata(folder / "models", 1000, programs)
    plan = median(lambda: run([models.program, "plan"], models.folder))
    report.check("a plan of 1,000 models", plan.output.count("marts.t"), 1000)
    report.row("plan of 1,000 models, none made", f"{plan.seconds:.3f} s", mebibytes(plan.peak))
    floor = median(lambda: run([models.program, "query", "SELECT 1"], models.folder))
    report.row("`query \"SELECT 1\"`, for comparison", f"{floor.seconds:.3f} s", mebibytes(floor.peak))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].split("Usage: ")[1])
    parser.add_argument("program")
    parser.add_argument("tables", nargs="*", type=int, default=[10, 100])
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    arguments = parser.parse_args()
    Osodata.program = pathlib.Path(arguments.program).resolve()
    report = Report(arguments.results or default_results(), append=True)
    report.say(f"\n`Benchmarks/orchestration.py PROGRAM`, {said('date', '-u', '+%Y-%m-%d %H:%M')} UTC; "
               f"osodata {said(str(Osodata.program), '--version')} at {said('git', 'describe', '--always', '--dirty')}")
    programs = peers_programs("requirements-orchestration.txt")
    if not programs:
        sys.exit("The peers cannot be installed.")
    with tempfile.TemporaryDirectory(prefix="osodata-orchestration-", dir=arguments.folder) as folder:
        for count in arguments.tables:
            measure(count, pathlib.Path(folder), programs, report)
        measure_alone(pathlib.Path(folder), programs, report)
    report.say(f"\n{report.wrong} answers wrong." if report.wrong else "\nEvery answer was right.")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
