#!/usr/bin/env python3
"""Writes samples/gharchive: made-up GitHub events in GH Archive's wire format.

    Scripts/make-samples.py [FOLDER]

Nobody and nothing in them exists: every login and owner starts with `osodata-sample-`. The same
events come out every time. Four hours are of 2025-09-30, in the full shape of before 2025-10-07
(pushes list commits, pull requests say whether they were merged); 24 hours are of 2026-11-20 in
the thin shape since then. Standard library only.
"""

import gzip
import hashlib
import json
import pathlib
import random
import sys

FULL_HOURS = [("2025-09-30", hour) for hour in range(12, 16)]
THIN_HOURS = [("2026-11-20", hour) for hour in range(24)]
PEOPLE = "ada bela cem dora emre fay goran hana ivo june kofi lena".split()
BOT = "bot"
# (repository, default branch, how often something happens there); the last two are in no project.
REPOSITORIES = [
    ("osodata-sample-harbor/harbor", "main", 30),
    ("osodata-sample-harbor/cranes", "main", 14),
    ("osodata-sample-harbor/harbor-docs", "master", 6),
    ("osodata-sample-lantern/lantern", "main", 20),
    ("osodata-sample-lantern/lantern-web", "main", 9),
    ("osodata-sample-orchard/orchard", "trunk", 12),
    ("osodata-sample-orchard/seeds", "main", 5),
    ("osodata-sample-kettle/kettle", "main", 6),
    ("osodata-sample-lantern/unlisted", "main", 3),
    ("osodata-sample-stranger/stray", "main", 3),
]
WEIGHTS = [
    ("push", 34), ("star", 20), ("issue", 9), ("close", 6), ("comment", 14), ("request", 8),
    ("merge", 6), ("reject", 1), ("review", 5), ("fork", 5), ("release", 1), ("branch", 2),
]


class Sample:
    """The state of the made-up world, and the lines it has produced."""

    def __init__(self):
        self.random = random.Random(20261120)
        self.last_id = 0
        self.numbers = {name: 0 for name, _, _ in REPOSITORIES}
        self.issues = {name: [] for name, _, _ in REPOSITORIES}
        self.requests = {name: [] for name, _, _ in REPOSITORIES}
        self.heads = {name: self.sha(name) for name, _, _ in REPOSITORIES}
        self.releases = 0

    def pick(self, weighted):
        """One of (value, weight)s, by its weight."""
        point = self.random.random() * sum(weight for _, weight in weighted)
        for value, weight in weighted:
            point -= weight
            if point < 0:
                return value
        return weighted[-1][0]

    def one_of(self, values):
        return values[int(self.random.random() * len(values))]

    def sha(self, seed):
        return hashlib.sha1(f"made up {seed} {self.random.random()}".encode()).hexdigest()

    def number(self, *seed):
        """A stable made-up id."""
        return 900_000_000 + int(hashlib.sha256(repr(seed).encode()).hexdigest()[:7], 16)

    def user(self, person):
        login = f"osodata-sample-{person}"
        return {"login": login, "id": self.number(login), "type": "User"}

    def event(self, kind, time, person, repository, payload):
        """One line of the archive."""
        self.last_id += 1 + int(self.random.random() * 40)
        login = f"osodata-sample-{person}"
        owner = repository.split("/")[0]
        actor = self.number(login)
        return {
            # Upstream's ids started low again in 2025-10: they are no order across years.
            "id": str((54_000_000_000 if time < "2025-10" else 16_000_000_000) + self.last_id),
            "type": kind,
            "actor": {
                "id": actor,
                "login": login,
                "display_login": login,
                "gravatar_id": "",
                "url": f"https://api.github.com/users/{login}",
                "avatar_url": f"https://avatars.githubusercontent.com/u/{actor}?",
            },
            "repo": {
                "id": self.number(repository),
                "name": repository,
                "url": f"https://api.github.com/repos/{repository}",
            },
            "payload": payload,
            "public": True,
            "created_at": time,
            "org": {
                "id": self.number(owner),
                "login": owner,
                "gravatar_id": "",
                "url": f"https://api.github.com/orgs/{owner}",
                "avatar_url": f"https://avatars.githubusercontent.com/u/{self.number(owner)}?",
            },
        }

    def push(self, time, person, repository, branch, full):
        before, count = self.heads[repository], 1 + int(self.random.random() * 3)
        commits = []
        for _ in range(count):
            author = self.one_of(PEOPLE) if self.random.random() < 0.2 else person
            sha = self.sha(repository)
            commits.append({
                "sha": sha,
                "author": {
                    "email": f"{author}@made-up.example", "name": f"Sample {author.title()}",
                },
                "message": self.one_of(["Fix the sails", "Add a test", "Say less", "Tidy up"]),
                "distinct": True,
                "url": f"https://api.github.com/repos/{repository}/commits/{sha}",
            })
        self.heads[repository] = commits[-1]["sha"]
        payload = {
            "repository_id": self.number(repository),
            "push_id": 30_000_000_000 + self.last_id,
            "ref": f"refs/heads/{branch}",
            "head": commits[-1]["sha"],
            "before": before,
        }
        if full:
            payload |= {"size": count, "distinct_size": count, "commits": commits}
        return self.event("PushEvent", time, person, repository, payload)

    def issue(self, repository, thread, state):
        return {
            "url": f"https://api.github.com/repos/{repository}/issues/{thread['number']}",
            "id": self.number(repository, thread["number"]),
            "number": thread["number"],
            "title": thread["title"],
            "user": self.user(thread["author"]),
            "state": state,
            "created_at": thread["opened"],
            "body": thread["body"],
        }

    def pull_request(self, repository, thread, branch, full, time, state):
        """What an event tells of a pull request: little, since 2025-10."""
        place = {"id": self.number(repository), "name": repository.split("/")[1],
                 "url": f"https://api.github.com/repos/{repository}"}
        request = {
            "url": f"https://api.github.com/repos/{repository}/pulls/{thread['number']}",
            "id": self.number(repository, thread["number"]),
            "number": thread["number"],
            "head": {"ref": f"patch-{thread['number']}", "sha": thread["sha"], "repo": place},
            "base": {"ref": branch, "sha": self.heads[repository], "repo": dict(place)},
        }
        if full:
            merged = state == "merged"
            request["base"]["repo"] |= {
                "full_name": repository, "default_branch": branch,
                "created_at": "2025-01-01T00:00:00Z",
            }
            request |= {
                "title": thread["title"], "user": self.user(thread["author"]),
                "state": "open" if state == "open" else "closed",
                "created_at": thread["opened"], "merged": merged,
                "merged_at": time if merged else None,
                "closed_at": None if state == "open" else time,
            }
        return request

    def thread(self, time, person, repository):
        self.numbers[repository] += 1
        return {
            "number": self.numbers[repository], "author": person, "opened": time,
            "sha": self.sha(repository),
            "title": self.one_of(["It leaks", "Too slow at night", "Support tea", "Typo", "Crash"]),
            "body": self.one_of([
                "Seen on the sample machine.",
                f"Write to {person}@made-up.example, or clone git@github.com:{repository}.git.",
                "It worked yesterday.\nIt does not today.",
            ]),
        }

    def happen(self, what, time, person, repository, branch, full):
        """The event of one thing happening, or None if it cannot happen now."""
        issues, requests = self.issues[repository], self.requests[repository]
        if what == "push":
            aside = self.random.random() < 0.15
            return self.push(time, person, repository, "draft" if aside else branch, full)
        if what == "star":
            return self.event("WatchEvent", time, person, repository, {"action": "started"})
        if what == "fork":
            name = f"osodata-sample-{person}/{repository.split('/')[1]}"
            forkee = {"id": self.number(name), "full_name": name, "owner": self.user(person)}
            return self.event("ForkEvent", time, person, repository,
                              {"action": "forked", "forkee": forkee})
        if what == "branch":
            return self.event("CreateEvent", time, person, repository, {
                "ref": "draft", "ref_type": "branch", "full_ref": "refs/heads/draft",
                "master_branch": branch, "description": "Made up.", "pusher_type": "user"})
        if what == "release":
            self.releases += 1
            tag = f"v1.{self.releases}.0"
            return self.event("ReleaseEvent", time, person, repository, {
                "action": "published",
                "release": {"id": self.number(tag), "tag_name": tag, "name": tag, "draft": False,
                            "prerelease": False, "created_at": time, "published_at": time}})
        if what == "issue":
            issues.append(self.thread(time, person, repository))
            return self.event("IssuesEvent", time, person, repository, {
                "action": "opened", "issue": self.issue(repository, issues[-1], "open")})
        if what == "close" and issues:
            thread = issues.pop(int(self.random.random() * len(issues)))
            return self.event("IssuesEvent", time, person, repository, {
                "action": "closed", "issue": self.issue(repository, thread, "closed")})
        if what == "comment" and issues:
            comment = {"id": self.number(time), "user": self.user(person), "created_at": time,
                       "body": "Me too."}
            return self.event("IssueCommentEvent", time, person, repository, {
                "action": "created", "comment": comment,
                "issue": self.issue(repository, self.one_of(issues), "open")})
        if what == "request":
            requests.append(self.thread(time, person, repository))
            return self.request("opened", requests[-1], time, person, repository, branch, full)
        if what in ("merge", "reject") and requests:
            thread = requests.pop(0)
            action = "merged" if what == "merge" and not full else "closed"
            state = "merged" if what == "merge" else "closed"
            return self.request(action, thread, time, person, repository, branch, full, state)
        if what == "review" and requests:
            thread = self.one_of(requests)
            comment = {"id": self.number(time), "user": self.user(person), "created_at": time,
                       "path": "README.md", "body": "A shorter name?"}
            return self.event("PullRequestReviewCommentEvent", time, person, repository, {
                "action": "created", "comment": comment,
                "pull_request": self.pull_request(repository, thread, branch, full, time, "open")})
        return None

    def request(self, action, thread, time, person, repository, branch, full, state="open"):
        return self.event("PullRequestEvent", time, person, repository, {
            "action": action, "number": thread["number"],
            "pull_request": self.pull_request(repository, thread, branch, full, time, state)})

    def hour(self, day, hour, full):
        """The events of one hour, in order of time."""
        # More by day than by night.
        count = 10 + int(self.random.random() * 10) + max(0, 40 - 5 * abs(hour - 15))
        seconds = sorted(int(self.random.random() * 3600) for _ in range(count))
        events = []
        for second in seconds:
            time = f"{day}T{hour:02}:{second // 60:02}:{second % 60:02}Z"
            repository, branch = self.pick([((name, main), n) for name, main, n in REPOSITORIES])
            what = self.pick(WEIGHTS)
            is_bot = what == "request" and self.random.random() < 0.2
            person = BOT if is_bot else self.one_of(PEOPLE)
            event = self.happen(what, time, person, repository, branch, full)
            if event:
                events.append(event)
        return events


def main(folder):
    sample = Sample()
    folder.mkdir(parents=True, exist_ok=True)
    for full, hours in ((True, FULL_HOURS), (False, THIN_HOURS)):
        for name, _, _ in REPOSITORIES:
            # Nothing stays open from one year to the next: a merge after a year looks broken.
            sample.issues[name], sample.requests[name] = [], []
        for day, hour in hours:
            events = sample.hour(day, hour, full)
            lines = [json.dumps(event, separators=(",", ":")) + "\n" for event in events]
            data = gzip.compress("".join(lines).encode(), 9, mtime=0)
            (folder / f"{day}-{hour}.json.gz").write_bytes(data)


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parent.parent
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "samples" / "gharchive")
