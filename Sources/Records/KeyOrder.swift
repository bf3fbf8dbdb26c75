/// Tells where a row lies among the parts of a table (segments, chunks) from their statistics
/// alone, where those can tell.
package struct KeyOrder: Sendable {
    private let layout: RowLayout

    /// Strings of fewer bytes are not cut to bounds, nor are bounds of cut ones that short.
    private static let exactText = ColumnStatistics.boundLimit - 3

    /// The order of rows of `schema`.
    package init(_ schema: Schema) { layout = RowLayout(schema) }

    /// Whether the first row of a part lies behind a row.
    ///
    /// - Parameters:
    ///   - statistics: of the part, a column each.
    ///   - row: canonical text of a row, of which at least the columns that order it are given.
    ///   - cells: where they are.
    /// - Returns: nil if the statistics do not tell.
    package func begins(
        _ statistics: [ColumnStatistics],
        behind row: [UInt8],
        _ cells: [Range<Int>]
    ) -> Bool? {
        unsafe row.withUnsafeBufferPointer { unsafe begins(statistics, behind: $0, cells) }
    }

    private func begins(
        _ statistics: [ColumnStatistics],
        behind row: UnsafeBufferPointer<UInt8>,
        _ cells: [Range<Int>]
    ) -> Bool? {
        var key: [UInt8] = []
        for column in 0..<layout.orderCount {
            let part = statistics[column]
            let type = layout.types[column]
            let cell = unsafe UnsafeBufferPointer(rebasing: row[cells[column]])
            let isNull = unsafe CellScan.isNull(cell)
            if part.nulls > 0 {
                // Nulls come first, so the part's first row has one here.
                guard isNull else { return false }
                guard part.minimum == nil, part.maximum == nil, part.set == [] else { return nil }
                continue
            }
            if isNull { return true }
            guard let minimum = part.minimum else { return nil }
            key.removeAll(keepingCapacity: true)
            guard unsafe SortKey.append(cell, type, to: &key),
                let least = SortKey.key(minimum, type)
            else { return nil }
            let order = SortKey.compare(key, least)
            if order < 0 { return true }
            let isExact = type.base != .string || least.count - 1 < Self.exactText
            let greatest = part.maximum.flatMap { SortKey.key($0, type) }
            guard isExact else {
                // All of the part lies before, or nothing is known.
                return greatest.map { SortKey.compare(key, $0) > 0 } == true ? false : nil
            }
            if order > 0 { return false }
            // The columns behind are in order only among rows that have this one in common.
            guard let greatest, least == greatest else { return nil }
        }
        return false
    }
}
