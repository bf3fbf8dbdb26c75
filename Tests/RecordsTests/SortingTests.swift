import Diagnostics
import Records
import Testing
import TestSupport

struct SortingTests {
    @Test func `sort keys compare as values do`() throws {
        var random = SeededRandom()
        for _ in 0..<150 {
            let type = random.columnType()
            // Without a key every type is compared, and nulls too.
            let schema = try Schema(
                columns: [Column(id: 1, name: "v", type: type)],
                key: [],
                cutClass: .small
            )
            var builder = RowBuilder(schema: schema)
            let values = (0..<40).map { _ in random.value(type, isNullable: true) }
            for value in values {
                try value.append(to: &builder)
                try builder.endRow()
            }
            let rows = builder.finish()
            for a in values.indices {
                for b in values.indices {
                    let left = rows.sortKey(a)
                    let right = rows.sortKey(b)
                    #expect(
                        left.lexicographicallyPrecedes(right) == values[a].precedes(values[b]),
                        "\(type): \(values[a]) and \(values[b])"
                    )
                    #expect((left == right) == (values[a] == values[b]))
                }
            }
        }
    }

    @Test func `rows come out in the order of their values`() throws {
        var random = SeededRandom()
        // One table so large that two threads sort it, whose rows must differ for that.
        let large = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "v", type: .string),
            ],
            key: ["v", "k"],
            cutClass: .large
        )
        for round in 0..<60 {
            let schema = round == 0 ? large : try random.schema()
            var builder = RowBuilder(schema: schema)
            var counts: [[TestValue]: Int] = [:]
            for _ in 0..<(round == 0 ? 36_000 : 300) {
                let row = random.row(schema)
                let key = schema.isMultiset ? row : Array(row.prefix(schema.keyCount))
                if !schema.isMultiset && counts[key] != nil { continue }
                counts[key, default: 0] += 1
                for value in row { try value.append(to: &builder) }
                try builder.endRow()
            }
            var rows = builder.finish()
            try rows.sort()
            let expected = counts.keys.sorted { a, b in
                a.lexicographicallyPrecedes(b) { $0.precedes($1) }
            }
            #expect(rows.count == expected.count)
            var keys = RowBuilder(schema: schema)
            var total = 0
            for (index, key) in expected.enumerated() {
                if schema.isMultiset {
                    let count = counts[key] ?? 0
                    #expect(text(rows.row(index)).hasSuffix(",\"_n\":\(count)}\n"))
                    for value in key { try value.append(to: &keys) }
                    try keys.endRow()
                }
                total += rows.rowLength(index)
                if index > 0 {
                    #expect(
                        rows.sortKey(index - 1).lexicographicallyPrecedes(rows.sortKey(index))
                    )
                }
            }
            #expect(rows.byteCount == total)
            guard schema.isMultiset else { continue }
            let plain = keys.finish()
            for index in 0..<plain.count {
                #expect(plain.sortKey(index) == rows.sortKey(index))
                #expect(plain.cutHash(index) == rows.cutHash(index))
                // Sorting again changes nothing.
            }
            let before = (0..<rows.count).map { rows.row($0) }
            try rows.sort()
            #expect((0..<rows.count).map { rows.row($0) } == before)
        }
    }

    private func keyed(_ rows: [(Int64, String, String)]) throws -> RowSet {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "v", type: .string), Column(id: 2, name: "k", type: .int64),
                Column(id: 3, name: "source", type: .string),
            ],
            key: ["k"],
            cutClass: .small
        )
        var builder = RowBuilder(schema: schema)
        for (key, value, source) in rows {
            try builder.int64(key)
            try builder.string(value)
            try builder.string(source)
            try builder.endRow()
        }
        return builder.finish()
    }

    @Test func `two rows with one key are refused by name`() throws {
        var rows = try keyed([(2, "a", "x"), (1, "b", "x"), (2, "c", "x")])
        do {
            try rows.sort()
            Issue.record("accepted")
        } catch {
            #expect(error.code == .duplicateKey)
            #expect(error.message == "Two rows have the key k = 2.")
            #expect(error.cause?.contains(#""v":"a""#) == true)
            #expect(error.cause?.contains(#""v":"c""#) == true)
        }
    }

    @Test func `the first of rows with one key stays and the others are counted`() throws {
        var rows = try keyed([
            (2, "a", "x"), (1, "b", "x"), (2, "a", "y"), (2, "c", "x"), (1, "b", "x"),
            (3, "d", "x"),
        ])
        let dropped = try rows.sortKeepingFirst(ignoring: ["source"])
        #expect(dropped == (equal: 2, conflicting: 1))
        #expect(
            (0..<rows.count).map { text(rows.row($0)) } == [
                "{\"k\":1,\"v\":\"b\",\"source\":\"x\"}\n",
                "{\"k\":2,\"v\":\"a\",\"source\":\"x\"}\n",
                "{\"k\":3,\"v\":\"d\",\"source\":\"x\"}\n",
            ]
        )
        #expect(rows.byteCount == (0..<rows.count).reduce(0) { $0 + rows.rowLength($1) })
        var strict = try keyed([(2, "a", "x"), (2, "a", "y"), (2, "a", "x")])
        #expect(try strict.sortKeepingFirst() == (equal: 1, conflicting: 1))
    }

    @Test func `a copy of rows is a value of its own`() throws {
        var rows = try keyed([(2, "a", "x")])
        var copy = rows
        try copy.append(row: bytes("{\"k\":1,\"v\":\"copy\",\"source\":\"x\"}\n"))
        try rows.append(row: bytes("{\"k\":1,\"v\":\"rows\",\"source\":\"x\"}\n"))
        try copy.sort()
        #expect(rows.count == 2 && copy.count == 2)
        #expect(text(rows.row(1)).contains("rows"))
        #expect(text(copy.row(0)).contains("copy"))
        #expect(text(copy.row(1)).contains("\"a\""))
    }

    @Test func `counts are summed, and refused beyond int64`() throws {
        let schema = try Schema(
            columns: [Column(id: 1, name: "v", type: .string)],
            key: [],
            cutClass: .small
        )
        var rows = RowSet(schema: schema)
        try rows.append(row: bytes("{\"v\":\"a\",\"_n\":2}\n"))
        try rows.append(row: bytes("{\"v\":null,\"_n\":1}\n"))
        try rows.append(row: bytes("{\"v\":\"a\",\"_n\":40}"))
        try rows.sort()
        #expect(text(rows.row(0)) == "{\"v\":null,\"_n\":1}\n")
        #expect(text(rows.row(1)) == "{\"v\":\"a\",\"_n\":42}\n")
        #expect(code { try rows.append(row: bytes("{\"v\":\"a\",\"_n\":0}")) } == .malformedRow)
        #expect(code { try rows.append(row: bytes("{\"v\":\"a\",\"_n\":null}")) } == .malformedRow)
        try rows.append(row: bytes("{\"v\":\"a\",\"_n\":9223372036854775807}"))
        #expect(code { try rows.sort() } == .malformedRow)
    }
}
