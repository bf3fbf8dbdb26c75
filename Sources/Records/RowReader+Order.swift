package import Diagnostics

/// Rows of a chunk by their order.
extension RowReader {
    /// The sort key of the row that lies at `range` of a text.
    /// - Throws: `records.malformed-row`.
    package func sortKey(ofRow range: Range<Int>, in text: [UInt8]) throws(Failure) -> [UInt8] {
        var cells: [Range<Int>] = []
        return try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) -> [UInt8] in
            let row = unsafe UnsafeBufferPointer(rebasing: text[range])
            try unsafe self.cells(row, into: &cells)
            return try unsafe sortKey(row, cells)
        }
    }

    /// Finds by halving where the rows begin that do not come before `key`.
    ///
    /// - Parameters:
    ///   - key: a sort key.
    ///   - text: sorted canonical lines, each with its newline.
    /// - Returns: the start of the first such row, `text.count` if there is none.
    /// - Throws: `records.malformed-row`.
    /// - Complexity: logarithmic in the bytes of `text`, linear in those of the longest row.
    package func start(ofRowsFrom key: [UInt8], in text: [UInt8]) throws(Failure) -> Int {
        // Bytes before `low` are of rows before the key, bytes from `high` on are not.
        var (low, high) = (0, text.count)
        while low < high {
            let row = Self.row(around: (low + high) / 2, in: text, within: low..<high)
            if SortKey.precedes(try sortKey(ofRow: row, in: text), key) {
                low = min(row.upperBound + 1, high)
            } else {
                high = row.lowerBound
            }
        }
        return low
    }

    /// The row that has the byte at `position`, without its newline.
    package static func row(
        around position: Int,
        in text: [UInt8],
        within range: Range<Int>
    ) -> Range<Int> {
        var start = position
        while start > range.lowerBound && text[start - 1] != UInt8(ascii: "\n") { start -= 1 }
        var end = position
        while end < range.upperBound && text[end] != UInt8(ascii: "\n") { end += 1 }
        return start..<end
    }
}
