import Foundation
import Testing

/// What is kept of runs, on a reference of its own.
@Suite struct RecordTests {
    private func states(_ world: World) throws -> [String] {
        let runs = try world.osodata("runs", "--json")
        #expect(runs.status == 0, "\(runs.messages)")
        let list = try #require(
            try JSONSerialization.jsonObject(with: Data(runs.output.utf8)) as? [[String: Any]]
        )
        return list.compactMap { $0["state"] as? String }
    }

    private func query(_ world: World, _ sql: String) throws -> String {
        let result = try world.osodata("query", sql, "--format", "csv")
        #expect(result.status == 0, "\(result.messages)")
        return result.output.split(separator: "\n").dropFirst().joined(separator: " ")
    }

    private func expectSound(_ world: World) throws {
        let fsck = try world.git("fsck", "--full", "--strict", "--no-dangling")
        #expect(fsck.status == 0 && fsck.messages == "", "\(fsck.output)\(fsck.messages)")
        #expect(try world.osodata("verify").status == 0)
        #expect(try world.git("status", "--porcelain").output == "")
    }

    @Test func `runs and their steps are tables, and no branch has them`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        #expect(try world.osodata("runs").messages == "No run is recorded yet.\n")
        try world.osodata("run")
        try world.osodata("run", "marts.counts_v1")
        #expect(try states(world) == ["succeeded", "succeeded"])
        #expect(
            try query(
                world,
                "SELECT state, tables_built, selection IS NULL, commit IS NULL FROM meta.runs ORDER BY commit IS NULL"
            )
                == "succeeded,9,true,false succeeded,0,false,true"
        )
        #expect(
            try query(
                world,
                "SELECT table_name, state, rows FROM meta.steps WHERE table_name LIKE '%.counts_v1'"
            )
                == "marts.counts_v1,built,2"
        )
        let head = try world.git("rev-parse", "HEAD").output.prefix(40)
        #expect(
            try query(world, "SELECT DISTINCT commit FROM meta.runs WHERE commit IS NOT NULL")
                == head
        )
        #expect(try world.osodata("show", "meta.runs").output.contains("succeeded"))
        let list = try world.osodata("runs")
        let name = try #require(list.output.split(separator: "\n").last?.prefix(8))
        let one = try world.osodata("runs", String(name))
        #expect(one.output.contains("state     succeeded"), "\(one.output)\(one.messages)")
        #expect(one.output.contains("marts.counts_v1"), "\(one.output)")
        #expect(try world.osodata("runs", "nope").status == 2)
        #expect(
            !(try world.git("ls-tree", "-r", "--name-only", "HEAD").output.contains("meta/runs"))
        )
        #expect(
            try world.git("log", "--oneline", "osodata/runs").output.split(separator: "\n").count
                == 1
        )
        try expectSound(world)
    }

    @Test func `runs that fail, are refused or die are told apart`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.osodata("run")
        // Refused before it began: no run.
        try world.write("models/marts/bad_v1.sql", "/* key = [\"n\"] */ SELECT 'x'::INT AS n")
        #expect(try world.osodata("run").status == 2)
        #expect(try states(world) == ["succeeded"])
        try world.osodata("run", "--scratch")
        #expect(try states(world) == ["succeeded"])
        #expect(try world.commitAndRun().status == 2)
        #expect(try states(world) == ["failed", "succeeded"])
        #expect(
            try query(
                world,
                "SELECT error, tables_skipped + tables_failed FROM meta.runs WHERE state = 'failed'"
            )
            .contains("Could not convert string 'x' to INT32")
        )
        // A source that is gone ends the run as a whole.
        try world.write("models/marts/bad_v1.sql", "/* key = [\"n\"] */ SELECT 1 AS n")
        try world.shell("mv archive elsewhere; git add -A models; git commit -qm m -- models")
        #expect(try world.osodata("run").status == 2)
        #expect(try states(world).first == "failed")
        try world.shell("mv elsewhere archive")
        // One that was killed is found dead by the next.
        try world.write(
            "models/marts/slow_v1.sql",
            "/* key = [\"n\"] */ SELECT count(*) AS n FROM range(1000000000000) AS r(i) WHERE i % 7 = 3"
        )
        try world.git("add", "-A", "models")
        try world.git("commit", "-qm", "slow")
        try world.shell(
            "'\(World.program.path)' run --events >../events 2>&1 & p=$!; until grep -q '\"step\":\"marts.slow_v1\"' ../events; do kill -0 $p || exit 9; done; kill -9 $p; wait $p"
        )
        #expect(try states(world).first == "running")
        try world.git("rm", "-q", "models/marts/slow_v1.sql")
        try world.git("commit", "-qm", "not slow")
        try world.osodata("run")
        #expect(try states(world).prefix(2) == ["succeeded", "died"])
        try expectSound(world)
    }

    @Test func `however many runs are recorded, packs stay few, and what somebody keeps stays`()
        throws
    {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.osodata("run")
        // By a branch, and in a commit of one.
        try world.git("branch", "kept", "osodata/runs")
        try world.git("checkout", "-q", "-b", "taken")
        try world.shell("git read-tree --prefix=records -u osodata/runs && git commit -qm Records")
        try world.git("checkout", "-q", "main")
        var most = 0
        for _ in 0..<30 {
            #expect(try world.osodata("run").status == 0)
            let packs = try world.shell("ls .git/objects/pack/*.pack | wc -l").output
            most = max(most, try #require(Int(packs.filter { !$0.isWhitespace })))
        }
        // Two a run, put together when there are more than 50.
        #expect((30...51).contains(most), "\(most) packs")
        #expect(try query(world, "SELECT count(*) FROM meta.runs") == "31")
        try expectSound(world)
        try world.git("gc", "-q", "--prune=now")
        #expect(try world.osodata("run").status == 0)
        for revision in ["kept", "taken"] {
            let names = try world.git("ls-tree", "-r", "--name-only", revision).output
            #expect(names.contains("meta/runs/manifest.json"))
        }
        let kept = try world.osodata("query", "--at", "kept", "FROM meta.runs", "--format", "csv")
        #expect(kept.output.contains("succeeded"), "\(kept.messages)")
        try expectSound(world)
    }
}
