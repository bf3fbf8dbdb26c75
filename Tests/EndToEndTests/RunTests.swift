import Foundation
import Testing

/// The way of a warehouse from nothing to numbers.
@Suite struct RunTests {
    @Test func `a first run commits every table, a second one nothing`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let first = try world.commitAndRun()
        #expect(first.status == 0, "\(first.messages)")
        #expect(first.output.contains("marts.counts_v1"))
        #expect(try world.git("status", "--porcelain").output.isEmpty)
        #expect(try world.git("fsck", "--full", "--strict").status == 0)
        let message = try world.git("log", "-1", "--format=%B").output
        for trailer in [
            "Osodata-Run: ", "Osodata-As-Of: 2025-01-01T01:00:00Z", "Osodata-Warehouse: ",
            "Osodata-Pipeline: ", "Osodata-Version: ",
        ] {
            #expect(message.contains(trailer), "\(message)")
        }
        let head = try world.git("rev-parse", "HEAD").output
        let second = try world.commitAndRun()
        #expect(second.status == 0, "\(second.messages)")
        #expect(second.output.contains("Nothing new"), "\(second.output)")
        #expect(try world.git("rev-parse", "HEAD").output == head)
    }

    @Test func `numbers are what the events say`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        let result = try world.osodata(
            "query",
            "select event_type, events, actors from marts.counts_v1 order by 1",
            "--format",
            "csv"
        )
        #expect(
            result.output == "event_type,events,actors\nForkEvent,1,1\nWatchEvent,2,2\n",
            "\(result.messages)"
        )
        let plain = try world.shell("zstdcat snapshots/marts/counts_v1/*/*.zst")
        #expect(
            plain.output == """
                {"event_type":"ForkEvent","events":1,"actors":1}
                {"event_type":"WatchEvent","events":2,"actors":2}

                """
        )
    }

    @Test func `a new hour changes what follows from it and nothing else`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        try world.writeHour(
            "2025-01-01-0",
            World.events + [
                #"{"id":"4","type":"ForkEvent","actor":{"id":3,"login":"cyd"},"repo":{"id":7,"name":"alpha/one"},"payload":{"forkee":{"id":9}},"public":true,"created_at":"2025-01-01T00:00:04Z"}"#
            ]
        )
        let run = try world.commitAndRun("--json")
        #expect(run.status == 0, "\(run.messages)")
        let states = try World.states(run.output)
        #expect(states["marts.counts_v1"] == "built")
        #expect(states["raw.projects"] == "reused")
        let diff = try world.osodata("diff", "HEAD~1", "HEAD", "marts.counts_v1", "--json")
        #expect(diff.status == 1, "\(diff.messages)")
        let lines = diff.output.split(separator: "\n")
        #expect(lines.count == 1)
        #expect(diff.output.contains("\"ForkEvent\""))
        let stat = try world.osodata("diff", "HEAD~1", "HEAD", "--stat")
        #expect(stat.output.contains("marts.counts_v1"))
        #expect(!stat.output.contains("raw.projects"))
        #expect(try world.osodata("diff", "HEAD", "HEAD").status == 0)
    }

    @Test func `comments and spelling rebuild nothing, an equal result stops the spread`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        let file = "models/staging/events.sql"
        let text = try #require(World.models[file])
        try world.write(
            file,
            text.replacingOccurrences(of: "SELECT", with: "-- a comment\nselect  ")
        )
        try world.git("commit", "-qam", "Reformat")
        let head = try world.git("rev-parse", "HEAD").output
        let comment = try world.commitAndRun("--json")
        #expect(try World.states(comment.output)["staging.events"] == "reused", "\(comment.output)")
        // Another statement, the same rows.
        try world.write(
            file,
            text.replacingOccurrences(of: "lower(repo_name)", with: "lower(lower(repo_name))")
        )
        try world.git("commit", "-qam", "Twice lower")
        let equal = try world.commitAndRun("--json")
        #expect(try World.states(equal.output)["staging.events"] == "equal", "\(equal.output)")
        #expect(try World.states(equal.output)["marts.counts_v1"] == "reused")
        #expect(equal.output.contains("\"commit\": null"), "\(equal.output)")
        // What waits makes the next run quiet.
        let next = try world.commitAndRun("--json")
        #expect(try World.states(next.output)["staging.events"] == "reused", "\(next.output)")
        #expect(
            try world.git("log", "--format=%s", "\(head.dropLast())..HEAD").output
                == "Twice lower\n"
        )
    }

    @Test func `plan says what run does`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let before = try world.osodata("plan")
        #expect(before.status == 0, "\(before.messages)")
        #expect(before.output.contains("new"))
        try world.commitAndRun()
        try world.write(
            "models/marts/counts_v1.sql",
            try #require(World.models["models/marts/counts_v1.sql"]).replacingOccurrences(
                of: "count(*)",
                with: "count(*) + 1"
            )
        )
        let plan = try world.osodata("plan", "--json")
        let parsed = try #require(
            try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [[String: Any]]
        )
        let reasons = parsed.map {
            ("\(($0["tables"] as? [String])?.first ?? "")", $0["reason"] as? String ?? "")
        }
        #expect(
            reasons.contains { $0 == ("marts.counts_v1", "statement changed") },
            "\(plan.output)"
        )
    }

    @Test func `verify agrees, a rebuild too, with other threads, zone and locale`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        let verify = try world.osodata(
            "verify",
            "--rebuild",
            "--threads",
            "1",
            environment: ["TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"]
        )
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
        #expect(verify.output.contains("rebuilt   marts.counts_v1"))
        let content = try world.osodata("verify", "--content", "marts.counts_v1")
        let sum = try world.shell("zstdcat snapshots/marts/counts_v1/*/*.zst | sha256sum").output
            .prefix(64)
        #expect(content.output.contains(sum), "\(content.output)")
    }

    @Test func `the second reader agrees`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        let script = World.package.appending(path: "Scripts/verify.py").path
        let outcome = try world.run("/usr/bin/python3", [script, "."])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.messages)")
        #expect(outcome.output.contains("marts.counts_v1"))
    }

    @Test func `an import makes a table that models can read`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write(
            "grants.csv",
            "project,amount,day\nalpha,10.5,2025-01-01\nbeta,3,2025-01-02\n"
        )
        let imported = try world.osodata(
            "import",
            "raw.grants",
            "grants.csv",
            "--key",
            "day,project"
        )
        #expect(imported.status == 0, "\(imported.messages)")
        let again = try world.osodata("import", "raw.grants", "grants.csv", "--key", "day,project")
        #expect(again.messages.contains("no commit"), "\(again.messages)")
        try world.write(
            "models/marts/grants_v1.sql",
            "/*\nkey = [\"project\"]\n*/\nSELECT project, day FROM raw.grants\n"
        )
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        let rows = try world.osodata("query", "select * from marts.grants_v1", "--format", "ndjson")
        #expect(
            rows.output
                == "{\"project\":\"alpha\",\"day\":\"2025-01-01\"}\n{\"project\":\"beta\",\"day\":\"2025-01-02\"}\n",
            "\(rows.messages)"
        )
        let log = try world.osodata("log", "raw.grants")
        #expect(log.output.contains("2 rows"))
    }

    @Test func `init makes a warehouse that runs`() throws {
        let world = try World()
        defer { world.remove() }
        let made = try world.osodata("init", ".")
        #expect(made.status == 0, "\(made.messages)")
        try world.git("add", "-A")
        try world.git("commit", "-qm", "Start")
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        let show = try world.osodata("show", "marts.projects")
        #expect(show.output.contains("example"), "\(show.messages)")
        #expect(try world.osodata("doctor").status == 0)
    }

    @Test func `a deleted model's table goes, an older revision keeps it`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        try world.git("rm", "-q", "models/marts/counts_v1.sql")
        try world.git("commit", "-qm", "No counts")
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        #expect(try world.osodata("show", "marts.counts_v1").status == 2)
        #expect(try world.osodata("show", "marts.counts_v1@HEAD~1").status == 0)
        #expect(try world.shell("ls snapshots/marts/counts_v1 2>&1").status != 0)
    }

    @Test(arguments: [
        "ware house", "ware%20house", "100%", "ware#house", "ware?house", "ware\nhouse",
    ])
    func `a warehouse's path may have any characters`(_ name: String) throws {
        let world = try World(name: name)
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write(
            "pipelines.toml",
            World.pipelines
                + "\n[sources.self]\nconnector = \"git\"\nrepositories = [{ path = \".\", url = \"https://github.com/alpha/one\" }]\n"
        )
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        let counts = try world.osodata(
            "query",
            "select (select sum(events) from marts.counts_v1) e, (select count(*) from raw.git_commits) c",
            "--format",
            "csv"
        )
        #expect(counts.output == "e,c\n3,2\n", "\(counts.messages)")
        #expect(try world.osodata("verify", "--rebuild").status == 0)
    }

    @Test func `an hour that is gone keeps its rows, and the run says so`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        try world.shell("rm archive/*; touch archive/empty")
        let run = try world.commitAndRun()
        #expect(run.status == 0)
        #expect(run.output.contains("Nothing new"), "\(run.output)\(run.messages)")
        #expect(
            run.messages.hasPrefix("note: archive: no longer there, rows stay: 2025-01-01-0\n"),
            "\(run.messages)"
        )
    }

    @Test func `an empty e-mail key in the environment is no key`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.shell("sed -i 's/^email_key = .*/email_key_env = \"KEY\"/' pipelines.toml")
        try world.commitInputs()
        let before = try world.state()
        let empty = try world.commitAndRun(environment: ["KEY": ""])
        #expect(empty.status == 2)
        #expect(
            empty.messages.contains("error: pipelines.toml:6:1: ")
                && empty.messages.contains("'KEY', is empty."),
            "\(empty.messages)"
        )
        #expect(try world.state() == before)
        #expect(try world.commitAndRun(environment: ["KEY": "secret"]).status == 0)
        let absent = try world.commitAndRun()
        #expect(absent.status == 0)
        #expect(absent.messages.contains("the e-mail key 'test' is not here"))
    }

    @Test func `a git source reads this history without osodata's own commits`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write(
            "pipelines.toml",
            World.pipelines
                + "\n[sources.self]\nconnector = \"git\"\nrepositories = [{ path = \".\", url = \"https://github.com/alpha/one\" }]\n"
        )
        try world.git("commit", "-qam", "Read myself")
        #expect(try world.commitAndRun().status == 0)
        let commits = try world.osodata(
            "query",
            "select count(*) n from raw.git_commits",
            "--format",
            "csv"
        )
        #expect(commits.output == "n\n2\n", "\(commits.messages)")
        let again = try world.commitAndRun()
        #expect(again.output.contains("Nothing new"), "\(again.output)\(again.messages)")
        let address = try world.shell(
            "zstdcat snapshots/raw/git_commits/*/*.zst | grep -c tester@example.org"
        )
        #expect(address.output == "0\n")
    }

    @Test func `a raw table that is not as its coverage says is read again`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        let digest = "jq -r .digest snapshots/raw/github_events/manifest.json"
        let wanted = try world.shell(digest).output
        try world.writeHour("2025-01-01-0", [World.events[0]])
        try world.commitAndRun()
        #expect(try world.shell(digest).output != wanted)
        // Somebody brings back the hour and, of the snapshots, the coverage alone.
        try world.writeHour("2025-01-01-0", World.events)
        try world.shell(
            "git checkout -q HEAD~1 -- snapshots/meta && git add -A && git commit -qm back"
        )
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        #expect(try world.shell(digest).output == wanted)
        #expect(try world.commitAndRun().output.contains("Nothing new"))
    }

    @Test func `sources of one table come and go without each other's rows`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        let digest = "jq -r .digest snapshots/raw/github_events/manifest.json"
        let alone = try world.shell(digest).output
        let second =
            World.pipelines + """
                [sources.second]
                connector = "github-archive"
                endpoint = "file://other"
                from = "2025-01-01-0"
                to = "2025-01-01-0"
                keep = "all"

                """
        try world.shell("mkdir other && gunzip -c archive/2025-01-01-0.json.gz | tail -1 > two")
        // One event that the first source has, too, and one of its own.
        try world.shell(
            "(cat two; sed 's/\"id\":\"3\"/\"id\":\"33\"/' two) | gzip -n > other/2025-01-01-0.json.gz"
        )
        try world.write("pipelines.toml", second)
        try world.shell("rm two; git add -A; git commit -qm second")
        #expect(try world.commitAndRun().status == 0)
        let both = try world.osodata(
            "query",
            "select source, event_id from raw.github_events order by event_id",
            "--format",
            "csv"
        )
        #expect(
            both.output == "source,event_id\narchive,1\narchive,2\narchive,3\nsecond,33\n"
        )
        let coverage = try world.osodata(
            "query",
            "select source, \"rows\", folded from meta.coverage order by 1",
            "--format",
            "csv"
        )
        #expect(coverage.output == "source,rows,folded\narchive,3,0\nsecond,1,1\n")
        #expect(try world.commitAndRun().output.contains("Nothing new"))
        try world.write("pipelines.toml", World.pipelines)
        try world.shell("git commit -qam first")
        #expect(try world.commitAndRun().status == 0)
        #expect(try world.shell(digest).output == alone)
        #expect(try world.osodata("verify", "--rebuild").status == 0)
    }
}
