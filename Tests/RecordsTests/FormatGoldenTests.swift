import Codecs
import Records
import Testing
import TestSupport

/// Pins of the format: none of these may ever change for version 1.
///
/// A change here is a new version of the format, with a migration.
struct FormatGoldenTests {
    private func schema(docs: Bool = false, ids: Int = 0) throws -> Schema {
        try Schema(
            columns: [
                Column(
                    id: 1 + ids,
                    name: "name",
                    type: .string,
                    isNullable: true,
                    doc: docs ? "A name." : nil
                ),
                Column(id: 2 + ids, name: "day", type: .date, isNullable: false),
                Column(id: 3 + ids, name: "id", type: .int64, isNullable: false),
                Column(id: 4 + ids, name: "amount", type: .decimal(precision: 38, scale: 9)),
                Column(id: 5 + ids, name: "share", type: .double),
                Column(id: 6 + ids, name: "tags", type: .list(.string)),
                Column(id: 7 + ids, name: "document", type: .json),
            ],
            key: ["day", "id"],
            cutClass: .small
        )
    }

    private func rows(_ count: Int) throws -> RowSet {
        var builder = RowBuilder(schema: try schema())
        for index in 0..<count {
            try builder.date(days: Int32(20_000 + index / 100))
            try builder.int64(Int64(index))
            try builder.string("naïve \"name\" \(index)\n")
            try builder.decimal(unscaled: Int128(index) * 1_000_000_007 - 5)
            try builder.double(Double(index) / 7)
            if index % 5 == 0 {
                try builder.null()
            } else {
                try builder.beginList()
                for tag in 0..<(index % 3) { try builder.string("tag \(tag)") }
                try builder.endList()
            }
            try builder.json(canonical: bytes("{\"a\":[\(index),null],\"é\":\"\\u0001\"}"))
            try builder.endRow()
        }
        var rows = builder.finish()
        try rows.sort()
        return rows
    }

    @Test func `a row, its hash and its key`() throws {
        let row = try rows(8).row(7)
        #expect(
            text(row) == #"{"day":"2024-10-04","id":7,"name":"naïve \"name\" 7\n","#
                + #""amount":"7.000000044","share":1,"tags":["tag 0"],"document":{"a":[7,null],"é":"\u0001"}}"#
                + "\n"
        )
        let hash = try RowReader(schema: schema()).hash(row)
        #expect(hash == sipHash24(bytes(#"["2024-10-04",7]"#)))
    }

    @Test func `the digests of chunks, segments, tables and warehouses`() throws {
        let schema = try schema()
        let chunk = try SnapshotDigests.chunk((0..<3).flatMap { index in try rows(3).row(index) })
        let segment = SnapshotDigests.segment(chunks: [(chunk, 3), (Digest.of("x"), 12)])
        let table = SnapshotDigests.table(schema: schema, segments: [(segment, 15)])
        let warehouse = SnapshotDigests.warehouse([
            ("marts.b", table), ("meta.runs", chunk), ("marts.a", segment),
        ])
        let noKey = try Schema(
            columns: [Column(id: 1, name: "v", type: .list(.uint256))],
            key: [],
            cutClass: .large
        )
        try expectGolden(
            """
            chunk \(chunk)
            segment \(segment)
            table \(table)
            warehouse \(warehouse)
            empty table without key \(SnapshotDigests.table(schema: noKey, segments: []))
            empty warehouse \(SnapshotDigests.warehouse([]))

            """,
            "digests.txt"
        )
    }

    @Test func `the lines under a digest`() throws {
        let schema = try schema()
        let chunk = Digest.of("chunk")
        #expect(
            SnapshotDigests.segment(chunks: [(chunk, 3), (chunk, 12)])
                == .of("chunk \(chunk.hex) 3\nchunk \(chunk.hex) 12\n")
        )
        #expect(
            SnapshotDigests.table(schema: schema, segments: [(chunk, 15)])
                == .of(
                    """
                    format osodata.snapshot/1
                    class small
                    column day date false
                    column id int64 false
                    column name string true
                    column amount decimal(38,9) true
                    column share double true
                    column tags list<string> true
                    column document json true
                    key day
                    key id
                    segment \(chunk.hex) 15

                    """
                )
        )
        #expect(
            SnapshotDigests.warehouse([("marts.b", chunk), ("meta.a", chunk), ("marts.a_b", chunk)])
                == .of("marts.a_b \(chunk.hex)\nmarts.b \(chunk.hex)\n")
        )
    }

    @Test func `docs and column ids are in no digest`() throws {
        let plain = SnapshotDigests.table(schema: try schema(), segments: [])
        #expect(
            SnapshotDigests.table(schema: try schema(docs: true, ids: 90), segments: []) == plain
        )
    }

    @Test func `where a table is cut`() throws {
        let rows = try rows(20_000)
        var cutter = Cutter(cutClass: .small)
        var lines = ""
        var inChunk = 0
        for index in 0..<rows.count {
            let cut = cutter.next(rowLength: rows.rowLength(index), hash: rows.cutHash(index))
            if cut.chunkBefore {
                lines += "chunk of \(inChunk)\n"
                inChunk = 0
            }
            inChunk += 1
            if cut.chunkAfter {
                lines += "chunk of \(inChunk)\n"
                inChunk = 0
            }
            if cut.segmentAfter { lines += "segment ends\n" }
        }
        lines += "chunk of \(inChunk)\n"
        try expectGolden(lines, "cuts.txt")
    }

    @Test func `a long row is a chunk, and rows of any length are cut alike`() throws {
        var cutter = Cutter(cutClass: .small)
        // The highest hash gives 49,151 of 49,152: only rows from that length on end a chunk.
        #expect(cutter.next(rowLength: 300_000, hash: .max) == (false, true, false))
        for _ in 0..<8 {
            #expect(cutter.next(rowLength: 32_768, hash: .max) == (false, false, false))
        }
        // Now the chunk has 4 T = 262,144 bytes.
        #expect(cutter.next(rowLength: 1, hash: .max) == (true, false, false))
        #expect(cutter.next(rowLength: 1, hash: 0) == (false, true, true))
        // 3T/4 = 49,152: high64(h × 49,152) = 99 for h = 99 × 2^64 / 49,152 rounded up.
        let hash = UInt64.max / 49_152 * 99 + 99
        #expect(cutter.next(rowLength: 16_283, hash: .max) == (false, false, false))
        #expect(cutter.next(rowLength: 100, hash: hash) == (false, false, false))
        #expect(cutter.next(rowLength: 100, hash: hash) == (false, true, false))
        var random = SeededRandom(seed: 1)
        for length in [60, 5_000] {
            var cutter = Cutter(cutClass: .small)
            var chunks = 0
            let rows = (64 << 20) / length
            for _ in 0..<rows {
                let cut = cutter.next(rowLength: length, hash: random.next())
                chunks += (cut.chunkBefore ? 1 : 0) + (cut.chunkAfter ? 1 : 0)
            }
            // About T: T/4 and then 3T/4 on average.
            #expect((800...1200).contains(chunks), "\(chunks) chunks of rows of \(length)")
        }
    }
}
