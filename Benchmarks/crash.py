#!/usr/bin/env python3
"""Kills osodata at its system calls, one after the other, and checks that nothing is lost.

Usage: Benchmarks/crash.py PROGRAM [POINTS] [--jobs N]      needs strace, git, and leave to ptrace

An undisturbed run under strace lists every call that changes or opens a file. POINTS of them (30)
are spread over the whole list, each phase of each command at least once as far as they reach; the
command is run anew for each and killed (SIGKILL) as it enters that call. A fifth of the POINTS are
events of a run that makes four models at a time (`run --jobs 4 --events`), killed as it tells them:
strace counts the calls of a thread, and whose turn comes first is another each time. Then:

    git fsck --full --strict       finds nothing
    osodata verify                 finds nothing, and finishes what was begun: git status is clean
    the same command               succeeds, and gives the tables of the undisturbed run, by tree id
    osodata run                    says that nothing is new
    no temporary file, lock, journal or .keep is left

Exit status 0 if all of that holds, 1 if not, 77 if strace may not be used here.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

CALLS = "rename,renameat,renameat2,write,pwrite64,fsync,fdatasync,link,unlink,openat,mkdir,ftruncate"

PIPELINES = """\
[warehouse]
name = "crash"

[privacy]
email_key_id = "test"
email_key = "test"

[directory]
path = "directory"

[sources.archive]
connector = "github-archive"
endpoint = "file://archive"
from = "2025-01-01-0"
to = "2025-01-01-{last}"
keep = "all"
"""
PROJECT = """\
version: 7
name: alpha
display_name: Alpha
github:
  - url: https://github.com/alpha/one
"""
MODEL = """\
/*
key = ["created_at", "event_id"]
description = "Events of the archive."
*/
SELECT created_at, event_id, {number} AS number, {actor} AS actor
FROM raw.github_events
"""
# So many models make a pack of the first run that is begun while tables are still made.
MODELS = 10
SCENARIOS = ["first run", "next run", "pending", "import", "parallel run"]


def event(number):
    return (
        f'{{"id":"{number}","type":"WatchEvent","actor":{{"id":1,"login":"Ann"}},'
        '"repo":{"id":7,"name":"alpha/one"},"payload":{"action":"started"},"public":true,'
        f'"created_at":"2025-01-01T0{number}:00:01Z"}}\n'
    )


class World:
    """A warehouse in a folder of its own, without any configuration of the machine."""

    def __init__(self, root, program):
        self.root, self.program = pathlib.Path(root), program
        self.folder = self.root / "warehouse"
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(self.root), "LC_ALL": "C", "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "A Tester", "GIT_AUTHOR_EMAIL": "tester@example.org",
            "GIT_COMMITTER_NAME": "A Tester", "GIT_COMMITTER_EMAIL": "tester@example.org",
        }

    def run(self, *arguments):
        return subprocess.run(
            arguments, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True,
        )

    def must(self, *arguments):
        done = self.run(*arguments)
        if done.returncode != 0:
            name = " ".join(arguments).replace(self.program, "osodata")
            raise AssertionError(f"{name}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def models(self, actor):
        for number in range(MODELS):
            self.write(f"models/staging/events_{number}.sql", MODEL.format(number=number, actor=actor))

    def make(self, scenario):
        """The warehouse as it is before the command of a scenario."""
        self.folder.mkdir(parents=True)
        self.must("git", "init", "-q", "-b", "main", ".")
        self.write(".gitignore", ".osodata/\n")
        self.write("pipelines.toml", PIPELINES.format(last=0))
        self.write("directory/projects/a/alpha.yaml", PROJECT)
        self.write("rows.csv", "id,text\n" + "".join(f"{n},row {n}\n" for n in range(1000)))
        for hour in range(2):
            self.write(f"archive/2025-01-01-{hour}.json", event(hour))
        self.must("gzip", "-n", "-r", "archive")
        self.models("lower(actor_login)")
        self.commit()
        if scenario in ("first run", "parallel run"):
            return
        self.must(self.program, "run")
        if scenario == "next run":
            self.write("pipelines.toml", PIPELINES.format(last=1))
        elif scenario == "pending":
            self.models("lower(lower(actor_login))")
        self.commit()

    def commit(self):
        self.must("git", "add", "-A")
        if self.run("git", "diff", "--cached", "--quiet").returncode != 0:
            self.must("git", "commit", "-q", "-m", "A change by hand")

    def command(self, scenario):
        if scenario == "import":
            return [self.program, "import", "raw.rows", "rows.csv", "--key", "id"]
        if scenario == "parallel run":
            return [self.program, "run", "--jobs", "4", "--threads", "4", "--events"]
        return [self.program, "run"]

    def trace(self, scenario, *options):
        # Not --seccomp-bpf, which is faster: strace 6.1 then does not deliver the signal.
        return ["strace", "-f", *options, *self.command(scenario)]

    def result(self):
        """What a run leaves: the tables, and the names of what waits for the next commit."""
        waiting = self.folder / ".osodata/pending"
        # Hidden files are on their way to a name; the next commit removes the folder.
        names = sorted(p.name for p in waiting.glob("[!.]*")) if waiting.exists() else []
        return self.run("git", "rev-parse", "HEAD:snapshots").stdout, names

    def leftovers(self):
        for path in self.folder.rglob("*"):
            if path.name != "journal.lock" and re.search(r"\.lock$|\.keep$|osodata_tmp_|/osodata/journal|\.git/osodata.*journal", str(path)):
                yield str(path.relative_to(self.folder))

    def check(self, scenario, wanted):
        """Checks all that is promised after a kill."""
        said = self.must("git", "fsck", "--full", "--strict", "--no-dangling")
        assert said.strip() in ("", "notice: HEAD points to an unborn branch (main)"), said
        self.must(self.program, "verify")
        dirty = self.must("git", "status", "--porcelain")
        assert not dirty, f"git status:\n{dirty}"
        self.must(*self.command(scenario))
        assert self.result() == wanted, f"another result: {self.result()}, not {wanted}"
        head = self.must("git", "rev-parse", "HEAD")
        if scenario != "import":
            again = self.must(self.program, "run")
            assert "Nothing new" in again, again
        assert head == self.must("git", "rev-parse", "HEAD"), "a run with nothing new made a commit"
        assert not self.must("git", "status", "--porcelain"), "the next run left changes"
        left = list(self.leftovers())
        assert not left, f"left behind: {left}"


PHASES = [
    ("lock", r"\.osodata/locks"),
    ("pending", r"\.osodata/pending"),
    ("journal", r"journal"),
    ("keep", r"\.keep"),
    ("name of pack", r"\.pack|\.idx"),
    ("objects", r"osodata_tmp_|/objects/"),
    ("ref", r"\.git/(refs|logs|HEAD|packed-refs)"),
    ("index", r"\.git/(worktrees/[^/]*/)?(index|osodata.*index)"),
    ("checkout", r"warehouse/(snapshots|\.gitattributes)"),
]


class Event:
    """The `number`th thing that a run with four models at a time tells."""

    scenario, name, phase = "parallel run", "event", "event"

    def __init__(self, number, text):
        self.number, self.text = number, text

    def __str__(self):
        return f"{self.scenario}: event {self.number}"

    def kill(self, world):
        """Runs up to the event; gives the status of the run."""
        run = subprocess.Popen(
            world.command(self.scenario), cwd=world.folder, env=world.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for _ in range(self.number):
            run.stdout.readline()
        run.kill()
        run.communicate()
        return run.returncode


class Point:
    """A system call of an undisturbed run: the `number`th of its name."""

    def __init__(self, scenario, name, number, text):
        self.scenario, self.name, self.number, self.text = scenario, name, number, text
        self.phase = next((p for p, pattern in PHASES if re.search(pattern, text)), "other")

    def __str__(self):
        return f"{self.scenario}: {self.name} {self.number} ({self.phase})"

    def kill(self, world):
        """Runs up to the call; gives the status of the run."""
        rule = f"inject={self.name}:signal=KILL:when={self.number}"
        return world.run(*world.trace(
            self.scenario, "-o", "/dev/null", "-e", "trace=" + self.name, "-e", rule
        )).returncode


def points(world, scenario):
    """Every call and event of the scenario's command, in order, and what the command leaves."""
    log = world.root / "log"
    said = world.must(*world.trace(scenario, "-y", "-o", str(log), "-e", "trace=" + CALLS))
    main, counts, found = None, {}, []
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"(\d+) +(\w+)\((.*)", line)
        if not match:
            continue
        main = main or match[1]
        if match[1] != main:
            continue
        name, text = match[2], match[3]
        counts[name] = counts.get(name, 0) + 1
        # Files that are only read, and libraries: a kill there is a kill before anything is written.
        if name == "openat" and not re.search(r"O_CREAT|O_WRONLY|O_RDWR", text):
            continue
        found.append(Point(scenario, name, counts[name], text))
    events = []
    if scenario == Event.scenario:
        lines = [line for line in said.splitlines() if line.startswith('{"event":')]
        events = [Event(number, line) for number, line in enumerate(lines[:-1], start=1)]
    return found, events, world.result()


def spread(all_points, count):
    """`count` points: one of each phase and call first, then evenly over the rest."""
    chosen, seen = [], set()
    for key in (lambda p: p.phase, lambda p: (p.phase, p.name)):
        for point in all_points:
            if key(point) not in seen and len(chosen) < count:
                seen.update([point.phase, (point.phase, point.name)])
                chosen.append(point)
    # Of calls that come hundreds of times, such as a lock a table, not the first of the first command.
    chosen = [similar[len(similar) // 2] for similar in (
        [p for p in all_points if (p.phase, p.name) == (point.phase, point.name)] for point in chosen
    )]
    chosen = sorted(set(chosen), key=all_points.index)
    rest = [point for point in all_points if point not in chosen]
    missing = min(count - len(chosen), len(rest))
    return chosen + [rest[(2 * i + 1) * len(rest) // (2 * missing)] for i in range(missing)]


def main():
    parser = argparse.ArgumentParser(description="Kills osodata at its system calls.")
    parser.add_argument("program")
    parser.add_argument("points", nargs="?", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    try:
        probe = subprocess.run(
            ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync", "true"],
            capture_output=True, text=True,
        )
    except FileNotFoundError:
        print("skipped: strace is not installed")
        return 77
    if probe.returncode != 0:
        print("skipped: ptrace is not permitted here: " + probe.stderr.strip())
        return 77
    with tempfile.TemporaryDirectory(prefix="osodata-crash-") as root:
        return measure(pathlib.Path(root), program, options)


def measure(root, program, options):
    every, told, wanted = [], [], {}

    def prepare(scenario):
        world = World(root / scenario.replace(" ", "-"), program)
        world.make(scenario)
        shutil.copytree(world.folder, world.root / "before", symlinks=True)
        return points(world, scenario)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for scenario, (found, events, result) in zip(SCENARIOS, pool.map(prepare, SCENARIOS)):
            every += found
            told += events
            wanted[scenario] = result
        assert wanted["parallel run"] == wanted["first run"], "four at a time give another result"
        share = min(options.points // 5, len(told))
        chosen = spread(every, options.points - share)
        chosen += [told[(2 * i + 1) * len(told) // (2 * share)] for i in range(share)]
        every += told
        outcomes = list(pool.map(lambda pair: kill(root, program, wanted, *pair), enumerate(chosen)))
    failed = [(p, said) for p, said in zip(chosen, outcomes) if said not in (None, "unhit")]
    for point, said in failed:
        print(f"failed after a kill at {point}: {point.text[:160]}\n  {said}")
    print(f"{'phase':<14}{'calls':>7}{'killed':>8}")
    missing = []
    for phase in [name for name, _ in PHASES] + ["event", "other"]:
        calls = sum(p.phase == phase for p in every)
        killed = sum(p.phase == phase and said != "unhit" for p, said in zip(chosen, outcomes))
        print(f"{phase:<14}{calls:>7}{killed:>8}")
        if killed == 0 and phase != "other":
            missing.append(phase)
    if missing:
        print("no kill hit: " + ", ".join(missing))
    hit = sum(said != "unhit" for said in outcomes)
    print(f"{hit} of {len(chosen)} kills hit, of {len(every)} calls and events; {len(failed)} failures")
    return 1 if failed or missing else 0


def kill(root, program, wanted, number, point):
    """Kills the command at a point; None if all is well, else what is not."""
    world = World(root / f"kill-{number}", program)
    before = root / point.scenario.replace(" ", "-") / "before"
    world.root.mkdir()
    # cp keeps the times of files, which the index knows.
    subprocess.run(["cp", "-a", str(before), str(world.folder)], check=True)
    world.run("git", "update-index", "-q", "--refresh")
    try:
        status = point.kill(world)
        if status == 0:
            return "unhit"
        assert status in (-9, 137), f"status {status}"
        world.check(point.scenario, wanted[point.scenario])
    except AssertionError as problem:
        return str(problem)
    finally:
        shutil.rmtree(world.root, ignore_errors=True)
    return None


sys.exit(main())
