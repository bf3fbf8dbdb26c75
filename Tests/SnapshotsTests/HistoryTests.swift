import Diagnostics
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

struct HistoryTests {
    @Test func `only commits that changed the table are listed`() throws {
        let world = try World()
        let table = try TableName(parsing: "raw.t")
        try world.commit(try LongRows.rows(0..<3), "raw.other")
        let first = try world.commit(try LongRows.rows(0..<3), "raw.t")
        try world.commit(try LongRows.rows(0..<5), "raw.other")
        try world.folder.write("x\n", "x.txt")
        try world.git("add", "x.txt")
        try world.git("commit", "--quiet", "-m", "x")
        let second = try world.commit(try LongRows.rows(0..<4), "raw.t")
        var run = World.run([], base: try world.head())
        run.removed = [table]
        let removal = try world.store.publish(run, batch: ObjectBatch(repository: world.repository))
        try world.commit(try LongRows.rows(0..<9), "raw.other")

        let head = try #require(try world.head())
        let versions = try world.store.history(of: table, from: head)
        #expect(
            versions.map(\.commit.id) == [
                removal.commit, second.result.commit, first.result.commit,
            ]
        )
        #expect(versions.map(\.tree) == [nil, second.prepared.tree, first.prepared.tree])
        #expect(versions.map(\.previousTree) == [second.prepared.tree, first.prepared.tree, nil])
        #expect(try world.store.history(of: table, from: head, limit: 2).count == 2)
        let none = try TableName(parsing: "raw.none")
        #expect(try world.store.history(of: none, from: head).isEmpty)
    }

    @Test func `a merge is followed along its first parent`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        try world.git("checkout", "--quiet", "-b", "side")
        try world.commit(try LongRows.rows(0..<4), "raw.t")
        try world.git("checkout", "--quiet", "main")
        try world.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
        let head = try #require(try world.head())
        let versions = try world.store.history(of: try TableName(parsing: "raw.t"), from: head)
        #expect(versions.map(\.commit.summary) == ["merge", "run: 1 tables changed"])
    }

    @Test(arguments: 0..<8)
    func `one walk gives of many tables what a walk for each gives`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let world = try World()
        let names = ["raw.a", "raw.b", "marts.a", "meta.c", "staging.d"]
        for _ in 0..<14 {
            let name = names[random.int(0...names.count - 1)]
            if let base = try world.head(), random.oneIn(5) {
                var run = World.run([], base: base)
                run.removed = [try TableName(parsing: name)]
                let batch = ObjectBatch(repository: world.repository)
                _ = try? world.store.publish(run, batch: batch)
            } else {
                try world.commit(try LongRows.rows(0..<random.int(1...3)), name)
            }
            if random.oneIn(4) { try world.git("commit", "--quiet", "--allow-empty", "-m", "x") }
        }
        let head = try #require(try world.head())
        let tables = Set(try names.dropLast().map { try TableName(parsing: $0) })
        for (commits, limit) in [(100, 100), (100, 2), (5, 100), (0, 3), (100, 0)] {
            let found = try world.store.recentVersions(
                of: tables,
                from: head,
                commits: commits,
                versions: limit
            )
            let log = try world.git("rev-list", "--first-parent", "HEAD").split(separator: "\n")
            // The first commit has none before it to compare with.
            let near = Set(log.dropLast().prefix(commits).map(String.init))
            for table in tables {
                let expected = try world.store.history(of: table, from: head)
                    .filter { near.contains($0.commit.id.hex) }.prefix(limit)
                let versions = found[table] ?? []
                #expect(versions.map(\.commit.id) == expected.map(\.commit.id))
                #expect(versions.map(\.tree) == expected.map(\.tree))
                #expect(versions.map(\.previousTree) == expected.map(\.previousTree))
            }
            #expect(Set(found.keys).isSubset(of: tables))
        }
    }
}
