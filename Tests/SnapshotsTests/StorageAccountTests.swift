import Diagnostics
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

/// What tables and runs take of a repository.
struct StorageAccountTests {
    /// Bytes on disk of what lies at a path, the folder included.
    private func bytes(_ world: World, _ revision: String, _ path: String) throws -> [String: Int] {
        let format = "--batch-check=%(objectname) %(objectsize:disk)"
        let list = try world.git(
            "ls-tree",
            "-r",
            "-t",
            "--format=%(objectname)",
            "\(revision):\(path)"
        )
        let tree = try world.git("rev-parse", "\(revision):\(path)")
        let all = try world.git("cat-file", "--batch-all-objects", format)
        var sizes: [String: Int] = [:]
        for line in all.split(separator: "\n") {
            let parts = line.split(separator: " ")
            sizes[String(parts[0])] = Int(parts[1])
        }
        let ids = Set((list + tree).split(separator: "\n").map(String.init))
        return sizes.filter { ids.contains($0.key) }
    }

    @Test func `bytes are told by table and version`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<40), "raw.a")
        try world.commit(try LongRows.rows(100..<103), "raw.b")
        try world.commit(try LongRows.rows(0..<42), "raw.a")
        try world.git("gc", "--quiet")
        let now = try bytes(world, "HEAD", "snapshots/raw/a")
        let first = try bytes(world, "HEAD~2", "snapshots/raw/a")
        let other = try bytes(world, "HEAD", "snapshots/raw/b")
        // The second handle sees the pack that gc made.
        let store = try world.again()
        let account = try store.storageAccount(from: try #require(try world.head()))

        #expect(account.tables.map(\.table.description) == ["raw.a", "raw.b"])
        let shared = Set(now.keys).union(first.keys).intersection(other.keys)
        #expect(account.sharedBytes == other.filter { shared.contains($0.key) }.values.reduce(0, +))
        let a = account.tables[0]
        let own = { (sizes: [String: Int]) in
            sizes.filter { !shared.contains($0.key) }.values.reduce(0, +)
        }
        #expect(a.currentBytes == own(now))
        #expect(a.bytes == own(now.merging(first) { $1 }))
        #expect(a.historyBytes == own(first.filter { now[$0.key] == nil }))
        #expect(a.historyBytes > 0)
        #expect(
            a.versions.map(\.bytes) == [
                now.filter { first[$0.key] == nil }.values.reduce(0, +), first.values.reduce(0, +),
            ]
        )
        #expect(account.tables[1].versions.count == 1)
        #expect(account.missingObjects == 0)
    }

    @Test func `what two tables have is counted once, as nobody's`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<40), "raw.a")
        try world.commit(try LongRows.rows(0..<40), "raw.b")
        let account = try world.store.storageAccount(from: try #require(try world.head()))
        let all = try bytes(world, "HEAD", "snapshots/raw/a")
            .merging(try bytes(world, "HEAD", "snapshots/raw/b")) { $1 }.values.reduce(0, +)
        #expect(account.bytes == all)
        #expect(account.sharedBytes > account.tables[0].bytes)
        #expect(account.tables.allSatisfy { $0.historyBytes == 0 })
    }

    @Test func `a table that was removed is all history`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<40), "raw.a")
        var run = World.run([], base: try world.head())
        run.removed = [try TableName(parsing: "raw.a")]
        _ = try world.store.publish(run, batch: ObjectBatch(repository: world.repository))
        let account = try world.store.storageAccount(from: try #require(try world.head()))
        #expect(account.tables.count == 1)
        #expect(account.tables.first?.currentBytes == 0)
        #expect(account.tables.first.map { $0.historyBytes > 0 } == true)
    }

    @Test func `a run's bytes are those of its new objects`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<40), "raw.a")
        let start = try #require(try world.head())
        try world.commit(try LongRows.rows(0..<41), "raw.a")
        try world.folder.write("x\n", "x.txt")
        try world.git("add", "x.txt")
        try world.git("commit", "--quiet", "-m", "by hand")
        let head = try #require(try world.head())
        let sizes = try ObjectSizes(world.repository)
        let runs = try world.store.recentRuns(from: head, limit: 10, sizes: sizes)
        #expect(runs.map(\.isFirst) == [false, true])
        let list = try world.git(
            "rev-list",
            "--objects",
            "--no-object-names",
            "HEAD~1",
            "^HEAD~2",
            "--"
        )
        var bytes = 0
        for id in list.split(separator: "\n") {
            bytes += try sizes.bytes(try #require(ObjectID(hex: id))) ?? 0
        }
        #expect(runs.first?.bytes == bytes)
        #expect(try world.store.recentRuns(from: head, limit: 1, sizes: sizes).count == 1)
        let since = try world.store.bytes(from: head, downTo: start, sizes: sizes)
        #expect(since > bytes && since < bytes + 2000)
    }
}
