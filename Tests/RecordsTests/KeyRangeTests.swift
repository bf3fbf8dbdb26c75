import Diagnostics
import Records
import Testing
import TestSupport

/// Where parts of a table lie by their statistics, and where rows lie in a text.
struct KeyRangeTests {
    private func schema(_ types: [String], key: Int) throws -> Schema {
        var columns: [Column] = []
        for (index, type) in types.enumerated() {
            columns.append(
                Column(id: index + 1, name: "c\(index)", type: try ColumnType(parsing: type))
            )
        }
        return try Schema(
            columns: columns,
            key: (0..<key).map { "c\($0)" },
            cutClass: .small
        )
    }

    private func range(_ schema: Schema, _ rows: [[String]]) throws -> KeyRange {
        let lines = rows.map { cells in
            let members = zip(schema.columns, cells).map { "\"\($0.name)\":\($1)" }
            return bytes("{\(members.joined(separator: ","))}\n")
        }
        return KeyRange(try StatisticsBuilder.of(lines, schema), schema: schema)
    }

    @Test func `later columns tell apart what has one value in those before`() throws {
        let schema = try schema(["int64", "string", "date"], key: 2)
        let day = "\"2026-01-01\""
        let a = try range(schema, [["1", "\"a\"", day], ["1", "\"c\"", day]])
        let b = try range(schema, [["1", "\"d\"", day], ["1", "\"e\"", day]])
        let both = try range(schema, [["1", "\"x\"", day], ["2", "\"a\"", day]])
        let last = try range(schema, [["2", "\"b\"", day], ["3", "\"a\"", day]])
        #expect(a.precedes(b) && !b.precedes(a))
        // What holds of all rows need not hold of those with the first value.
        #expect(!b.precedes(both) && !both.precedes(last))
        #expect(!a.precedes(a) && !both.precedes(both))
        #expect(a.precedes(last) && !last.precedes(a))
    }

    @Test func `bounds that are cut do not tell texts apart`() throws {
        let schema = try schema(["string", "int64"], key: 1)
        let long = "https://example.org/"
        let a = try range(schema, [["\"\(long)a\"", "1"]])
        let b = try range(schema, [["\"\(long)b\"", "1"]])
        let c = try range(schema, [["\"i\"", "1"]])
        #expect(!a.precedes(b) && !b.precedes(a))
        #expect(a.precedes(c) && !c.precedes(b))
    }

    @Test func `a type without bounds, and no key, tell nothing`() throws {
        let bytes = try schema(["bytes", "int64"], key: 2)
        let one = try range(bytes, [["\"AA==\"", "1"]])
        let two = try range(bytes, [["\"BA==\"", "2"]])
        #expect(!one.precedes(two) && !two.precedes(one))
        let none = try schema(["int64"], key: 0)
        let low = KeyRange(
            [.init(minimum: nil, maximum: nil, nulls: 0, set: nil)],
            schema: none
        )
        #expect(!low.precedes(low))
    }

    @Test func `parts in order never precede what comes before them`() throws {
        var random = SeededRandom()
        for _ in 0..<200 {
            let schema = try schema(["int64", "string", "int64"], key: 3)
            let names = [
                "\"a\"", "\"much longer than sixteen, 1\"", "\"much longer than sixteen, 2\"",
            ]
            var rows = (0..<random.int(2...20)).map { _ in
                (random.int(-2...2), random.int(0...2), random.int(-9...9))
            }
            rows.sort { $0 < $1 }
            let parts = stride(from: 0, to: rows.count, by: 3).map {
                rows[$0..<min($0 + 3, rows.count)]
            }
            let ranges = try parts.map { part in
                try range(schema, part.map { ["\($0.0)", names[$0.1], "\($0.2)"] })
            }
            for (low, lower) in ranges.enumerated() {
                for (high, upper) in ranges.enumerated() where low <= high {
                    #expect(!upper.precedes(lower))
                    guard let last = parts[low].last, let first = parts[high].first else {
                        continue
                    }
                    if low < high, last.0 < first.0 { #expect(lower.precedes(upper)) }
                }
            }
        }
    }

    @Test func `rows are found by halving`() throws {
        var random = SeededRandom()
        let schema = try schema(["int64", "string"], key: 1)
        let reader = RowReader(schema: schema)
        for count in 0..<40 {
            var text: [UInt8] = []
            var starts: [Int] = []
            for number in 0..<count {
                starts.append(text.count)
                let filler = String(repeating: "x", count: random.int(0...200))
                text += bytes("{\"c0\":\(2 * number),\"c1\":\"\(filler)\"}\n")
            }
            func key(_ value: Int) throws -> [UInt8] {
                let row = bytes("{\"c0\":\(value),\"c1\":\"\"}")
                return try reader.sortKey(ofRow: 0..<row.count, in: row)
            }
            for value in -1...(2 * count) {
                let index = max(value + 1, 0) / 2
                let expected = index < count ? starts[index] : text.count
                #expect(try reader.start(ofRowsFrom: key(value), in: text) == expected)
            }
        }
    }
}
