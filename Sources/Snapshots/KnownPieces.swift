import Codecs
import GitStore
import Records

/// What the previous version of a table has, by digest: segments whole, and chunks of the segments
/// that are looked into.
///
/// Of chunks it keeps the beginnings of their digests only, and reads a segment's list again when
/// one of them is asked for: memory grows by 16 bytes a chunk.
struct KnownPieces {
    struct Segment {
        let info: SegmentInfo
        let tree: ObjectID
    }

    struct Chunk: Sendable {
        let info: ChunkInfo
        /// Whether its statistics are of the columns we write.
        let hasStatistics: Bool
    }

    private let previous: Snapshot?
    /// Statistics depend on names and types, so a segment's file holds for these only.
    private let sameColumns: Bool
    private var segments: [Digest: Int] = [:]
    private var segmentOf: [UInt64: Int] = [:]
    private var lookedInto: Set<Int> = []
    /// The list read last: chunks asked for one after the other are of one segment as a rule.
    private var list: (segment: Int, chunks: [Digest: ChunkInfo])?

    /// The pieces of `previous`, for a version with the columns of `schema`.
    init(_ previous: Snapshot?, schema: Schema) {
        self.previous = previous
        sameColumns = previous?.schema.hasColumns(of: schema) ?? false
        for (index, info) in (previous?.manifest.segments ?? []).enumerated() {
            segments[info.digest] = index
        }
    }

    /// Makes the chunks of all segments known: for a table that is written whole.
    ///
    /// A segment whose list cannot be read offers nothing to reuse; `verify` is who reports it.
    mutating func lookIntoAll() {
        guard let previous else { return }
        try? previous.requireLists()
        for index in previous.manifest.segments.indices {
            guard let chunks = try? previous.readChunks(inSegment: index) else { continue }
            lookInto(index, chunks)
        }
    }

    /// Makes the chunks of one segment known.
    mutating func lookInto(_ segment: Int, _ chunks: [ChunkInfo]) {
        guard lookedInto.insert(segment).inserted else { return }
        for chunk in chunks where chunk.blob != .zero {
            segmentOf[chunk.digest.prefix] = segment
        }
    }

    /// The segment of a digest, if its list can be taken over.
    func segment(_ digest: Digest) -> Segment? {
        guard sameColumns, let previous, let index = segments[digest] else { return nil }
        guard let tree = previous.segmentTree(index) else { return nil }
        return Segment(info: previous.manifest.segments[index], tree: tree)
    }

    /// The chunk of a digest.
    mutating func chunk(_ digest: Digest) -> Chunk? {
        guard let previous, let segment = segmentOf[digest.prefix] else { return nil }
        if list?.segment != segment {
            var chunks: [Digest: ChunkInfo] = [:]
            for chunk in (try? previous.readChunks(inSegment: segment)) ?? [] {
                chunks[chunk.digest] = chunk
            }
            list = (segment, chunks)
        }
        guard let info = list?.chunks[digest], info.blob != .zero else { return nil }
        return Chunk(info: info, hasStatistics: sameColumns)
    }
}
