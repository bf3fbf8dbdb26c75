import Codecs
import Records
import TestSupport
import Testing

/// What parts of a table a filter passes over.
struct RowFilterTests {
    private let schema: Schema

    init() throws {
        schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "s", type: .string),
            ],
            key: ["k"],
            cutClass: .small
        )
    }

    /// Whether a part of rows `k`, `s` may match.
    private func mayMatch(_ filter: RowFilter, _ rows: [(Int, String?)]) throws -> Bool {
        let lines = rows.map { k, s in
            let cell = s.map { JSONValue.string($0).serialized() } ?? "null"
            return bytes("{\"k\":\(k),\"s\":\(cell)}\n")
        }
        let statistics = try StatisticsBuilder.of(lines, schema)
        return filter.mayMatch(statistics, rows: rows.count, schema: schema)
    }

    private func int(_ value: Int) throws -> RowFilter.Value {
        try #require(RowFilter.Value(cell: bytes("\(value)"), type: .int64))
    }

    private func string(_ value: String) throws -> RowFilter.Value {
        let cell = bytes(JSONValue.string(value).serialized())
        return try #require(RowFilter.Value(cell: cell, type: .string))
    }

    @Test func `bounds decide, each end as the comparison says`() throws {
        let part = (10...29).map { ($0, nil as String?) }
        func at(_ comparison: RowFilter.Comparison, _ value: Int) throws -> Bool {
            try mayMatch(.compare(column: 0, comparison, int(value)), part)
        }
        #expect(try !at(.equal, 9) && at(.equal, 10) && at(.equal, 29) && !at(.equal, 30))
        #expect(try !at(.less, 10) && at(.less, 11))
        #expect(try !at(.lessOrEqual, 9) && at(.lessOrEqual, 10))
        #expect(try !at(.greater, 29) && at(.greater, 28))
        #expect(try !at(.greaterOrEqual, 30) && at(.greaterOrEqual, 29))
        #expect(try at(.notEqual, 10))
    }

    @Test func `sets decide between bounds`() throws {
        let part = [1, 5, 9].map { ($0, "x" as String?) }
        #expect(try !mayMatch(.compare(column: 0, .equal, int(6)), part))
        #expect(try mayMatch(.compare(column: 0, .equal, int(5)), part))
        #expect(try !mayMatch(.compare(column: 1, .notEqual, string("x")), part))
        #expect(try mayMatch(.compare(column: 0, .notEqual, int(5)), part))
    }

    @Test func `no comparison holds of null`() throws {
        let nulls = (1...3).map { ($0, nil as String?) }
        #expect(try mayMatch(.isNull(column: 1), nulls))
        #expect(try !mayMatch(.isNotNull(column: 1), nulls))
        #expect(try !mayMatch(.isNull(column: 0), nulls))
        #expect(try !mayMatch(.compare(column: 1, .notEqual, string("a")), nulls))
        #expect(try !mayMatch(.hasPrefix(column: 1, []), nulls))
        let mixed = [(1, nil), (2, "a" as String?)]
        #expect(try mayMatch(.isNull(column: 1), mixed) && mayMatch(.isNotNull(column: 1), mixed))
    }

    @Test func `long strings have short bounds, which hide no row`() throws {
        let long = "abcdefghijklmnop" + "q"
        // More than a set holds, all with bounds cut after sixteen bytes.
        let part = (0..<12).map { ($0, "\(long)\($0 % 10)\($0)" as String?) }
        #expect(try mayMatch(.hasPrefix(column: 1, bytes(long)), part))
        #expect(try mayMatch(.hasPrefix(column: 1, bytes("\(long)5")), part))
        #expect(try mayMatch(.hasPrefix(column: 1, bytes("abc")), part))
        #expect(try !mayMatch(.hasPrefix(column: 1, bytes("abd")), part))
        #expect(try !mayMatch(.hasPrefix(column: 1, bytes("abcdefghijklmnoo")), part))
        #expect(try !mayMatch(.hasPrefix(column: 1, bytes("b")), part))
        #expect(try mayMatch(.compare(column: 1, .equal, string("\(long)00")), part))
        #expect(try !mayMatch(.compare(column: 1, .less, string("abcdefghijklmnop")), part))
    }

    @Test func `an empty part has no row, and filters combine`() throws {
        #expect(try !mayMatch(.all, []) && mayMatch(.all, [(1, nil)]))
        let (one, two) = try (
            RowFilter.compare(column: 0, .equal, int(1)),
            RowFilter.compare(column: 0, .equal, int(2))
        )
        #expect(try mayMatch(.or([one, two]), [(2, nil)]))
        #expect(try !mayMatch(.and([one, two]), [(2, nil)]))
        #expect(try !mayMatch(.or([]), [(2, nil)]) && mayMatch(.and([]), [(2, nil)]))
    }

    /// A condition, written down a second time: on values, not on texts.
    private indirect enum Condition {
        case isNull(Int)
        case isNotNull(Int)
        case compare(Int, RowFilter.Comparison, TestValue)
        case hasPrefix(Int, [UInt8])
        case and(Condition, Condition)
        case or(Condition, Condition)

        func holds(_ row: [TestValue]) -> Bool {
            switch self {
            case .isNull(let column): return row[column] == .null
            case .isNotNull(let column): return row[column] != .null
            case .and(let one, let other): return one.holds(row) && other.holds(row)
            case .or(let one, let other): return one.holds(row) || other.holds(row)
            case .hasPrefix(let column, let prefix):
                guard case .string(let utf8) = row[column] else { return false }
                return utf8.starts(with: prefix)
            case .compare(let column, let comparison, let value):
                let cell = row[column]
                guard cell != .null else { return false }
                return switch comparison {
                case .equal: cell == value
                case .notEqual: cell != value
                case .less: cell.precedes(value)
                case .lessOrEqual: !value.precedes(cell)
                case .greater: value.precedes(cell)
                case .greaterOrEqual: !cell.precedes(value)
                }
            }
        }

        func filter(_ schema: Schema) throws -> RowFilter {
            switch self {
            case .isNull(let column): return .isNull(column: column)
            case .isNotNull(let column): return .isNotNull(column: column)
            case .and(let one, let other):
                return .and([try one.filter(schema), try other.filter(schema)])
            case .or(let one, let other):
                return .or([try one.filter(schema), try other.filter(schema)])
            case .hasPrefix(let column, let prefix):
                return .hasPrefix(column: column, prefix)
            case .compare(let column, let comparison, let value):
                let type = schema.columns[column].type
                let cell = try Self.cell(value, type)
                let key = try #require(RowFilter.Value(cell: cell, type: type))
                return .compare(column: column, comparison, key)
            }
        }

        private static func cell(_ value: TestValue, _ type: ColumnType) throws -> [UInt8] {
            let column = Column(id: 1, name: "c", type: type, isNullable: true)
            let schema = try Schema(columns: [column], key: [], cutClass: .small)
            var builder = RowBuilder(schema: schema)
            try value.append(to: &builder)
            try builder.endRow()
            let row = builder.finish().row(0)
            return Array(row[try RowReader(schema: schema).cells(row)[0]])
        }
    }

    @Test(arguments: 0..<300)
    func `no part with a row that is asked for is passed over`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let schema = try random.schema()
        var rows: [[TestValue]] = []
        for _ in 0..<random.int(1...(random.oneIn(2) ? 5 : 40)) { rows.append(random.row(schema)) }
        var builder = RowBuilder(schema: schema)
        for row in rows {
            for value in row { try value.append(to: &builder) }
            try builder.endRow()
        }
        let set = builder.finish()
        let statistics = try StatisticsBuilder.of((0..<set.count).map { set.row($0) }, schema)
        for _ in 0..<40 {
            let condition = condition(schema, rows, &random)
            let filter = try condition.filter(schema)
            let mayMatch = filter.mayMatch(statistics, rows: set.count, schema: schema)
            #expect(
                mayMatch || !rows.contains { condition.holds($0) },
                "seed \(seed): \(condition) of \(rows)"
            )
        }
    }

    private func condition(
        _ schema: Schema,
        _ rows: [[TestValue]],
        _ random: inout SeededRandom,
        depth: Int = 0
    ) -> Condition {
        if depth < 3 && random.oneIn(3) {
            let one = condition(schema, rows, &random, depth: depth + 1)
            let other = condition(schema, rows, &random, depth: depth + 1)
            return random.oneIn(2) ? .and(one, other) : .or(one, other)
        }
        let column = random.int(0...(schema.dataColumns.count - 1))
        if random.oneIn(6) { return random.oneIn(2) ? .isNull(column) : .isNotNull(column) }
        // Values that are there, and others near them.
        var value = rows[random.int(0...(rows.count - 1))][column]
        while value == .null || random.oneIn(3) {
            value = random.value(schema.columns[column].type, isNullable: false)
        }
        if case .string(let utf8) = value, random.oneIn(2) {
            let scalars = String(decoding: utf8, as: UTF8.self).unicodeScalars
            let prefix = scalars.prefix(random.int(0...max(scalars.count, 1)))
            return .hasPrefix(column, Array(String(prefix).utf8))
        }
        let comparisons: [RowFilter.Comparison] = [
            .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
        ]
        return .compare(column, comparisons[random.int(0...5)], value)
    }
}
