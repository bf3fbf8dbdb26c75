import Foundation
import Testing

/// Warehouses in the states that git repositories get into.
struct GitSituationTests {
    /// A warehouse with one run.
    private func ranWorld() throws -> World {
        let world = try World()
        try world.makeWarehouse()
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        return world
    }

    @Test func `the history of a table that is there no more is shown`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        try world.shell("git rm -rq models/marts && git commit -qm 'No marts'")
        try world.commitAndRun()
        let log = try world.osodata("log", "marts.counts_v1")
        #expect(log.status == 0, "\(log.messages)")
        let lines = log.output.split(separator: "\n")
        #expect(lines.count == 2, "\(log.output)")
        #expect(lines.first?.contains("removed") == true)
        #expect(lines.last?.contains("2 rows") == true)
        let never = try world.osodata("log", "marts.counts_v2")
        #expect(never.status == 2 && never.messages.contains("marts.counts_v2"))
    }

    @Test func `a log of no entries has none`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        for arguments in [[], ["marts.counts_v1"]] {
            let log = try world.run(
                World.program.path,
                ["log"] + arguments + ["--limit", "0", "--json"]
            )
            #expect(log.status == 0 && log.output == "[]\n", "\(log.output)\(log.messages)")
        }
        #expect(try world.osodata("log", "--limit", "-1").status != 0)
    }

    @Test func `the doctor names locks that stay`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        let fine = try world.osodata("doctor")
        #expect(fine.output.contains("none left behind"), "\(fine.output)")
        try world.write(".git/refs/heads/main.lock", "")
        let doctor = try world.osodata("doctor")
        #expect(doctor.status == 1, "\(doctor.output)")
        #expect(doctor.output.contains(".git/refs/heads/main.lock"), "\(doctor.output)")
    }

    @Test(arguments: [
        ("echo x > snapshots/marts/x", "No commit has 'snapshots/marts/x' of snapshots/."),
        (
            "echo x > snapshots/marts/x; git add snapshots",
            "differs from the commit in 'snapshots/marts/x' of snapshots/."
        ),
        (
            "echo x > snapshots/marts/x; rm snapshots/marts/counts_v1/manifest.json",
            "in 'snapshots/marts/counts_v1/manifest.json' and 1 more files of snapshots/."
        ),
        (
            "git rm -q --cached snapshots/marts/counts_v1/manifest.json; git commit -qm x",
            "No commit has 'snapshots/marts/counts_v1/manifest.json' of snapshots/."
        ),
    ])
    func `the hint for snapshots that no run wrote helps`(
        _ spoil: String,
        _ message: String
    ) throws {
        let world = try ranWorld()
        defer { world.remove() }
        try world.shell(spoil)
        let run = try world.commitAndRun()
        #expect(run.status == 2 && run.messages.contains(message), "\(run.messages)")
        let hint = run.messages.split(separator: "\n").last ?? ""
        let remedy = try #require(hint.firstRange(of: " it: ")).upperBound
        #expect(try world.shell(String(hint[remedy...])).status == 0, "\(hint)")
        #expect(try world.git("status", "--porcelain").output == "")
        let again = try world.commitAndRun()
        #expect(again.status == 0, "\(again.messages)")
    }

    @Test(arguments: ["merge", "rebase", "cherry-pick", "revert"])
    func `nothing is written in the middle of what git has not finished`(
        command: String
    ) throws {
        let world = try ranWorld()
        defer { world.remove() }
        try world.shell(
            """
            git checkout -qb other && echo 1 > a && git add a && git commit -qm other
            git checkout -q main && echo 2 > a && git add a && git commit -qm main
            echo 3 > a && git commit -qam later
            """
        )
        let from = command == "revert" ? "HEAD~1" : "other"
        #expect(try world.git(command, from).status != 0)
        try world.write("t.csv", "a,b\n1,2\n")
        for arguments in [["run"], ["import", "raw.t", "t.csv", "--key", "a"]] {
            // A rebase has HEAD detached: what is imported goes to scratch.
            if command == "rebase", arguments[0] == "import" { continue }
            let result = try world.run(World.program.path, arguments)
            #expect(result.status == 2, "\(result.messages)")
            #expect(result.messages.contains(" \(command) is under way"), "\(result.messages)")
            #expect(result.messages.contains("git \(command) --abort"), "\(result.messages)")
        }
        #expect(try world.git(command, "--abort").status == 0)
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
    }

    /// Another user, who can run the program and is not the owner of what tests make.
    private static let stranger = [
        "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/env",
    ]

    private static let hasStranger: Bool = {
        guard getuid() == 0, let world = try? World() else { return false }
        defer { world.remove() }
        let test = stranger + ["test", "-x", World.program.path]
        return (try? world.run("/usr/bin/setpriv", test))?.status == 0
    }()

    @Test(.enabled(if: hasStranger, "needs root, setpriv, and a program that all may run"))
    func `the clone of another user is refused with the way out`() throws {
        let world = try ranWorld()
        defer { world.remove() }
        try world.shell("chmod a+rx ..")
        func tables(_ home: String) throws -> World.Outcome {
            try world.run(
                "/usr/bin/setpriv",
                Self.stranger + [home, World.program.path, "tables"]
            )
        }
        for home in ["--unset=HOME", "HOME=/nonexistent"] {
            let result = try tables(home)
            #expect(result.status == 2)
            #expect(result.messages.contains("belongs to another user"), "\(result.messages)")
            #expect(
                result.messages.contains(
                    "git config --global --add safe.directory '\(world.folder.path)'"
                ),
                "\(result.messages)"
            )
        }
        try world.shell("mkdir ../closed && touch ../closed/.gitconfig && chmod 700 ../closed")
        let closed = try tables("HOME=\(world.root.path)/closed")
        #expect(closed.messages.contains("Set HOME to a folder"), "\(closed.messages)")
    }
}
