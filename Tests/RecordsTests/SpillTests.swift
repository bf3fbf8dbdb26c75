import Diagnostics
import Records
import Synchronization
import TestSupport
import Testing

/// Sorting rows that do not fit into memory.
struct SpillTests {
    /// Files in memory that count themselves.
    private final class MemoryStorage: RunStorage {
        let files = Atomic<Int>(0)

        func makeFile() -> any RunFile {
            files.add(1, ordering: .relaxed)
            return MemoryFile()
        }
    }

    private final class MemoryFile: RunFile {
        private let bytes = Mutex<[UInt8]>([])

        func append(_ more: [UInt8]) { bytes.withLock { $0 += more } }

        func read(_ count: Int, at offset: Int) -> [UInt8] {
            bytes.withLock { Array($0[offset..<offset + count]) }
        }
    }

    /// Every row's text and cut hash.
    private func lines(_ rows: SortedRows) throws -> [String] {
        var lines: [String] = []
        try unsafe rows.forEach { (row, _, hash) in
            lines.append(unsafe "\(hash) \(String(decoding: row, as: UTF8.self))")
        }
        return lines
    }

    @Test func `rows on disk come back as rows in memory do`() throws {
        var random = SeededRandom()
        var spilled = 0
        for _ in 0..<60 {
            let schema = try random.schema()
            let storage = MemoryStorage()
            let limit = SortLimit(bytes: random.int(200...8_000), storage: storage)
            var inMemory = RowBuilder(schema: schema)
            var onDisk = RowBuilder(schema: schema, limit: limit)
            var keys: Set<[TestValue]> = []
            for _ in 0..<random.int(0...400) {
                let row = random.row(schema)
                let isNew = keys.insert(Array(row.prefix(schema.keyCount))).inserted
                guard schema.isMultiset || isNew else { continue }
                for value in row {
                    try value.append(to: &inMemory)
                    try value.append(to: &onDisk)
                }
                try inMemory.endRow()
                try onDisk.endRow()
                #expect(onDisk.rowCount == inMemory.rowCount)
            }
            let expected = try inMemory.finishSorted()
            let rows = try onDisk.finishSorted()
            #expect(!expected.isSpilled)
            #expect(rows.isSpilled == (storage.files.load(ordering: .relaxed) > 0))
            spilled += rows.isSpilled ? 1 : 0
            let lines = try lines(expected)
            #expect(try self.lines(rows) == lines)
            // A second reading starts anew.
            #expect(try self.lines(rows) == lines)
        }
        #expect(spilled > 30)
    }

    @Test func `two rows of one key in different runs are found`() throws {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "v", type: .string),
            ],
            key: ["k"],
            cutClass: .small
        )
        let limit = SortLimit(bytes: 1_000, storage: MemoryStorage())
        var builder = RowBuilder(schema: schema, limit: limit)
        for index in 0..<1_000 {
            try builder.int64(Int64(index == 999 ? 7 : index))
            try builder.string("row \(index)")
            try builder.endRow()
        }
        let rows = try builder.finishSorted()
        #expect(rows.isSpilled)
        let failure = try #require(throws: Failure.self) { try lines(rows) }
        #expect(failure.code == .duplicateKey)
        #expect(failure.message.contains("k = 7"))
        #expect(
            failure.cause?.contains("row 7") == true && failure.cause?.contains("row 999") == true
        )
    }
}
