import Foundation
import Testing

/// `status`, `gc` and the doctor's look at the size.
struct StatusTests {
    private func ranWorld() throws -> World {
        let world = try World()
        try world.makeWarehouse()
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        return world
    }

    private func object(_ outcome: World.Outcome) throws -> [String: Any] {
        #expect(outcome.status == 0, "\(outcome.messages)")
        let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        return try #require(value as? [String: Any])
    }

    @Test func `status says where the warehouse stands`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let none = try world.osodata("status")
        #expect(none.status == 0 && none.output.contains("none yet. Run: osodata run"), "\(none)")
        #expect(try world.commitAndRun().status == 0)
        try world.write("directory/projects/b/beta.yaml", "x")
        try world.write("snapshots/marts/x", "x")
        let state = try world.state()
        let status = try world.osodata("status")
        #expect(status.status == 0, "\(status.messages)")
        for text in [
            "branch      main\n", "last run    ", " seconds ago\n", "tables      9, ",
            "growth      not known before the second run\n", "of 10 GB (0 %)\n",
            "of 3000 entries (0 %)\n", "beta.yaml not committed\n",
            "snapshots   snapshots/marts/x edited\n",
        ] {
            #expect(status.output.contains(text), "\(text): \(status.output)")
        }
        #expect(try world.state() == state)
    }

    @Test func `status in JSON has the runs and the forecast`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        try world.write("t.csv", "a,b\n1,2\n")
        try world.shell("git add t.csv && git commit -qm t")
        #expect(try world.osodata("import", "raw.t", "t.csv", "--key", "a").status == 0)
        let status = try object(try world.osodata("status", "--json"))
        let runs = try #require(status["runs"] as? [[String: Any]])
        #expect(runs.count == 2)
        let ids = try world.git("rev-list", "--objects", "--no-object-names", "HEAD", "^HEAD~1")
        let sizes = try world.shell(
            "git rev-list --objects --no-object-names HEAD ^HEAD~1 | git cat-file --batch-check='%(objectsize:disk)' | awk '{ sum += $1 } END { print sum }'"
        )
        #expect(
            runs.first?["bytes"] as? Int
                == Int(sizes.output.trimmingCharacters(in: .whitespacesAndNewlines)),
            "\(ids.output)"
        )
        #expect(status["bytes_per_run"] as? Int == runs.first?["bytes"] as? Int)
        let limits = try #require(status["limits"] as? [[String: Any]])
        #expect(limits.map { $0["limit"] as? String } == ["repository", "push", "file", "folder"])
        #expect((limits.first?["runs_left"] as? Int).map { $0 > 1000 } == true, "\(limits)")
    }

    @Test func `status names the process that writes a table`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        let status = try world.shell(
            """
            exec 9>.osodata/locks/raw.t; flock 9; echo $$ >&9
            '\(World.program.path)' status; echo "pid $$"
            """
        )
        let pid = try #require(status.output.firstMatch(of: /pid (\d+)/)).1
        #expect(status.output.contains("writing     raw.t, by process \(pid)"), "\(status.output)")
    }

    @Test func `gc --dry-run tells what each table takes and changes nothing`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        let first = try world.git("rev-parse", "HEAD").output.prefix(12)
        try world.writeHour("2025-01-01-0", Array(World.events.dropLast()))
        try world.git("commit", "-qam", "Less")
        #expect(try world.commitAndRun().status == 0)
        let before = try world.shell("find .git -type f | sort").output
        let gc = try world.osodata("gc", "--dry-run")
        #expect(gc.status == 0, "\(gc.messages)")
        for pattern in [
            "TABLE +NOW +HISTORY +VERSIONS +LAST\n",
            "staging.events +[1-9][0-9,]* +[1-9][0-9,]* +2 ",
            "raw.sources +[1-9][0-9,]* +0 +1 ",
        ] {
            #expect(try gc.output.firstMatch(of: Regex(pattern)) != nil, "\(gc.output)")
        }
        #expect(gc.messages.contains("git repack -q --geometric=2 -d --write-midx"))
        let versions = try world.osodata("gc", "--dry-run", "staging.events")
        let lines = versions.output.split(separator: "\n")
        #expect(lines.count == 3 && lines.last?.contains(first) == true, "\(versions.output)")
        #expect(try world.osodata("gc", "-n", "staging.event").messages.contains("Did you mean"))
        #expect(try world.osodata("gc", "staging.events").status == 2)
        #expect(try world.shell("find .git -type f | sort").output == before)
        let json = try object(try world.osodata("gc", "--dry-run", "--json"))
        #expect((json["tables"] as? [Any])?.count == 9)
    }

    @Test func `gc puts objects together and removes what dead runs left`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        try world.write(".git/objects/pack/osodata_tmp_dead", "x")
        try world.write(".osodata/pending/raw.gone.0123.json", "{}")
        let head = try world.git("rev-parse", "HEAD").output
        let gc = try world.osodata("gc")
        #expect(gc.status == 0, "\(gc.messages)")
        #expect(gc.output.contains("removed 2 files that dead runs left\n"), "\(gc.output)")
        #expect(gc.output.contains(", 0 loose objects\n"), "\(gc.output)")
        let left = try world.shell(
            "ls .git/objects/pack .osodata/pending"
        )
        #expect(left.output.contains("multi-pack-index") && !left.output.contains("dead"))
        #expect(!left.output.contains("gone"))
        #expect(try world.git("fsck", "--full", "--strict").status == 0)
        #expect(try world.osodata("verify").status == 0)
        #expect(try world.git("rev-parse", "HEAD").output == head)
        let run = try world.commitAndRun()
        #expect(run.status == 0 && "\(run)".contains("Nothing new"), "\(run)")
    }

    @Test func `gc without the git program says so`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        let gc = try world.osodata("gc", environment: ["PATH": "/nonexistent"])
        #expect(gc.status == 2 && gc.messages.contains("git repack"), "\(gc)")
    }

    @Test func `the doctor warns of a file that the host will not take`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        let fine = try world.osodata("doctor")
        #expect(
            fine.status == 0 && fine.output.contains("ok    size: The repository has "),
            "\(fine)"
        )
        try world.shell("truncate -s 101M big && git add big && git commit -qm big")
        let doctor = try world.osodata("doctor")
        #expect(doctor.status == 1, "\(doctor.output)")
        #expect(
            doctor.output.contains("bad   size: The largest file has 101 MB of 100 MB"),
            "\(doctor.output)"
        )
        #expect(doctor.output.contains("git rm --cached"))
    }

    @Test func `data older than a model allows is told`() throws {
        let world = try World()
        defer { world.remove() }
        var models = World.models
        models["models/marts/counts_v1.sql"] = try #require(models["models/marts/counts_v1.sql"])
            .replacing("description", with: "freshness = \"36h\"\ndescription")
        models["models/staging/events.sql"] = try #require(models["models/staging/events.sql"])
            .replacing("description", with: "freshness = \"36500d\"\ndescription")
        try world.makeWarehouse(models: models)
        let run = try world.osodata("run")
        let text =
            "marts.counts_v1 is stale: its data ends 2025-01-01T01:00:00Z, over 36h ago."
        #expect(run.status == 0 && run.messages.contains("note: \(text)"), "\(run.messages)")
        #expect(!run.messages.contains("staging.events is stale"))
        let status = try world.osodata("status")
        #expect(status.output.contains("attention   \(text)"), "\(status.output)")
        #expect(try world.osodata("status", "--json").output.contains(#""marts.counts_v1""#))
        try world.write("models/marts/bad_v1.sql", "/* key = [\"n\"] */ SELECT 'x'::INT AS n")
        try world.commitAndRun()
        let after = try world.osodata("status").output
        #expect(after.contains("attention   run "), "\(after)")
        #expect(after.contains(" failed: models/marts/bad_v1.sql"), "\(after)")
    }

    @Test func `a plan tells what it may cost`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let first = try world.osodata("plan", "--estimate")
        #expect(first.messages.contains("steps were never done before"), "\(first.messages)")
        try world.osodata("run")
        let same = try world.osodata("plan", "--estimate")
        #expect(same.messages.hasPrefix("About 0 requests, 0 bytes to fetch, "), "\(same.messages)")
        #expect(!same.messages.contains("never done"))
        try world.write(
            "models/marts/counts_v1.sql",
            try #require(World.models["models/marts/counts_v1.sql"]).replacing(
                "count(*)",
                with: "1 + count(*)"
            )
        )
        try world.write("models/marts/new_v1.sql", "/* key = [\"n\"] */ SELECT 1 AS n")
        // A server that nobody asks for a plan.
        try world.write(
            "pipelines.toml",
            World.pipelines + """

                [sources.far]
                connector = "github-archive"
                endpoint = "http://127.0.0.1:9"
                from = "2025-01-01-0"
                to = "2025-01-01-2"
                """
        )
        let plan = try world.osodata("plan", "--estimate", "--json")
        let steps = try #require(
            try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [[String: Any]]
        )
        func estimate(_ table: String) throws -> [String: Any] {
            let step = steps.first { ($0["tables"] as? [String])?.contains(table) == true }
            return try #require(step?["estimate"] as? [String: Any])
        }
        #expect(try estimate("marts.counts_v1")["seconds"] is Double)
        #expect(try estimate("marts.new_v1")["seconds"] is NSNull)
        // Up to date: it costs nothing, though it took time before.
        #expect(try estimate("raw.projects")["seconds"] as? Double == 0)
        #expect(try estimate("staging.events")["seconds"] as? Double != nil)
        #expect(try estimate("raw.github_events")["requests"] as? Int == 3)
        // Nothing of that source was read before.
        #expect(try estimate("raw.github_events")["bytes"] is NSNull)
    }
}
