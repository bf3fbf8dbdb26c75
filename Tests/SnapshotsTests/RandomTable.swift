import Codecs
import Records
import TestSupport

/// A random schema and two versions of a random table of it.
struct RandomTable {
    let schema: Schema
    let before: RowSet
    let after: RowSet

    init(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let keyCount = random.int(0...3)
        var columns: [Column] = []
        for index in 0..<(keyCount + random.int(keyCount == 0 ? 1...4 : 0...4)) {
            let type =
                index < keyCount
                ? Self.keyTypes[random.int(0...Self.keyTypes.count - 1)]
                : Self.types[random.int(0...Self.types.count - 1)]
            columns.append(
                Column(
                    id: index + 1,
                    name: "c\(index)",
                    type: try ColumnType(parsing: type),
                    isNullable: index >= keyCount && random.oneIn(2)
                )
            )
        }
        schema = try Schema(
            columns: columns,
            key: (0..<keyCount).map { "c\($0)" },
            cutClass: random.oneIn(4) ? .large : .small
        )
        let isLong = random.oneIn(2)
        // Each row in two spellings with one key, so that rows can change.
        var first = RowBuilder(schema: schema)
        var second = RowBuilder(schema: schema)
        let count = random.oneIn(10) ? 0 : random.int(1...400)
        var places: [(before: Bool, after: Bool)] = []
        for _ in 0..<count {
            var one = random
            var two = random
            for (index, column) in schema.dataColumns.enumerated() {
                if index == keyCount, random.oneIn(8) { two = SeededRandom(seed: random.next()) }
                try Self.append(column, isLong, &one, &first)
                try Self.append(column, isLong, &two, &second)
            }
            try first.endRow()
            try second.endRow()
            random = SeededRandom(seed: random.next())
            places.append((!random.oneIn(12), !random.oneIn(12)))
        }
        let firstRows = first.finish()
        let secondRows = second.finish()
        var before = RowSet(schema: schema)
        var after = RowSet(schema: schema)
        for (index, place) in places.enumerated() {
            if place.before { try before.append(row: Self.line(firstRows, index)) }
            if place.after { try after.append(row: Self.line(secondRows, index)) }
        }
        if schema.isMultiset {
            try before.sort()
            try after.sort()
        } else {
            _ = try before.sortKeepingFirst()
            _ = try after.sortKeepingFirst()
        }
        self.before = before
        self.after = after
    }

    private static func line(_ rows: RowSet, _ index: Int) -> [UInt8] {
        let line = rows.row(index)
        return line.last == UInt8(ascii: "\n") ? line : line + [UInt8(ascii: "\n")]
    }

    private static let keyTypes = [
        "int64", "string", "bool", "date", "timestamp", "bytes", "uint256", "decimal(20,3)",
    ]
    private static let types =
        keyTypes + ["double", "json", "list<string>", "list<int64>", "string"]

    private static func append(
        _ column: Column,
        _ isLong: Bool,
        _ random: inout SeededRandom,
        _ builder: inout RowBuilder
    ) throws {
        if column.isNullable, random.oneIn(4) {
            try builder.null()
        } else {
            try append(column.type, isLong, &random, &builder)
        }
    }

    private static func append(
        _ type: ColumnType,
        _ isLong: Bool,
        _ random: inout SeededRandom,
        _ builder: inout RowBuilder
    ) throws {
        switch type {
        case .bool: try builder.bool(random.oneIn(2))
        case .int64:
            try builder.int64(
                random.oneIn(2) ? Int64(random.int(-50...50)) : Int64(bitPattern: random.next())
            )
        case .double: try builder.double(Double(random.int(-1000...1000)) / 8)
        case .decimal: try builder.decimal(unscaled: Int128(random.int(-100_000...100_000)))
        case .uint256: try builder.uint256(digits: String(random.next()))
        case .string:
            // Long texts repeat: making every character anew would take most of the time.
            let times = isLong && random.oneIn(3) ? random.int(1...600) : 1
            let text = String(repeating: random.text(upTo: 20), count: times)
            try builder.string(text)
        case .bytes: try builder.bytes(random.bytes(random.int(0...30)))
        case .date: try builder.date(days: Int32(random.int(-10_000...30_000)))
        case .timestamp:
            try builder.timestamp(micros: Int64(random.int(-1_000_000...1_000_000_000)) * 1_000_100)
        case .list(let element):
            try builder.beginList()
            for _ in 0..<random.int(0...4) { try append(element, false, &random, &builder) }
            try builder.endList()
        case .json:
            let text = #"{"b":\#(random.int(0...9)),"a":["x",null]}"#
            try builder.json(canonical: try CanonicalJSON.format(parsing: Array(text.utf8)))
        }
    }
}
