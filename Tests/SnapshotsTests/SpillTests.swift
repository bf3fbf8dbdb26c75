import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

/// Writing tables whose rows went to disk.
struct SpillTests {
    private func rows(_ range: Range<Int>, storage: (any RunStorage)?) throws -> SortedRows {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "v", type: .string),
            ],
            key: ["k"],
            cutClass: .small
        )
        var builder = RowBuilder(
            schema: schema,
            limit: storage.map { SortLimit(bytes: 256 << 10, storage: $0) }
        )
        // From the last to the first, so that every run overlaps none and all need merging.
        for index in range.reversed() {
            let k = Int64(index &* 7_919 % range.count + range.lowerBound)
            try builder.int64(k)
            try builder.string("row \(k) " + String(repeating: "x", count: Int(k % 90)))
            try builder.endRow()
        }
        return try builder.finishSorted()
    }

    @Test func `a table from disk is the table from memory, and reuses as it does`() throws {
        let world = try World()
        let storage = SpillFolder(path: world.folder.path("spill"))
        let table = try TableName(parsing: "marts.t")
        let spilled = try rows(0..<30_000, storage: storage)
        let memory = try rows(0..<30_000, storage: nil)
        #expect(spilled.isSpilled && !memory.isSpilled)
        var trees: [ObjectID] = []
        var batches: [ObjectBatch] = []
        for (rows, threads) in [(spilled, 1), (memory, 2)] {
            let batch = ObjectBatch(repository: world.repository)
            let written = try world.store.write(
                rows,
                table: table,
                provenance: .object([]),
                previous: nil,
                into: batch,
                threads: threads
            )
            #expect(written.rows == 30_000)
            #expect(written.segmentCount > 1 && written.chunkCount > written.segmentCount)
            #expect(try SnapshotStore.digest(of: rows) == written.digest)
            trees.append(written.tree)
            batches.append(batch)
            // What is written can be read before it is published.
            let snapshot = try world.store.snapshot(written, in: batch)
            #expect(try snapshot.rowSet().firstDifference(from: memory.rowSet()) == nil)
        }
        #expect(trees[0] == trees[1])
        // The next version differs at its end only.
        _ = try batches[0].write()
        let base = try #require(try world.store.snapshot(table, tree: trees[0]))
        let more = try world.store.write(
            try rows(0..<30_010, storage: storage),
            table: table,
            provenance: .object([]),
            previous: base,
            into: ObjectBatch(repository: world.repository)
        )
        #expect(more.rows == 30_010)
        let same = try world.store.write(
            spilled,
            table: table,
            provenance: .object([]),
            previous: base,
            into: ObjectBatch(repository: world.repository)
        )
        #expect(same.newChunks == 0 && same.tree == trees[0])
        let left = try FileManager.default.contentsOfDirectory(atPath: world.folder.path("spill"))
        #expect(left.isEmpty)
    }

    @Test func `a folder that takes no file is one clear failure`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("x", "file")
        let failure = try #require(throws: Failure.self) {
            try rows(0..<30_000, storage: SpillFolder(path: folder.path("file")))
        }
        #expect(failure.code == .spillFailed)
        #expect(failure.hint?.contains("--memory") == true)
    }
}
