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
}
