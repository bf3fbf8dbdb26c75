import Foundation
import Testing

/// `plan` and `doctor` warn of keys that make runs write much more than they change.
struct KeyAdviceTests {
    private static let model = """
        /*
        key = ["metric", "project", "date"]
        description = "Numbers a day."
        */
        SELECT metric, project, date::DATE AS date, value FROM raw.numbers
        """
    private static let file = "models/marts/daily_v1.sql"
    private static let better = #"key = ["date", "metric", "project"]"#

    /// Imports the numbers of some days and runs.
    private func run(_ world: World, days: Int) throws {
        var lines = ["metric,project,date,value"]
        for day in 1...days {
            for row in 0..<600 {
                let date = "2026-01-\(day < 10 ? "0" : "")\(day)"
                lines.append("metric-\(row / 150),project-\(row % 150),\(date),7")
            }
        }
        try world.write("numbers.csv", lines.joined(separator: "\n") + "\n")
        let key = "date,metric,project"
        let imported = try world.osodata("import", "raw.numbers", "numbers.csv", "--key", key)
        #expect(imported.status == 0, "\(imported.messages)")
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
    }

    /// A warehouse whose table `marts.daily_v1` grew by a day behind its key.
    private func grownWorld() throws -> World {
        let world = try World()
        var models = World.models
        models[Self.file] = Self.model
        try world.makeWarehouse(models: models)
        try run(world, days: 20)
        try run(world, days: 21)
        return world
    }

    private func warnings(_ plan: World.Outcome) throws -> [String: [[String: Any]]] {
        #expect(plan.status == 0, "\(plan.messages)")
        let steps = try #require(
            try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [[String: Any]]
        )
        var found: [String: [[String: Any]]] = [:]
        for step in steps {
            for table in step["tables"] as? [String] ?? [] {
                found[table] = try #require(step["warnings"] as? [[String: Any]])
            }
        }
        return found
    }

    @Test func `plan and doctor name the table, and the key that would do`() throws {
        let world = try grownWorld()
        defer { world.remove() }
        let commit = try world.git("rev-parse", "HEAD").output.prefix(12)
        let plan = try world.osodata("plan")
        #expect(plan.status == 0 && plan.output.contains("marts.daily_v1"), "\(plan)")
        #expect(!plan.output.contains("warning"))
        let expected = try Regex(
            #"warning: marts\.daily_v1: commit \#(commit) rewrote [0-9.]+ [kM]B of text for "#
                + #"[0-9.]+ kB of new and changed rows \(21 times\)\. Its key \(metric, project, "#
                + #"date\) spreads them over \d+ of \d+ chunks; with date first they would lie "#
                + #"together\.\n  hint: key = \["date", "metric", "project"\] in \#(Self.file)\n"#
        )
        #expect(plan.messages.firstMatch(of: expected) != nil, "\(plan.messages)")
        #expect(plan.messages.components(separatedBy: "warning").count == 2, "\(plan.messages)")

        let found = try warnings(try world.osodata("plan", "--json"))
        #expect(found.filter { !$0.value.isEmpty }.keys.sorted() == ["marts.daily_v1"])
        let warning = try #require(found["marts.daily_v1"]?.first)
        #expect(warning["better_key"] as? [String] == ["date", "metric", "project"])
        let message = try #require(warning["message"] as? String)
        #expect(plan.messages.contains(message))

        let doctor = try world.osodata("doctor")
        #expect(doctor.status == 1, "\(doctor.output)")
        #expect(doctor.output.contains("bad   keys: marts.daily_v1: commit"), "\(doctor.output)")

        // A header that says so already is enough, before the next run and after it.
        try world.write(
            Self.file,
            Self.model.replacingOccurrences(
                of: #"key = ["metric", "project", "date"]"#,
                with: Self.better
            )
        )
        #expect(try !world.osodata("plan").messages.contains("warning"))
        try run(world, days: 22)
        #expect(try !world.osodata("plan").messages.contains("warning"))
        let fine = try world.osodata("doctor")
        #expect(fine.status == 0 && fine.output.contains("ok    keys: "), "\(fine.output)")
    }

    @Test func `the doctor looks at imported tables too`() throws {
        let world = try grownWorld()
        defer { world.remove() }
        for days in [20, 21] {
            let lines = (0..<days * 1_500).map { "\($0 % 1_500),\($0 / 1_500),\(1_000_000 + $0)" }
            try world.write("wide.csv", "a,b,c\n" + lines.joined(separator: "\n"))
            let done = try world.osodata("import", "marts.wide", "wide.csv", "--key", "a,b")
            #expect(done.status == 0, "\(done.messages)")
        }
        let doctor = try world.osodata("doctor")
        #expect(doctor.output.contains("So it is with marts.wide."), "\(doctor.output)")
        #expect(try !world.osodata("plan").messages.contains("marts.wide"))
    }

    @Test func `nothing is fetched for a warning, and what is missing stops no plan`() throws {
        let world = try grownWorld()
        defer { world.remove() }
        try world.git("config", "uploadpack.allowFilter", "true")
        let from = "file://\(world.folder.path)"
        for (name, option) in [("filtered", "--filter=blob:none"), ("shallow", "--depth=1")] {
            let clone = try world.git("clone", "-q", option, from, "../\(name)")
            #expect(clone.status == 0, "\(clone.messages)")
            let trace = world.root.path + "/trace-\(name)"
            let plan = try world.run(
                World.program.path,
                ["plan", "-C", "\(world.root.path)/\(name)"],
                environment: ["GIT_TRACE": trace]
            )
            #expect(plan.status == 0 && plan.output.contains("marts.daily_v1"), "\(plan)")
            #expect(!plan.messages.contains("warning"), "\(plan.messages)")
            let traced = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
            #expect(!traced.contains("git fetch"), "\(traced)")
        }
        let removed = try world.shell(
            """
            set -e; mv .git/objects/pack/*.pack .git; rm -f .git/objects/pack/*
            for pack in .git/*.pack; do git unpack-objects -q <$pack; done
            git rev-list --objects HEAD~1 -- snapshots/marts/daily_v1 | grep zst$ | cut -d' ' -f1 |
                sed 's|^..|.git/objects/&/|' | xargs rm -f
            """
        )
        #expect(removed.status == 0, "\(removed.messages)")
        let plan = try world.osodata("plan")
        #expect(plan.status == 0 && !plan.messages.contains("warning"), "\(plan)")
        #expect(plan.output.contains("marts.daily_v1"))
    }
}
