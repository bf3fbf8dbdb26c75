import Foundation
import Testing

/// Four versions of a small table, committed at known times by known runs.
struct History {
    let world: World
    /// Where commands run.
    var place: String { world.folder.path }

    /// The versions of `marts.t`: the second changes a cell and adds a row, the third removes one,
    /// the fourth brings it back changed.
    static let versions = [
        "id,name,n\n1,ann,1\n2,bob,2\n",
        "id,name,n\n1,ann,5\n2,bob,2\n3,cy,3\n",
        "id,name,n\n1,ann,5\n3,cy,3\n",
        "id,name,n\n1,ann,5\n2,bo,9\n3,cy,3\n4,di,4\n",
    ]
    static let times = [
        "2026-11-01T10:00:00Z", "2026-11-01T23:59:59Z", "2026-11-03T00:00:00Z",
        "2026-11-05T00:00:00Z",
    ]
    static let runs = ["aaaa000000000001", "aaaa000000000002", "bbbb000000000003", "cccc"]

    /// Makes the repository; `others` are CSV files of more tables, in every version.
    init(others: [String: String] = [:]) throws {
        world = try World()
        try world.git("init", "-q", "-b", "main", ".")
        for (table, text) in others {
            try world.write("in.csv", text)
            let done = try world.osodata("import", table, "in.csv", "--key", "id")
            #expect(done.status == 0, "\(done.messages)")
        }
        for version in Self.versions.indices {
            try world.write("in.csv", Self.versions[version])
            let done = try world.osodata("import", "marts.t", "in.csv", "--key", "id")
            #expect(done.status == 0, "\(done.messages)")
            // The same tree, by a run and at a time that the tests know.
            let made = try world.shell(
                """
                parent=\(version == 0 ? "" : "\"-p made\"")
                export GIT_COMMITTER_DATE=\(Self.times[version])
                git update-ref refs/heads/made $(git commit-tree $parent 'HEAD^{tree}' -m 'run: \
                \(version)' -m 'Osodata-Run: \(Self.runs[version])')
                """
            )
            #expect(made.status == 0, "\(made.messages)")
        }
        let done = try world.shell(
            """
            rm in.csv; git reset -q --hard made; git branch -qD made; git tag v2 HEAD~2
            git branch feature HEAD~1
            """
        )
        #expect(done.status == 0, "\(done.messages)")
    }

    /// Rows of the table at a revision, through `show`; nil if that fails.
    func rows(_ revision: String, in folder: String? = nil) throws -> Int? {
        let show = try world.osodata(
            "show",
            "marts.t@\(revision)",
            "--json",
            "-C",
            folder ?? place
        )
        guard show.status == 0 else { return nil }
        let object = try JSONSerialization.jsonObject(with: Data(show.output.utf8))
        return (object as? [String: Any])?["rows"] as? Int
    }

    /// What `history` says, as JSON.
    func history(_ arguments: String..., in folder: String? = nil) throws -> [String: Any] {
        let done = try world.run(
            World.program.path,
            ["history"] + arguments + ["--json", "-C", folder ?? place]
        )
        #expect(done.status == 0, "\(done.messages)")
        let object = try JSONSerialization.jsonObject(with: Data(done.output.utf8))
        return try #require(object as? [String: Any])
    }

    /// A table of many rows, cut into several chunks.
    static func wide(_ rows: Int) -> String {
        var text = "id,text\n"
        for id in 0..<rows {
            text += "\(id),\"row \(id) \(String(id &* 7919 % 99_991, radix: 36))\"\n"
        }
        return text
    }
}

/// Tables at revisions, and what happened to them.
struct HistoryTests {
    @Test func `a revision is whatever git knows, a date, an instant or a run`() throws {
        let history = try History()
        defer { history.world.remove() }
        let expected = [
            "HEAD": 4, "HEAD~1": 2, "HEAD~3": 2, "main~2": 3, "v2": 3, "v2~1": 2, "feature": 2,
            // A date counts to its end, in UTC.
            "2026-11-01": 3, "2026-11-02": 3, "2026-11-03": 2, "2026-11-05": 4, "2030-01-01": 4,
            "2026-11-01T10:00:00Z": 2, "2026-11-01T23:59:58.5Z": 2, "2026-11-01T23:59:59Z": 3,
            "2026-11-05~1": 2, "2026-11-05^^": 3,
            // Whole runs and their beginnings.
            "aaaa000000000001": 2, "bbbb": 2, "bbbb0000": 2, "cccc": 4, "cccc~2": 3,
        ]
        for (revision, rows) in expected.sorted(by: { $0.key < $1.key }) {
            #expect(try history.rows(revision) == rows, "\(revision)")
        }
    }

    @Test func `every command that takes a revision takes them all`() throws {
        let history = try History()
        defer { history.world.remove() }
        let world = history.world
        let lines: [([String], String)] = [
            (["tables", "--at", "2026-11-01"], "marts.t     3"),
            (["query", "select count(*) as n from marts.t", "--at", "aaaa000000000001"], "2"),
            (["log", "--at", "2026-11-03"], "run: 2"),
            (["log", "marts.t@2026-11-01"], "3 rows"),
            (["log", "marts.t", "--at", "bbbb"], "2 rows"),
            (["verify", "--at", "bbbb", "marts.t"], "verified  marts.t  2 rows"),
            (["history", "marts.t@2026-11-03", "2"], "removed"),
            (["history", "marts.t", "2", "--at", "bbbb"], "removed"),
            (["diff", "2026-11-01", "cccc", "marts.t"], "bo"),
        ]
        for (arguments, expected) in lines {
            let done = try world.run(World.program.path, arguments)
            #expect(done.status == (arguments[0] == "diff" ? 1 : 0), "\(arguments) \(done)")
            #expect(done.output.contains(expected), "\(arguments) \(done.output)")
        }
        let log = try world.osodata("log", "marts.t@2026-11-01")
        #expect(log.output.split(separator: "\n").count == 2)
    }

    @Test func `what git knows comes before dates and runs`() throws {
        let history = try History()
        defer { history.world.remove() }
        try history.world.git("branch", "2026-11-05", "HEAD~3")
        try history.world.git("tag", "bbbb", "HEAD")
        #expect(try history.rows("2026-11-05") == 2)
        #expect(try history.rows("bbbb") == 4)
        // A run of another branch is found too.
        try history.world.shell("git tag -d bbbb; git branch other; git reset -q --hard HEAD~2")
        #expect(try history.rows("cccc") == 4)
        try history.world.git("branch", "-qD", "other", "2026-11-05")
        #expect(try history.rows("cccc") == nil)
    }

    @Test(arguments: [
        ("mian", "There is no revision 'mian'", "Did you mean 'main'?"),
        ("featur", "There is no revision 'featur'", "Did you mean 'feature'?"),
        ("aaaa", "'aaaa' is the beginning of 2 runs", "aaaa000000000001, aaaa000000000002"),
        ("2026-13-01", "'2026-13-01' is no date", "2026-01-31T23:59:59Z"),
        ("2026-11-01T25:00:00Z", "'2026-11-01T25:00:00Z' is no date", "in UTC"),
        ("2026-10-31", "No commit was made by '2026-10-31'", "of 2026-11-01T10:00:00Z"),
        ("ccc", "There is no revision 'ccc'", "git tag"),
        ("HEAD~9", "There is no revision 'HEAD~9'", "git tag"),
    ])
    func `a revision that is none is refused with what is near`(
        revision: String,
        message: String,
        hint: String
    ) throws {
        let history = try History()
        defer { history.world.remove() }
        for arguments in [["show", "marts.t@\(revision)"], ["diff", revision, "HEAD"]] {
            let done = try history.world.run(World.program.path, arguments)
            #expect(done.status == 2, "\(done)")
            #expect(done.messages.contains(message), "\(done.messages)")
            #expect(done.messages.contains(hint), "\(done.messages)")
        }
    }

    @Test(arguments: ["loose", "pack", "bare", "worktree", "no checkout"])
    func `tables are read wherever the objects lie`(storage: String) throws {
        let history = try History()
        defer { history.world.remove() }
        let other = history.world.root.path + "/other"
        let command =
            switch storage {
            case "pack": "git repack -adq && git prune-packed && ln -s warehouse ../other"
            case "bare": "git clone -q --bare . ../other"
            case "worktree": "git worktree add -q --detach ../other main"
            case "no checkout": "git clone -q --no-checkout . ../other"
            default: "ln -s warehouse ../other"
            }
        let made = try history.world.shell(command)
        #expect(made.status == 0, "\(made.messages)")
        #expect(try history.rows("main~1", in: other) == 2)
        #expect(try history.rows("2026-11-01", in: other) == 3)
        #expect(try history.rows("cccc", in: other) == 4)
        let changes = try history.history("marts.t@main", "2", in: other)["changes"] as? [Any]
        #expect(changes?.count == 3)
    }
}
