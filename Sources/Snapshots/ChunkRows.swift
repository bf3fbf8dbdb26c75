import Diagnostics
import Records

/// The rows of a chunk, split, with their keys and cut hashes, to be gone through once.
struct ChunkRows {
    private struct Row {
        let text: Range<Int>
        let key: Range<Int>
        let hash: UInt64
    }

    private let text: [UInt8]
    private var keys: [UInt8] = []
    private var rows: [Row] = []
    private var next = 0
    /// Rows that were left out.
    private(set) var dropped = 0

    /// Reads the text of a chunk, and leaves out the rows of a selection.
    /// - Throws: `records.malformed-row`.
    init(_ text: [UInt8], reader: RowReader, dropping: RowSelection?) throws(Failure) {
        self.text = text
        var cells: [Range<Int>] = []
        var start = 0
        try unsafe eachRow(of: text) { (row) throws(Failure) in
            let range = start..<start + row.count
            start = range.upperBound
            try unsafe reader.cells(row, into: &cells)
            if let dropping, unsafe dropping.matches(row, cells) {
                dropped += 1
                return
            }
            let key = try unsafe reader.sortKey(row, cells)
            rows.append(
                Row(
                    text: range,
                    key: keys.count..<keys.count + key.count,
                    hash: unsafe reader.cutHash(row, cells)
                )
            )
            keys += key
        }
    }

    /// Bytes of the first row of a chunk's text.
    static func firstLength(_ text: [UInt8]) -> Int {
        text.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? text.count
    }

    /// Whether all rows are gone through.
    var isAtEnd: Bool { next == rows.count }

    /// Goes to the row behind.
    mutating func skip() { next += 1 }

    /// How the key of the row that comes next compares with another: below, at or above zero.
    func compare(with other: UnsafeBufferPointer<UInt8>) -> Int {
        let range = rows[next].key
        return unsafe keys.withUnsafeBufferPointer { keys in
            unsafe compareKeys(UnsafeBufferPointer(rebasing: keys[range]), other)
        }
    }

    /// Lends the row that comes next and gives its cut hash.
    func withNext(
        _ body: (_ row: UnsafeBufferPointer<UInt8>, _ hash: UInt64) throws(Failure) -> Void
    ) throws(Failure) {
        let row = rows[next]
        try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) in
            try unsafe body(UnsafeBufferPointer(rebasing: text[row.text]), row.hash)
        }
    }
}
