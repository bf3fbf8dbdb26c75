package import Records

/// Some chunks of a table in memory, as a table of their own: a window on it, to be compared with
/// a window on another version.
///
/// Every chunk is a segment by itself.
package struct LoadedChunks<Identity: Hashable & Sendable>: ChunkSource {
    package let schema: Schema
    package private(set) var segmentPieces: [Piece<Identity>] = []
    /// The text of each chunk, in key order.
    package private(set) var texts: [[UInt8]] = []

    /// A window that shows nothing yet.
    package init(schema: Schema) { self.schema = schema }

    /// Adds the chunk that comes next in key order.
    package mutating func append(_ piece: Piece<Identity>, _ text: [UInt8]) {
        segmentPieces.append(piece)
        texts.append(text)
    }

    /// Adds the chunk that comes before all others in key order.
    package mutating func prepend(_ piece: Piece<Identity>, _ text: [UInt8]) {
        segmentPieces.insert(piece, at: 0)
        texts.insert(text, at: 0)
    }

    /// The one chunk of a segment.
    package func chunkPieces(inSegment index: Int) -> [Piece<Identity>] { [segmentPieces[index]] }

    /// The rows of one chunk.
    package func chunkText(segment: Int, chunk: Int) -> [UInt8] { texts[segment] }
}
