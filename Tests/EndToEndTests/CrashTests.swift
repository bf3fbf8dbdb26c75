import Foundation
import Testing

/// Runs that die, find no room, or are not alone.
struct CrashTests {
    /// Why strace cannot be used here; nil if it can.
    private static let strace: Bool = {
        guard let world = try? World() else { return false }
        defer { world.remove() }
        let line = "strace -f -o /dev/null -e trace=fsync true"
        return (try? world.shell(line))?.status == 0
    }()

    @Test(.enabled(if: strace, "needs strace (Scripts/bootstrap) and leave to use ptrace"))
    func `a kill at any system call loses nothing`() throws {
        let world = try World()
        defer { world.remove() }
        let script = World.package.appending(path: "Benchmarks/crash.py").path
        let result = try world.run("/usr/bin/python3", [script, World.program.path, "30"])
        #expect(result.status == 0, "\(result.output)\(result.messages)")
        let hits = try #require(result.output.firstMatch(of: /(\d+) of 30 kills hit/))
        #expect(Int(hits.1).map { $0 >= 27 } == true, "\(result.output)")
    }

    /// Calls that find no room, and no more room after them.
    @Test(
        .enabled(if: strace, "needs strace (Scripts/bootstrap) and leave to use ptrace"),
        arguments: [
            "fsync:error=ENOSPC:when=1+", "fsync:error=ENOSPC:when=7+",
            "pwrite64:error=ENOSPC:when=1+",
        ]
    )
    func `a call without room is an error, and the next run is fine`(rule: String) throws {
        let world = try World()
        defer { world.remove() }
        var models = World.models
        // Enough tables for a pack.
        for number in 0..<12 {
            models["models/marts/t\(number)_v1.sql"] =
                "/*\nkey = [\"n\"]\ndescription = \"x\"\n*/\nSELECT \(number) AS n"
        }
        try world.makeWarehouse(models: models)
        let before = try world.state()
        let run = try world.shell(
            "strace -f -o /dev/null -e trace=fsync,pwrite64 -e inject=\(rule) '\(World.program.path)' run"
        )
        #expect(run.status == 2, "\(run.messages)")
        #expect(run.messages.contains("No space left on device"), "\(run.messages)")
        #expect(try world.state() == before)
        try expectSound(world)
    }

    /// Whether a file system of a few pages can be mounted.
    private static let canMount: Bool = {
        guard let world = try? World() else { return false }
        defer { world.remove() }
        let line = "mkdir m && mount -t tmpfs -o size=64k none m && umount m"
        return (try? world.shell(line))?.status == 0
    }()

    @Test(
        .enabled(if: canMount, "needs leave to mount a tmpfs"),
        arguments: ["256k", "384k", "512k", "640k"]
    )
    func `a full disk is an error, and the next run is fine`(size: String) throws {
        let world = try World()
        defer { world.remove() }
        // The folder is the mount point; its parent keeps what the programs say.
        #expect(try world.shell("mount -t tmpfs -o size=4m none .").status == 0)
        defer { _ = try? world.shell("cd / && umount -l '\(world.folder.path)'") }
        try world.makeWarehouse()
        let before = try world.state()
        try world.shell("mount -o remount,size=\(size) '\(world.folder.path)'")
        // What is left is less than a run needs.
        try world.shell(
            "dd if=/dev/zero of=.osodata-filler bs=1k count=4096 2>/dev/null; truncate -s -24k .osodata-filler; echo .osodata-filler >> .git/info/exclude"
        )
        let run = try world.commitAndRun()
        #expect(run.status == 2, "\(run.messages)")
        #expect(run.messages.contains("No space left on device"), "\(run.messages)")
        #expect(try world.state() == before)
        try world.shell("rm .osodata-filler; mount -o remount,size=16m '\(world.folder.path)'")
        try expectSound(world)
    }

    @Test func `git gc beside a run takes nothing from it`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        // Every run makes another table, so that every run writes; git collects without a pause
        // beside it, but not beside `git commit`, whose loose objects --prune=now may take.
        let result = try world.shell(
            """
            for n in 1 2 3 4 5 6; do
                printf '/*\\nkey = ["n"]\\ndescription = "x"\\n*/\\nSELECT %s AS n' $n >models/marts/t${n}_v1.sql
                git add models && git commit -qm model
                touch ../going
                (while [ -e ../going ]; do git gc -q --prune=now 2>>../gc || echo "gc failed" >>../gc; done) &
                collector=$!
                '\(World.program.path)' run >/dev/null 2>../run || { cat ../run; touch ../failed; }
                rm ../going; wait $collector
            done
            cat ../gc 2>/dev/null
            test ! -e ../failed
            """
        )
        #expect(result.status == 0, "\(result.output)\(result.messages)")
        try expectSound(world)
        #expect(
            try world.git("log", "--oneline", "--grep", "Osodata-Run").output.split(separator: "\n")
                .count == 6
        )
    }

    @Test func `imports of different tables side by side all succeed`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.write("t.csv", "id,text\n" + (0..<50).map { "\($0),row\n" }.joined())
        try world.shell("git add t.csv && git commit -qm t")
        let result = try world.shell(
            """
            for round in 1 2 3 4; do
                for n in 1 2 3; do
                    '\(World.program.path)' import raw.t${round}_$n t.csv --key id >../out-$n 2>&1 &
                    pids[$n]=$!
                done
                for n in 1 2 3; do wait ${pids[$n]} || { cat ../out-$n; exit 1; }; done
            done
            """
        )
        #expect(result.status == 0, "\(result.output)\(result.messages)")
        let tables = try world.osodata("tables")
        #expect(tables.output.matches(of: /raw\.t\d_\d\b/).count == 12, "\(tables.output)")
        try expectSound(world)
    }

    @Test func `of two imports of one table the later is refused, and names the other`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.shell("(echo id,text; seq 1 200000 | sed 's/$/,row/') >t.csv; git add t.csv")
        try world.git("commit", "-q", "-m", "t")
        // The first is stopped as soon as it has the table.
        let result = try world.shell(
            """
            '\(World.program.path)' import raw.t t.csv --key id >../first 2>&1 &
            first=$!
            until [ -s .osodata/locks/raw.t ]; do kill -0 $first || exit 9; done
            kill -STOP $first
            '\(World.program.path)' import raw.t t.csv --key id
            echo "status $? of $first" >&2
            kill -CONT $first
            wait $first || { cat ../first; exit 8; }
            """
        )
        #expect(result.status == 0, "\(result.output)\(result.messages)")
        let said = result.messages
        let pid = try #require(said.firstMatch(of: /status 2 of (\d+)/), "\(said)").1
        #expect(said.contains("raw.t is locked by process '\(pid)'"), "\(said)")
        try expectSound(world)
    }

    @Test func `a reader that goes away is no error`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        for command in ["tables", "log", "query 'select * from range(200000)'", "run"] {
            let result = try world.shell(
                "set -o pipefail; '\(World.program.path)' \(command) | head -c 1 >/dev/null"
            )
            #expect(result.status == 0, "\(command): \(result.messages)")
        }
        let full = try world.shell("'\(World.program.path)' tables >/dev/full")
        #expect(full.status == 2 && full.messages.contains("cannot be written"), "\(full.messages)")
    }

    /// git and verify find nothing, the next run succeeds, and the one after has nothing new.
    private func expectSound(_ world: World) throws {
        let fsck = try world.git("fsck", "--full", "--strict", "--no-dangling")
        #expect(fsck.status == 0 && fsck.messages == "", "\(fsck.output)\(fsck.messages)")
        for command in ["run", "verify"] {
            let result = try world.osodata(command)
            #expect(result.status == 0, "\(command): \(result.output)\(result.messages)")
        }
        #expect(try world.git("status", "--porcelain").output == "")
        let again = try world.commitAndRun()
        #expect(
            again.status == 0 && again.messages.contains("Nothing new")
                || again.output.contains("Nothing new"),
            "\(again.messages)"
        )
    }
}
