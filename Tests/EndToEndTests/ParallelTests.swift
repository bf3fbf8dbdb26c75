import Foundation
import Testing

/// Models made at the same time, time limits and runs that are ended.
@Suite struct ParallelTests {
    /// Takes an hour on this machine, were it let.
    private static let slow =
        "/*\nkey = [\"n\"]\n\(timeoutMark)\n*/\nSELECT count(*) AS n FROM range(1000000000000) AS r(i) WHERE i % 7 = 3\n"
    private static let timeoutMark = "# timeout"

    /// Three layers of models: many that read one, one that reads them all, and checks.
    private func models() -> [String: String] {
        var models = World.models
        for number in 0..<8 {
            models["models/intermediate/part_\(number).sql"] = """
                /*
                key = ["event_id"]
                [[checks]]
                unique = ["event_id"]
                [[checks]]
                name = "few"
                severity = "warn"
                sql = "SELECT event_id FROM intermediate.part_\(number) WHERE \(number) = 3"
                */
                SELECT event_id, row_number() OVER (ORDER BY event_id) + \(number) AS place,
                    as_of() AS at
                FROM staging.events
                """
        }
        let parts = (0..<8).map { "SELECT \($0) AS part, * FROM intermediate.part_\($0)" }
        models["models/marts/parts_v1.sql"] =
            "/*\nkey = [\"part\", \"event_id\"]\n*/\n" + parts.joined(separator: " UNION ALL ")
        return models
    }

    @Test func `however many at a time, tables, checks and what is told are the same`() throws {
        var tellings: [String] = []
        for jobs in ["1", "2", "4"] {
            let world = try World()
            defer { world.remove() }
            try world.makeWarehouse(models: models())
            let run = try world.osodata("run", "--jobs", jobs, "--threads", "4", "--json")
            #expect(run.status == 0, "\(run.messages)")
            let tree = try world.git("rev-parse", "HEAD:snapshots").output
            let note = run.messages.split(separator: "\n").filter { $0.hasPrefix("note:") }
            let checks = try world.osodata("query", "FROM meta.checks", "--format", "ndjson").output
            tellings.append(tree + note.joined(separator: "\n") + checks)
            #expect(note.count == 1, "\(run.messages)")
            #expect(try world.osodata("verify", "--rebuild").status == 0)
        }
        #expect(Set(tellings).count == 1, "\(tellings)")
    }

    @Test func `a model whose time is up fails alone`() throws {
        let world = try World()
        defer { world.remove() }
        var models = World.models
        models["models/marts/slow_v1.sql"] = Self.slow.replacing(
            Self.timeoutMark,
            with: "timeout = \"1s\""
        )
        try world.makeWarehouse(models: models)
        let run = try world.osodata("run", "--json")
        #expect(run.status == 2, "\(run.messages)")
        #expect(
            run.messages.contains(
                "error: models/marts/slow_v1.sql: 'marts.slow_v1' was not made within 1s."
            ),
            "\(run.messages)"
        )
        let states = try World.states(run.output)
        #expect(states["marts.slow_v1"] == "skipped" || states["marts.slow_v1"] == "failed")
        #expect(states["marts.counts_v1"] == "built")
        // [run] says it for all; a header's own goes before it.
        try world.write("pipelines.toml", World.pipelines + "\n[run]\ntimeout = \"1s\"\njobs = 3\n")
        try world.write("models/marts/slow_v1.sql", Self.slow)
        #expect(try world.commitAndRun().messages.contains("was not made within 1s."))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal ends a run, which leaves all as it was`(number: Int32) throws {
        let world = try World()
        defer { world.remove() }
        var models = World.models
        models["models/marts/slow_v1.sql"] = Self.slow
        try world.makeWarehouse(models: models)
        let before = try world.state()
        let run = try Running(world, ["run", "--events", "--jobs", "2"], reading: .output)
        defer { run.send(SIGKILL) }
        let events = run.read(until: "\"event\":\"started\"") + run.read(until: "marts.slow_v1")
        #expect(events.contains("marts.slow_v1"), "\(events)")
        run.send(number)
        let end = try run.end()
        #expect(end.reason == .exit && end.status == 130, "\(end)")
        #expect(end.rest.contains("error: The run was cancelled; nothing was published."))
        #expect(try world.state() == before)
        let left = try world.shell("ls -A .osodata/tmp .osodata/locks .git/osodata 2>/dev/null")
        #expect(!left.output.contains("sql-"), "\(left.output)")
        #expect(!left.output.contains("journal\n"), "\(left.output)")
        #expect(try world.osodata("run", "+marts.counts_v1").status == 0)
        #expect(try world.osodata("verify").status == 0)
    }

    @Test func `events are lines of JSON, the result last`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse(models: models())
        let run = try world.osodata("run", "--events", "--jobs", "4")
        #expect(run.status == 0 && run.messages == "", "\(run.messages)")
        let events = try run.output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        let names = events.compactMap { $0["event"] as? String }
        #expect(names.first == "planned" && names.last == "result")
        #expect(events.allSatisfy { $0["at"] is String })
        let finished = events.filter { $0["event"] as? String == "finished" }
        let planned = events.first?["tables"] as? Int
        // meta.coverage and meta.checks are not planned: they tell of the run.
        #expect(finished.count == (planned ?? 0) + 2)
        let result = events.last?["run"] as? [String: Any]
        #expect((result?["commit"] as? String)?.count == 40)
        let started = events.filter { $0["event"] as? String == "started" }
            .compactMap { $0["step"] as? String }
        #expect(Set(started).isSuperset(of: ["directory", "staging.events", "marts.parts_v1"]))
        #expect(try world.osodata("run", "--events", "--json").status == 2)
        #expect(try world.osodata("run", "--jobs", "0").status == 2)
    }
}
