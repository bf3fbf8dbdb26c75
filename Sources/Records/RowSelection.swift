import Codecs

/// Rows that have one of some values in a column, in each of several columns; or in each of others.
package struct RowSelection: Sendable {
    private struct Condition: Sendable {
        let column: Int
        /// JSON texts.
        let cells: Set<[UInt8]>
        /// Their sort keys, in order.
        let keys: [[UInt8]]
        let type: CellType
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

    private static func conditions(
        _ values: [String: Set<String>],
        _ schema: Schema
    ) -> [Condition] {
        values.sorted { $0.key < $1.key }.map { name, texts in
            let column = schema.index(of: name)
            let isText = column.map { schema.columns[$0].type == .string } ?? false
            let cells = texts.map { Array(JSONValue.string($0).serialized().utf8) }
            let type = CellType(.string)
            return Condition(
                column: column ?? 0,
                cells: isText ? Set(cells) : [],
                keys: cells.compactMap { SortKey.key($0, type) }.sorted(by: SortKey.precedes),
                type: type
            )
        }
    }

    /// Whether a part of a table may have such rows, by its statistics.
    package func mayMatch(_ statistics: [ColumnStatistics]) -> Bool {
        alternatives.contains { $0.allSatisfy { Self.mayMatch($0, statistics) } }
    }

    private static func mayMatch(_ condition: Condition, _ statistics: [ColumnStatistics]) -> Bool {
        let part = statistics[condition.column]
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

    /// Whether a row split by `RowReader.cells` is one of them.
    package func matches(_ row: UnsafeBufferPointer<UInt8>, _ cells: [Range<Int>]) -> Bool {
        alternatives.contains { conditions in
            conditions.allSatisfy { condition in
                condition.cells.contains(unsafe Array(row[cells[condition.column]]))
            }
        }
    }
}
