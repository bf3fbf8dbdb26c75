extension RowSet {
    /// The first place at which two row sets differ, both in their current order.
    ///
    /// - Parameter other: rows of the same schema.
    /// - Returns: the rows that stand there, nil for the side that has ended; nil if all rows are
    ///   equal.
    package func firstDifference(from other: RowSet) -> (mine: [UInt8]?, other: [UInt8]?)? {
        for index in 0..<max(count, other.count) {
            guard index < count else { return (nil, other.row(index)) }
            guard index < other.count else { return (row(index), nil) }
            let isEqual = unsafe withRow(index) { mine in
                unsafe other.withRow(index) { unsafe mine.elementsEqual($0) }
            }
            if !isEqual { return (row(index), other.row(index)) }
        }
        return nil
    }
}
