package import Diagnostics
package import Records

/// What a scan reads: the rows of a table in canonical text, in chunks.
///
/// Called from several threads at once.
package protocol ScanSource: AnyObject, Sendable {
    /// The columns of the rows.
    var schema: Schema { get }
    /// How many lines each chunk has, in key order.
    func chunkRows() throws(Failure) -> [Int]
    /// The canonical lines of a chunk, each with its newline.
    ///
    /// - Throws: what keeps the chunk from being read; the query fails with it.
    func text(ofChunk index: Int) throws(Failure) -> [UInt8]
}

/// The order in which a scan gives rows.
package enum ScanOrder: Sendable {
    /// As they are stored.
    case stored
    /// Backwards: what a statement gives must not depend on it.
    case reversed
}

/// Another source from its last row to its first.
final class ReversedSource: ScanSource {
    private let source: any ScanSource
    private let rowsOfChunks: [Int]

    var schema: Schema { source.schema }

    init(_ source: any ScanSource) throws(Failure) {
        self.source = source
        rowsOfChunks = try source.chunkRows().reversed()
    }

    func chunkRows() -> [Int] { rowsOfChunks }

    func text(ofChunk index: Int) throws(Failure) -> [UInt8] {
        let text = try source.text(ofChunk: rowsOfChunks.count - 1 - index)
        let newline = UInt8(ascii: "\n")
        var reversed: [UInt8] = []
        reversed.reserveCapacity(text.count)
        var end = text.count
        while end > 0 {
            let start = text[..<(end - 1)].lastIndex(of: newline).map { $0 + 1 } ?? 0
            reversed += text[start..<end]
            end = start
        }
        return reversed
    }
}

/// Rows in memory as a source, so that a run can read a table it has not committed yet.
package final class RowSetSource: ScanSource {
    private let rows: RowSet
    /// Index of the first row of each chunk.
    private let starts: [Int]
    private let rowsPerChunk: Int

    package var schema: Schema { rows.schema }

    /// Cuts `rows` every `rowsPerChunk` rows.
    package init(_ rows: RowSet, rowsPerChunk: Int = 8_192) {
        self.rows = rows
        self.rowsPerChunk = max(rowsPerChunk, 1)
        starts = Array(stride(from: 0, to: rows.count, by: self.rowsPerChunk))
    }

    package func chunkRows() -> [Int] { starts.map { min(rowsPerChunk, rows.count - $0) } }

    package func text(ofChunk index: Int) -> [UInt8] {
        var text: [UInt8] = []
        for row in starts[index]..<min(starts[index] + rowsPerChunk, rows.count) {
            unsafe rows.withRow(row) { unsafe text.append(contentsOf: $0) }
        }
        return text
    }
}
