import Foundation
import Testing

/// Runs that start by themselves.
@Suite struct ScheduleTests {
    private static let schedule = """

        [[schedule.runs]]
        name = "daily"
        cron = "17 3 * * *"
        push = true

        """

    /// A scheduler that is at work.
    private func scheduler(_ world: World) throws -> Running {
        try Running(world, ["schedule"], reading: .messages)
    }

    @Test func `a time that passed is made up for once, and an edit reaches a second clone`() throws
    {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write("pipelines.toml", World.pipelines + Self.schedule)
        try world.git("commit", "-qam", "A schedule")
        try world.addRemote()
        try world.osodata("run", "--push")
        // Somebody's edit of the directory is merged.
        let editor = world.root.appending(path: "editor").path
        try world.git("clone", "-q", "../remote.git", editor)
        try world.shell(
            "cd ../editor && git switch -qc edit && sed -i s/Alpha/Beta/ directory/projects/a/alpha.yaml && git commit -qam Edit && git switch -q main && git merge -q --no-ff --no-edit edit && git push -q"
        )
        try world.write(".osodata/schedule.json", "{\"daily\": \"2026-01-01T00:00:00Z\"}\n")
        let worker = try scheduler(world)
        defer { worker.send(SIGKILL) }
        let messages = worker.read(until: "next: 'daily' at ")
        #expect(messages.contains("'daily' starts: osodata run --push"), "\(messages)")
        #expect(messages.contains("'daily' ended with status 0"), "\(messages)")
        #expect(messages.components(separatedBy: "starts:").count == 2, "\(messages)")
        // One at a time.
        let second = try world.osodata("schedule")
        #expect(second.status == 2)
        #expect(second.messages.contains("The schedule is locked by process"), "\(second.messages)")
        worker.send(SIGTERM)
        #expect(worker.read(until: " ended\n").hasSuffix(" ended\n"))
        worker.process.waitUntilExit()
        #expect(worker.process.terminationReason == .exit)
        #expect(worker.process.terminationStatus == 0)
        // A second clone sees the new number.
        try world.git("-C", editor, "pull", "-q")
        let name = try world.osodata(
            "query",
            "SELECT display_name FROM raw.projects",
            "--format",
            "csv",
            "-C",
            editor
        )
        #expect(name.output == "display_name\nBeta\n", "\(name.messages)")
        #expect(try world.osodata("verify", "--rebuild", "-C", editor).status == 0)
        // What was started is known: nothing is made up for again.
        let again = try scheduler(world)
        defer { again.send(SIGKILL) }
        let quiet = again.read(until: "next: 'daily' at ")
        #expect(!quiet.contains("starts"), "\(quiet)")
        again.send(SIGINT)
        again.process.waitUntilExit()
        #expect(again.process.terminationStatus == 0)
    }

    @Test func `a run that fails does not end the schedule`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        // There is no remote.
        try world.write("pipelines.toml", World.pipelines + Self.schedule)
        try world.git("commit", "-qam", "A schedule")
        try world.write(".osodata/schedule.json", "{\"daily\": \"2026-01-01T00:00:00Z\"}\n")
        let worker = try scheduler(world)
        defer { worker.send(SIGKILL) }
        let messages = worker.read(until: "next: 'daily' at ")
        #expect(messages.contains("has no remote to be pushed to"), "\(messages)")
        #expect(messages.contains("'daily' ended with status 2"), "\(messages)")
        worker.send(SIGTERM)
        worker.process.waitUntilExit()
        #expect(worker.process.terminationStatus == 0)
    }

    @Test func `a broken file that a run takes in does not end the schedule`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write("pipelines.toml", World.pipelines + Self.schedule)
        try world.git("commit", "-qam", "A schedule")
        try world.addRemote()
        try world.git("clone", "-q", "../remote.git", "../editor")
        try world.shell(
            "cd ../editor && echo oops >> pipelines.toml && git commit -qam Oops && git push -q"
        )
        try world.write(".osodata/schedule.json", "{\"daily\": \"2026-01-01T00:00:00Z\"}\n")
        let worker = try scheduler(world)
        defer { worker.send(SIGKILL) }
        let messages = worker.read(until: "next: 'daily' at ")
        #expect(messages.contains("'daily' ended with status 2"), "\(messages)")
        #expect(messages.contains("the schedule stays as it was\nerror: pipelines.toml:"))
        #expect(worker.process.isRunning)
    }

    @Test func `what does not catch up waits for its next time`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write("pipelines.toml", World.pipelines + Self.schedule + "catch_up = false\n")
        try world.write(".osodata/schedule.json", "{\"daily\": \"2026-01-01T00:00:00Z\"}\n")
        let worker = try scheduler(world)
        defer { worker.send(SIGKILL) }
        #expect(!worker.read(until: "next: 'daily' at ").contains("starts"))
        worker.send(SIGTERM)
        worker.process.waitUntilExit()
        #expect(worker.process.terminationStatus == 0)
    }

    @Test func `the schedule is listed and exported`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        #expect(try world.osodata("schedule").messages.contains("There is no schedule"))
        try world.write("pipelines.toml", World.pipelines + Self.schedule)
        let list = try world.osodata("schedule", "--list").output
        #expect(list.contains("daily  17 3 * * *  20"), "\(list)")
        let units = try world.osodata("schedule", "--export", "systemd", "--output", "../units")
        #expect(units.status == 0, "\(units.messages)")
        if FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") {
            let calendar = try world.shell(
                "systemd-analyze calendar \"$(sed -n s/OnCalendar=//p ../units/osodata-daily.timer)\""
            )
            #expect(calendar.status == 0, "\(calendar.messages)")
            #expect(calendar.output.contains("*-*-* 03:17:00 UTC"), "\(calendar.output)")
        }
        let workflow = try world.osodata("schedule", "--export", "github-actions").output
        #expect(workflow.contains("- cron: \"17 3 * * *\""))
    }

    @Test func `this repository's workflow is the export of its schedule`() throws {
        let world = try World()
        defer { world.remove() }
        let export = try world.osodata(
            "schedule",
            "--export",
            "github-actions",
            "-C",
            World.package.path
        )
        let file = World.package.appending(path: ".github/workflows/run.yml")
        #expect(
            export.output == (try String(contentsOf: file, encoding: .utf8)),
            "\(export.messages)"
        )
    }
}
