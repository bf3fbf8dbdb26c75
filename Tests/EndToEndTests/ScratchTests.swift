import Foundation
import Testing

/// Trying out what is not committed.
@Suite struct ScratchTests {
    private static let model = "/*\nkey = [\"a\"]\n*/\nSELECT 1 AS a\n"

    @Test func `a run from files that are not committed is refused`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.osodata("run")
        let before = try world.state()
        try world.write("models/marts/t.sql", Self.model)
        let one = try world.osodata("run")
        #expect(one.status == 2)
        #expect(
            one.messages.contains(
                "error: 'models/marts/t.sql' is not committed, so nobody else could rebuild this run."
            ),
            "\(one.messages)"
        )
        #expect(
            one.messages.contains(
                "osodata run --scratch. Or commit: git add pipelines.toml models directory && git commit"
            ),
            "\(one.messages)"
        )
        try world.write("directory/projects/a/alpha.yaml", World.project + "# edited\n")
        try world.shell("rm models/marts/counts_v1.sql")
        let three = try world.osodata("run")
        #expect(three.status == 2)
        #expect(three.messages.contains("and 2 more are not committed"), "\(three.messages)")
        // What no run reads may be as it is.
        try world.git("checkout", "-q", "--", ".")
        try world.shell("rm models/marts/t.sql")
        try world.write("notes.txt", "x")
        #expect(try world.osodata("run").status == 0)
        try world.shell("rm notes.txt")
        #expect(try world.state() == before)
    }

    @Test func `a trial is read like any revision, and leaves no trace`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.osodata("run")
        try world.write("models/marts/t.sql", Self.model)
        let counts = "models/marts/counts_v1.sql"
        try world.write(
            counts,
            try #require(World.models[counts]).replacing("count(*)", with: "count(*) + 1")
        )
        let files = "git status --porcelain; git rev-parse HEAD; find .osodata -name '*.json'"
        let before = try world.shell(files).output
        let run = try world.osodata("run", "--scratch")
        #expect(run.status == 0, "\(run.messages)")
        #expect(run.output.contains("on refs/osodata/scratch"), "\(run.output)")
        #expect(run.output.contains("diff HEAD osodata/scratch --stat"), "\(run.output)")
        #expect(try world.shell(files).output == before)
        let diff = try world.osodata("diff", "HEAD", "osodata/scratch", "marts.counts_v1", "--json")
        #expect(diff.status == 1, "\(diff.messages)")
        #expect(diff.output.split(separator: "\n").count == 2, "\(diff.output)")
        let query = try world.osodata(
            "query",
            "--at",
            "osodata/scratch",
            "SELECT a FROM marts.t",
            "--format",
            "csv"
        )
        #expect(query.output == "a\n1\n", "\(query.messages)")
        #expect(try world.osodata("show", "marts.t@osodata/scratch").status == 0)
        // It has the files it was made from, so that it can be rebuilt.
        let verify = try world.osodata("verify", "--rebuild", "--at", "osodata/scratch")
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
        #expect(verify.output.contains("rebuilt   marts.t "))
        #expect(try world.osodata("verify", "--rebuild").status == 0)

        // The next trial is of what there is then.
        try world.git("checkout", "-q", "--", ".")
        try world.shell("rm models/marts/t.sql")
        let clean = try world.osodata("run", "--scratch")
        #expect(clean.status == 0, "\(clean.messages)")
        #expect(
            try world.git("rev-parse", "osodata/scratch").output
                == world.git("rev-parse", "HEAD").output
        )
        #expect(try world.git("fsck", "--full", "--strict").status == 0)
    }

    @Test func `a trial deletes what a deleted model made, and tells what fails`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.osodata("run")
        try world.shell("rm models/marts/counts_v1.sql")
        #expect(try world.osodata("run", "--scratch").status == 0)
        let gone = try world.osodata("show", "marts.counts_v1@osodata/scratch")
        #expect(gone.status == 2, "\(gone.output)")
        let files = try world.git("ls-tree", "-r", "--name-only", "osodata/scratch", "models")
            .output
        #expect(files == "models/staging/events.sql\n")
        try world.write("models/marts/t.sql", Self.model.replacing("1 AS", with: "'x'::INT AS"))
        let failed = try world.osodata("run", "--scratch")
        #expect(failed.status == 2)
        #expect(failed.messages.contains("error: models/marts/t.sql:4:11"), "\(failed.messages)")
    }

    @Test func `a trial needs no commit and no branch`() throws {
        let world = try World()
        defer { world.remove() }
        try world.git("init", "-q", "-b", "main", ".")
        try world.osodata("init", ".")
        #expect(try world.osodata("run").status == 2)
        let run = try world.osodata("run", "--scratch")
        #expect(run.status == 0, "\(run.messages)")
        #expect(try world.git("rev-parse", "-q", "--verify", "HEAD").status != 0)
        #expect(try world.osodata("tables", "--at", "osodata/scratch").status == 0)
        try world.git("add", "-A")
        try world.git("commit", "-qm", "start")
        try world.git("checkout", "-q", "--detach")
        #expect(try world.osodata("run", "--scratch").status == 0)
    }
}
