import Codecs
import Diagnostics
import Diffing
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

struct WritingTests {
    @Test func `rows come back as they were written`() throws {
        let world = try World()
        let rows = try LongRows.rows(0..<300)
        try world.commit(rows, "raw.t")
        let snapshot = try world.snapshot("raw.t")
        #expect(try lines(snapshot.rowSet()) == lines(rows))
        #expect(snapshot.manifest.rows == 300)
        #expect(snapshot.manifest.bytes == rows.byteCount)
        let chunks = try snapshot.allChunks()
        #expect(chunks.count > 5)
        #expect(chunks.reduce(0) { $0 + $1.rows } == 300)
        #expect(snapshot.manifest.statistics[0].minimum == Array("0".utf8))
        #expect(snapshot.manifest.statistics[0].maximum == Array("299".utf8))
        #expect(try snapshot.provenance()?["inputs"] == .array([]))
    }

    @Test func `a table without rows has a manifest and no segment`() throws {
        let world = try World()
        try world.commit(try LongRows.rows([]), "raw.t")
        let snapshot = try world.snapshot("raw.t")
        #expect(snapshot.manifest.rows == 0 && snapshot.manifest.segments.isEmpty)
        #expect(try snapshot.rowSet().count == 0)
        #expect(snapshot.verify().problems.isEmpty)
    }

    @Test(arguments: [1, 3, 8])
    func `the number of threads changes nothing`(_ threads: Int) throws {
        let world = try World()
        let rows = try LongRows.rows(0..<200)
        let one = try prepare(world, rows, threads: 2)
        let other = try prepare(world, rows, threads: threads)
        #expect(one.tree == other.tree)
    }

    @Test func `writing the same rows again makes nothing new`() throws {
        let world = try World()
        let rows = try LongRows.rows(0..<200)
        let first = try world.commit(rows, "raw.t")
        #expect(first.result.isNew && first.prepared.newChunks > 3)
        let second = try world.commit(rows, "raw.t")
        #expect(second.prepared.newChunks == 0)
        #expect(!second.prepared.isChanged && !second.prepared.isTreeChanged)
        #expect(!second.result.isNew && second.result.commit == first.result.commit)
    }

    @Test func `an append touches only the last segments`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<4000), "raw.t")
        let before = try world.snapshot("raw.t")
        #expect(before.manifest.segments.count >= 3)
        let appended = try world.commit(try LongRows.rows(0..<4010), "raw.t")
        let after = try world.snapshot("raw.t")
        let shared = zip(before.manifest.segments, after.manifest.segments)
            .prefix { $0.digest == $1.digest }.count
        #expect(shared == before.manifest.segments.count - 1)
        #expect(appended.prepared.newChunks <= 3)
        // Chunks, a segment's list and tree, manifest, four trees above, one commit.
        #expect(appended.result.writtenObjects <= 3 + 2 + 1 + 4 + 1)
        let summary = try changes(before, after).summary
        #expect(summary.added == 10 && summary.chunksRead <= 4)
    }

    @Test func `a table that grew and shrank equals one written at once`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(100..<900), "raw.t")
        try world.commit(try LongRows.rows(0..<1000), "raw.t")
        try world.commit(try LongRows.rows((0..<1000).filter { $0 % 100 != 7 }), "raw.t")
        let grown = try world.snapshot("raw.t")
        let other = try World()
        try other.commit(try LongRows.rows((0..<1000).filter { $0 % 100 != 7 }), "raw.t")
        let fresh = try other.snapshot("raw.t")
        #expect(grown.manifest.digest == fresh.manifest.digest)
        #expect(grown.tree == fresh.tree)
        #expect(grown.verify().problems.isEmpty)
    }

    @Test func `one deleted row rewrites two chunks at most`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<1000), "raw.t")
        for id in [0, 123, 500, 999] {
            let prepared = try world.commit(
                try LongRows.rows((0..<1000).filter { $0 != id }),
                "raw.t"
            ).prepared
            #expect((0...4).contains(prepared.newChunks), "\(id)")
        }
    }

    @Test func `column ids survive a rename and are never used twice`() throws {
        let world = try World()
        func write(_ names: [String], was: [String: String] = [:]) throws -> [Int] {
            let table = try schema(names.map { ($0, "int64") }, key: ["k"])
            let row = "{" + table.columns.map { "\"\($0.name)\":1" }.joined(separator: ",") + "}"
            try world.commit(try rowSet(table, [row]), "marts.t", was: was)
            return try world.snapshot("marts.t").schema.columns.map(\.id)
        }
        #expect(try write(["k", "a", "b"]) == [1, 2, 3])
        #expect(try write(["k", "x", "b"], was: ["x": "a"]) == [1, 2, 3])
        #expect(try write(["k", "x", "b"], was: ["x": "a"]) == [1, 2, 3])
        #expect(try write(["k", "x"]) == [1, 2])
        #expect(try write(["k", "x", "c"]) == [1, 2, 4])
    }

    @Test func `the digest of a table is pinned`() throws {
        let world = try World()
        let table = try schema(
            [
                ("day", "date"), ("name", "string"), ("n", "int64"), ("share", "double"),
                ("tags", "list<string>"),
            ],
            key: ["day", "name"]
        )
        let rows = try rowSet(
            table,
            [
                #"{"day":"2026-01-31","name":"é","n":3,"share":0.5,"tags":["a","b"]}"#,
                #"{"day":"2026-01-31","name":"z","n":null,"share":1e+30,"tags":[]}"#,
                #"{"day":"2025-12-01","name":"a","n":-7,"share":null,"tags":null}"#,
            ]
        )
        try world.commit(rows, "marts.golden")
        let snapshot = try world.snapshot("marts.golden")
        let segment = try #require(snapshot.manifest.segments.first)
        var text = "table \(snapshot.manifest.digest)\nsegment \(segment.digest)\n"
        for chunk in try snapshot.allChunks() { text += "chunk \(chunk.digest)\n" }
        text += String(decoding: snapshot.manifest.serialized(), as: UTF8.self)
        try expectGolden(text, "table.txt")
        #expect(snapshot.verify().problems.isEmpty)
    }

    private func prepare(_ world: World, _ rows: RowSet, threads: Int) throws -> PreparedTable {
        try world.store.write(
            SortedRows(rows),
            table: try TableName(parsing: "raw.t"),
            provenance: .null,
            previous: nil,
            into: ObjectBatch(repository: world.repository),
            threads: threads
        )
    }
}
