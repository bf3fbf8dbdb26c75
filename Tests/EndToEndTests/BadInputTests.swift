import Foundation
import Testing

/// Bad input: one clear error, a status that says so, and a repository as it was before.
@Suite struct BadInputTests {
    /// One way to spoil a warehouse that has run once.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let spoil: @Sendable (World) throws -> Void
        var arguments = ["run"]
        let expected: [String]
        var status: Int32 = 2
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "a git source that names a folder inside a repository",
            spoil: {
                let source = """

                    [sources.self]
                    connector = "git"
                    repositories = [{ path = "directory", url = "https://github.com/alpha/one" }]

                    """
                try $0.write("pipelines.toml", World.pipelines + source)
            },
            expected: ["error: pipelines.toml:20:", "'directory', a folder inside the repository"]
        ),
        Case(
            name: "broken TOML",
            spoil: { try $0.write("pipelines.toml", "[warehouse]\nname = \n") },
            expected: ["pipelines.toml:2:"]
        ),
        Case(
            name: "unknown key",
            spoil: {
                try $0.write("pipelines.toml", World.pipelines + "\n[warehose]\nname = \"x\"\n")
            },
            expected: ["pipelines.toml:", "warehose", "Did you mean 'warehouse'?"]
        ),
        Case(
            name: "an empty pipelines.toml",
            spoil: { try $0.write("pipelines.toml", "") },
            expected: ["error: pipelines.toml: ", "says nothing"]
        ),
        Case(
            name: "a directory that is not there",
            spoil: { try $0.shell("sed -i 's/^path = .*/path = \"nope\"/' pipelines.toml") },
            expected: ["error: pipelines.toml:9:1: ", "There is no folder 'nope'."]
        ),
        Case(
            name: "a directory without projects and collections",
            spoil: { try $0.shell("mv directory/projects directory/project") },
            expected: ["error: pipelines.toml:9:1: ", "neither 'projects' nor 'collections'"]
        ),
        Case(
            name: "a project file that would not be read",
            spoil: { try $0.shell("cp directory/projects/a/alpha.yaml directory/projects/b.yml") },
            expected: ["error: directory/projects/b.yml: ", "\".yaml\""]
        ),
        Case(
            name: "broken YAML",
            spoil: {
                try $0.write("directory/projects/a/alpha.yaml", "version: 7\nname: [alpha\n")
            },
            expected: ["directory/projects/a/alpha.yaml:"]
        ),
        Case(
            name: "a project without a display name",
            spoil: { try $0.write("directory/projects/a/alpha.yaml", "version: 7\nname: alpha\n") },
            expected: ["directory/projects/a/alpha.yaml", "display_name"]
        ),
        Case(
            name: "broken SQL",
            spoil: {
                try $0.write(
                    "models/marts/counts_v1.sql",
                    "/*\nkey = [\"a\"]\n*/\nSELECT a FRM b\n"
                )
            },
            expected: ["models/marts/counts_v1.sql"]
        ),
        Case(
            name: "a linked folder of models",
            spoil: { try $0.shell("mv models ../m && ln -s ../m models") },
            expected: ["error: models:", "symbolic link"]
        ),
        Case(
            name: "U+0000 in a model",
            spoil: { try $0.shell("printf '\\0' >> models/marts/counts_v1.sql") },
            expected: ["error: models/marts/counts_v1.sql:6:40: ", "U+0000"]
        ),
        Case(
            name: "U+0000 in the macros",
            spoil: { try $0.write("models/macros.sql", "\n\0") },
            expected: ["error: models/macros.sql:2:1: ", "U+0000"]
        ),
        Case(
            name: "a refused function",
            spoil: {
                try $0.write(
                    "models/marts/counts_v1.sql",
                    "/*\nkey = [\"a\"]\n*/\nSELECT event_id AS a,\n  random() AS b FROM staging.events\n"
                )
            },
            expected: ["models/marts/counts_v1.sql:5:3", "random"]
        ),
        Case(
            name: "an unknown table",
            spoil: {
                try $0.write(
                    "models/marts/counts_v1.sql",
                    "/*\nkey = [\"event_id\"]\n*/\nSELECT event_id FROM staging.event\n"
                )
            },
            expected: [
                "models/marts/counts_v1.sql:4", "staging.event", "Did you mean 'staging.events'?",
            ]
        ),
        Case(
            name: "a circle of models",
            spoil: {
                try $0.write(
                    "models/staging/events.sql",
                    "/*\nkey = [\"event_type\"]\n*/\nSELECT event_type FROM marts.counts_v1\n"
                )
            },
            expected: ["circle", "marts.counts_v1"]
        ),
        Case(
            name: "two rows with one key",
            spoil: {
                try $0.write(
                    "models/marts/counts_v1.sql",
                    "/*\nkey = [\"repo\"]\n*/\nSELECT repo, event_id FROM staging.events\n"
                )
            },
            expected: ["models/marts/counts_v1.sql", "alpha/one"]
        ),
        Case(
            name: "a truncated gzip file",
            spoil: {
                try $0.writeHour(
                    "2025-01-01-0",
                    World.events
                        + World.events.map {
                            $0.replacingOccurrences(of: "\"id\":\"", with: "\"id\":\"9")
                        }
                )
                try $0.shell("truncate -s -20 archive/2025-01-01-0.json.gz")
            },
            expected: ["2025-01-01-0.json.gz"]
        ),
        Case(
            name: "an archive that is gone",
            spoil: { try $0.shell("mv archive ../elsewhere") },
            expected: ["error: pipelines.toml:13:1: There is no folder \"", "archive\"."]
        ),
        Case(
            name: "a git source that is not there",
            spoil: {
                try $0.write(
                    "pipelines.toml",
                    World.pipelines + """
                        [sources.self]
                        connector = "git"
                        repositories = [
                            { path = ".", url = "https://github.com/alpha/one" },
                            { path = "../two", url = "https://github.com/alpha/two" },
                        ]
                        """
                )
            },
            expected: [
                "error: pipelines.toml:21:7: The source 'self' reads '../two', which is in no git",
                "git clone https://github.com/alpha/two '../two'",
            ]
        ),
        Case(
            name: "a line that is not JSON",
            spoil: { try $0.writeHour("2025-01-01-0", World.events + ["{\"id\":"]) },
            expected: ["2025-01-01-0.json.gz:4"]
        ),
        Case(
            name: "no such command table",
            spoil: { _ in },
            arguments: ["show", "marts.count_v1"],
            expected: ["marts.count_v1", "Did you mean 'marts.counts_v1'?"]
        ),
        Case(
            name: "a query of an unknown table",
            spoil: { _ in },
            arguments: ["query", "select * from marts.nothing"],
            expected: ["marts.nothing"]
        ),
        Case(
            name: "a query that does not parse",
            spoil: { _ in },
            arguments: ["query", "selec 1"],
            expected: ["selec"]
        ),
        Case(
            name: "an unknown revision",
            spoil: { _ in },
            arguments: ["tables", "--at", "nowhere"],
            expected: ["nowhere"]
        ),
        Case(
            name: "an unknown option",
            spoil: { _ in },
            arguments: ["run", "--colour"],
            expected: ["--colour"]
        ),
        Case(
            name: "snapshots edited by hand",
            spoil: { try $0.shell("echo x >> snapshots/marts/counts_v1/manifest.json") },
            expected: [
                "snapshots/marts/counts_v1/manifest.json",
                "git restore --source=HEAD --staged --worktree snapshots",
            ]
        ),
        Case(
            name: "an import with two rows of one key",
            spoil: { try $0.write("t.csv", "a,b\n1,2\n1,3\n") },
            arguments: ["import", "raw.t", "t.csv", "--key", "a"],
            expected: ["Two rows have the key a = 1"]
        ),
        Case(
            name: "an import of a file that is not there",
            spoil: { _ in },
            arguments: ["import", "raw.t", "nothing.csv"],
            expected: ["nothing.csv"]
        ),
    ]

    @Test(arguments: cases)
    func `bad input gives one clear error and changes nothing`(_ item: Case) throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let first = try world.commitAndRun()
        #expect(first.status == 0, "\(first.messages)")
        try item.spoil(world)
        if item.arguments == ["run"] { try world.commitInputs() }
        let before = try world.state()
        let outcome = try world.run(World.program.path, item.arguments)
        #expect(outcome.status == item.status, "\(outcome.output)\(outcome.messages)")
        for text in item.expected {
            #expect(outcome.messages.contains(text), "\(outcome.messages)")
        }
        #expect(try world.state() == before)
        #expect(try world.git("fsck", "--full", "--strict").status == 0)
    }

    @Test func `a corrupt chunk is named by verify and stops a query`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        // A chunk's object is replaced by one of other content under the same name.
        let path = try world.shell("ls snapshots/raw/github_events/*/*.zst | head -1").output
            .trimmingCharacters(in: .newlines)
        try world.shell(
            """
            mv .git/objects/pack/*.pack .. && rm -f .git/objects/pack/* && for p in ../*.pack; do git unpack-objects -q <$p; done
            id=$(git rev-parse HEAD:\(path)) && f=.git/objects/${id:0:2}/${id:2} && chmod u+w $f &&
            python3 - "$f" \(path) <<'PY'
            import sys, zlib
            body = bytearray(open(sys.argv[2], "rb").read())
            body[len(body) // 2] ^= 1
            open(sys.argv[1], "wb").write(zlib.compress(b"blob %d\\0" % len(body) + bytes(body)))
            PY
            """
        )
        let verified = try world.osodata("verify")
        #expect(verified.status != 0)
        let said = verified.output + verified.messages
        #expect(said.contains("raw.github_events"), "\(said)")
        let query = try world.osodata("query", "select count(actor_login) from raw.github_events")
        #expect(query.status == 2, "\(query.output)\(query.messages)")
        #expect(query.messages.contains("error:"))
    }

    @Test func `no repository, a bare one, a shallow one, another owner's`() throws {
        let world = try World()
        defer { world.remove() }
        let none = try world.commitAndRun()
        #expect(none.status == 2)
        #expect(
            none.messages.contains("osodata init") || none.messages.contains("git init"),
            "\(none.messages)"
        )

        try world.makeWarehouse()
        try world.commitAndRun()
        try world.git("clone", "-q", "--bare", ".", world.root.appending(path: "bare").path)
        let bare = try world.commitAndRun("-C", world.root.appending(path: "bare").path)
        #expect(bare.status == 2)
        #expect(bare.messages.contains("bare"), "\(bare.messages)")
        let query = try world.osodata(
            "query",
            "-C",
            world.root.appending(path: "bare").path,
            "select sum(events) from marts.counts_v1",
            "--format",
            "csv"
        )
        #expect(query.output.contains("3"), "\(query.messages)")

        try world.git(
            "clone",
            "-q",
            "--depth",
            "1",
            "file://" + world.folder.path,
            world.root.appending(path: "shallow").path
        )
        let toml =
            World.pipelines
            + "\n[sources.self]\nconnector = \"git\"\nrepositories = [{ path = \".\", url = \"https://github.com/alpha/one\" }]\n"
        try toml.write(
            to: world.root.appending(path: "shallow/pipelines.toml"),
            atomically: true,
            encoding: .utf8
        )
        try world.git("-C", world.root.appending(path: "shallow").path, "commit", "-qam", "Itself")
        let shallow = try world.osodata("run", "-C", world.root.appending(path: "shallow").path)
        #expect(shallow.status == 2)
        #expect(shallow.messages.contains("fetch --unshallow"), "\(shallow.messages)")

        guard getuid() == 0 else { return }
        try world.shell("chown -R 12345:12345 ../bare")
        let foreign = try world.osodata("tables", "-C", world.root.appending(path: "bare").path)
        #expect(foreign.status == 2)
        #expect(foreign.messages.contains("safe.directory"), "\(foreign.messages)")
    }

    @Test func `a detached HEAD keeps its run on the scratch ref`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.git("checkout", "-q", "--detach")
        let head = try world.git("rev-parse", "HEAD").output
        let outcome = try world.commitAndRun()
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("refs/osodata/scratch"), "\(outcome.output)")
        #expect(try world.git("rev-parse", "HEAD").output == head)
        #expect(try world.git("rev-parse", "refs/osodata/scratch^").output == head)
        #expect(try world.git("status", "--porcelain").output.isEmpty)
    }

    @Test func `without an identity a built-in author signs`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let outcome = try world.run(
            "/usr/bin/env",
            [
                "-u", "GIT_AUTHOR_NAME", "-u", "GIT_AUTHOR_EMAIL", "-u", "GIT_COMMITTER_NAME", "-u",
                "GIT_COMMITTER_EMAIL", World.program.path, "run",
            ]
        )
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(
            try world.git("log", "-1", "--format=%an <%ae>").output
                == "osodata <osodata@localhost>\n"
        )
    }

    @Test func `another run writing the same table is a clear error`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        try world.commitAndRun()
        try world.writeHour(
            "2025-01-01-0",
            World.events + [
                World.events[0].replacingOccurrences(of: "\"id\":\"1\"", with: "\"id\":\"4\"")
            ]
        )
        let before = try world.state()
        // flock holds the lock as another run would.
        let outcome = try world.shell(
            """
            lock=$(find . -path '*osodata/locks/marts.counts_v1' | head -1); test -n "$lock" || exit 99
            flock "$lock" \(World.program.path) run
            """
        )
        #expect(outcome.status == 2, "\(outcome.output)\(outcome.messages)")
        #expect(outcome.messages.contains("marts.counts_v1"), "\(outcome.messages)")
        #expect(try world.state() == before)
    }
}
