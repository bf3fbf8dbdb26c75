"""How much a repository grows by a table to which every day adds rows, as osodata and others keep it."""
import csv
import json
import shutil
import statistics
import subprocess

import events
from measure import megabytes, run, seconds, size_of, times
from warehouse import Warehouse

DAYS = 30
NUMBERS = {"id", "amount", "number"}


class Keeper:
    """A folder in git, in which a table is kept in some way."""

    keeps = "whole"

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        run(["git", "init", "-q", "-b", "main", "."], folder)
        self.begin()

    def begin(self):
        pass

    def keep(self, whole, part, name, spent):
        """Commits the table, all of it in the Parquet file `whole`, what is new in `part`; gives seconds,
        with those spent on making the file that is kept."""
        outcomes = self.write(whole, part, name)
        for command in (["add", "-A"], ["commit", "-qm", name]):
            outcomes.append(run(["git", *command], self.folder))
        return sum(outcome.seconds for outcome in outcomes) + spent.get(self.keeps, 0)

    def size(self):
        """Bytes of what is kept, as it lies."""
        return size_of(self.folder / ".git" / "objects")

    def packed(self):
        """Bytes after git has put all together."""
        run(["git", "gc", "-q"], self.folder)
        return self.size()


class OneParquet(Keeper):
    title, can = "one Parquet file in git", "any change; writes it all"

    def write(self, whole, part, name):
        shutil.copyfile(whole, self.folder / "events.parquet")
        return []


class DailyParquet(Keeper):
    title, can = "a Parquet file a day in git", "appends; a change must find its file"
    keeps = "part"

    def write(self, whole, part, name):
        shutil.copyfile(part, self.folder / f"{name}.parquet")
        return []


class OneGzip(Keeper):
    title, can = "one CSV file, gzip, in git", "any change; writes it all; no types"
    keeps = "text"

    def write(self, whole, part, name):
        text = whole.with_suffix(".csv")
        return [run(["sh", "-c", f"gzip -nc '{text}' > events.csv.gz"], self.folder)]


class Dvc(OneParquet):
    title, can = "one Parquet file in DVC", "any change; keeps all of each version"
    program = None

    def begin(self):
        run([self.program, "init", "-q"], self.folder)

    def write(self, whole, part, name):
        super().write(whole, part, name)
        return [run([self.program, "add", "-q", "events.parquet"], self.folder)]

    def size(self):
        return super().size() + size_of(self.folder / ".dvc" / "cache")


def canonical(file):
    """The rows of a CSV file as osodata writes them."""
    with open(file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            cells = (
                f'"{name}":{value}' if name in NUMBERS else f'"{name}":{json.dumps(value)}'
                for name, value in row.items()
            )
            yield "{" + ",".join(cells) + "}\n"


def compressed(file):
    """Bytes of a file's rows, in canonical form, under zstd -3."""
    text = "".join(canonical(file)).encode()
    return len(subprocess.run(["zstd", "-3", "-c"], input=text, stdout=subprocess.PIPE).stdout)


def sizes(warehouse):
    """Bytes of objects as they lie, after osodata gc, and after git gc."""
    copy = warehouse.folder.with_name("copy")
    shutil.copytree(warehouse.folder, copy, symlinks=True)
    found = [warehouse.size()]
    for command in ([warehouse.program, "gc"], ["git", "gc", "-q"]):
        run(command, copy)
        found.append(size_of(copy / ".git" / "objects"))
    shutil.rmtree(copy)
    return found


class Growth:
    """A base of rows, days that come to it, and one cell of the base that changes in the end."""

    def __init__(self, bench, rows, day):
        self.bench, self.duck, self.folder = bench, bench.duck, bench.folder / "growth"
        self.folder.mkdir()
        self.duck.copy(events.unsorted(rows), self.folder / "base.csv")
        self.duck.copy(f"FROM ({events.unsorted(rows)}) ORDER BY time, id", self.folder / "base.parquet")
        self.parts = []  # seconds that each day's Parquet file took
        for number in range(DAYS):
            new = events.more(rows, number * day, day)
            self.duck.copy(new, self.folder / f"day-{number:02}.csv")
            self.parts.append(self.duck.copy(new, self.folder / f"day-{number:02}.parquet").seconds)
        base = self.folder / "base.parquet"
        self.duck.copy(events.edits(base, rows, 1), self.folder / "edit.csv")
        self.duck.copy(events.edited(base, rows, 1), self.folder / "edited.parquet")

    def whole(self, days, base="base"):
        """SQL for the table after some days."""
        parts = [base] + [f"day-{number:02}" for number in range(days)]
        return " UNION ALL ".join(f"FROM '{self.folder}/{part}.parquet'" for part in parts)

    def ours(self, table):
        """Sizes before the days, after them and after the edit, and seconds of each day."""
        warehouse = Warehouse(self.bench.program, self.folder / "warehouse", table)
        warehouse.write(self.folder / "base.csv", "--key", "time,id")
        found, spent = [sizes(warehouse)], []
        for number in range(DAYS):
            spent.append(warehouse.write(self.folder / f"day-{number:02}.csv", "--append").seconds)
        found.append(sizes(warehouse))
        warehouse.write(self.folder / "edit.csv", "--update")
        found.append(sizes(warehouse))
        answer = warehouse.query(events.CHECKSUM).output
        expected = self.duck.answer(events.CHECKSUM + f"({self.whole(DAYS, 'edited')})").output
        self.bench.report.check(f"{table} after {DAYS} days", answer, expected)
        shutil.rmtree(warehouse.folder)
        return found, spent

    def theirs(self, keepers):
        """The same of every peer, where after the days its size is taken as it lies and packed."""
        found, spent = [[] for _ in keepers], [[] for _ in keepers]
        whole, text = self.folder / "whole.parquet", self.folder / "whole.csv"
        for step in range(DAYS + 2):
            day, base = 0 < step <= DAYS, "edited" if step > DAYS else "base"
            sql = self.whole(min(step, DAYS), base)
            taken = {"whole": self.duck.copy(sql, whole).seconds, "part": self.parts[step - 1] if day else 0}
            name = f"day-{step - 1:02}" if day else "base"
            if day:
                with open(text, "ab") as file:
                    file.write((self.folder / f"{name}.csv").read_bytes().split(b"\n", 1)[1])
            else:
                self.duck.copy(sql, text)
            part = self.folder / f"{name if day else base}.parquet"
            for place, keeper in enumerate(keepers):
                spent[place].append(keeper.keep(whole, part, name, taken))
                if step == 0:
                    keeper.packed()  # as what osodata writes is
                if step in (0, DAYS, DAYS + 1):
                    found[place].append(keeper.size())
                if step == DAYS:
                    found[place].append(keeper.packed())
        return found, [of[1:-1] for of in spent]


def measure(bench, rows, day):
    """Prints a table of what a month of days and one changed cell add."""
    report, growth = bench.report, Growth(bench, rows, day)
    least = sum(compressed(growth.folder / f"day-{number:02}.csv") for number in range(DAYS))
    goal = 2 * least + 40_000 * DAYS
    report.say()
    report.say(
        f"{DAYS} days of {day:,} rows. The new rows under zstd -3: {megabytes(least)}. "
        f"The goal, at most twice that and 40 kB a day: {megabytes(goal)}. In the end a cell of the base changes."
    )
    report.table(
        "kept as", "growth", "after `osodata gc`", "after `git gc`", "a day takes", "the cell adds", "can take"
    )
    sized = lambda value: f"{megabytes(value)} ({times(value, least)})"
    met = []
    for table, size in (("raw.events", "large"), ("marts.events", "small")):
        (before, after, edited), spent = growth.ours(table)
        grown = [b - a for a, b in zip(before, after)]
        met.append(f"{size} " + ", ".join(
            f"{'met' if value <= goal else 'not met'} {when}"
            for value, when in zip(grown, ("as it lies", "after `osodata gc`", "after `git gc`"))
        ))
        report.row(
            f"osodata, class {size}", *map(sized, grown), seconds(statistics.median(spent)),
            megabytes(edited[0] - after[0]), "any change"
        )
    kinds = [OneParquet, DailyParquet, OneGzip]
    if bench.programs:
        Dvc.program = bench.programs / "dvc"
        kinds.append(Dvc)
    keepers = [kind(growth.folder / kind.__name__) for kind in kinds]
    for keeper, (before, after, packed, edited), spent in zip(keepers, *growth.theirs(keepers)):
        report.row(
            keeper.title, sized(after - before), "", sized(packed - before),
            seconds(statistics.median(spent)), megabytes(edited - packed), keeper.can
        )
    report.say()
    report.say(f"The goal: {'; '.join(met)}.")
    shutil.rmtree(growth.folder)
