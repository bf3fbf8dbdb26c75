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
}
