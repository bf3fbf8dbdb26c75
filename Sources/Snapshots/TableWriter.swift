import Codecs
import Diagnostics
import GitStore
import Records

/// Puts a table together of new chunks and of pieces of its previous version, in key order, and
/// makes the objects that are new.
///
/// The result depends on the pieces alone, not on the number of threads.
struct TableWriter {
    /// Segments a group and groups a table may have: a folder holds at most 3,000 entries, two of
    /// them files.
    private static let folderLimit = 2_998

    /// One piece that waits for its turn.
    private enum Piece {
        case cut(CutChunk)
        case kept(ChunkInfo, endsSegment: Bool)
        case segment(SegmentInfo, tree: ObjectID)
    }

    private let table: TableName
    private let batch: ObjectBatch
    private let schema: Schema
    private let threads: Int
    private let groupLimit: Int
    var known: KnownPieces

    private var window: [Piece] = []
    private var windowChunks = 0
    private var windowBytes = 0
    /// Whether the piece added last does not end its segment.
    private(set) var isSegmentOpen = false

    private var segments: [SegmentInfo] = []
    /// Their folders.
    private var trees: [TreeEntry] = []
    private var chunks: [ChunkInfo] = []
    private var folder: [TreeEntry] = []
    private var newChunks = 0
    private var newTextBytes = 0
    private var newBytes = 0

    /// A table without pieces.
    init(
        table: TableName,
        schema: Schema,
        known: KnownPieces,
        batch: ObjectBatch,
        threads: Int,
        groupLimit: Int
    ) {
        self.table = table
        self.schema = schema
        self.known = known
        self.batch = batch
        self.threads = threads
        self.groupLimit = groupLimit
    }

    // MARK: Pieces

    /// Adds a chunk that was cut; if the previous version has it, it is taken from there.
    mutating func add(_ chunk: CutChunk?) throws(Failure) {
        guard let chunk else { return }
        window.append(.cut(chunk))
        windowChunks += 1
        windowBytes += chunk.text.count
        isSegmentOpen = !chunk.endsSegment
        if windowChunks >= ChunkWindow.chunks || windowBytes >= ChunkWindow.bytes {
            try finishWindow()
        }
    }

    /// Adds a chunk of the previous version as it is.
    mutating func keep(_ chunk: ChunkInfo, endsSegment: Bool) {
        window.append(.kept(chunk, endsSegment: endsSegment))
        isSegmentOpen = !endsSegment
    }

    /// Adds a segment of the previous version as it is; no segment may be open.
    mutating func keep(_ segment: SegmentInfo, tree: ObjectID) {
        window.append(.segment(segment, tree: tree))
    }

    /// Makes what waits.
    private mutating func finishWindow() throws(Failure) {
        let cut = window.compactMap { piece in
            if case .cut(let chunk) = piece { chunk } else { nil }
        }
        let digests = try parallelMap(cut.count, threads: threads, state: { () }) {
            (index, _) throws(Failure) -> Digest in Digest.of(cut[index].text)
        }
        let known = digests.map { self.known.chunk($0) }
        let schema = schema
        let made = try parallelMap(cut.count, threads: threads, state: ChunkMaker.init) {
            (index, maker: inout ChunkMaker) throws(Failure) -> MadeChunk in
            try maker.make(cut[index], digest: digests[index], known: known[index], schema: schema)
        }
        var next = 0
        for piece in window {
            switch piece {
            case .cut(let chunk):
                try take(made[next])
                next += 1
                if chunk.endsSegment { try endSegment() }
            case .kept(let chunk, let endsSegment):
                take(chunk)
                if endsSegment { try endSegment() }
            case .segment(let segment, let tree):
                try take(segment, tree: tree)
            }
        }
        window = []
        windowChunks = 0
        windowBytes = 0
    }

    // MARK: Objects

    private mutating func take(_ chunk: MadeChunk) throws(Failure) {
        var info = chunk.info
        if let compressed = chunk.compressed {
            // Compressed already: deflating again would cost time and save nothing.
            info.blob = try batch.addBlob(compressed, deflate: false)
            newChunks += 1
            newTextBytes += info.bytes
            newBytes += compressed.count
        }
        take(info)
    }

    private mutating func take(_ chunk: ChunkInfo) {
        chunks.append(chunk)
        folder.append(TreeEntry(name: chunk.file, mode: TreeEntry.fileMode, id: chunk.blob))
    }

    private mutating func take(_ segment: SegmentInfo, tree: ObjectID) throws(Failure) {
        segments.append(segment)
        trees.append(TreeEntry(name: segment.folder, mode: TreeEntry.treeMode, id: tree))
    }

    private mutating func endSegment() throws(Failure) {
        guard !chunks.isEmpty else { return }
        let file = SegmentFile(chunks: chunks, schema: schema)
        chunks = []
        defer { folder = [] }
        if let known = known.segment(file.info.digest) {
            return try take(known.info, tree: known.tree)
        }
        let blob = try batch.addBlob(file.serialized(schema), deflate: true)
        folder.append(TreeEntry(name: SegmentFile.name, mode: TreeEntry.fileMode, id: blob))
        try take(file.info, tree: try batch.addTree(folder))
    }

    /// Makes the folders of groups.
    private func groupTrees(_ groups: [SegmentGroup]) throws(Failure) -> [TreeEntry] {
        var entries: [TreeEntry] = []
        var next = 0
        for group in groups {
            let file = try batch.addBlob(group.serialized(schema), deflate: true)
            let last = next + group.segments.count
            guard group.segments.count <= Self.folderLimit, entries.count < Self.folderLimit else {
                throw Failure(
                    .tooManySegments,
                    "\(table) has \(segments.count) segments, more than folders can hold.",
                    hint: "Use class = \"large\", or split the table."
                )
            }
            let folder =
                Array(trees[next..<last])
                + [TreeEntry(name: SegmentGroup.fileName, mode: TreeEntry.fileMode, id: file)]
            next = last
            entries.append(
                TreeEntry(
                    name: group.folder,
                    mode: TreeEntry.treeMode,
                    id: try batch.addTree(folder)
                )
            )
        }
        return entries
    }

    /// Ends the table.
    /// - Parameters:
    ///   - ids: the columns' ids and what the manifest carries on.
    ///   - provenance: what goes into `provenance.json`.
    ///   - previous: the version before.
    /// - Returns: the tree of the table's folder and what is new in it.
    /// - Throws: `snapshot.too-many-segments`; what git says.
    mutating func finish(
        ids: ColumnIDs,
        provenance: JSONValue,
        previous: Snapshot?
    ) throws(Failure) -> PreparedTable {
        try finishWindow()
        try endSegment()
        let manifest = Manifest(
            schema: schema,
            segments: segments,
            history: ids.history,
            groupLimit: groupLimit
        )
        var entries = manifest.isGrouped ? try groupTrees(manifest.groups) : trees
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
        digest: Digest,
        known: KnownPieces.Chunk?,
        schema: Schema
    ) throws(Failure) -> MadeChunk {
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
