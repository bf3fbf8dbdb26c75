package import Diagnostics
package import Records

/// Rows that are made once and read by statements as often as they like: in memory as long as they
/// are few, on disk from then on.
package struct RowCollector {
    private let schema: Schema
    private let limit: SortLimit
    private var pieces: [CollectedRows.Piece] = []
    private var piece: [UInt8] = []
    private var rows = 0
    private var kept = 0
    private var file: (any RunFile)?
    private var fileSize = 0

    /// About the bytes of a piece: what a scan reads at a time.
    private static let pieceBytes = 1 << 20

    /// Collects rows of `schema`.
    ///
    /// - Parameters:
    ///   - schema: of the rows.
    ///   - limit: bytes of text to keep in memory, and where more go.
    package init(schema: Schema, limit: SortLimit) {
        self.schema = schema
        self.limit = limit
    }

    /// Adds a canonical row with its newline.
    ///
    /// - Throws: `records.spill-failed`.
    package mutating func append(_ row: [UInt8]) throws(Failure) {
        piece += row
        rows += 1
        if piece.count >= Self.pieceBytes { try endPiece() }
    }

    private mutating func endPiece() throws(Failure) {
        guard !piece.isEmpty else { return }
        if file == nil, kept + piece.count > limit.bytes { file = try limit.storage.makeFile() }
        if let file {
            try file.append(piece)
            pieces.append(.written(file, offset: fileSize, count: piece.count))
            fileSize += piece.count
        } else {
            kept += piece.count
            pieces.append(.kept(piece))
        }
        piece.removeAll()
    }

    /// The rows, in the order in which they were added.
    package consuming func finish() throws(Failure) -> CollectedRows {
        try endPiece()
        return CollectedRows(schema: schema, rows: rows, pieces: pieces)
    }
}

/// What a `RowCollector` has collected.
package final class CollectedRows: ScanSource {
    enum Piece: Sendable {
        case kept([UInt8])
        case written(any RunFile, offset: Int, count: Int)
    }

    package let schema: Schema
    package let rows: Int
    private let pieces: [Piece]

    init(schema: Schema, rows: Int, pieces: [Piece]) {
        self.schema = schema
        self.rows = rows
        self.pieces = pieces
    }

    /// All of them: there are no statistics.
    package func chunks(matching filter: RowFilter) -> ScanSelection {
        ScanSelection(Array(pieces.indices))
    }

    /// - Throws: `records.spill-failed`.
    package func text(ofChunk chunk: Int) throws(Failure) -> [UInt8] {
        switch pieces[chunk] {
        case .kept(let text): text
        case .written(let file, let offset, let count): try file.read(count, at: offset)
        }
    }
}
