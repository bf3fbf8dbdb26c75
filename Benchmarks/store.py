#!/usr/bin/env python3
"""Times writing, daily appends and diffs of one table, and checks the answers.

Usage: Benchmarks/store.py PROGRAM [ROWS] [FOLDER]      1,000,000 rows if none are named

Rows look like events: ten columns, about 220 bytes of text, keyed by time and id. Prints a Markdown
table with, for every step, wall time, peak memory and what was read or written. Exits 1 if a count
that `osodata diff` gives is not what was changed. Needs Python 3.9, git and the zstd program.
"""
import datetime
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

COLUMNS = "time,id,event_type,from_artifact,to_artifact,amount,source,sha,ref,number"
TYPES = ["COMMIT_CODE"] * 6 + ["STARRED", "FORKED", "ISSUE_OPENED", "ISSUE_COMMENT"]


def row(number, rows, generator):
    """One line of CSV; times run over a year."""
    second = number * 31_536_000 // rows
    moment = datetime.datetime(2025, 1, 1) + datetime.timedelta(seconds=second)
    return ",".join(
        [
            moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            f"{40_000_000_000 + number}",
            generator.choice(TYPES),
            f"developer-{generator.randrange(50_000)}",
            f"owner-{generator.randrange(2_000)}/repository-{generator.randrange(9)}",
            str(generator.randrange(1, 4)),
            "github",
            f"{generator.getrandbits(160):040x}",
            "refs/heads/main",
            str(generator.randrange(100_000)),
        ]
    )


class Warehouse:
    """A warehouse of one imported table."""

    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = folder
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
        self.run("git", "init", "-q", "-b", "main", ".")
        self.run(self.program, "init", ".")
        self.run("git", "add", "-A")
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        self.run("git", *identity, "commit", "-qm", "start")

    def run(self, *command, statuses=(0,)):
        """Output, seconds and peak memory in MiB of a command."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output, messages = process.communicate()
        seconds = time.monotonic() - started
        if process.returncode not in statuses:
            sys.exit(f"{' '.join(command)}: {process.returncode}\n{messages.decode()}")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        return output.decode(), seconds, (peak if peak > before else None)

    def write(self, lines, *options):
        """Imports the lines as the table."""
        with open(self.folder / "rows.csv", "w", encoding="utf-8") as file:
            file.write(COLUMNS + "\n")
            file.writelines(line + "\n" for line in lines)
        return self.run(
            self.program, "import", "raw.events", "rows.csv", "--key", "time,id", *options
        )

    def size(self):
        """Bytes of the repository's objects."""
        objects = self.folder / ".git" / "objects"
        return sum(file.stat().st_size for file in objects.rglob("*") if file.is_file())

    def diff(self):
        """The counts of the last change, with seconds."""
        output, seconds, _ = self.run(
            self.program, "diff", "HEAD~1", "HEAD", "raw.events", "--stat", "--json",
            statuses=(0, 1),
        )
        return json.loads(output.splitlines()[0]), seconds


def compressed(lines):
    """Bytes of the lines under zstd -3."""
    text = "".join(line + "\n" for line in lines).encode()
    return len(subprocess.run(["zstd", "-3", "-c"], input=text, stdout=subprocess.PIPE).stdout)


def report(step, seconds, more):
    print(f"| {step} | {seconds:.2f} s | {more} |", flush=True)


def main(program, rows, folder):
    generator = random.Random(1)
    lines = [row(number, rows + rows // 10, generator) for number in range(rows + rows // 10)]
    base, rest = lines[:rows], lines[rows:]
    warehouse = Warehouse(program, folder)
    print("| step | time | |\n|---|---|---|")

    # In a random order, so that the sort has something to do.
    shuffled = random.Random(2).sample(base, len(base))
    _, seconds, peak = warehouse.write(shuffled, "--memory", "256MB")
    report(
        f"write {rows:,} rows, sorted on disk",
        seconds,
        f"{rows / seconds / 1e6:.2f} Mrow/s, peak {peak // 1024 if peak else '?'} MiB",
    )
    size = warehouse.size()
    print(f"| | | {size / 1e6:.1f} MB of objects |")

    for count in (1, 1_000, 5_000):
        changed = list(base)
        for number in random.Random(count).sample(range(rows), count):
            parts = changed[number].split(",")
            parts[5] = str(int(parts[5]) + 10)
            changed[number] = ",".join(parts)
        warehouse.write(changed)
        counts, seconds = warehouse.diff()
        if (counts["added"], counts["removed"], counts["changed"]) != (0, 0, count):
            sys.exit(f"{count} edits gave {counts}")
        report(
            f"diff of {count:,} cells",
            seconds,
            f"{counts['chunks_read']} chunks, {counts['bytes_read'] / 1e6:.1f} MB of text read",
        )
        warehouse.write(base)

    day = len(rest) // 30
    before = warehouse.size()
    written = list(base)
    for number in range(30):
        written += rest[number * day:(number + 1) * day]
        warehouse.write(written)
        counts, seconds = warehouse.diff()
        if (counts["added"], counts["removed"], counts["changed"]) != (day, 0, 0):
            sys.exit(f"a day of {day} rows gave {counts}")
    growth = warehouse.size() - before
    least = sum(compressed(rest[n * day:(n + 1) * day]) for n in range(30))
    report(
        f"diff of the last of 30 days of {day:,} rows",
        seconds,
        f"{counts['chunks_read']} chunks, {counts['bytes_read'] / 1e6:.1f} MB of text read",
    )
    print(
        f"| growth by 30 days | | {growth / 1e6:.2f} MB, {growth / least:.2f} times the new rows "
        f"under zstd -3 ({least / 1e6:.2f} MB) |"
    )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    if len(sys.argv) > 3:
        main(sys.argv[1], count, pathlib.Path(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(sys.argv[1], count, pathlib.Path(temporary))
