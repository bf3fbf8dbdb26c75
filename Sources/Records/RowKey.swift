import Codecs
package import Diagnostics

extension Failure.Code {
    /// Text that names no row of a table.
    package static let invalidKey = Self("records.invalid-key")
}

/// Where a key stands in the order of some rows.
package enum KeyPlace: Hashable, Sendable {
    /// Before the first row.
    case before
    /// Behind the last row.
    case after
    /// Between them; the bytes of the row, without its newline, if it is there.
    case within(Range<Int>?)
}

/// The key of one row, made of what a person typed.
package struct RowKey: Hashable, Sendable {
    /// The key's columns as the schema has them.
    package let columns: [Column]
    /// Canonical JSON text of each.
    package let cells: [[UInt8]]
    /// Sort key of each.
    private let parts: [[UInt8]]

    /// The sort key of the row.
    private var sortKey: [UInt8] { Array(parts.joined()) }

    /// Reads values in the order of the key, or `column=value` in any order.
    /// - Parameters:
    ///   - arguments: one a key column.
    ///   - schema: of the table, which must have a key.
    ///   - table: its name, for messages.
    /// - Throws: `records.invalid-key`, saying what the key is.
    package init(_ arguments: [String], schema: Schema, table: String) throws(Failure) {
        guard !schema.isMultiset else {
            throw Failure(
                .invalidKey,
                "The table \"\(table)\" has no key, so its rows have no history one by one.",
                hint: "See which rows came and went: osodata diff HEAD~1 HEAD \(table)"
            )
        }
        let columns = Array(schema.columns.prefix(schema.keyCount))
        let texts = try Self.texts(arguments, columns, table)
        var cells: [[UInt8]] = []
        var parts: [[UInt8]] = []
        for (column, text) in zip(columns, texts) {
            let cell = Self.cell(text, column.type)
            var part: [UInt8] = []
            let isFine = unsafe cell.withUnsafeBufferPointer { cell in
                unsafe CellCheck.isCanonical(cell, CellType(column.type))
                    && SortKey.append(cell, CellType(column.type), to: &part)
            }
            guard isFine else {
                throw Failure(
                    .invalidKey,
                    "\"\(text)\" is no \(column.type), which the key column \"\(column.name)\" is.",
                    hint: Self.example(column.type).map { "Write it as in \($0)." }
                )
            }
            cells.append(cell)
            parts.append(part)
        }
        self.columns = columns
        self.cells = cells
        self.parts = parts
    }

    /// The text of each column.
    private static func texts(
        _ arguments: [String],
        _ columns: [Column],
        _ table: String
    ) throws(Failure) -> [String] {
        let names = columns.map(\.name)
        func refusal(_ message: String) -> Failure {
            Failure(
                .invalidKey,
                message,
                hint: "The key of \(table) is (\(names.joined(separator: ", "))): give a value of "
                    + "each, in this order or as column=value."
            )
        }
        var named: [String: String] = [:]
        for argument in arguments {
            // What stands before the sign may be part of a value.
            guard let sign = argument.firstIndex(of: "="),
                names.contains(String(argument[..<sign]))
            else { continue }
            let name = String(argument[..<sign])
            let value = String(argument[argument.index(after: sign)...])
            guard named.updateValue(value, forKey: name) == nil else {
                throw refusal("The key column \"\(name)\" is given twice.")
            }
        }
        if named.isEmpty {
            guard arguments.count == names.count else {
                let count = arguments.count
                throw refusal(
                    "The key has \(names.count) column\(names.count == 1 ? "" : "s"), "
                        + "and \(count) value\(count == 1 ? " is" : "s are") given."
                )
            }
            return arguments
        }
        guard named.count == arguments.count else {
            throw refusal("Some values are given with their column and some without.")
        }
        var texts: [String] = []
        for name in names {
            guard let text = named[name] else {
                throw refusal("The key column \"\(name)\" is not given.")
            }
            texts.append(text)
        }
        return texts
    }

    /// The JSON text of a value; what makes no sense is found when it is checked.
    private static func cell(_ text: String, _ type: ColumnType) -> [UInt8] {
        switch type {
        case .bool: Array(text.utf8)
        case .int64: Array((Int64(text).map(String.init) ?? text).utf8)
        case .decimal(_, let scale): Array("\"\(padded(text, scale))\"".utf8)
        case .string, .double, .bytes, .date, .timestamp, .uint256, .list, .json:
            Array(JSONValue.string(text).serialized().utf8)
        }
    }

    /// A decimal with all its digits behind the point.
    private static func padded(_ text: String, _ scale: Int) -> String {
        guard scale > 0 else { return text }
        guard let point = text.firstIndex(of: ".") else {
            return text + "." + String(repeating: "0", count: scale)
        }
        let digits = text.distance(from: point, to: text.endIndex) - 1
        return text + String(repeating: "0", count: max(scale - digits, 0))
    }

    private static func example(_ type: ColumnType) -> String? {
        switch type {
        case .bool: "true"
        case .int64, .uint256: "12"
        case .decimal: "-1.5"
        case .bytes: "AP8= (base64)"
        case .date: "2026-01-31"
        case .timestamp: "2026-01-31T23:59:59Z"
        case .string, .double, .list, .json: nil
        }
    }
}

extension RowKey {
    /// Which parts of a table may hold the row, by their statistics: the others cannot.
    ///
    /// The parts lie in key order, so those that may are found by halving on the first column of
    /// the key; its bounds alone decide where they begin and end.
    /// - Parameters:
    ///   - count: how many parts there are.
    ///   - statistics: the statistics of a part, one a column.
    /// - Returns: their positions, in order.
    package func candidates(
        among count: Int,
        _ statistics: (Int) -> [ColumnStatistics]
    ) -> [Int] {
        // The first part that begins behind the row.
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if bound(statistics(middle)[0].minimum, 0).map({ $0 > 0 }) ?? false {
                high = middle
            } else {
                low = middle + 1
            }
        }
        var found: [Int] = []
        for index in stride(from: low - 1, through: 0, by: -1) {
            let part = statistics(index)
            if bound(part[0].maximum, 0).map({ $0 < 0 }) ?? false { break }
            let mayHold = parts.indices.allSatisfy { column in
                if let set = part[column].set, !set.contains(cells[column]) { return false }
                if let minimum = bound(part[column].minimum, column), minimum > 0 { return false }
                if let maximum = bound(part[column].maximum, column), maximum < 0 { return false }
                return true
            }
            if mayHold { found.append(index) }
        }
        return found.reversed()
    }

    /// Whether a bound lies below, at or above the row's cell; nil if nothing is known.
    private func bound(_ cell: [UInt8]?, _ column: Int) -> Int? {
        cell.flatMap { SortKey.key($0, CellType(columns[column].type)) }
            .map { SortKey.compare($0, parts[column]) }
    }

    /// Finds the row in the text of a chunk by halving.
    /// - Parameters:
    ///   - text: sorted canonical lines, each with its newline.
    ///   - reader: of the schema that the lines have; its key has the types of this one.
    /// - Returns: where the row is, or would be.
    /// - Throws: `records.malformed-row`.
    package func place(in text: [UInt8], reader: RowReader) throws(Failure) -> KeyPlace {
        let wanted = sortKey
        let start = try reader.start(ofRowsFrom: wanted, in: text)
        if start < text.count {
            let row = RowReader.row(around: start, in: text, within: start..<text.count)
            if try reader.sortKey(ofRow: row, in: text) == wanted { return .within(row) }
        }
        return start == 0 ? .before : start == text.count ? .after : .within(nil)
    }
}
