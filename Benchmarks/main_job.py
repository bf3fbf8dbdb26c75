#!/usr/bin/env python3
"""Times the main job, real hours and a real directory to committed tables, beside dbt-duckdb running the same SQL, and checks what they made.

Usage: Benchmarks/main_job.py PROGRAM [--data DIR] [--runs N] [--keep all directory] [--folder DIR] [--results FILE] [--check]

The data are ten hours of GitHub Archive (92,942 events of 2011, 2013, 2015 and 2016, 185 MB unpacked) and the oss-directory of 2026-08-08 (7,112
projects, 117 collections); ../shared/data has them, and its SOURCES.md says whence. With keep = "all" every event is kept, with "directory" those
of repositories the directory lists (1,783). Each run begins with a git repository whose one commit holds the directory and the models, and ends
with a second commit that holds the nine tables of marts. The hours lie outside, packed as they were published. Two threads; runs alternate;
medians of the times, the greatest of the peaks. --check does each once and writes no results.

osodata: `osodata run`. It reads hours and directory, replaces every e-mail address by a keyed hash, makes every table, tries the models' twelve
checks, and commits raw, staging, intermediate, marts and meta in chunks, with digests of chunks and tables, how each was made, and what is covered.
Its raw tables have all that upstream says: whole events, each file of the directory as JSON, and the file and line of each row.

dbt: a Python script reads the directory into three files of JSON lines (PyYAML on libyaml, in two processes). `dbt run` reads them and the hours in
SQL and runs the models of this repository, unchanged but for their headers, comments and names of tables; the macros are made by on-run-start.
Then `git add` and `git commit`. Tables become Parquet files with zstd. It does less: no address is replaced (they stand in payloads, and in two
branches of staging; no mart has one), no check is tried, no digest is made, nothing says what is covered (`as_of()` is a constant, which osodata
works out), and raw tables have only the columns that a model reads (no document, no source_line, of `other` what the models look at). It starts
from nothing, so it parses its project. It is measured twice: "every layer" writes and commits all 23 tables of raw to marts, as osodata does;
"marts only" writes and commits the nine of marts, and keeps those before them in a database in memory, which no commit holds.

Memory is the peak of resident memory: for a process alone, what the kernel says of it at its end (wait4); for several at a time, their sum, looked
at every 20 ms in /proc; the greatest of these over the steps of a job. Both count pages of mapped files, and shared pages once for each process.

The answers: each table of marts has the columns, the number of rows and the digest of all its rows in the order of its key that the other side has.
osodata's are read from `osodata export`, dbt's from the Parquet files in its commit, both with DuckDB as the text of a JSON array for each row.
Needs Python 3.9, git, and PyPI for dbt (Benchmarks/requirements-orchestration.txt). Exits 1 if an answer is wrong.
"""
import argparse, json, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile, threading, time
from typing import NamedTuple

from measure import (
    HERE, THREADS, Report, default_results, mebibytes, megabytes, peers_programs, run, said, seconds, size_of, times,
)

RANGES = [  # the hours at hand do not follow each other
    ("2011-02-15-0", "2011-02-15-0"), ("2013-02-15-0", "2013-02-15-0"), ("2015-01-01-0", "2015-01-01-1"), ("2016-01-01-1", "2016-01-01-6"),
]
AS_OF = "2011-02-15 01:00:00"  # the end of the source that ends first
DIRECTORY = "oss-directory/snapshots/2026-08-08_c174b9a55.tar.gz"
HOURS = "gharchive/hours"
LAYERS = ["raw", "staging", "intermediate", "marts"]
LONGEST = 600  # seconds
FASTER, SMALLER = 3, 2  # the goal


class Model(NamedTuple):
    """One of this repository's models."""

    layer: str
    name: str
    key: list
    sql: str

    @classmethod
    def all(cls):
        for file in sorted((HERE.parent / "models").glob("*/*.sql")):
            header, sql = file.read_text().split("*/", 1)
            key = re.search(r"^key = (\[.*?\])", header, re.MULTILINE | re.DOTALL)
            yield cls(file.parent.name, file.stem, json.loads(key[1]), re.sub(r"(?m)^\s*--.*\n", "", sql).strip())


class Job(NamedTuple):
    seconds: float
    processor: float
    peak: int
    steps: list  # seconds of each


class Family(threading.Thread):
    """Looks how much memory the processes take that this one has started, all together."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.ended = 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            self.peak = max(self.peak, sum(map(self.resident, self.descendants(os.getpid()))))

    def descendants(self, parent):
        for task in self.read(f"/proc/{parent}/task", os.listdir, []):
            for child in self.read(f"/proc/{parent}/task/{task}/children", lambda path: open(path).read().split(), []):
                yield child
                yield from self.descendants(child)

    def resident(self, process):
        pages = self.read(f"/proc/{process}/statm", lambda path: open(path).read().split()[1], 0)
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @staticmethod
    def read(path, how, otherwise):
        try:
            return how(path)
        except OSError:  # it has ended
            return otherwise

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class Side:
    """A program with its repository in a folder."""

    def __init__(self, folder, data, keep, programs):
        self.folder, self.data, self.keep, self.programs = folder, data, keep, programs
        folder.mkdir(parents=True)
        run(["git", "init", "-q", "-b", "main", "."], folder)
        run(["tar", "xzf", data / DIRECTORY], folder)
        self.write()
        self.git("add", "-A")
        self.git("commit", "-qm", "What there is to read")
        self.start = self.git("rev-parse", "HEAD")

    def git(self, *arguments):
        return run(["git", *arguments], self.folder).output.strip()

    def job(self):
        """Does everything from nothing, and tells what it took."""
        self.git("reset", "-q", "--hard", self.start)
        self.git("clean", "-qfdx")
        self.git("reflog", "expire", "--expire=now", "--all")
        self.git("gc", "-q", "--prune=now")
        subprocess.run(["sync"])
        before = size_of(self.folder / ".git" / "objects")
        outcomes = []
        with Family() as family:
            started = time.monotonic()
            for command in self.commands():
                outcomes.append(run(command, self.folder, limit=LONGEST))
                if outcomes[-1].failure:
                    sys.exit(f"{self.name}: {outcomes[-1].failure}\n{outcomes[-1].output}")
            took = time.monotonic() - started
        if self.git("status", "--porcelain") or self.git("rev-list", "--count", "HEAD") != "2":
            sys.exit(f"{self.name}: it is not committed")
        self.size = size_of(self.folder / ".git" / "objects") - before
        peak = max([family.peak, *(outcome.peak for outcome in outcomes)])
        return Job(took, sum(outcome.processor for outcome in outcomes), peak, [outcome.seconds for outcome in outcomes])


class Osodata(Side):
    name = "osodata"
    steps = ["run"]

    def write(self):
        write(self.folder / ".gitignore", ".osodata/\n")
        shutil.copytree(HERE.parent / "models", self.folder / "models")
        lines = ['[privacy]\nemail_key_id = "bench"\nemail_key = "bench"\n[directory]\npath = "data"\n']
        for first, last in RANGES:
            lines.append(f'[sources.year_{first[:4]}]\nconnector = "github-archive"\nendpoint = "file://{self.data / HOURS}"\n'
                         f'from = "{first}"\nto = "{last}"\nkeep = "{self.keep}"\n')
        write(self.folder / "pipelines.toml", "".join(lines))

    def commands(self):
        return [[self.program, "run", "--threads", THREADS]]

    def marts(self):
        """A folder with a Parquet file for each table of marts."""
        made = self.folder.parent / f"{self.folder.name}-marts"
        shutil.rmtree(made, ignore_errors=True)
        names = [f"marts.{model.name}" for model in Model.all() if model.layer == "marts"]
        run([self.program, "export", *names, "--format", "parquet", "--output", made], self.folder)
        for name in names:
            (made / f"{name}.parquet").rename(made / f"{name.removeprefix('marts.')}.parquet")
        return made


# Reads the directory as Sources/ProjectDirectory does, but for lines, documents and complaints.
DIRECTORY_SCRIPT = r'''
import base64, hashlib, json, multiprocessing, pathlib, re, yaml

class Loader(yaml.CSafeLoader):
    """Knows null and texts: an address that is not quoted is no number."""

Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}

def oso_id(*parts):
    return base64.b64encode(hashlib.sha256("".join(parts).encode()).digest()).decode()

def after(url, *prefixes):
    return next((url[len(prefix):] for prefix in prefixes if url.startswith(prefix)), "")

GITHUB = re.compile(r"https?://github\.com/([a-z0-9._-]+)(?:/([a-z0-9._-]+?)(?:\.git)?)?/*(?:[?#].*)?", re.DOTALL)

def artifacts(project):
    """Source, type, namespace, name, source id and URL of what a project lists."""
    def urls(of, key):
        return [element["url"].lower() for element in of.get(key) or []]
    for url in urls(project, "websites"):
        yield "WWW", "WEBSITE", "", url, url, url
    for url in urls(project, "github"):
        match = GITHUB.fullmatch(url)
        if match:
            owner, name = match[1], match[2] or ""
            path = owner + "/" + name if name else owner
            yield "GITHUB", "REPOSITORY" if name else "OWNER", owner, name, None, "https://github.com/" + path
    for url in urls(project, "npm"):
        name = after(url, "https://www.npmjs.com/package/")
        if name:
            yield "NPM", "PACKAGE", name.split("/")[0].replace("@", ""), name, url, url
    for url in urls(project, "defillama"):
        name = after(url, "https://defillama.com/protocol/")
        if name:
            yield "DEFILLAMA", "DEFILLAMA_PROTOCOL", "", name, url, url
    social = project.get("social") or {}
    for url in urls(social, "farcaster"):
        name = after(url, "https://warpcast.com/", "https://farcaster.xyz/")
        if name:
            yield "FARCASTER", "SOCIAL_HANDLE", "", name, "https://farcaster.xyz/" + name, "https://farcaster.xyz/" + name
    for url in urls(social, "twitter"):
        name = after(url, "https://twitter.com/", "https://x.com/")
        if name:
            yield "TWITTER", "SOCIAL_HANDLE", "", name, "https://x.com/" + name, "https://x.com/" + name
    for element in project.get("blockchain") or []:
        name = "".join(element["address"].lower().split())
        for network in element["networks"] if name else []:
            for tag in element["tags"]:
                yield network.upper(), tag.upper(), "", name, name, None

def project_lines(file):
    """What is written of a project, and of the artifacts it lists."""
    project = document(file)
    row = identity("project", project)
    listed = {**row, "source_file": file.removeprefix("data/")}
    lines = []
    for source, kind, namespace, name, own, url in dict.fromkeys(artifacts(project)):
        listed.update(artifact_source=source, artifact_type=kind, artifact_namespace=namespace, artifact_name=name,
                      artifact_source_id=own, artifact_url=url)
        lines.append(encode(listed) + "\n")
    return encode({**row, **words(project)}) + "\n", "".join(lines)

def collection_lines(file):
    collection = document(file)
    return (encode({**identity("collection", collection), **words(collection), "projects": collection["projects"]}) + "\n",)

def document(file):
    with open(file, "rb") as text:
        return yaml.load(text, Loader)

def identity(kind, of):
    parts = ("OSS_DIRECTORY", "oso", of["name"])
    return dict(zip([kind + "_id", kind + "_source", kind + "_namespace", kind + "_name"], [oso_id(*parts), *parts]))

def words(of):
    return {"display_name": of["display_name"], "description": of.get("description")}

encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
pathlib.Path("input").mkdir()
with multiprocessing.Pool(THREADS) as pool:
    for kind, lines, names in [
        ("projects", project_lines, ["projects", "artifacts_by_project"]), ("collections", collection_lines, ["collections"]),
    ]:
        files = sorted(map(str, pathlib.Path("data", kind).rglob("*.yaml")))
        outputs = [open(f"input/{name}.ndjson", "w") for name in names]
        for texts in pool.imap(lines, files, chunksize=100):
            for output, text in zip(outputs, texts):
                output.write(text)
        for output in outputs:
            output.close()
'''

EVENTS = """
WITH events AS (
    SELECT
        utc(created_at) AS created_at, id AS event_id, type AS event_type, actor.id AS actor_id, actor.login AS actor_login,
        repo.id AS repo_id, repo.name AS repo_name, org.login AS org_login, payload, NULL::JSON AS other,
        'year_' || left(parse_filename(filename), 4) AS source
    FROM read_ndjson(
        [WITH_ID], filename = true,
        columns = {
            created_at: 'VARCHAR', id: 'VARCHAR', type: 'VARCHAR', actor: 'STRUCT(id BIGINT, login VARCHAR)',
            repo: 'STRUCT(id BIGINT, name VARCHAR)', org: 'STRUCT(login VARCHAR)', payload: 'JSON'
        }
    )
    UNION ALL
    SELECT
        utc(json ->> '$.created_at'), sha256(json::VARCHAR), json ->> '$.type', NULL, json ->> '$.actor',
        (json ->> '$.repository.id')::BIGINT, (json ->> '$.repository.owner') || '/' || (json ->> '$.repository.name'),
        json ->> '$.repository.organization', json -> '$.payload',
        json_object('url', json -> '$.url', 'repository', json -> '$.repository'), 'year_2013'
    FROM read_ndjson_objects([WITHOUT_ID])
)

SELECT * FROM events
"""
LISTED = """
WHERE lower(repo_name) IN (SELECT artifact_namespace || '/' || artifact_name FROM raw.artifacts_by_project WHERE artifact_type = 'REPOSITORY')
    OR split_part(lower(repo_name), '/', 1) IN (SELECT artifact_namespace FROM raw.artifacts_by_project WHERE artifact_type = 'OWNER')
"""


def lines(name, columns):
    columns = ", ".join(f"{column}: 'VARCHAR'" for column in columns.split())
    return f"SELECT * FROM read_ndjson('input/{name}.ndjson', columns = {{{columns}}})".replace("projects: 'VARCHAR'", "projects: 'VARCHAR[]'")


RAW = {
    "projects": lines("projects", "project_id project_source project_namespace project_name display_name description"),
    "collections": lines("collections", "collection_id collection_source collection_namespace collection_name display_name description projects"),
    "artifacts_by_project": "SELECT *, NULL::BIGINT AS source_line FROM (" + lines(
        "artifacts_by_project", "project_id project_source project_namespace project_name artifact_source artifact_namespace artifact_name"
        " artifact_type artifact_source_id artifact_url source_file") + ")",
    "git_commits": "SELECT NULL::VARCHAR AS repository, NULL::VARCHAR AS sha, NULL::TIMESTAMP AS committed_at, NULL::VARCHAR AS author_login,"
                   " NULL::VARCHAR AS author_email, NULL::VARCHAR AS author_name, NULL::VARCHAR AS source WHERE false",
    "sources": "SELECT unnest([{}]) AS source, false AS made_up".format(", ".join(f"'year_{first[:4]}'" for first, _ in RANGES)),
}


class Dbt(Side):
    steps = ["directory", "dbt", "git add", "git commit"]
    external = set(LAYERS)

    def write(self):
        write(self.folder / ".gitignore", "input/\ntarget/\nlogs/\n.user.yml\n")
        write(self.folder / "directory.py", DIRECTORY_SCRIPT.replace("THREADS", str(THREADS)))
        write(self.folder / "profiles.yml", "main_job:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n"
              f"      path: ':memory:'\n      threads: {THREADS}\n      settings: {{threads: {THREADS}}}\n")
        macros = re.sub(r"(?m)^\s*--.*\n", "", (HERE.parent / "models/macros.sql").read_text()).split(";")
        macros = [text.strip().replace("CREATE MACRO", "CREATE OR REPLACE MACRO") for text in macros if text.strip()]
        macros.append(f"CREATE OR REPLACE MACRO as_of() AS TIMESTAMP '{AS_OF}'")
        project = {"name": "main_job", "version": "1.0", "profile": "main_job", "on-run-start": macros}
        project["flags"] = {"send_anonymous_usage_stats": False}
        write(self.folder / "dbt_project.yml", json.dumps(project, indent=1) + "\n")
        hours = (self.data / HOURS).glob("*.json.gz")
        hours = sorted(file for file in hours if ".transformed" not in file.name)
        spelled = [", ".join(f"'{file}'" for file in hours if file.name.startswith("2013") == is_2013) for is_2013 in (False, True)]
        events = EVENTS.replace("WITH_ID", spelled[0]).replace("WITHOUT_ID", spelled[1]) + (LISTED if self.keep == "directory" else "")
        for name, sql in {**RAW, "github_events": events}.items():
            self.model("raw", name, sql)
        for model in Model.all():
            self.model(model.layer, model.name, model.sql)

    def model(self, layer, name, sql):
        """A table of the same name, spelled layer__name since dbt knows no two of one name."""
        for folder in LAYERS if layer in self.external else []:
            write(self.folder / folder / ".gitkeep", "")
        sql = re.sub(rf"\b({'|'.join(LAYERS)})\.(\w+)", r"{{ ref('\1__\2') }}", sql)
        kind = "materialized='table'"
        if layer in self.external:
            kind = f"materialized='external', location='{layer}/{name}.parquet', format='parquet', options={{'compression': 'zstd'}}"
        write(self.folder / f"models/{layer}/{layer}__{name}.sql", f"{{{{ config({kind}) }}}}\n{sql}\n")

    def commands(self):
        return [
            [self.programs / "python", "directory.py"],
            [self.programs / "dbt", "--quiet", "--no-write-json", "--log-level-file", "none", "run", "--profiles-dir", "."],
            ["git", "add", *sorted(self.external)],
            ["git", "commit", "-qm", "Tables"],
        ]

    def marts(self):
        return self.folder / "marts"


class DbtEveryLayer(Dbt):
    name = "dbt-duckdb, every layer"


class DbtMarts(Dbt):
    name = "dbt-duckdb, marts only"
    external = {"marts"}


ANSWERS = '''
import duckdb, json, sys
answers = {}
for name, key in json.loads(sys.argv[2]).items():
    table = f"read_parquet('{sys.argv[1]}/{name}.parquet')"
    columns = sorted(row[0] for row in duckdb.sql(f"DESCRIBE FROM {table}").fetchall())
    row = f"json_array({', '.join(columns)})::VARCHAR"
    digest = f"sha256(string_agg({row}, chr(10) ORDER BY {', '.join(key)}))"
    answers[name] = [*columns, *duckdb.sql(f"SELECT count(*), {digest} FROM {table}").fetchall()[0]]
print(json.dumps(answers))
'''


def answers(side):
    """Columns, number of rows and digest of each table of marts."""
    keys = {model.name: model.key for model in Model.all() if model.layer == "marts"}
    return json.loads(run([side.programs / "python", "-c", ANSWERS, side.marts(), json.dumps(keys)], side.folder).output)


def measure(keep, runs, folder, data, programs, report):
    report.say(f'\nkeep = "{keep}"')
    sides = [kind(folder / f"{kind.__name__}-{keep}", data, keep, programs) for kind in (Osodata, DbtEveryLayer, DbtMarts)]
    jobs = {side.name: [] for side in sides}
    expected = None
    for number in range(runs):
        for side in sides:
            jobs[side.name].append(side.job())
            print(f"{side.name}, run {number + 1}: {seconds(jobs[side.name][-1].seconds)}", file=sys.stderr, flush=True)
            made = answers(side)
            expected = expected or made
            for table, answer in made.items():
                report.check(f"{side.name}, {keep}, marts.{table}", answer, expected[table])
    report.say(f"\n{len(expected)} tables, {sum(answer[-2] for answer in expected.values()):,} rows in marts")
    report.table("", "time", "", "least to most", "processor", "memory", "", "added to .git", "steps")
    for side in sides:
        mine, ours = jobs[side.name], jobs[Osodata.name]
        all_times = [job.seconds for job in mine]
        took, peak = statistics.median(all_times), max(job.peak for job in mine)
        steps = zip(side.steps, map(statistics.median, zip(*(job.steps for job in mine))))
        report.row(
            side.name, seconds(took), times(took, statistics.median(job.seconds for job in ours)),
            f"{seconds(min(all_times))} to {seconds(max(all_times))}", seconds(statistics.median(job.processor for job in mine)),
            mebibytes(peak), times(peak, max(job.peak for job in ours)), megabytes(side.size),
            ", ".join(f"{name} {seconds(value)}" for name, value in steps),
        )
    report.say()
    for side in sides[1:]:
        faster = statistics.median(job.seconds for job in jobs[side.name]) / statistics.median(job.seconds for job in jobs[Osodata.name])
        smaller = max(job.peak for job in jobs[side.name]) / max(job.peak for job in jobs[Osodata.name])
        report.say(f"Beside {side.name}: {FASTER} times as fast {'reached' if faster >= FASTER else 'not reached'} ({faster:.2f}), "
                   f"1/{SMALLER} of the memory {'reached' if smaller >= SMALLER else 'not reached'} (1/{smaller:.2f}).")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].split("Usage: ")[1])
    parser.add_argument("program")
    parser.add_argument("--data", type=pathlib.Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", nargs="+", choices=["all", "directory"], default=["all", "directory"])
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    Osodata.program = pathlib.Path(arguments.program).resolve()
    data = arguments.data.resolve()
    if not (data / HOURS).is_dir():
        sys.exit(f"There are no hours in {data / HOURS}.")
    report = Report(pathlib.Path(os.devnull) if arguments.check else arguments.results or default_results(), append=True)
    programs = peers_programs("requirements-orchestration.txt")
    if not programs:
        sys.exit("The peers cannot be installed.")
    engine = said(str(programs / "python"), "-c", "import duckdb; print(duckdb.__version__)")
    report.say(f"\n`Benchmarks/main_job.py PROGRAM`, {said('date', '-u', '+%Y-%m-%d %H:%M')} UTC; "
               f"osodata {said(str(Osodata.program), '--version')} at {said('git', 'describe', '--always', '--dirty')}; DuckDB {engine} in dbt")
    with tempfile.TemporaryDirectory(prefix="osodata-main-job-", dir=arguments.folder) as folder:
        for keep in arguments.keep:
            measure(keep, 1 if arguments.check else arguments.runs, pathlib.Path(folder), data, programs, report)
    report.say(f"\n{report.wrong} answers wrong." if report.wrong else "\nEvery answer was right.")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
