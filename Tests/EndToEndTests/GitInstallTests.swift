import Foundation
import Testing

/// Plain git shows rows after `osodata git install`.
struct GitInstallTests {
    /// A warehouse with two versions of `marts.t`, in a folder whose name has a blank and a quote.
    private func world() throws -> World {
        let world = try World(name: "it's a warehouse")
        try world.git("init", "-q", "-b", "main", ".")
        for stars in [1, 2] {
            try world.write("rows.ndjson", #"{"id":1,"name":"a row","stars":\#(stars)}"# + "\n")
            let outcome = try world.osodata("import", "marts.t", "rows.ndjson", "--key", "id")
            #expect(outcome.status == 0, "\(outcome.messages)")
        }
        try world.shell("rm rows.ndjson")
        return world
    }

    @Test func `git diff and git log -p show rows, however the program was called`() throws {
        let world = try world()
        defer { world.remove() }
        let before = try world.git("diff", "HEAD~1", "HEAD")
        #expect(before.output.contains("Binary files") && !before.output.contains("\n-{\"id\""))
        // By a relative path, through a folder with a blank in its name.
        let folder = World.program.deletingLastPathComponent().path
        let install = try world.shell(
            "ln -s '\(folder)' '../the bin' && '../the bin/osodata' git install"
        )
        #expect(install.status == 0, "\(install.messages)")
        #expect(install.output.contains("set diff.osodata.textconv = '/"))
        #expect(install.messages.contains("now show rows"))
        let diff = try world.git("diff", "HEAD~1", "HEAD")
        #expect(diff.status == 0, "\(diff.messages)")
        #expect(diff.output.contains("\n-{\"id\":1,\"name\":\"a row\",\"stars\":1}\n"))
        #expect(diff.output.contains("\n+{\"id\":1,\"name\":\"a row\",\"stars\":2}\n"))
        let log = try world.git("log", "-p")
        #expect(log.output.components(separatedBy: "\n+{\"id\":1,\"name\":\"a row\"").count == 3)
        #expect(!log.output.contains("Binary files"))
        // From another folder, and once more from git's cache.
        let again = try world.shell("cd snapshots && git log -p")
        #expect(again.output == log.output)
    }

    @Test func `a chunk of the work tree that is damaged does not end git's output`() throws {
        let world = try world()
        defer { world.remove() }
        #expect(try world.osodata("git", "install").status == 0)
        try world.shell("for f in snapshots/marts/t/*/*.zst; do echo broken > $f; done")
        let diff = try world.git("diff")
        #expect(diff.status == 0, "\(diff.messages)")
        #expect(diff.output.contains("+osodata cannot read this chunk: "))
        let missing = try world.osodata("git", "textconv", "nowhere.zst")
        #expect(missing.status == 2 && missing.messages.contains("'nowhere.zst' cannot be read"))
    }

    @Test func `installing twice is installing once, and uninstalling leaves nothing`() throws {
        let world = try world()
        defer { world.remove() }
        let clean = try world.shell("cat .git/config; git for-each-ref").output
        let first = try world.osodata("git", "install").output
        #expect(try world.osodata("git", "install").output == first)
        #expect(try world.git("config", "--get-all", "diff.osodata.binary").output == "true\n")
        try world.git("log", "-p")
        #expect(try world.git("for-each-ref").output.contains("refs/notes/textconv/osodata"))
        let removed = try world.osodata("git", "uninstall")
        #expect(removed.status == 0)
        #expect(
            removed.output == """
                removed diff.osodata from this repository's configuration
                removed refs/notes/textconv/osodata, git's cache of rows

                """
        )
        #expect(try world.shell("cat .git/config; git for-each-ref").output == clean)
        let nothing = try world.osodata("git", "uninstall")
        #expect(nothing.status == 0 && nothing.messages.contains("There is no diff.osodata"))
    }

    @Test func `it needs a repository, or goes into the user's own configuration`() throws {
        let world = try World()
        defer { world.remove() }
        let outside = try world.osodata("git", "install")
        #expect(outside.status == 2)
        #expect(outside.messages.contains("is in no git repository"), "\(outside.messages)")
        let file = world.root.path + "/own-configuration"
        let environment = ["GIT_CONFIG_GLOBAL": file]
        let own = try world.osodata("git", "install", "--global", environment: environment)
        #expect(own.status == 0, "\(own.messages)")
        #expect(try world.shell("cat '\(file)'").output.contains("[diff \"osodata\"]"))
        let removed = try world.osodata("git", "uninstall", "--global", environment: environment)
        #expect(removed.output == "removed diff.osodata from your git configuration\n")
        try world.git("init", "-q", ".")
        let elsewhere = try world.run(
            World.program.path,
            ["-C", world.folder.path, "git", "install"]
        )
        #expect(elsewhere.status == 0, "\(elsewhere.messages)")
        #expect(elsewhere.messages.contains("no rule for chunks yet"))
    }
}
