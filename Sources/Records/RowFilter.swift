/// What a statement asks of rows, as far as statistics can tell: a part of a table that has no such
/// row need not be read.
///
/// A filter lets through every row that is asked for, and may let others through.
package indirect enum RowFilter: Hashable, Sendable {
    /// How a cell compares to a value.
    package enum Comparison: Sendable {
        case equal
        case notEqual
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual
    }

    /// A value to compare cells of a column with.
    package struct Value: Hashable, Sendable {
        /// Its sort key.
        fileprivate let key: [UInt8]

        /// Takes the JSON text of a cell; nil if it is not of the type.
        package init?(cell: [UInt8], type: ColumnType) {
            guard let key = SortKey.key(cell, CellType(type)) else { return nil }
            self.key = key
        }
    }

    /// Any row.
    case all
    /// Rows whose cell is null.
    case isNull(column: Int)
    /// Rows whose cell is not.
    case isNotNull(column: Int)
    /// Rows whose cell is not null and compares so.
    case compare(column: Int, Comparison, Value)
    /// Rows whose cell is a string that begins with some UTF-8.
    case hasPrefix(column: Int, [UInt8])
    /// Rows that every filter lets through.
    case and([RowFilter])
    /// Rows that any of the filters lets through.
    case or([RowFilter])

    /// Whether a part of a table may have a row that the filter lets through.
    ///
    /// - Parameters:
    ///   - statistics: of the part, one a column in stored order; they must be right.
    ///   - rows: how many stored rows the part has.
    ///   - schema: of the table; the filter's columns are indices into its columns.
    /// - Returns: false only if there is certainly none.
    package func mayMatch(
        _ statistics: [ColumnStatistics],
        rows: Int,
        schema: Schema
    ) -> Bool {
        switch self {
        case .all: return rows > 0
        case .and(let filters):
            return filters.allSatisfy { $0.mayMatch(statistics, rows: rows, schema: schema) }
        case .or(let filters):
            return filters.contains { $0.mayMatch(statistics, rows: rows, schema: schema) }
        case .isNull(let column): return statistics[column].nulls > 0
        case .isNotNull(let column): return statistics[column].nulls < rows
        case .compare(let column, let comparison, let value):
            let part = statistics[column]
            guard part.nulls < rows else { return false }
            return comparison.mayHold(
                of: part,
                value.key,
                CellType(schema.columns[column].type)
            )
        case .hasPrefix(let column, let prefix):
            let part = statistics[column]
            guard part.nulls < rows else { return false }
            return Self.mayHavePrefix(part, prefix)
        }
    }

    private static func mayHavePrefix(_ part: ColumnStatistics, _ prefix: [UInt8]) -> Bool {
        if let set = part.set {
            return set.contains { decoded($0)?.starts(with: prefix) ?? true }
        }
        if let least = part.minimum.flatMap(decoded), !least.starts(with: prefix),
            prefix.lexicographicallyPrecedes(least)
        {
            return false
        }
        if let greatest = part.maximum.flatMap(decoded),
            greatest.lexicographicallyPrecedes(prefix)
        {
            return false
        }
        return true
    }

    private static func decoded(_ text: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        let isFine = unsafe text.withUnsafeBufferPointer {
            unsafe CellText.unescapeString($0, into: &out)
        }
        return isFine ? out : nil
    }
}

extension RowFilter.Comparison {
    /// Whether it may hold of a cell of a part and a value of the key `value`.
    ///
    /// A bound that is not of the type says nothing.
    fileprivate func mayHold(
        of part: ColumnStatistics,
        _ value: [UInt8],
        _ type: CellType
    ) -> Bool {
        if let set = part.set {
            return set.contains { member in
                SortKey.key(member, type).map { holds(SortKey.compare($0, value)) } ?? true
            }
        }
        let least = part.minimum.flatMap { SortKey.key($0, type) }
        let greatest = part.maximum.flatMap { SortKey.key($0, type) }
        // Zero where nothing is known, which lets everything through.
        let low = least.map { SortKey.compare($0, value) }
        let high = greatest.map { SortKey.compare($0, value) }
        return switch self {
        case .equal: (low ?? 0) <= 0 && (high ?? 0) >= 0
        case .notEqual: true
        case .less: (low ?? -1) < 0
        case .lessOrEqual: (low ?? 0) <= 0
        case .greater: (high ?? 1) > 0
        case .greaterOrEqual: (high ?? 0) >= 0
        }
    }

    /// Whether it holds of a cell that lies below a value, at it or above.
    private func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}
