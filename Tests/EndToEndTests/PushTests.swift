import Foundation
import Testing

/// Runs that are pushed, beside others who push to the same branch.
@Suite struct PushTests {
    /// A warehouse with a bare remote that has its first run.
    private func makeWarehouse() throws -> World {
        let world = try World()
        try world.makeWarehouse()
        try world.addRemote()
        return world
    }

    /// Another clone of the remote; give its path to `-C`.
    private func clone(_ world: World, _ name: String) throws -> String {
        let path = world.root.appending(path: name).path
        try world.git("clone", "-q", "../remote.git", path)
        return path
    }

    private func heads(_ world: World) throws -> [String] {
        try world.shell("git rev-parse HEAD; git -C ../remote.git rev-parse main").output
            .split(separator: "\n").map(String.init)
    }

    @Test func `a run takes in what the remote has, and pushes`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let first = try world.osodata("run", "--push")
        #expect(first.status == 0, "\(first.messages)")
        #expect(Set(try heads(world)).count == 1)
        // Somebody's edit of the directory is merged; a run elsewhere publishes the new number.
        let other = try clone(world, "other")
        try world.shell(
            "cd ../other && sed -i s/Alpha/Beta/ directory/projects/a/alpha.yaml && git commit -qam Edit && git push -q"
        )
        let run = try world.osodata("run", "--push")
        #expect(run.status == 0, "\(run.messages)")
        #expect(Set(try heads(world)).count == 1)
        try world.git("-C", other, "pull", "-q")
        let name = try world.osodata(
            "query",
            "SELECT display_name FROM raw.projects",
            "--format",
            "csv",
            "-C",
            other
        )
        #expect(name.output == "display_name\nBeta\n", "\(name.messages)")
        // Records of all runs are here and there.
        let records = try world.shell(
            "git rev-parse osodata/runs; git -C ../remote.git rev-parse refs/osodata/runs"
        ).output.split(separator: "\n")
        #expect(Set(records).count == 1 && records.count == 2)
        let elsewhere = try world.osodata("run", "--push", "-C", other)
        #expect(elsewhere.status == 0, "\(elsewhere.messages)")
        let runs = try world.osodata("runs", "-C", other).output
        #expect(runs.matches(of: #/ succeeded /#).count == 3, "\(runs)")
        // With nothing new there is nothing to push, and that is fine.
        let quiet = try world.osodata("run", "--push")
        #expect(quiet.status == 0, "\(quiet.messages)")
        #expect(quiet.output.contains("Nothing new"))
    }

    @Test func `a run is put on top of what others pushed meanwhile`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        // Two runs that are not pushed yet, of an input that the other's commit leaves alone.
        try world.osodata("run")
        try world.writeHour("2025-01-01-0", Array(World.events.prefix(2)))
        try world.git("commit", "-qam", "An hour")
        try world.git("push", "-q", "origin", "HEAD~1:main")
        try world.git("push", "-q", "origin", "HEAD:main")
        try world.osodata("run")
        _ = try clone(world, "other")
        try world.shell(
            "cd ../other && echo text > notes.md && git add -A && git commit -qm Notes && git push -q"
        )
        let run = try world.osodata("run", "--push")
        #expect(run.status == 0, "\(run.messages)")
        #expect(run.output.contains("Nothing new"), "\(run.output)")
        #expect(Set(try heads(world)).count == 1)
        let subjects = try world.git("log", "-2", "--format=%s").output
        #expect(subjects.hasPrefix("run: ") && subjects.hasSuffix("\nNotes\n"), "\(subjects)")
        #expect(try world.git("status", "--porcelain").output.isEmpty)
        let verify = try world.osodata("verify", "--rebuild")
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
    }

    @Test func `a run of other inputs is made again`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try world.osodata("run", "--push")
        _ = try clone(world, "other")
        try world.writeHour("2025-01-01-0", Array(World.events.prefix(2)))
        try world.shell("git commit -qam Hour && git push -q origin HEAD:main")
        try world.osodata("run")
        try world.shell(
            "cd ../other && git pull -q && sed -i s/Alpha/Beta/ directory/projects/a/alpha.yaml && git commit -qam Edit && git push -q"
        )
        let run = try world.osodata("run", "--push")
        #expect(run.status == 0, "\(run.messages)")
        #expect(Set(try heads(world)).count == 1)
        let subjects = try world.git("log", "-3", "--format=%s").output.split(separator: "\n")
        #expect(subjects[1...] == ["Edit", "Hour"], "\(subjects)")
        let numbers = try world.osodata(
            "query",
            "SELECT (SELECT sum(events) FROM marts.counts_v1) AS n, display_name FROM raw.projects",
            "--format",
            "csv"
        )
        #expect(numbers.output == "n,display_name\n2,Beta\n", "\(numbers.messages)")
    }

    @Test func `what cannot be pushed is said, and nothing is lost`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try world.osodata("run", "--push")
        _ = try clone(world, "other")
        try world.shell(
            "cd ../other && echo a > a && git add -A && git commit -qm Theirs && git push -q"
        )
        try world.shell("echo b > b && git add -A && git commit -qm Mine")
        let before = try world.git("rev-parse", "HEAD").output
        let diverged = try world.osodata("run", "--push")
        #expect(diverged.status == 2)
        #expect(diverged.messages.contains("error: The commit 'Mine' ("), "\(diverged.messages)")
        #expect(diverged.messages.contains("git pull --rebase"))
        #expect(try world.git("rev-parse", "HEAD").output == before)
        // A hook that says no.
        try world.git("pull", "-q", "--rebase")
        try world.shell(
            "printf '#!/bin/sh\\necho not now >&2; exit 1\\n' > ../remote.git/hooks/pre-receive; chmod +x ../remote.git/hooks/pre-receive"
        )
        let refused = try world.osodata("run", "--push")
        #expect(refused.status == 2)
        #expect(refused.messages.contains("not now"), "\(refused.messages)")
        try world.shell("rm ../remote.git/hooks/pre-receive; mv ../remote.git ../gone.git")
        let unreachable = try world.osodata("run", "--push")
        #expect(unreachable.status == 2)
        #expect(unreachable.messages.contains("git ls-remote failed"), "\(unreachable.messages)")
        try world.git("checkout", "-q", "--detach")
        #expect(try world.osodata("run", "--push").messages.contains("HEAD is detached"))
        try world.git("checkout", "-q", "main")
        try world.shell("git remote remove origin")
        #expect(try world.osodata("run", "--push").messages.contains("has no remote"))
        #expect(try world.osodata("run", "--push", "--scratch").status == 2)
    }

    @Test func `two runners on one remote lose nothing in 50 runs`() async throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        // Each run finds one more hour, in a folder that both read.
        try world.write(
            "pipelines.toml",
            World.pipelines
                .replacing("file://archive", with: "file://\(world.root.path)/hours")
                .replacing("to = \"2025-01-01-0\"", with: "to = \"2025-01-03-2\"")
        )
        try world.shell("mkdir ../hours && git commit -qam 'Many hours' && git push -q")
        let runners = [try clone(world, "one"), try clone(world, "two")]
        let failures = try await withThrowingTaskGroup(of: [String].self) { group in
            for (side, folder) in runners.enumerated() {
                group.addTask {
                    var failures: [String] = []
                    for turn in 0..<25 {
                        let number = turn * 2 + side
                        let hour = "2025-01-0\(1 + number / 24)-\(number % 24)"
                        let event = World.events[0]
                            .replacing(#""id":"1""#, with: #""id":"\#(1_000 + number)""#)
                        // Whole at once: the other runner may look now.
                        try world.shell(
                            "echo '\(event)' | gzip -n > ../\(hour).part && mv ../\(hour).part ../hours/\(hour).json.gz"
                        )
                        let run = try world.osodata("run", "--push", "--threads", "1", "-C", folder)
                        if run.status != 0 { failures.append("\(hour): \(run.messages)") }
                    }
                    return failures
                }
            }
            var all: [String] = []
            for try await failures in group { all += failures }
            return all
        }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        let reader = try clone(world, "reader")
        let rows = try world.osodata(
            "query",
            "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM staging.events",
            "--format",
            "csv",
            "-C",
            reader
        )
        #expect(rows.output == "n,ids\n50,50\n", "\(rows.messages)")
        let verify = try world.osodata("verify", "--rebuild", "-C", reader)
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
        #expect(try world.git("-C", "../remote.git", "fsck", "--full", "--strict").status == 0)
        // One line of history.
        let merges = try world.git("-C", reader, "rev-list", "--merges", "HEAD").output
        #expect(merges.isEmpty)
    }
}
