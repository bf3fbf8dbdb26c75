import Codecs
import Diagnostics
import Records
import TestSupport

/// A typed value, as tests compare and build them without looking at any text.
indirect enum TestValue: Hashable {
    case null
    case bool(Bool)
    case int64(Int64)
    case double(UInt64)
    case decimal(Int128)
    case uint256([UInt8])
    case string([UInt8])
    case bytes([UInt8])
    case date(Int32)
    case timestamp(Int64)
    case json([UInt8])
    case list([TestValue])

    /// The format's order, written down a second time: by values, not by keys.
    func precedes(_ other: TestValue) -> Bool {
        switch (self, other) {
        case (_, .null): false
        case (.null, _): true
        case (.bool(let a), .bool(let b)): !a && b
        case (.int64(let a), .int64(let b)): a < b
        case (.double(let a), .double(let b)): Double(bitPattern: a) < Double(bitPattern: b)
        case (.decimal(let a), .decimal(let b)): a < b
        case (.uint256(let a), .uint256(let b)):
            a.count == b.count ? a.lexicographicallyPrecedes(b) : a.count < b.count
        case (.string(let a), .string(let b)), (.bytes(let a), .bytes(let b)),
            (.json(let a), .json(let b)):
            a.lexicographicallyPrecedes(b)
        case (.date(let a), .date(let b)): a < b
        case (.timestamp(let a), .timestamp(let b)): a < b
        case (.list(let a), .list(let b)):
            a.lexicographicallyPrecedes(b) { $0.precedes($1) }
        default: false
        }
    }

    func append(to builder: inout RowBuilder) throws(Failure) {
        switch self {
        case .null: try builder.null()
        case .bool(let value): try builder.bool(value)
        case .int64(let value): try builder.int64(value)
        case .double(let bits): try builder.double(Double(bitPattern: bits))
        case .decimal(let value): try builder.decimal(unscaled: value)
        case .uint256(let digits):
            try builder.uint256(digits: String(decoding: digits, as: UTF8.self))
        case .string(let utf8): try builder.string(utf8: utf8)
        case .bytes(let bytes): try builder.bytes(bytes)
        case .date(let days): try builder.date(days: days)
        case .timestamp(let micros): try builder.timestamp(micros: micros)
        case .json(let text): try builder.json(canonical: text)
        case .list(let elements):
            try builder.beginList()
            for element in elements { try element.append(to: &builder) }
            try builder.endList()
        }
    }
}

extension SeededRandom {
    mutating func columnType(depth: Int = 0) -> ColumnType {
        switch int(0...(depth < 2 ? 10 : 9)) {
        case 0: return .bool
        case 1: return .int64
        case 2: return .double
        case 3:
            let precision = int(1...38)
            return .decimal(precision: precision, scale: int(0...precision))
        case 4: return .uint256
        case 5: return .string
        case 6: return .bytes
        case 7: return .date
        case 8: return .timestamp
        case 9: return .json
        default: return .list(columnType(depth: depth + 1))
        }
    }

    mutating func schema() throws -> Schema {
        let columns = (1...int(1...8)).map { id in
            Column(id: id, name: "c\(id)", type: columnType(), isNullable: oneIn(2))
        }
        let key = columns.filter { $0.type.canBeKey && oneIn(3) }.map(\.name).shuffled(using: &self)
        return try Schema(columns: columns, key: key, cutClass: oneIn(2) ? .large : .small)
    }

    /// Few different values, so that they meet often, and the ends of each type.
    mutating func value(_ type: ColumnType, isNullable: Bool) -> TestValue {
        if isNullable && oneIn(4) { return .null }
        switch type {
        case .bool: return .bool(oneIn(2))
        case .int64:
            return .int64(
                oneIn(8)
                    ? [Int64.min, Int64.max][int(0...1)]
                    : Int64(bitPattern: next()) >> Int64(int(0...62))
            )
        case .double:
            let value = oneIn(2) ? Double(bitPattern: next()) : Double(int(-3...3)) / 2
            return .double((value.isFinite && value != 0 ? value : 0).bitPattern)
        case .decimal(let precision, _):
            let value = Int128(bitPattern: UInt128(next()) << 64 | UInt128(next())) >> int(0...127)
            var limit: Int128 = 1
            for _ in 0..<precision { limit *= 10 }
            return .decimal(oneIn(8) ? limit - 1 : value % limit)
        case .uint256:
            let digits = (0..<int(1...77)).map { _ in UInt8(48 + int(0...9)) }
            let text = Array(digits.drop { $0 == 48 })
            return .uint256(text.isEmpty ? [48] : text)
        case .string: return .string(Array(text(upTo: oneIn(3) ? 30 : 3).utf8))
        case .bytes: return .bytes((0..<int(0...4)).map { _ in oneIn(2) ? 0 : UInt8(int(0...255)) })
        case .date: return .date(Int32(int(-719_162...2_932_896)))
        case .timestamp:
            let micros = Int64.random(in: CellText.timestampRange, using: &self)
            return .timestamp(oneIn(2) ? micros / 1_000_000 * 1_000_000 : micros)
        case .json:
            let text = oneIn(2) ? "{\"b\":[1,2.5,null],\"a\":\"x\"}" : "\(int(-5...5))"
            return .json((try? CanonicalJSON.format(parsing: Array(text.utf8))) ?? [48])
        case .list(let element):
            return .list((0..<int(0...3)).map { _ in value(element, isNullable: true) })
        }
    }

    mutating func row(_ schema: Schema) -> [TestValue] {
        schema.dataColumns.map { value($0.type, isNullable: $0.isNullable) }
    }
}

/// Shorter calls of what takes pointers.
extension RowReader {
    func cells(_ row: [UInt8]) throws(Failure) -> [Range<Int>] {
        var cells: [Range<Int>] = []
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe self.cells(row, into: &cells)
        }
        return cells
    }

    func check(_ row: [UInt8]) throws(Failure) {
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe validate(row)
        }
    }

    func key(_ row: [UInt8]) throws(Failure) -> [UInt8] {
        let cells = try cells(row)
        return try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) -> [UInt8] in
            try unsafe sortKey(row, cells)
        }
    }

    func hash(_ row: [UInt8]) throws(Failure) -> UInt64 {
        let cells = try cells(row)
        return unsafe row.withUnsafeBufferPointer { unsafe cutHash($0, cells) }
    }
}

extension StatisticsBuilder {
    /// The statistics of rows.
    static func of(_ rows: [[UInt8]], _ schema: Schema) throws -> [ColumnStatistics] {
        var builder = StatisticsBuilder(schema: schema)
        let reader = RowReader(schema: schema)
        for row in rows {
            let cells = try reader.cells(row)
            try unsafe row.withUnsafeBufferPointer { try unsafe builder.add($0, cells) }
        }
        return builder.finish()
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// The code of what `body` throws.
func code(_ body: () throws -> Void) -> Failure.Code? {
    do {
        try body()
        return nil
    } catch { return Failure(wrapping: error).code }
}
