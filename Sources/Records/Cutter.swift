/// Decides where chunks and segments end, looking at one row at a time (docs/format.md, Cutting).
///
/// A row's chance to end a segment or chunk grows with its length, so that rows of 60 bytes and of
/// 100 kB are cut alike.
package struct Cutter: Sendable {
    private let target: UInt64
    /// Bytes of the open chunk.
    private var size: UInt64 = 0

    /// Starts at the beginning of a table.
    package init(cutClass: CutClass) { target = UInt64(cutClass.target) }

    /// Takes the next row in order: its bytes with the newline, and its cut hash.
    /// - Returns: whether a chunk ends before this row, whether one ends with it, and whether a
    ///   segment does. `segmentAfter` implies `chunkAfter`. The end of a table ends both.
    package mutating func next(
        rowLength: Int,
        hash: UInt64
    ) -> (chunkBefore: Bool, chunkAfter: Bool, segmentAfter: Bool) {
        let length = UInt64(rowLength)
        let before = size > 0 && size + length > 4 * target
        if before { size = 0 }
        size += length
        let segment = hash.multipliedFullWidth(by: 64 * target).high < length
        let chunk =
            segment
            || (size >= target / 4
                && hash.multipliedFullWidth(by: 3 * target / 4).high < length)
        if chunk { size = 0 }
        return (before, chunk, segment)
    }
}
