#!/usr/bin/env python3
"""Counts GitHub events per project straight from GH Archive's files, as docs/metrics.md says.

    Scripts/oracle.py HOURS DIRECTORY

HOURS is a folder of `<YYYY-MM-DD-H>.json.gz`; where `<hour>.transformed.json.gz` lies beside one
(a rendering of old formats by another program), that is read instead. DIRECTORY holds `projects/`.
Prints one JSON object: `all` counts every event, `directory` only events of listed repositories.

This is a second opinion about osodata's SQL: it shares no code with it and uses nothing but
Python's standard library. It knows no git repositories.
"""

import collections
import datetime
import gzip
import json
import pathlib
import re
import sys

BY_ACTION = {
    ("ReleaseEvent", "published"): "RELEASE_PUBLISHED",
    ("IssuesEvent", "opened"): "ISSUE_OPENED",
    ("IssuesEvent", "closed"): "ISSUE_CLOSED",
    ("IssuesEvent", "reopened"): "ISSUE_REOPENED",
    ("IssueCommentEvent", "created"): "ISSUE_COMMENT",
    ("IssueCommentEvent", None): "ISSUE_COMMENT",
    ("PullRequestReviewCommentEvent", "created"): "PULL_REQUEST_REVIEW_COMMENT",
    ("PullRequestReviewCommentEvent", None): "PULL_REQUEST_REVIEW_COMMENT",
    ("PullRequestEvent", "opened"): "PULL_REQUEST_OPENED",
    ("PullRequestEvent", "reopened"): "PULL_REQUEST_REOPENED",
    ("PullRequestEvent", "closed"): "PULL_REQUEST_CLOSED",
    ("PullRequestEvent", "merged"): "PULL_REQUEST_CLOSED",
}
SUMS = {
    "stars": ["STARRED"],
    "forks": ["FORKED"],
    "commits": ["COMMIT_CODE"],
    "releases": ["RELEASE_PUBLISHED"],
    "comments": ["ISSUE_COMMENT", "PULL_REQUEST_REVIEW_COMMENT"],
    "opened_issues": ["ISSUE_OPENED"],
    "closed_issues": ["ISSUE_CLOSED"],
    "opened_pull_requests": ["PULL_REQUEST_OPENED"],
    "merged_pull_requests": ["PULL_REQUEST_MERGED"],
}
ACTORS = {
    "active_developers": ["COMMIT_CODE"],
    "contributors": ["COMMIT_CODE", "ISSUE_OPENED", "PULL_REQUEST_OPENED", "PULL_REQUEST_MERGED"],
}


def at(value, *path):
    """The value at a path of keys, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


class Event:
    """One line, whatever its year."""

    def __init__(self, line):
        raw = json.loads(line)
        payload, other = raw.get("payload"), raw.get("other")
        # A transformed file holds these two as texts.
        self.payload = json.loads(payload) if isinstance(payload, str) else payload
        other = json.loads(other) if isinstance(other, str) else raw
        self.type = raw["type"]
        time = datetime.datetime.fromisoformat(raw["created_at"].replace("Z", "+00:00"))
        if time.tzinfo:
            time = time.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        self.time = time
        self.id = raw.get("id") or json.dumps(raw, sort_keys=True)
        actor = raw.get("actor")
        self.actor = ((actor if isinstance(actor, str) else at(actor, "login")) or "").lower()
        name = at(raw, "repo", "name") or ""
        repository = other.get("repository")
        if repository is not None:
            name = name or repository.get("name") or ""
            name = f"{repository.get('owner') or ''}/{name}"
        parts = name.lower().split("/")
        self.repository = tuple(parts) if len(parts) == 2 and all(parts) else None
        base = at(self.payload, "pull_request", "base", "repo")
        self.default_branch = (
            at(self.payload, "master_branch")
            or at(repository, "master_branch")
            or at(base, "default_branch")
            or at(base, "master_branch")
        )

    def types(self):
        """The event types this event counts as, but for commits."""
        action = at(self.payload, "action")
        if self.type == "WatchEvent":
            return ["STARRED"]
        if self.type == "ForkEvent":
            return ["FORKED"]
        types = [BY_ACTION[self.type, action]] if (self.type, action) in BY_ACTION else []
        request = at(self.payload, "pull_request")
        merged = action == "merged" or (
            action == "closed" and (at(request, "merged") is True or at(request, "merged_at"))
        )
        if self.type == "PullRequestEvent" and merged:
            types.append("PULL_REQUEST_MERGED")
        return types

    def commits(self):
        """The ids of the commits a push lists, and its branch."""
        match = re.fullmatch("refs/heads/(.+)", at(self.payload, "ref") or "")
        if self.type != "PushEvent" or not match:
            return None, []
        if isinstance(self.payload.get("commits"), list):
            ids = [commit.get("sha") for commit in self.payload["commits"]]
        elif isinstance(self.payload.get("shas"), list):
            ids = [commit[0] for commit in self.payload["shas"]]
        else:
            ids = [self.payload.get("head")]
        return match[1], [i.lower() for i in ids if i and i != "0" * 40]


def read_hours(folder):
    """All events of a folder's hours, equal ones once."""
    events = {}
    for file in sorted(pathlib.Path(folder).glob("*.json.gz")):
        if file.name.endswith(".transformed.json.gz"):
            continue
        transformed = file.with_name(file.name.replace(".json.gz", ".transformed.json.gz"))
        with gzip.open(transformed if transformed.exists() else file) as lines:
            for line in lines:
                event = Event(line)
                events.setdefault((event.time, event.id), event)
    return list(events.values())


def read_directory(folder):
    """Owners and repositories of each project, from the `github` lists of its YAML."""
    projects = {}
    for file in pathlib.Path(folder, "projects").rglob("*.yaml"):
        listed, inside = set(), False
        for line in file.read_text(encoding="utf-8").splitlines():
            if re.match(r"\S", line):
                # Lists of oss-directory may stand at the margin of their key.
                inside = line.startswith("github:") or (inside and line.startswith("-"))
            match = inside and re.match(r"""\s*-?\s*url:\s*["']?([^\s"']+)""", line)
            path = match and re.fullmatch(
                r"https?://github\.com/([^?#]+?)/*(?:[?#].*)?", match[1], re.I
            )
            parts = path[1].lower().split("/") if path else []
            if len(parts) == 1:
                listed.add((parts[0], None))
            elif len(parts) == 2:
                listed.add((parts[0], parts[1].removesuffix(".git")))
        projects[file.stem] = listed
    return projects


def owners_of(projects):
    """Which projects list an owner whole, or a repository."""
    owners = collections.defaultdict(set)
    for project, listed in projects.items():
        for entry in listed:
            owners[entry].add(project)
    return owners


def code_events(events):
    """(type, repository, actor) of every event with a repository, commits included."""
    latest, first, ambiguous = {}, {}, 0
    for event in events:
        if event.repository and event.default_branch:
            old = latest.get(event.repository)
            rank = (event.time, event.id)
            if old and old[0][0] == event.time and old[1] != event.default_branch:
                ambiguous += 1
            if not old or old[0] < rank:
                latest[event.repository] = (rank, event.default_branch)
    for event in events:
        if not event.repository:
            continue
        for kind in event.types():
            yield kind, event.repository, event.actor
        branch, ids = event.commits()
        known = latest.get(event.repository)
        if branch in ([known[1]] if known else ["main", "master"]):
            for position, sha in enumerate(ids):
                rank = (event.time, event.id, position)
                old = first.get((event.repository, sha))
                if not old or rank < old[0]:
                    first[event.repository, sha] = (rank, event.actor)
    for (repository, _), (_, actor) in first.items():
        yield "COMMIT_CODE", repository, actor
    if ambiguous:
        print(f"{ambiguous} default branches are ambiguous", file=sys.stderr)


def count(events, projects):
    """The figures for one list of events."""
    owners = owners_of(projects)
    sums = collections.defaultdict(collections.Counter)
    actors = collections.defaultdict(lambda: collections.defaultdict(set))
    repositories = collections.defaultdict(set)
    types = collections.Counter()
    for kind, repository, actor in code_events(events):
        types[kind] += 1
        owning = owners.get((repository[0], None), set()) | owners.get(repository, set())
        for project in owning:
            repositories[project].add(repository)
            for metric, kinds in SUMS.items():
                sums[project][metric] += kind in kinds
            for metric, kinds in ACTORS.items():
                if kind in kinds and actor:
                    actors[project][metric].add(actor)
    figures = {}
    for project in sorted(repositories):
        figure = {metric: value for metric, value in sums[project].items() if value}
        figure.update({metric: len(who) for metric, who in actors[project].items()})
        figure["repositories"] = len(repositories[project])
        figures[project] = dict(sorted(figure.items()))
    return {
        "events": len(events),
        "events_per_type": dict(sorted(collections.Counter(e.type for e in events).items())),
        "repositories": len({e.repository for e in events if e.repository}),
        "actors": len({e.actor for e in events if e.actor}),
        "code_events_per_type": dict(sorted(types.items())),
        "projects": figures,
    }


def main(hours, directory):
    events = read_hours(hours)
    projects = read_directory(directory)
    owners = owners_of(projects)
    kept = [
        event
        for event in events
        if event.repository
        and ((event.repository[0], None) in owners or event.repository in owners)
    ]
    figures = {"all": count(events, projects), "directory": count(kept, projects)}
    json.dump(figures, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
