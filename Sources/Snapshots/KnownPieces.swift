import Codecs
import GitStore
import Records

/// What the previous version of a table has, by digest: segments whole, and chunks of segments
/// that may have changed.
struct KnownPieces: Sendable {
    struct Segment: Sendable {
        let info: SegmentInfo
        let tree: ObjectID
    }

    struct Chunk: Sendable {
        let info: ChunkInfo
        /// Whether its statistics are of the columns we write.
        let hasStatistics: Bool
    }

    private var segments: [Digest: Segment] = [:]
    private var chunks: [Digest: Chunk] = [:]

    init(_ previous: Snapshot?, schema: Schema, wanted: Set<Digest>) {
        guard let previous else { return }
        // Statistics depend on names and types, so a segment's file holds for these only.
        let old = previous.schema.columns
        let sameColumns =
            old.count == schema.columns.count
            && zip(old, schema.columns).allSatisfy { $0.name == $1.name && $0.type == $1.type }
        for (index, info) in previous.manifest.segments.enumerated() {
            if sameColumns, wanted.contains(info.digest) {
                guard let entry = previous.entries[info.folder], entry.isTree else { continue }
                segments[info.digest] = Segment(info: info, tree: entry.id)
                continue
            }
            // A segment that cannot be read offers nothing to reuse; `verify` is who reports it.
            guard let known = try? previous.chunks(inSegment: index) else { continue }
            for chunk in known where chunk.blob != .zero {
                chunks[chunk.digest] = Chunk(info: chunk, hasStatistics: sameColumns)
            }
        }
    }

    func segment(_ digest: Digest) -> Segment? { segments[digest] }

    func chunk(_ digest: Digest) -> Chunk? { chunks[digest] }
}
