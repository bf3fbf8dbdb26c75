import Foundation
import TestSupport
import Testing

/// Whatever is edited, a run makes what a run from nothing makes, and no more than it must.
@Suite struct RandomEditTests {
    /// What an edit may do to tables that models make.
    private enum Effect {
        /// Nothing is made again.
        case none
        /// Tables may be made again, with whatever content.
        case any
    }

    /// The inputs of a warehouse, in parts that edits change.
    private struct Inputs {
        var events = World.events
        var displayName = "Alpha"
        var factor = 1
        var threshold = 0
        var macro = "lower(x)"
        var comment = ""
        var space = " "
        var doc = "Events."
        var owner = "ann"
        var nested = 0

        /// The files of the warehouse's models.
        var models: [String: String] {
            let name =
                String(repeating: "lower(", count: nested) + "actor_login"
                + String(repeating: ")", count: nested)
            return [
                "models/macros.sql": "CREATE MACRO low(x) AS \(macro);\n",
                "models/staging/events.sql": """
                /*
                key = ["event_id"]
                description = "\(doc)"
                owner = "\(owner)"
                */
                SELECT event_id, event_type,\(space)low(\(name)) AS actor \(comment)
                FROM raw.github_events
                """,
                "models/intermediate/by_type.sql": """
                /* key = ["event_type"] */
                SELECT event_type, count(*) * \(factor) AS n FROM staging.events GROUP BY ALL
                """,
                "models/intermediate/by_actor.sql": """
                /* key = ["actor"] */
                SELECT actor, count(*) AS n FROM staging.events GROUP BY ALL
                """,
                "models/marts/all_v1.sql": """
                /* key = ["name"] */
                SELECT project_name || display_name AS name,
                    (SELECT sum(n)::BIGINT FROM intermediate.by_type WHERE n > \(threshold)) AS types,
                    (SELECT count(*) FROM intermediate.by_actor) AS actors
                FROM raw.projects
                """,
            ]
        }

        /// Changes one part.
        mutating func edit(_ random: inout SeededRandom) -> (what: String, effect: Effect) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                comment = "-- \(Int.random(in: 0..<1_000, using: &random))"
                return ("a comment", .none)
            case 1:
                space = String(repeating: " ", count: Int.random(in: 1..<9, using: &random)) + "\n"
                return ("white space", .none)
            case 2:
                owner = owner == "ann" ? "bob" : "ann"
                return ("an owner", .none)
            case 3:
                doc = "Events, \(Int.random(in: 0..<1_000, using: &random))."
                return ("nothing but a description", .none)
            case 4:
                factor = Int.random(in: 1..<4, using: &random)
                return ("a factor", .any)
            case 5:
                threshold = Int.random(in: 0..<4, using: &random)
                return ("a threshold", .any)
            case 6:
                macro = macro == "lower(x)" ? "upper(x)" : "lower(x)"
                return ("a macro", .any)
            case 7:
                nested = (nested + 1) % 3
                return ("a statement that gives the same", .any)
            case 8:
                displayName = displayName == "Alpha" ? "Beta" : "Alpha"
                return ("the directory", .any)
            default:
                events = Array(World.events.shuffled(using: &random).prefix(2))
                return ("an hour of the archive", .any)
            }
        }

        func write(to world: World) throws {
            for (path, text) in models { try world.write(path, text) }
            try world.write(
                "directory/projects/a/alpha.yaml",
                World.project.replacing("Alpha", with: displayName)
            )
            try world.writeHour("2025-01-01-0", events)
        }
    }

    private struct Report {
        let warehouse: String
        var tables: [String: (state: String, digest: String)] = [:]

        init(_ run: World.Outcome) throws {
            try #require(run.status == 0, "\(run.messages)")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            )
            warehouse = try #require(object["warehouse"] as? String)
            for table in try #require(object["tables"] as? [[String: Any]]) {
                let name = table["table"] as? String ?? ""
                guard !name.hasPrefix("raw."), !name.hasPrefix("meta.") else { continue }
                tables[name] = (table["state"] as? String ?? "", table["digest"] as? String ?? "")
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a run after an edit is a run from nothing`(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var inputs = Inputs()
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse(models: inputs.models)
        var last = try Report(world.osodata("run", "--json"))
        for turn in 0..<12 {
            let (what, effect) = inputs.edit(&random)
            try inputs.write(to: world)
            let now = try Report(world.commitAndRun("--json"))
            for (table, outcome) in now.tables {
                let note: Comment = "\(turn): \(what): \(table) was \(outcome.state)"
                switch outcome.state {
                case "reused": #expect(outcome.digest == last.tables[table]?.digest, note)
                case "equal":
                    #expect(outcome.digest == last.tables[table]?.digest, note)
                    #expect(effect == .any, note)
                case "built":
                    #expect(outcome.digest != last.tables[table]?.digest, note)
                    #expect(effect == .any, note)
                default: Issue.record(note)
                }
            }
            let fresh = try World()
            defer { fresh.remove() }
            try fresh.makeWarehouse(models: inputs.models)
            try inputs.write(to: fresh)
            let whole = try Report(fresh.commitAndRun("--json"))
            #expect(now.warehouse == whole.warehouse, "\(turn): \(what)")
            #expect(now.tables.mapValues(\.digest) == whole.tables.mapValues(\.digest))
            last = now
        }
        #expect(try world.osodata("verify", "--rebuild").status == 0)
    }

    @Test func `an edit that is undone leaves nothing to do`() throws {
        let world = try World()
        defer { world.remove() }
        var inputs = Inputs()
        try world.makeWarehouse(models: inputs.models)
        try world.osodata("run")
        // Equal rows of another statement: what they were made by waits for the next commit.
        inputs.nested = 1
        try inputs.write(to: world)
        try world.commitAndRun()
        inputs.nested = 0
        try inputs.write(to: world)
        try world.commitAndRun()
        let run = try Report(world.osodata("run", "--json"))
        #expect(run.tables["staging.events"]?.state == "reused")
    }
}
