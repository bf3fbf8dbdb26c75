package import Codecs
package import Diagnostics
package import Diffing

/// Lets `differences` compare two snapshots by the digests of their segments and chunks.
extension Snapshot: ChunkSource {
    package typealias Identity = Digest

    /// The segments of the manifest.
    package var segmentPieces: [Piece<Digest>] {
        manifest.segments.map { Piece(identity: $0.digest, rows: $0.rows, bytes: $0.bytes) }
    }

    /// The chunks of one segment; reads its `segment.json`.
    package func chunkPieces(inSegment index: Int) throws(Failure) -> [Piece<Digest>] {
        try chunks(inSegment: index).map {
            Piece(identity: $0.digest, rows: $0.rows, bytes: $0.bytes)
        }
    }

    /// The rows of one chunk, digest checked.
    package func chunkText(segment: Int, chunk: Int) throws(Failure) -> [UInt8] {
        try text(of: try chunks(inSegment: segment)[chunk])
    }
}
