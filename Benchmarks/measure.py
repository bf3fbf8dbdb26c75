#!/usr/bin/env python3
"""What the benchmarks share: timed processes, the report, the machine, the peers' programs."""
import datetime
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
THREADS = 2  # of every program that takes a number of threads
LONGEST = 600  # seconds that a peer may take
SHORT = 5  # seconds: what takes less is run five times
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


class Outcome(NamedTuple):
    """What a process did. `failure` says in a few words why it gave no answer."""

    output: str
    seconds: float
    processor: float  # seconds of processor time, which a busy machine changes little
    peak: int  # bytes of memory
    failure: str


def environment(home):
    """All a measured process gets to see: nobody's configuration, and an author for commits."""
    names = {f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "POLARS_MAX_THREADS": str(THREADS),
        "DVC_NO_ANALYTICS": "true",
        "OSODATA_CACHE_WARMING": "off",
        **{name: "bench@example.org" for name in names},
    }


def memory(kind="MemTotal"):
    """Bytes of the machine's memory."""
    return int(re.search(kind + r": +(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) * 1024


class Watch(threading.Thread):
    """Ends a process, with those it started, that takes too long or all memory."""

    def __init__(self, pid, limit, memory):
        super().__init__(daemon=True)
        self.pid, self.limit, self.memory = pid, limit, memory
        self.ended, self.failure = threading.Event(), ""

    def run(self):
        started = time.monotonic()
        while not self.ended.wait(0.05):
            try:
                pages = int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1])
            except OSError:
                return
            if time.monotonic() - started > self.limit:
                self.failure = f"> {self.limit} s"
            elif pages * os.sysconf("SC_PAGE_SIZE") > self.memory:
                self.failure = f"takes more than {self.memory >> 30} GiB of memory"
            if self.failure:
                os.killpg(self.pid, signal.SIGKILL)
                return


def run(command, folder=".", text="", statuses=(0,), limit=None):
    """Runs a command to its end. With a limit of seconds a failure is a result; without, it ends all."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, \
            tempfile.TemporaryFile() as complaint:
        given.write(text.encode())
        given.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env=environment(folder), stdin=given,
            stdout=said, stderr=complaint, start_new_session=True,
        )
        watch = Watch(process.pid, limit, memory("MemAvailable") * 95 // 100)
        if limit:
            watch.start()
        # Of this process alone: RUSAGE_CHILDREN would give the greatest so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        watch.ended.set()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complaint.seek(0)
        output, messages = said.read().decode(), complaint.read().decode()
    failure = ""
    if process.returncode not in statuses:
        lines = messages.strip().splitlines() or [f"status {process.returncode}"]
        failure = watch.failure or lines[-1][:60].replace("|", "/")
        if not limit:
            sys.exit(f"{' '.join(map(str, command))}: {process.returncode}\n{messages}")
    return Outcome(output, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, failure)


def median(action):
    """The outcome of action(), with the median time of five if it is short."""
    first = action()
    if first.seconds > SHORT or first.failure:
        return first
    all_of = [first] + [action() for _ in range(4)]
    return all_of[-1]._replace(
        seconds=statistics.median(outcome.seconds for outcome in all_of),
        processor=statistics.median(outcome.processor for outcome in all_of),
        peak=max(outcome.peak for outcome in all_of),
    )


def size_of(folder):
    """Bytes of all files in a folder."""
    files = pathlib.Path(folder).rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def seconds(value):
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def megabytes(value):
    return f"{value / 1e6:,.2f} MB" if value < 1e7 else f"{value / 1e6:,.1f} MB"


def mebibytes(value):
    return f"{value / 2**20:,.0f} MiB"


def times(value, ours):
    """A peer's time or size beside ours."""
    ratio = value / ours
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2f}×"


class Report:
    """Markdown, to the terminal and to a file as it comes, and how many answers were wrong."""

    def __init__(self, path, append=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file, self.wrong = open(path, "a" if append else "w", encoding="utf-8"), 0

    def say(self, text=""):
        print(text, flush=True)
        self.file.write(text + "\n")
        self.file.flush()

    def table(self, *columns):
        self.say()
        self.row(*columns)
        self.row(*["---"] * len(columns))

    def row(self, *cells):
        self.say("| " + " | ".join(str(cell) for cell in cells) + " |")

    def check(self, what, answer, expected):
        """Whether the answer is right. A wrong one is counted, and said where it cannot be missed."""
        if answer != expected:
            self.wrong += 1
            print(f"WRONG: {what}: {answer}, not {expected}", file=sys.stderr, flush=True)
        return answer == expected


def processor():
    return re.search(r"model name\s*: *(.*)", pathlib.Path("/proc/cpuinfo").read_text())[1].strip()


def default_results():
    slug = re.sub(r"[^a-z0-9]+", "-", processor().lower()).strip("-")
    return HERE / "Results" / f"{datetime.date.today()}-{os.cpu_count()}x{slug}.md"


def said(*command):
    """The first line that a command prints, or nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=HERE)
        return (done.stdout.strip().splitlines() or [""])[0]
    except OSError:
        return ""


def peers_programs(requirements="requirements.txt"):
    """The folder of the peers' programs from PyPI, made if need be; None if that cannot be done."""
    folder = HERE.parent / ".deps" / requirements.replace("requirements", "bench-venv").replace(".txt", "")
    wanted, stamp = (HERE / requirements).read_text(), folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {' '.join(wanted.split())} in {folder}", file=sys.stderr)
        for command in (
            # Debian's venv has no pip of its own; pip can install into another environment.
            [PYTHON, "-m", "venv", "--clear", "--without-pip", folder],
            [PYTHON, "-m", "pip", "--python", folder / "bin" / "python", "install", "-q",
             "--disable-pip-version-check", "-r", HERE / requirements],
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                print(done.stderr[-1000:], file=sys.stderr)
                return None
        stamp.write_text(wanted)
    return folder / "bin"


if __name__ == "__main__":
    print(default_results())  # for make
