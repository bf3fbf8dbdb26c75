import Foundation
import Testing

/// What is published goes to sinks, as far as it changed.
@Suite struct SinkTests {
    private static let sinks = """

        [sinks.files]
        kind = "export"
        tables = ["marts.*", "staging.*"]
        format = "csv"
        path = "public/data"

        [sinks.base]
        kind = "export"
        tables = ["marts.*"]
        format = "duckdb"
        path = "public"

        """

    private func makeWarehouse(_ sinks: String = SinkTests.sinks) throws -> World {
        let world = try World()
        try world.makeWarehouse()
        try world.write(".gitignore", ".osodata/\npublic/\n")
        try world.write("pipelines.toml", World.pipelines + sinks)
        try world.git("add", "-A")
        try world.git("commit", "-qm", "Sinks")
        return world
    }

    private func written(_ world: World) throws -> [String: [String]] {
        let run = try world.osodata("run", "--json")
        #expect(run.status == 0, "\(run.messages)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        )
        var written: [String: [String]] = [:]
        for sink in try #require(object["sinks"] as? [[String: Any]]) {
            written[sink["sink"] as? String ?? ""] = sink["tables"] as? [String]
        }
        return written
    }

    @Test func `a run writes what changed, and takes away what is gone`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let plan = try world.osodata("plan")
        #expect(plan.output.contains(/sink +files +if changed: 2 of 2 tables/), "\(plan.output)")
        #expect(
            try written(world)
                == ["files": ["marts.counts_v1", "staging.events"], "base": ["marts.counts_v1"]]
        )
        let file = "public/data/marts.counts_v1.csv"
        #expect(
            try world.shell("cat \(file)").output
                == "event_type,events,actors\nForkEvent,1,1\nWatchEvent,2,2\n"
        )
        #expect(try written(world).isEmpty)
        #expect(try world.osodata("plan").output.contains(/sink +base +if changed: 1 of 1 tables/))
        // A file that somebody removed is written again.
        try world.shell("rm \(file)")
        #expect(try written(world) == ["files": ["marts.counts_v1"]])
        // One model changes.
        let counts = try #require(World.models["models/marts/counts_v1.sql"])
        try world.write(
            "models/marts/counts_v1.sql",
            counts.replacing("count(*)", with: "7 * count(*)")
        )
        try world.commitInputs()
        #expect(
            try written(world) == ["files": ["marts.counts_v1"], "base": ["marts.counts_v1"]]
        )
        #expect(try world.shell("cat \(file)").output.contains("WatchEvent,14,2"))
        // One goes.
        try world.write("models/marts/other_v1.sql", "/* key = [\"n\"] */ SELECT 1 AS n")
        try world.git("rm", "-q", "models/marts/counts_v1.sql")
        try world.commitInputs()
        #expect(try written(world) == ["files": ["marts.other_v1"], "base": ["marts.other_v1"]])
        #expect(
            try world.shell("ls public/data").output == "marts.other_v1.csv\nstaging.events.csv\n"
        )
        #expect(
            try world.osodata(
                "query",
                "SELECT table_name FROM meta.steps WHERE state = 'written' ORDER BY started_at DESC, 1 LIMIT 2",
                "--format",
                "csv"
            ).output == "table_name\nsink base\nsink files\n"
        )
        #expect(try world.git("status", "--porcelain").output == "")
    }

    @Test func `a sink that fails stops neither the commit nor the others`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        // A file where the folder should be.
        try world.write("public/data", "in the way")
        let run = try world.osodata("run")
        #expect(run.status == 2)
        #expect(
            run.messages.contains(
                "error: pipelines.toml:18:1: The sink 'files' was not written; the tables are published all the same.\n  cause: The folder "
            ),
            "\(run.messages)"
        )
        #expect(run.output.contains("commit ") && run.output.contains("sink      base: 1 table\n"))
        #expect(try world.osodata("runs").output.contains("failed"))
        try world.shell("rm public/data")
        #expect(try written(world) == ["files": ["marts.counts_v1", "staging.events"]])
    }

    @Test func `lineage goes on to sinks`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let one = try world.osodata("lineage", "raw.github_events")
        #expect(
            one.output.hasSuffix(
                "goes to\n├─ marts.counts_v1: sink base, sink files\n└─ staging.events: sink files\n"
            ),
            "\(one.output)\(one.messages)"
        )
        let chart = try world.osodata("lineage", "--format", "mermaid").output
        #expect(chart.contains("  marts__counts_v1 --> sink__base\n"), "\(chart)")
        #expect(!(try world.osodata("lineage", "raw.sources").output.contains("goes to")))
        let all = try world.osodata("lineage").output
        #expect(all.contains(/sink files +marts\.counts_v1, staging\.events/), "\(all)")
        let json = try world.osodata("lineage", "staging.events", "--format", "json").output
        #expect(json.filter { !$0.isWhitespace }.contains(#""sinks":["files"]"#), "\(json)")
    }

    @Test func `a trial gives sinks nothing`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        #expect(try world.osodata("run", "--scratch").status == 0)
        #expect(try world.shell("ls public 2>/dev/null").output == "")
    }

    @Test(arguments: [
        ("kind = \"load\"", "'kind' is \"export\" or \"push\", not \"load\"."),
        ("format = \"xml\"", "There is no format 'xml'."),
        ("path = \"../out\"", "'../out' cannot be a sink's folder."),
        ("path = \"snapshots/x\"", "'snapshots/x' cannot be a sink's folder."),
        ("tables = []", "The sink 'files' names no tables."),
        ("tables = [\"marts.nope\"]", "'marts.nope' selects no table."),
    ])
    func `wrong sinks are refused`(line: String, message: String) throws {
        let key = line.prefix { $0 != " " }
        var lines = ["kind = \"export\"", "tables = [\"marts.*\"]", "path = \"public\""].filter {
            !$0.hasPrefix(key)
        }
        lines.append(line)
        let world = try makeWarehouse("\n[sinks.files]\n" + lines.joined(separator: "\n") + "\n")
        defer { world.remove() }
        let plan = try world.osodata("plan")
        #expect(plan.status == 2 && plan.messages.contains(message), "\(plan.messages)")
        #expect(plan.messages.contains("error: pipelines.toml:"), "\(plan.messages)")
    }
}
