import Diagnostics
import Records
import TestSupport
import Testing

/// Merging builders that each have some of a table's rows.
struct PartsTests {
    /// Spreads rows, whose orders are their positions, over builders.
    private func merged(
        _ rows: [[TestValue]],
        _ schema: Schema,
        builders count: Int,
        limit: Int?,
        _ random: inout SeededRandom
    ) throws -> SortedRows {
        let limit = limit.map { SortLimit(bytes: $0, storage: MemoryRuns()) }
        var builders = (0..<count).map { _ in
            RowBuilder(schema: schema, limit: limit, isPart: true)
        }
        for (order, row) in rows.enumerated() {
            let index = random.int(0...count - 1)
            for value in row { try value.append(to: &builders[index]) }
            try builders[index].endRow(order: UInt64(order))
        }
        for index in builders.indices { try builders[index].finishPart() }
        let sorted = try SortedRows.merging(schema: schema, &builders)
        #expect(builders.isEmpty)
        return sorted
    }

    private func lines(_ rows: SortedRows) throws -> [String] {
        var lines: [String] = []
        try unsafe rows.forEach { (row, key, hash) in
            lines.append(
                unsafe "\(hash) \(Array(key)) \(String(decoding: row, as: UTF8.self))"
            )
        }
        return lines
    }

    @Test func `parts come out as one builder's rows do`() throws {
        var random = SeededRandom()
        for _ in 0..<60 {
            let schema = try random.schema()
            var keys: Set<[TestValue]> = []
            var rows: [[TestValue]] = []
            for _ in 0..<random.int(0...400) {
                let row = random.row(schema)
                let isNew = keys.insert(Array(row.prefix(schema.keyCount))).inserted
                if schema.isMultiset || isNew { rows.append(row) }
            }
            var one = RowBuilder(schema: schema)
            for row in rows {
                for value in row { try value.append(to: &one) }
                try one.endRow()
            }
            let expected = try lines(one.finishSorted())
            for limit in [nil, random.int(200...20_000)] {
                let count = random.int(1...5)
                let all = try merged(rows, schema, builders: count, limit: limit, &random)
                #expect(try lines(all) == expected)
            }
        }
    }

    @Test func `of rows with one key a failure shows the first two, whatever part has them`()
        throws
    {
        var random = SeededRandom()
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "v", type: .int64),
            ],
            key: ["k"],
            cutClass: .small
        )
        for _ in 0..<100 {
            var rows: [[TestValue]] = []
            for order in 0..<random.int(60...200) {
                rows.append([.int64(Int64(random.int(0...50))), .int64(Int64(order))])
            }
            let doubled = (0...50).filter { key in
                rows.count { $0[0] == .int64(Int64(key)) } > 1
            }
            let key = try #require(doubled.first)
            let orders = rows.indices.filter { rows[$0][0] == .int64(Int64(key)) }
            for limit in [nil, 500, 2_000] {
                let count = random.int(1...5)
                let failure = try #require(throws: Failure.self) {
                    try lines(merged(rows, schema, builders: count, limit: limit, &random))
                }
                #expect(failure.code == .duplicateKey)
                #expect(
                    failure.cause == "{\"k\":\(key),\"v\":\(orders[0])} and "
                        + "{\"k\":\(key),\"v\":\(orders[1])}"
                )
            }
        }
    }
}
