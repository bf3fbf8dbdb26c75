package import Codecs
package import Diagnostics
package import GitStore
package import Records

extension SnapshotStore {
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
        _ rows: SortedRows,
        table: TableName,
        provenance: JSONValue,
        previous: Snapshot?,
        was: [String: String] = [:],
        into batch: ObjectBatch,
        threads: Int = 2
    ) throws(Failure) -> PreparedTable {
        let ids = try ColumnIDs(rows.schema, previous: previous?.manifest, was: was)
        let schema = ids.schema
        // What is there already is known by digest, so all is hashed before anything is made.
        let digests =
            try previous.map { (_) throws(Failure) in
                try TableDigests(rows, threads: threads).segments.map(\.digest)
            }
        let known = KnownPieces(previous, schema: schema, wanted: Set(digests ?? []))
        var writer = TableWriter(table: table, batch: batch, schema: schema)
        var segment = 0
        try rows.forEachWindow { (window) throws(Failure) in
            // The segment that each chunk is of.
            var segments: [Int] = []
            for chunk in window {
                segments.append(segment)
                if chunk.endsSegment { segment += 1 }
            }
            let kept = segments.map { number in
                digests.flatMap { number < $0.count ? known.segment($0[number]) : nil }
            }
            let made = try parallelMap(window.count, threads: threads, state: ChunkMaker.init) {
                (index, maker: inout ChunkMaker) throws(Failure) -> MadeChunk? in
                guard kept[index] == nil else { return nil }
                return try maker.make(window[index], known: known, schema: schema)
            }
            for (index, chunk) in window.enumerated() {
                if let own = made[index] { try writer.add(own) }
                guard chunk.endsSegment else { continue }
                if let segment = kept[index] {
                    try writer.reuse(segment.info, tree: segment.tree)
                } else {
                    try writer.endSegment()
                }
            }
        }
        return try writer.finish(table, ids: ids, provenance: provenance, previous: previous)
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

    mutating func make(
        _ chunk: CutChunk,
        known: KnownPieces,
        schema: Schema
    ) throws(Failure) -> MadeChunk {
        let digest = Digest.of(chunk.text)
        let known = known.chunk(digest)
        if let known, known.hasStatistics { return MadeChunk(info: known.info, compressed: nil) }
        var statistics = StatisticsBuilder(schema: schema)
        let reader = RowReader(schema: schema)
        var cells: [Range<Int>] = []
        try unsafe eachRow(of: chunk.text) { (row) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
            try unsafe statistics.add(row, cells)
        }
        var info = ChunkInfo(
            digest: digest,
            rows: chunk.rows,
            bytes: chunk.text.count,
            statistics: statistics.finish(),
            unknown: UnknownMembers()
        )
        if let known {
            info.blob = known.info.blob
            return MadeChunk(info: info, compressed: nil)
        }
        // A copy of just its size: the compressor's array has room for text that does not shrink.
        let compressed = compressor.compress(chunk.text)
        return MadeChunk(
            info: info,
            compressed: unsafe compressed.withUnsafeBufferPointer { unsafe Array($0) }
        )
    }
}

/// Collects a table's segments and makes their trees.
private struct TableWriter {
    /// Segments a table may have: a folder holds at most 3,000 entries, two of them files.
    private static let segmentLimit = 2_998

    private let table: TableName
    private let batch: ObjectBatch
    private let schema: Schema
    private var segments: [SegmentInfo] = []
    private var entries: [TreeEntry] = []
    private var chunks: [ChunkInfo] = []
    private var folder: [TreeEntry] = []
    private var newChunks = 0
    private var newTextBytes = 0
    private var newBytes = 0

    init(table: TableName, batch: ObjectBatch, schema: Schema) {
        self.table = table
        self.batch = batch
        self.schema = schema
    }

    mutating func reuse(_ info: SegmentInfo, tree: ObjectID) throws(Failure) {
        guard segments.count < Self.segmentLimit else {
            throw Failure(
                .tooManySegments,
                "\(table) would have more than \(Self.segmentLimit) segments; a folder holds no more.",
                hint: "Use class = \"large\", or split the table."
            )
        }
        segments.append(info)
        entries.append(TreeEntry(name: info.folder, mode: TreeEntry.treeMode, id: tree))
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
        try reuse(file.info, tree: tree)
        chunks = []
        folder = []
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
