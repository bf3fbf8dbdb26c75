package import Diagnostics
package import Records

/// The sorted chunks of one table, as a difference needs to see them.
///
/// `Snapshots` conforms. Two pieces with one identity hold the same rows, which is how equal
/// segments and chunks are passed over without reading them. Chunks are read from two threads.
package protocol ChunkSource<Identity>: Sendable {
    /// What names the content of a segment or chunk; equal content has equal identity.
    associatedtype Identity: Hashable

    /// The schema all rows share.
    var schema: Schema { get }
    /// The segments in key order; known without reading anything more.
    var segmentPieces: [Piece<Identity>] { get }
    /// The chunks of one segment in key order.
    func chunkPieces(inSegment index: Int) throws(Failure) -> [Piece<Identity>]
    /// The rows of one chunk: canonical lines, each with its newline.
    func chunkText(segment: Int, chunk: Int) throws(Failure) -> [UInt8]
}

/// A segment or a chunk by its identity.
package struct Piece<Identity: Hashable> {
    package let identity: Identity
    /// Rows in it.
    package let rows: Int
    /// Bytes of its text, uncompressed.
    package let bytes: Int

    /// Makes a piece.
    package init(identity: Identity, rows: Int, bytes: Int) {
        self.identity = identity
        self.rows = rows
        self.bytes = bytes
    }
}

extension Piece: Sendable where Identity: Sendable {}

/// A table without rows: the other side of a table that is on one side only.
package struct EmptyChunkSource<Identity: Hashable>: ChunkSource {
    package let schema: Schema

    /// Makes an empty table of `schema`.
    package init(schema: Schema) { self.schema = schema }

    /// None.
    package var segmentPieces: [Piece<Identity>] { [] }

    /// None.
    package func chunkPieces(inSegment index: Int) -> [Piece<Identity>] { [] }

    /// Nothing.
    package func chunkText(segment: Int, chunk: Int) -> [UInt8] { [] }
}
