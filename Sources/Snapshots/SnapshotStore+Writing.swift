package import Codecs
package import Diagnostics
package import GitStore
package import Records

extension SnapshotStore {
    /// Segments a table may have: a folder holds at most 3,000 entries, two of them files.
    private static let segmentLimit = 2_998
    /// Chunks compressed before their objects are handed on, which bounds memory.
    private static let window = 32

    /// Makes the objects of a new version of `table` from sorted rows.
    ///
    /// Segments and chunks that `previous` has are taken from it by digest, neither compressed
    /// nor written again. The result depends on rows, schema and `previous`'s column ids alone,
    /// not on the number of threads.
    ///
    /// - Parameters:
    ///   - rows: sorted, without two rows of one key.
    ///   - table: its name.
    ///   - provenance: what goes into `provenance.json`; no clock time.
    ///   - previous: the version before, for reuse and column ids.
    ///   - was: new name to old name of columns renamed since.
    ///   - batch: takes the objects.
    ///   - threads: how many hash and compress.
    /// - Returns: the tree of the table's folder and what is new in it.
    /// - Throws: `snapshot.too-many-segments`; what git says.
    package func write(
        _ rows: RowSet,
        table: TableName,
        provenance: JSONValue,
        previous: Snapshot?,
        was: [String: String] = [:],
        into batch: ObjectBatch,
        threads: Int = 2
    ) throws(Failure) -> PreparedTable {
        let ids = try ColumnIDs(rows.schema, previous: previous?.manifest, was: was)
        let schema = ids.schema
        let plan = ChunkPlan(rows)
        guard plan.segments.count <= Self.segmentLimit else {
            throw Failure(
                .tooManySegments,
                "\(table) would have \(plan.segments.count) segments; a folder holds "
                    + "\(Self.segmentLimit).",
                hint: "Use class = \"large\", or split the table."
            )
        }
        let digests = try parallelMap(plan.chunks.count, threads: threads, state: { [UInt8]() }) {
            (index, buffer) throws(Failure) -> Digest in
            gather(rows, plan.chunks[index], into: &buffer)
            return Digest.of(buffer)
        }
        let segmentDigests = plan.segments.map { chunks in
            SnapshotDigests.segment(chunks: chunks.map { (digests[$0], plan.chunks[$0].count) })
        }
        let known = KnownPieces(previous, schema: schema, wanted: Set(segmentDigests))
        var writer = TableWriter(batch: batch, schema: schema)
        for (chunks, digest) in zip(plan.segments, segmentDigests) {
            if let segment = known.segment(digest) {
                writer.reuse(segment.info, tree: segment.tree)
                continue
            }
            try writer.startSegment()
            var start = chunks.lowerBound
            while start < chunks.upperBound {
                let end = min(start + Self.window, chunks.upperBound)
                let base = start
                let made = try parallelMap(end - start, threads: threads, state: ChunkMaker.init) {
                    (offset, maker: inout ChunkMaker) throws(Failure) -> MadeChunk in
                    let index = base + offset
                    return try maker.make(
                        rows,
                        plan.chunks[index],
                        digest: digests[index],
                        known: known.chunk(digests[index]),
                        schema: schema
                    )
                }
                for chunk in made { try writer.add(chunk) }
                start = end
            }
            try writer.endSegment()
        }
        return try writer.finish(table, ids: ids, provenance: provenance, previous: previous)
    }
}

/// Puts the text of some rows into `buffer`, in place of what it held.
func gather(_ rows: RowSet, _ range: Range<Int>, into buffer: inout [UInt8]) {
    buffer.removeAll(keepingCapacity: true)
    for index in range {
        unsafe rows.withRow(index) { row in unsafe buffer.append(contentsOf: row) }
    }
}

/// A chunk with its compressed bytes; none if the repository has it.
private struct MadeChunk: Sendable {
    var info: ChunkInfo
    let compressed: [UInt8]?
}

/// Makes chunks on one thread.
private struct ChunkMaker {
    private let compressor = ZstdCompressor()
    private var text: [UInt8] = []

    mutating func make(
        _ rows: RowSet,
        _ range: Range<Int>,
        digest: Digest,
        known: KnownPieces.Chunk?,
        schema: Schema
    ) throws(Failure) -> MadeChunk {
        if let known, known.hasStatistics { return MadeChunk(info: known.info, compressed: nil) }
        gather(rows, range, into: &text)
        var statistics = StatisticsBuilder(schema: schema)
        let reader = RowReader(schema: schema)
        var cells: [Range<Int>] = []
        try unsafe eachRow(of: text) { (row) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
            try unsafe statistics.add(row, cells)
        }
        var info = ChunkInfo(
            digest: digest,
            rows: range.count,
            bytes: text.count,
            statistics: statistics.finish(),
            unknown: UnknownMembers()
        )
        if let known {
            info.blob = known.info.blob
            return MadeChunk(info: info, compressed: nil)
        }
        let compressed = unsafe text.withUnsafeBytes { text in unsafe compressor.compress(text) }
        return MadeChunk(info: info, compressed: compressed)
    }
}

/// Collects a table's segments and makes their trees.
private struct TableWriter {
    private let batch: ObjectBatch
    private let schema: Schema
    private var segments: [SegmentInfo] = []
    private var entries: [TreeEntry] = []
    private var chunks: [ChunkInfo] = []
    private var folder: [TreeEntry] = []
    private var newChunks = 0
    private var newTextBytes = 0
    private var newBytes = 0

    init(batch: ObjectBatch, schema: Schema) {
        self.batch = batch
        self.schema = schema
    }

    mutating func reuse(_ info: SegmentInfo, tree: ObjectID) {
        segments.append(info)
        entries.append(TreeEntry(name: info.folder, mode: TreeEntry.treeMode, id: tree))
    }

    mutating func startSegment() throws(Failure) {
        chunks = []
        folder = []
    }

    mutating func add(_ chunk: MadeChunk) throws(Failure) {
        var info = chunk.info
        if let compressed = chunk.compressed {
            // Compressed already: deflating again would cost time and save nothing.
            info.blob = try batch.addBlob(compressed, deflate: false)
            newChunks += 1
            newTextBytes += info.bytes
            newBytes += compressed.count
        }
        chunks.append(info)
        folder.append(TreeEntry(name: info.file, mode: TreeEntry.fileMode, id: info.blob))
    }

    mutating func endSegment() throws(Failure) {
        let file = SegmentFile(chunks: chunks, schema: schema)
        let blob = try batch.addBlob(file.serialized(schema), deflate: true)
        folder.append(TreeEntry(name: SegmentFile.name, mode: TreeEntry.fileMode, id: blob))
        let tree = try batch.addTree(folder)
        reuse(file.info, tree: tree)
    }

    mutating func finish(
        _ table: TableName,
        ids: ColumnIDs,
        provenance: JSONValue,
        previous: Snapshot?
    ) throws(Failure) -> PreparedTable {
        let manifest = Manifest(
            schema: schema,
            segments: segments,
            history: ids.history
        )
        let file = try batch.addBlob(manifest.serialized(), deflate: true)
        entries.append(
            TreeEntry(name: SnapshotFiles.manifest, mode: TreeEntry.fileMode, id: file)
        )
        let text = Array(provenance.serialized(pretty: true).utf8) + [UInt8(ascii: "\n")]
        let origin = try batch.addBlob(text, deflate: true)
        entries.append(
            TreeEntry(name: SnapshotFiles.provenance, mode: TreeEntry.fileMode, id: origin)
        )
        let tree = try batch.addTree(entries)
        return PreparedTable(
            table: table,
            schema: schema,
            digest: manifest.digest,
            rows: manifest.rows,
            bytes: manifest.bytes,
            tree: tree,
            previousDigest: previous?.manifest.digest,
            previousRows: previous?.manifest.rows,
            previousTree: previous?.tree,
            segmentCount: segments.count,
            chunkCount: segments.reduce(0) { $0 + $1.chunkCount },
            newChunks: newChunks,
            newTextBytes: newTextBytes,
            newBytes: newBytes,
            manifest: manifest
        )
    }
}
