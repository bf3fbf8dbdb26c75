import Codecs

/// Rows that have one of some values in a column, in each of several columns, or in each of others;
/// or rows with a cell in one of some ranges.
package struct RowSelection: Sendable {
    private enum Condition: Sendable {
        case values(ValueCondition)
        case ranges(RangeCondition)
    }

    private struct ValueCondition: Sendable {
        let column: Int
        /// JSON texts.
        let cells: Set<[UInt8]>
        /// Their sort keys, in order.
        let keys: [[UInt8]]
        let type: CellType
    }

    private struct RangeCondition: Sendable {
        let column: Int
        let type: CellType
        /// Sort keys, each range up to its end, without it; in order, and none touches another.
        let ranges: [(start: [UInt8], end: [UInt8])]

        /// Whether a range has a key from `least` to `greatest`; no greatest is no bound.
        func meets(_ least: [UInt8], _ greatest: [UInt8]?) -> Bool {
            // The first that ends behind the least.
            var (low, high) = (0, ranges.count)
            while low < high {
                let middle = (low + high) / 2
                if SortKey.precedes(least, ranges[middle].end) {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            guard low < ranges.count else { return false }
            return greatest.map { !SortKey.precedes($0, ranges[low].start) } ?? true
        }
    }

    private let alternatives: [[Condition]]

    /// Rows of `schema` with one of some values in every column that an alternative names.
    ///
    /// - Parameters:
    ///   - alternatives: of each, texts by the name of a `string` column that the schema has; a
    ///     column of another type or name selects nothing.
    ///   - schema: of the rows.
    package init(anyOf alternatives: [[String: Set<String>]], schema: Schema) {
        self.alternatives = alternatives.map { Self.conditions($0, schema) }
    }

    /// Rows of `schema` whose cell in a column is in one of some ranges.
    ///
    /// - Parameters:
    ///   - ranges: JSON texts of cells of the column's type; the end is not in a range. In order,
    ///     and none overlaps another.
    ///   - column: a column that the schema has; another selects nothing.
    ///   - schema: of the rows.
    package init(in ranges: [(start: [UInt8], end: [UInt8])], of column: String, schema: Schema) {
        guard let index = schema.index(of: column) else {
            alternatives = []
            return
        }
        let type = CellType(schema.columns[index].type)
        let keys = ranges.compactMap { range -> (start: [UInt8], end: [UInt8])? in
            guard let start = SortKey.key(range.start, type), let end = SortKey.key(range.end, type)
            else { return nil }
            return (start, end)
        }
        alternatives = [[.ranges(RangeCondition(column: index, type: type, ranges: keys))]]
    }

    private static func conditions(
        _ values: [String: Set<String>],
        _ schema: Schema
    ) -> [Condition] {
        values.sorted { $0.key < $1.key }.map { name, texts in
            let column = schema.index(of: name)
            let isText = column.map { schema.columns[$0].type == .string } ?? false
            let cells = texts.map { Array(JSONValue.string($0).serialized().utf8) }
            let type = CellType(.string)
            return .values(
                ValueCondition(
                    column: column ?? 0,
                    cells: isText ? Set(cells) : [],
                    keys: cells.compactMap { SortKey.key($0, type) }.sorted(by: SortKey.precedes),
                    type: type
                )
            )
        }
    }

    /// Whether a part of a table may have such rows, by its statistics.
    package func mayMatch(_ statistics: [ColumnStatistics]) -> Bool {
        alternatives.contains { $0.allSatisfy { Self.mayMatch($0, statistics) } }
    }

    private static func mayMatch(_ condition: Condition, _ statistics: [ColumnStatistics]) -> Bool {
        switch condition {
        case .values(let condition): mayMatch(condition, statistics[condition.column])
        case .ranges(let condition): mayMatch(condition, statistics[condition.column])
        }
    }

    private static func mayMatch(_ condition: ValueCondition, _ part: ColumnStatistics) -> Bool {
        if let set = part.set { return set.contains { condition.cells.contains($0) } }
        guard let least = part.minimum.flatMap({ SortKey.key($0, condition.type) }) else {
            return false
        }
        let greatest = part.maximum.flatMap { SortKey.key($0, condition.type) }
        return condition.keys.contains { key in
            guard !SortKey.precedes(key, least) else { return false }
            return greatest.map { !SortKey.precedes($0, key) } ?? true
        }
    }

    private static func mayMatch(_ condition: RangeCondition, _ part: ColumnStatistics) -> Bool {
        guard let least = part.minimum.flatMap({ SortKey.key($0, condition.type) }) else {
            return false
        }
        return condition.meets(least, part.maximum.flatMap { SortKey.key($0, condition.type) })
    }

    /// Whether a row split by `RowReader.cells` is one of them.
    package func matches(_ row: UnsafeBufferPointer<UInt8>, _ cells: [Range<Int>]) -> Bool {
        alternatives.contains { conditions in
            conditions.allSatisfy { condition in
                switch condition {
                case .values(let condition):
                    return condition.cells.contains(unsafe Array(row[cells[condition.column]]))
                case .ranges(let condition):
                    let cell = unsafe Array(row[cells[condition.column]])
                    guard let key = SortKey.key(cell, condition.type) else { return false }
                    return condition.meets(key, key)
                }
            }
        }
    }
}
