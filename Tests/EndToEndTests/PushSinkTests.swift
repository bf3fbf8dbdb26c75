import Foundation
import Testing

/// Sinks that a run pushes its branch to.
@Suite struct PushSinkTests {
    private static let sink = """

        [sinks.away]
        kind = "push"
        remote = "origin"

        """

    /// A warehouse with a sink that pushes, and a bare remote that has what people wrote.
    private func makeWarehouse(_ sinks: String = PushSinkTests.sink) throws -> World {
        let world = try World()
        try world.makeWarehouse()
        try world.addRemote()
        try world.write("pipelines.toml", World.pipelines + sinks)
        try world.git("commit", "-qam", "A sink")
        try world.git("push", "-q")
        return world
    }

    private func heads(_ world: World) throws -> Set<String> {
        let text = try world.shell("git rev-parse HEAD; git -C ../remote.git rev-parse main")
        return Set(text.output.split(separator: "\n").map(String.init))
    }

    /// Commits something in the clone `../other`, made if it is not there, and pushes it.
    private func pushElsewhere(_ world: World, _ line: String) throws {
        let there = try world.shell(
            "cd .. && { test -d other || git clone -q remote.git other; } && cd other && git pull -q --rebase && \(line) && git add -A && git commit -qm Theirs && git push -q"
        )
        #expect(there.status == 0, "\(there.messages)")
    }

    /// The steps of the newest run that are sinks.
    private func steps(_ world: World) throws -> String {
        try world.osodata(
            "query",
            "SELECT table_name, state, reason FROM meta.steps WHERE table_name LIKE 'sink %' AND started_at = (SELECT max(started_at) FROM meta.runs)",
            "--format",
            "csv"
        ).output
    }

    @Test func `a run pushes what is new, and nothing else`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let plan = try world.osodata("plan")
        #expect(plan.output.contains(/sink +away +if there is a commit\n/), "\(plan.output)")
        let run = try world.osodata("run")
        #expect(run.status == 0, "\(run.messages)")
        #expect(run.output.contains("sink      away: 1 commit\n"), "\(run.output)")
        #expect(try heads(world).count == 1)
        #expect(try steps(world) == "table_name,state,reason\nsink away,written,1 commit\n")
        // Somebody else has the number, and the record of the run.
        try world.git("clone", "-q", "../remote.git", "../reader")
        let number = try world.osodata(
            "query",
            "SELECT sum(events) AS n FROM marts.counts_v1",
            "--format",
            "csv",
            "-C",
            "../reader"
        )
        #expect(number.output == "n\n3\n", "\(number.messages)")
        let records = try world.shell(
            "git rev-parse osodata/runs; git -C ../remote.git rev-parse refs/osodata/runs"
        ).output.split(separator: "\n")
        #expect(records.count == 2 && Set(records).count == 1)
        // Without news the remote is not even asked: it is gone.
        try world.shell("mv ../remote.git ../gone.git")
        let quiet = try world.osodata("run")
        #expect(quiet.status == 0, "\(quiet.messages)")
        #expect(quiet.output.hasPrefix("Nothing new") && !quiet.output.contains("sink"))
        #expect(try steps(world) == "table_name,state,reason\n")
        // What people commit is pushed, too.
        try world.shell("mv ../gone.git ../remote.git; echo text > notes.md")
        try world.shell("git add -A && git commit -qm Notes")
        let behind = try world.osodata("plan")
        #expect(behind.output.contains(/sink +away +origin\/main lacks 1 commit\n/))
        let json = try world.osodata("plan", "--json").output.filter { !$0.isWhitespace }
        #expect(json.contains(#""sink":"away","tables":[],"reason":"origin/mainlacks1commit""#))
        #expect(try world.osodata("run").output.contains("sink      away: 1 commit\n"))
        #expect(try heads(world).count == 1)
    }

    @Test func `a run is put on top of what others pushed`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try pushElsewhere(world, "echo text > notes.md")
        let run = try world.osodata("run", "--json")
        #expect(run.status == 0, "\(run.messages)")
        #expect(try heads(world).count == 1)
        let subjects = try world.git("log", "-2", "--format=%s").output
        #expect(subjects.hasPrefix("run: ") && subjects.hasSuffix("\nTheirs\n"), "\(subjects)")
        // The commit that is told is the one that is there.
        let head = try #require(try heads(world).first)
        #expect(run.output.contains("\"commit\": \"\(head)\""), "\(run.output)")
        #expect(try world.osodata("runs", "--json").output.contains(head))
        let verify = try world.osodata("verify", "--rebuild")
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
    }

    @Test func `a run of inputs that others changed is made again`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try world.osodata("run")
        try pushElsewhere(world, "sed -i s/Alpha/Beta/ directory/projects/a/alpha.yaml")
        try world.writeHour("2025-01-01-0", Array(World.events.prefix(2)))
        let run = try world.osodata("run")
        #expect(run.status == 0, "\(run.messages)")
        #expect(run.messages.contains("running again on theirs"), "\(run.messages)")
        #expect(try heads(world).count == 1)
        let subjects = try world.git("log", "-2", "--format=%s").output
        #expect(subjects.hasPrefix("run: ") && subjects.hasSuffix("\nTheirs\n"), "\(subjects)")
        let numbers = try world.osodata(
            "query",
            "SELECT (SELECT sum(events) FROM marts.counts_v1) AS n, display_name FROM raw.projects",
            "--format",
            "csv"
        )
        #expect(numbers.output == "n,display_name\n2,Beta\n", "\(numbers.messages)")
        // The one that was dropped says so.
        let runs = try world.osodata("runs").output
        #expect(runs.matches(of: #/ cancelled /#).count == 1, "\(runs)")
    }

    @Test func `what cannot be pushed fails alone`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try world.shell("mv ../remote.git ../gone.git")
        let run = try world.osodata("run")
        #expect(run.status == 2)
        #expect(
            run.messages.contains("error: pipelines.toml:18:1: git ls-remote failed with status"),
            "\(run.messages)"
        )
        #expect(run.output.contains("commit ") && !run.output.contains("sink "), "\(run.output)")
        #expect(try world.git("log", "-1", "--format=%s").output.hasPrefix("run: "))
        #expect(try steps(world) == "table_name,state,reason\nsink away,failed,1 commit\n")
        #expect(try world.osodata("run", "--scratch").status == 0)
        // The next run has nothing new, but what was not pushed.
        try world.shell("mv ../gone.git ../remote.git")
        let next = try world.osodata("run")
        #expect(next.status == 0 && next.output.hasPrefix("Nothing new"), "\(next.messages)")
        #expect(next.output.contains("sink      away: 1 commit\n"), "\(next.output)")
        #expect(try heads(world).count == 1)
        // Commits of people on both sides.
        try pushElsewhere(world, "echo a > a")
        try world.shell("echo b > b && git add -A && git commit -qm Mine")
        let diverged = try world.osodata("run")
        #expect(diverged.status == 2)
        #expect(diverged.messages.contains("The commit 'Mine' ("), "\(diverged.messages)")
        #expect(diverged.messages.contains("git pull --rebase"), "\(diverged.messages)")
        #expect(try world.git("log", "-1", "--format=%s").output == "Mine\n")
        try world.git("checkout", "-q", "--detach")
        let detached = try world.osodata("plan")
        #expect(detached.messages.contains("warning: pipelines.toml:18:1: HEAD is detached"))
    }

    @Test func `a remote that git does not know is named with its place`() throws {
        let world = try makeWarehouse(Self.sink.replacing("\"origin\"", with: "\"orign\""))
        defer { world.remove() }
        let message =
            "pipelines.toml:20:1: There is no remote 'orign'.\n  hint: Did you mean 'origin'?\n"
        let plan = try world.osodata("plan")
        #expect(plan.status == 0 && plan.output.contains("There is no remote 'orign'."))
        #expect(plan.messages.contains("warning: \(message)"), "\(plan.messages)")
        let run = try world.osodata("run")
        #expect(run.status == 2 && run.output.contains("commit "))
        #expect(run.messages.contains("error: \(message)"), "\(run.messages)")
        try world.git("remote", "remove", "origin")
        #expect(
            try world.osodata("run").messages.contains(
                "hint: Tell git where it is: git remote add orign URL"
            )
        )
    }

    @Test func `a trial pushes nothing`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try world.shell("echo text > notes.md && git add -A && git commit -qm Notes")
        #expect(try world.osodata("run", "--scratch").status == 0)
        #expect(try heads(world).count == 2)
    }

    @Test func `files are written before, and lineage ends there`() throws {
        let export = """

            [sinks.files]
            kind = "export"
            tables = ["marts.*"]
            format = "csv"
            path = "public"

            """
        let world = try makeWarehouse(Self.sink + export)
        defer { world.remove() }
        let plan = try world.osodata("plan").output
        #expect(plan.contains(#/sink +files .*\nsink +away /#), "\(plan)")
        let one = try world.osodata("lineage", "staging.events").output
        #expect(
            one.hasSuffix("goes to\n├─ marts.counts_v1: sink files\n└─ every table: sink away\n"),
            "\(one)"
        )
        #expect(try world.osodata("lineage").output.contains(/sink away +every table\n/))
        let chart = try world.osodata("lineage", "--format", "mermaid").output
        #expect(chart.contains("  marts__counts_v1 --> sink__away\n"), "\(chart)")
        #expect(!chart.contains("staging__events --> sink__away"), "\(chart)")
        let json = try world.osodata("lineage", "staging.events", "--format", "json").output
        #expect(json.filter { !$0.isWhitespace }.contains(#""sinks":["away"]"#), "\(json)")
    }
}
