/// Between which keys the rows of a part of a table lie, as far as its statistics tell.
package struct KeyRange: Sendable {
    /// The beginning of a sort key that no row's lies before: the least values of all columns.
    private let low: [UInt8]
    /// The beginning of a sort key that no row's lies behind: the greatest values.
    private let high: [UInt8]

    /// The range of a part; that of a table without a key is not told.
    /// - Parameters:
    ///   - statistics: of the part, one a column.
    ///   - schema: of the table.
    package init(_ statistics: [ColumnStatistics], schema: Schema) {
        low = Self.key(statistics.map(\.minimum), schema)
        high = Self.key(statistics.map(\.maximum), schema)
    }

    /// Whether every row of this part comes before every row of another, for certain.
    package func precedes(_ other: KeyRange) -> Bool {
        // Where one is the beginning of the other, nothing is known of what follows.
        for (mine, theirs) in zip(high, other.low) where mine != theirs { return mine < theirs }
        return false
    }

    /// The sort key of cells, up to the first that is not there, or not of its type.
    private static func key(_ cells: [[UInt8]?], _ schema: Schema) -> [UInt8] {
        var key: [UInt8] = []
        for (column, cell) in zip(schema.columns.prefix(schema.keyCount), cells) {
            guard let cell, let part = SortKey.key(cell, CellType(column.type)) else { break }
            key += part
        }
        return key
    }
}
