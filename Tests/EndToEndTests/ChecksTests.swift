import Foundation
import Testing

/// A table that does not keep what its model promises is not published.
@Suite struct ChecksTests {
    private static let push =
        #"{"id":"4","type":"PushEvent","actor":{"id":3,"login":"cyd"},"repo":{"id":7,"name":"alpha/one"},"payload":{},"public":true,"created_at":"2025-01-01T00:00:04Z"}"#

    /// A warehouse where `staging.events` has these checks; `marts.counts_v1` reads it,
    /// `marts.all_v1` does not.
    private func makeWarehouse(_ checks: String, mart: String = "") throws -> World {
        let world = try World()
        try world.makeWarehouse(models: models(checks, mart: mart))
        return world
    }

    private func models(_ checks: String, mart: String = "") throws -> [String: String] {
        var models = World.models
        for (file, checks) in [
            ("models/staging/events.sql", checks), ("models/marts/counts_v1.sql", mart),
        ] {
            models[file] = try #require(models[file]).replacing("*/", with: "\(checks)\n*/")
        }
        models["models/marts/all_v1.sql"] =
            "/*\nkey = [\"n\"]\n*/\nSELECT count(*) AS n FROM raw.github_events\n"
        return models
    }

    private struct Report {
        var states: [String: String] = [:]
        var checks: [String: [String: Any]] = [:]
        var commit: String?

        init(_ json: String) throws {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            )
            for table in try #require(object["tables"] as? [[String: Any]]) {
                states[table["table"] as? String ?? ""] = table["state"] as? String
            }
            for check in try #require(object["checks"] as? [[String: Any]]) {
                checks[check["check"] as? String ?? ""] = check
            }
            commit = object["commit"] as? String
        }

        func state(_ check: String) -> String? { checks[check]?["state"] as? String }
        func failing(_ check: String) -> Int? { checks[check]?["failing_rows"] as? Int }
    }

    private func rows(_ world: World, _ table: String) throws -> String {
        try world.osodata("query", "SELECT count(*) FROM \(table)", "--format", "csv").output
            .split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test func `a failing check keeps its table and what is made from it, and nothing else`() throws
    {
        let world = try makeWarehouse(
            #"[[checks]]\#naccepted_values = { column = "event_type", values = ["WatchEvent", "ForkEvent"] }"#
        )
        defer { world.remove() }
        let first = try world.commitAndRun()
        #expect(first.status == 0, "\(first.messages)")
        try world.writeHour("2025-01-01-0", World.events + [Self.push])
        try world.git("commit", "-qam", "An hour again")
        let run = try world.commitAndRun("--json")
        #expect(run.status == 1, "\(run.messages)")
        let report = try Report(run.output)
        #expect(report.states["staging.events"] == "failed")
        #expect(report.states["marts.counts_v1"] == "kept-last-good")
        #expect(report.states["marts.all_v1"] == "built")
        #expect(report.states["raw.github_events"] == "built")
        #expect(
            run.messages.contains(
                "error: models/staging/events.sql:5:1: staging.events fails its check "
                    + "'accepted_values event_type': 1 row.\n"
                    + "  cause: first {\"created_at\":\"2025-01-01T00:00:04Z\",\"event_id\":\"4\","
                    + "\"event_type\":\"PushEvent\"}"
            ),
            "\(run.messages)"
        )
        #expect(try rows(world, "staging.events") == "3")
        #expect(try rows(world, "marts.counts_v1") == "2")
        #expect(try rows(world, "raw.github_events") == "4")
        let message = try world.git("log", "-1", "--format=%B").output
        #expect(message.contains("1 failed, 1 held back\n"), "\(message)")
        #expect(
            message.contains("staging.events failed, check 'accepted_values event_type' (1)\n"),
            "\(message)"
        )
        #expect(message.contains("marts.counts_v1 kept-last-good\n"), "\(message)")
        let recorded = try world.osodata(
            "query",
            "SELECT state, failing_rows, sample[0].event_id AS id FROM meta.checks",
            "--format",
            "csv"
        )
        #expect(recorded.output == "state,failing_rows,id\nfailed,1,4\n", "\(recorded)")
        // What is published is what the commits say, though inputs have moved on.
        let verify = try world.osodata("verify", "--rebuild")
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
        #expect(verify.output.contains("kept since"), "\(verify.output)")
        #expect(try world.git("fsck", "--full", "--strict").status == 0)

        // It fails until somebody mends it, also where nothing changed.
        let again = try world.commitAndRun("--json")
        #expect(again.status == 1)
        #expect(try Report(again.output).commit == nil)
        #expect(try Report(again.output).states["marts.counts_v1"] == "kept-last-good")
        try world.write(
            "models/staging/events.sql",
            try #require(
                try models(
                    #"[[checks]]\#naccepted_values = { column = "event_type", values = ["WatchEvent", "ForkEvent", "PushEvent"] }"#
                )["models/staging/events.sql"]
            )
        )
        try world.git("commit", "-qam", "Accept pushes")
        let mended = try world.commitAndRun("--json")
        #expect(mended.status == 0, "\(mended.messages)")
        #expect(try Report(mended.output).states["staging.events"] == "built")
        #expect(try Report(mended.output).states["marts.counts_v1"] == "built")
        #expect(try rows(world, "staging.events") == "4")
        #expect(try world.osodata("verify", "--rebuild").status == 0)
    }

    @Test func `a table that fails at once is left out, and so is what reads it`() throws {
        let world = try makeWarehouse("[[checks]]\nrows = { min = 4 }")
        defer { world.remove() }
        let run = try world.commitAndRun("--json")
        #expect(run.status == 1)
        let report = try Report(run.output)
        #expect(report.states["staging.events"] == "failed")
        #expect(report.states["marts.counts_v1"] == "skipped")
        #expect(report.states["marts.all_v1"] == "built")
        #expect(run.messages.contains("There is no version of it yet"), "\(run.messages)")
        let tables = try world.osodata("tables").output
        #expect(!tables.contains("staging.events"))
        #expect(try world.osodata("verify", "--rebuild").status == 0)
    }

    @Test func `a warning tells and publishes`() throws {
        let world = try makeWarehouse("[[checks]]\nrows = { min = 4 }\nseverity = \"warn\"")
        defer { world.remove() }
        for _ in 0..<2 {
            let run = try world.commitAndRun("--json")
            #expect(run.status == 0, "\(run.messages)")
            #expect(try Report(run.output).state("rows") == "failed")
            #expect(
                run.messages.contains(
                    "note: models/staging/events.sql:5:1: staging.events fails its check 'rows', "
                        + "a warning: 1 row, first {\"rows\":3}"
                ),
                "\(run.messages)"
            )
        }
        #expect(try rows(world, "marts.counts_v1") == "2")
    }

    @Test(
        arguments: [
            (#"not_null = ["event_id", "actor"]"#, "not_null event_id actor", 0),
            (#"not_null = ["nothing"]"#, "not_null nothing", 3),
            (#"unique = ["event_id"]"#, "unique event_id", 0),
            (#"unique = ["actor"]"#, "unique actor", 1),
            // Rows with a null are as different as SQL says.
            (#"unique = ["actor", "nothing"]"#, "unique actor nothing", 0),
            (
                #"accepted_values = { column = "actor", values = ["ann"] }"#,
                "accepted_values actor", 1
            ),
            (
                #"accepted_values = { column = "nothing", values = [1] }"#,
                "accepted_values nothing", 0
            ),
            (
                #"relationships = { column = "actor", to = "raw.github_events.actor_login" }"#,
                "relationships actor", 0
            ),
            (
                #"relationships = { column = "event_type", to = "raw.projects.project_name" }"#,
                "relationships event_type", 3
            ),
            ("rows = { min = 3, max = 3 }", "rows", 0),
            ("rows = { max = 2 }", "rows", 1),
            (
                #"freshness = { column = "created_at", within = "1 hour" }"#,
                "freshness created_at", 0
            ),
            (
                #"freshness = { column = "created_at", within = "59 minutes" }"#,
                "freshness created_at", 1
            ),
            (
                "name = \"no forks\"\nsql = \"FROM staging.events WHERE event_type = 'ForkEvent' -- all\"",
                "no forks", 1
            ),
            (
                "name = \"macro\"\nsql = \"SELECT count(*) AS n FROM staging.events HAVING too_many(count(*))\"",
                "macro", 1
            ),
        ]
    )
    func `every kind passes and fails as it says`(
        _ toml: String,
        _ name: String,
        _ failing: Int
    ) throws {
        var models = try models("[[checks]]\n\(toml)")
        let file = "models/staging/events.sql"
        models[file] = try #require(models[file])
            .replacing(
                "event_id, event_type",
                with: "event_id, NULL::BIGINT AS nothing, event_type"
            )
        models["models/macros.sql"] =
            "CREATE MACRO too_many(n) AS n >= 3;\n"
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse(models: models)
        let run = try world.commitAndRun("--json")
        #expect(run.status == (failing > 0 ? 1 : 0), "\(run.messages)")
        let report = try Report(run.output)
        #expect(report.state(name) == (failing > 0 ? "failed" : "passed"))
        #expect(report.failing(name) == failing)
    }

    @Test func `a change is held against the last version`() throws {
        let world = try makeWarehouse("[[checks]]\nchange = { percent = 33 }")
        defer { world.remove() }
        let first = try Report(world.commitAndRun("--json").output)
        #expect(first.state("change count(*)") == "skipped")
        // 3 rows became 4: a third more.
        try world.writeHour("2025-01-01-0", World.events + [Self.push])
        let refused = try world.commitAndRun("--json")
        #expect(refused.status == 1)
        #expect(refused.messages.contains(#"first {"before":3,"now":4}"#), "\(refused.messages)")
        try world.write(
            "models/staging/events.sql",
            try #require(
                try models("[[checks]]\nchange = { percent = 34 }")["models/staging/events.sql"]
            )
        )
        let taken = try world.commitAndRun("--json")
        #expect(taken.status == 0, "\(taken.messages)")
        #expect(try Report(taken.output).state("change count(*)") == "passed")
        #expect(try rows(world, "staging.events") == "4")
    }

    @Test func `a check is tried again when what it reads changed, and not before`() throws {
        let world = try makeWarehouse(
            "",
            mart: """

                [[checks]]
                name = "known actors"
                sql = "FROM raw.projects WHERE display_name = 'Beta'"
                """
        )
        defer { world.remove() }
        let run = try world.commitAndRun("--json")
        #expect(try Report(run.output).state("known actors") == "passed", "\(run.messages)")
        let quiet = try world.osodata("plan", "--json").output
        #expect(!quiet.contains("checks to be tried"), "\(quiet)")
        try world.write(
            "directory/projects/a/alpha.yaml",
            World.project.replacing("Alpha", with: "Beta")
        )
        let changed = try world.commitAndRun("--json")
        #expect(changed.status == 1, "\(changed.output)")
        let report = try Report(changed.output)
        // Its rows are as they were: what is published fails now.
        #expect(report.states["marts.counts_v1"] == "failed")
        #expect(report.states["staging.events"] == "reused")
        #expect(report.states["raw.projects"] == "built")
        #expect(try rows(world, "marts.counts_v1") == "2")
        try world.write(
            "models/marts/counts_v1.sql",
            try #require(
                try models("", mart: "\n[[checks]]\nrows = { min = 1 }")[
                    "models/marts/counts_v1.sql"
                ]
            )
        )
        let mended = try world.commitAndRun("--json")
        #expect(mended.status == 0, "\(mended.messages)")
        #expect(try Report(mended.output).states["marts.counts_v1"] == "reused")
        #expect(try Report(mended.output).checks.keys.sorted() == ["rows"])
    }

    @Test func `a check that is new to a table that is up to date is in the plan`() throws {
        let world = try makeWarehouse("")
        defer { world.remove() }
        let file = "models/marts/names_v1.sql"
        let statement = "*/\nSELECT project_name FROM raw.projects\n"
        try world.write(file, "/*\nkey = [\"project_name\"]\n" + statement)
        try world.commitAndRun()
        try world.write(
            file,
            "/*\nkey = [\"project_name\"]\n[[checks]]\nrows = { min = 1 }\n" + statement
        )
        #expect(try world.osodata("plan").output.contains("checks to be tried"))
        let run = try world.commitAndRun("--json")
        #expect(try Report(run.output).state("rows") == "passed", "\(run.messages)")
        #expect(try Report(run.output).states["marts.names_v1"] == "reused")
        #expect(try Report(run.output).commit == nil)
        // What waits for a commit is known all the same.
        #expect(try !world.osodata("plan").output.contains("checks to be tried"))
    }

    @Test func `a freshness that nothing states is skipped, never green`() throws {
        let world = try makeWarehouse(
            #"[[checks]]\#nfreshness = { column = "created_at", within = "1 day" }"#
        )
        defer { world.remove() }
        try world.write("pipelines.toml", World.pipelines + "made_up = true\n")
        let run = try world.commitAndRun("--json")
        #expect(run.status == 0, "\(run.messages)")
        #expect(try Report(run.output).state("freshness created_at") == "skipped")
    }

    @Test(arguments: [
        (#"not_null = ["actr"]"#, "actr"),
        ("name = \"n\"\nsql = \"SELECT 1 FROM staging.events WHERE actor::BIGINT > 0\"", "ann"),
        (#"change = { of = "max(actor)", percent = 1 }"#, "VARCHAR"),
    ])
    func `a check that cannot run keeps its table`(_ toml: String, _ word: String) throws {
        let world = try makeWarehouse("")
        defer { world.remove() }
        #expect(try world.commitAndRun().status == 0)
        try world.write(
            "models/staging/events.sql",
            try #require(try models("[[checks]]\n\(toml)")["models/staging/events.sql"])
        )
        let run = try world.commitAndRun("--json")
        #expect(run.status == 2, "\(run.output)\(run.messages)")
        #expect(run.messages.contains("models/staging/events.sql:"), "\(run.messages)")
        #expect(run.messages.contains("cannot be tried: "), "\(run.messages)")
        #expect(run.messages.contains(word), "\(run.messages)")
        #expect(try Report(run.output).states["staging.events"] == "failed")
        #expect(try Report(run.output).states["marts.counts_v1"] == "kept-last-good")
    }

    @Test func `a model that fails keeps its table, the others go on`() throws {
        let world = try makeWarehouse("")
        defer { world.remove() }
        try world.commitAndRun()
        try world.write(
            "models/staging/events.sql",
            try #require(World.models["models/staging/events.sql"])
                .replacing("lower(actor_login)", with: "actor_login::BIGINT")
        )
        try world.writeHour("2025-01-01-0", World.events + [Self.push])
        try world.git("commit", "-qam", "A mistake")
        let run = try world.commitAndRun("--json")
        #expect(run.status == 2, "\(run.messages)")
        #expect(run.messages.contains("error: models/staging/events.sql:"), "\(run.messages)")
        let report = try Report(run.output)
        #expect(report.states["staging.events"] == "failed")
        #expect(report.states["marts.counts_v1"] == "kept-last-good")
        #expect(report.states["marts.all_v1"] == "built")
        #expect(try world.osodata("verify", "--rebuild").status == 0)
    }
}
