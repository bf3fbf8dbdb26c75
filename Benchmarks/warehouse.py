"""A warehouse of one imported table, driven through the command."""
import copy
import json

from measure import THREADS, median, run, size_of


class Warehouse:
    def __init__(self, program, folder, table="raw.events"):
        self.program, self.folder, self.table = program, folder, table
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main", ".")
        self.run("init", ".")
        self.git("add", "-A")
        self.git("commit", "-qm", "start")

    def git(self, *arguments):
        return run(["git", *arguments], self.folder)

    def run(self, *arguments, statuses=(0,)):
        return run([self.program, *arguments], self.folder, statuses=statuses)

    def write(self, file, *options):
        """Makes the next version of the table of a file, or with --update or --append by it."""
        bounds = ["--threads", THREADS, "--memory", "256MB"]
        return self.run("import", self.table, file, *bounds, "--json", *options)

    def move(self, folder):
        self.folder = self.folder.rename(folder)

    def at(self, folder):
        """The same table in another repository."""
        other = copy.copy(self)
        other.folder = folder
        return other

    def digest(self):
        return json.loads(self.run("show", self.table, "--limit", "0", "--json").output)["digest"]

    def size(self):
        """Bytes of the repository's objects."""
        return size_of(self.folder / ".git" / "objects")

    def diff(self):
        """The outcome and the counts of the last commit's difference."""
        revisions = ["HEAD~1", "HEAD", self.table, "--stat", "--json", "--threads", THREADS]
        outcome = median(lambda: self.run("diff", *revisions, statuses=(0, 1)))
        lines = outcome.output.splitlines()  # none if nothing differs
        names = ["added", "removed", "changed", "chunks_read", "bytes_read"]
        return outcome, json.loads(lines[0]) if lines else dict.fromkeys(names, 0)

    def query(self, sql):
        """The outcome of a query over the table; its rows as CSV."""
        command = ["query", sql + self.table, "--format", "csv", "--threads", THREADS]
        outcome = median(lambda: self.run(*command))
        return outcome._replace(output=outcome.output.split("\n", 1)[1].strip())
