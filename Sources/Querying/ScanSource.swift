package import Diagnostics
package import Records

/// What a scan reads: the rows of a table in canonical text, in chunks.
///
/// Called from several threads at once.
package protocol ScanSource: AnyObject, Sendable {
    /// The columns of the rows.
    var schema: Schema { get }
    /// How many lines there are in all.
    var rows: Int { get }
    /// Which chunks to read.
    ///
    /// - Parameter filter: its columns are indices into the schema's; chunks without a row that it
    ///   lets through may be left out.
    /// - Returns: the chunks in key order, and what was left out.
    /// - Throws: what keeps the table from being read; the query fails with it.
    func chunks(matching filter: RowFilter) throws(Failure) -> ScanSelection
    /// The canonical lines of a chunk, each with its newline.
    ///
    /// - Parameter chunk: one of the chunks told.
    /// - Returns: the text.
    /// - Throws: what keeps the chunk from being read; the query fails with it.
    func text(ofChunk chunk: Int) throws(Failure) -> [UInt8]
}

/// The chunks that a scan reads.
package struct ScanSelection: Sendable {
    /// What the source calls them, in the order in which their rows come.
    package var chunks: [Int]
    /// Segments of the table, and how many are passed over; none where there are no segments.
    package var segments = 0
    package var skippedSegments = 0
    /// How many chunks are passed over.
    package var skippedChunks = 0

    /// Makes a selection that passes over nothing.
    package init(_ chunks: [Int]) { self.chunks = chunks }
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

    var schema: Schema { source.schema }
    var rows: Int { source.rows }

    init(_ source: any ScanSource) { self.source = source }

    func chunks(matching filter: RowFilter) throws(Failure) -> ScanSelection {
        var selection = try source.chunks(matching: filter)
        selection.chunks.reverse()
        return selection
    }

    func text(ofChunk chunk: Int) throws(Failure) -> [UInt8] {
        let text = try source.text(ofChunk: chunk)
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
    private let table: RowSet
    private let rowsPerChunk: Int

    package var schema: Schema { table.schema }
    package var rows: Int { table.count }

    /// Cuts `rows` every `rowsPerChunk` rows.
    package init(_ rows: RowSet, rowsPerChunk: Int = 8_192) {
        table = rows
        self.rowsPerChunk = max(rowsPerChunk, 1)
    }

    /// All of them: there are no statistics.
    package func chunks(matching filter: RowFilter) -> ScanSelection {
        ScanSelection(Array(stride(from: 0, to: table.count, by: rowsPerChunk)))
    }

    /// The rows from the one numbered `chunk` on.
    package func text(ofChunk chunk: Int) -> [UInt8] {
        var text: [UInt8] = []
        for row in chunk..<min(chunk + rowsPerChunk, table.count) {
            unsafe table.withRow(row) { unsafe text.append(contentsOf: $0) }
        }
        return text
    }
}
