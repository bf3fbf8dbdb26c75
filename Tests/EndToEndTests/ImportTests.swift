import Foundation
import Testing

/// `osodata import` as a person uses it.
@Suite struct ImportTests {
    @Test(
        arguments: [
            ("meta.coverage", "'meta'"), ("meta.mine", "'meta'"), ("raw.git_commits", "sources"),
            ("raw.github_events", "sources"), ("raw.sources", "sources"),
            ("raw.projects", "directory"), ("raw.artifacts_by_project", "directory"),
            ("marts.counts_v1", "models/marts/counts_v1.sql"),
            // Its file is in the commit only, or in the work tree only.
            ("staging.events", "models/staging/events.sql"),
            ("staging.fresh", "models/staging/fresh.sql"),
        ]
    )
    func `a table that runs write is not for imports`(_ table: String, _ reason: String) throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let first = try world.osodata("run")
        #expect(first.status == 0, "\(first.messages)")
        try world.write("t.csv", "a\n1\n")
        try world.write("models/staging/fresh.sql", "/* */ SELECT 1 AS a\n")
        try world.shell("rm models/staging/events.sql")
        let before = try world.state()
        let outcome = try world.osodata("import", table, "t.csv")
        #expect(outcome.status == 2, "\(outcome.output)")
        #expect(outcome.messages.contains(reason), "\(outcome.messages)")
        #expect(outcome.messages.contains("hint: Import it under another name"))
        #expect(try world.state() == before)
    }

    @Test func `standard input is a file too, a pipe or a device is none`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let piped = try world.osodata(
            "import",
            "raw.t",
            "-",
            "--format",
            "csv",
            "--delimiter",
            ";",
            input: "na\u{ef}ve;b\n1;\"x;y\"\n"
        )
        #expect(piped.status == 0, "\(piped.messages)")
        #expect(piped.messages.contains("note: The column \"na\u{ef}ve\" is called \"na_ve\"."))
        let rows = try world.osodata("query", "FROM raw.t", "--format", "csv")
        #expect(rows.output == "na_ve,b\n1,x;y\n", "\(rows.messages)")
        let json = try world.osodata(
            "import",
            "raw.t",
            "-",
            "--format",
            "ndjson",
            "--json",
            input: "{\"a\":\"\\u0000\"}\n"
        )
        #expect(json.output.contains("1 character that no table can hold"), "\(json.output)")

        let before = try world.state()
        for source in ["<(printf 'a\\n1\\n')", "/dev/zero", "/dev/null"] {
            let outcome = try world.shell(
                "\(World.program.path) import raw.u \(source) --format csv"
            )
            #expect(outcome.status == 2, "\(outcome.output)")
            #expect(outcome.messages.contains("no regular file"), "\(outcome.messages)")
            #expect(outcome.messages.contains("import TABLE - --format csv"))
        }
        let key = try world.osodata(
            "import",
            "raw.u",
            "-",
            "--format",
            "csv",
            "--key",
            "a b",
            input: "a b\n1\n"
        )
        #expect(key.status == 2)
        #expect(key.messages.contains("stdin: The key names a column"), "\(key.messages)")
        #expect(key.messages.contains("columns are here: a_b."), "\(key.messages)")
        let unnamed = try world.osodata("import", "raw.u", "-", input: "a\n1\n")
        #expect(unnamed.status == 2)
        #expect(unnamed.messages.contains("--format"), "\(unnamed.messages)")
        let broken = try world.osodata(
            "import",
            "raw.u",
            "-",
            "--format",
            "csv",
            input: "a,b\n1\n"
        )
        #expect(broken.status == 2)
        #expect(broken.messages.contains("stdin:2: The line has 1 value"), "\(broken.messages)")
        #expect(try world.state() == before)
    }
}
