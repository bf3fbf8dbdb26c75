package import Codecs
package import Diagnostics
package import GitStore
package import Records
import Synchronization

/// One immutable version of a table, read lazily from a repository or a batch.
///
/// The manifest is read when the snapshot is opened, a segment's list of chunks when it is first
/// asked for, a chunk's rows each time. Safe to use from several threads.
package final class Snapshot: Sendable {
    package let table: TableName
    package let manifest: Manifest
    /// The tree of the table's folder.
    package let tree: ObjectID

    let objects: any ObjectSource
    let supply: BlobSupply
    /// The table's folder, by name.
    let entries: [String: TreeEntry]
    /// Trees of the segments' folders, by name, wherever they lie.
    private let segmentTrees: [String: ObjectID]
    private let segments = Mutex<[Int: [ChunkInfo]]>([:])

    init(
        table: TableName,
        manifest: Manifest,
        tree: ObjectID,
        entries: [String: TreeEntry],
        segmentTrees: [String: ObjectID],
        objects: any ObjectSource,
        supply: BlobSupply
    ) {
        self.table = table
        self.manifest = manifest
        self.tree = tree
        self.entries = entries
        self.segmentTrees = segmentTrees
        self.objects = objects
        self.supply = supply
    }

    package var schema: Schema { manifest.schema }

    /// Most bytes a chunk can have: one row of 16 MiB and its newline; other chunks end at 4 MiB.
    static let textLimit = (16 << 20) + 1

    /// The chunks of one segment, in key order.
    /// - Throws: `snapshot.malformed-manifest`, `snapshot.missing-object`, what git says.
    package func chunks(inSegment index: Int) throws(Failure) -> [ChunkInfo] {
        if let known = segments.withLock({ $0[index] }) { return known }
        let chunks = try readChunks(inSegment: index)
        segments.withLock { $0[index] = chunks }
        return chunks
    }

    /// As `chunks(inSegment:)`, without keeping them.
    func readChunks(inSegment index: Int) throws(Failure) -> [ChunkInfo] {
        let (file, folder) = try segmentFile(index)
        return file.chunks.map { chunk in
            var chunk = chunk
            chunk.blob = folder[chunk.file]?.id ?? .zero
            return chunk
        }
    }

    /// All chunks, in key order; reads every segment's list.
    package func allChunks() throws(Failure) -> [ChunkInfo] {
        try requireLists()
        var all: [ChunkInfo] = []
        for index in manifest.segments.indices { all += try chunks(inSegment: index) }
        return all
    }

    /// The rows of one chunk: canonical lines, each with its newline.
    /// - Parameters:
    ///   - chunk: one of this snapshot's.
    ///   - checksDigest: whether to compute SHA-256 and compare; without it only the frame's own
    ///     checksum and the stated size are checked.
    /// - Returns: the text.
    /// - Throws: `snapshot.corrupt-chunk`, `snapshot.missing-object`.
    package func text(of chunk: ChunkInfo, checksDigest: Bool = true) throws(Failure) -> [UInt8] {
        guard chunk.blob != .zero else {
            throw Failure(
                .missingObject,
                "Chunk \"\(chunk.file)\" of \(table) is not in its segment's folder.",
                hint: "osodata verify \(table)"
            )
        }
        // Stated sizes are not to be trusted with memory.
        guard chunk.bytes <= Self.textLimit else {
            throw corrupt(chunk, "states \(chunk.bytes) bytes of text, more than a chunk may have")
        }
        try requireWithNeighbours(chunk)
        let text: [UInt8]
        do {
            text = try DecompressorPool.shared.decompress(
                blob: chunk.blob,
                of: objects,
                limit: chunk.bytes
            )
        } catch {
            throw corrupt(chunk, "cannot be read", cause: error)
        }
        guard text.count == chunk.bytes else {
            throw corrupt(chunk, "has \(text.count) bytes of text where \(chunk.bytes) are stated")
        }
        guard !checksDigest || Digest.of(text) == chunk.digest else {
            throw corrupt(chunk, "does not have the digest it is named by")
        }
        return text
    }

    /// Fetches a chunk that a filtered clone lacks.
    ///
    /// Who did not say beforehand what he will read goes through the chunks in order, as a rule:
    /// the rest of the segment comes along.
    private func requireWithNeighbours(_ chunk: ChunkInfo) throws(Failure) {
        guard supply.isNeeded, try supply.lacks(chunk.blob) else { return }
        let segment = segments.withLock { segments in
            segments.values.first { $0.contains { $0.blob == chunk.blob } }
        }
        try require(segment ?? [chunk])
    }

    private func corrupt(_ chunk: ChunkInfo, _ problem: String, cause: Failure? = nil) -> Failure {
        let isMissing = cause?.lacksObject == true
        return Failure(
            isMissing ? .missingObject : .corruptChunk,
            "Chunk \"\(chunk.file)\" of \(table) \(problem).",
            hint: isMissing
                ? objects.missingObjectsHint
                : "osodata verify \(table); git fsck; fetch the object from another clone",
            cause: cause.map { [$0.message, $0.cause].compactMap { $0 }.joined(separator: " ") }
        )
    }

    /// Calls `body` with every row in key order, with its newline, one chunk in memory at a time.
    /// - Throws: what `text(of:)` and `body` throw.
    package func forEachRow(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        if supply.isNeeded { try require(try allChunks()) }
        for index in manifest.segments.indices {
            for chunk in try chunks(inSegment: index) {
                try unsafe eachRow(of: try text(of: chunk), body)
            }
        }
    }

    /// All rows in memory, validated.
    package func rowSet() throws(Failure) -> RowSet {
        var rows = RowSet(schema: schema)
        try unsafe forEachRow { (row) throws(Failure) in try unsafe rows.append(row: row) }
        return rows
    }

    /// SHA-256 of the whole text, to compare with `zstdcat … | sha256sum`; stored nowhere.
    package func contentDigest() throws(Failure) -> Digest {
        let chunks = try allChunks()
        try require(chunks)
        var hash = SHA256()
        for chunk in chunks { hash.update(try text(of: chunk)) }
        return hash.finalize()
    }

    /// What `provenance.json` says; nil if there is none.
    package func provenance() throws(Failure) -> JSONValue? {
        guard let entry = entries[SnapshotFiles.provenance] else { return nil }
        try supply.require([entry.id])
        return try JSONValue(parsing: try objects.blob(entry.id))
    }

    /// The list of chunks of a segment and its folder, as they are in the repository.
    func segmentFile(
        _ index: Int
    ) throws(Failure) -> (file: SegmentFile, folder: [String: TreeEntry]) {
        let segment = manifest.segments[index]
        let place = "\(table.path)/\(segment.folder)"
        guard let tree = segmentTree(index) else { throw missing(place) }
        var folder: [String: TreeEntry] = [:]
        for child in try objects.tree(tree) { folder[child.name] = child }
        guard let file = folder[SegmentFile.name] else {
            throw missing("\(place)/\(SegmentFile.name)")
        }
        try supply.require([file.id])
        let bytes = try objects.blob(file.id)
        return (
            try SegmentFile(
                parsing: bytes,
                schema: schema,
                file: "\(place)/\(SegmentFile.name)"
            ), folder
        )
    }

    /// The tree of a segment's folder; nil if it is not there.
    func segmentTree(_ index: Int) -> ObjectID? {
        segmentTrees[manifest.segments[index].folder]
    }

    /// The failure of a file of the table that is not there.
    func missing(_ path: String) -> Failure { Self.missing(path, table) }

    static func missing(_ path: String, _ table: TableName) -> Failure {
        Failure(
            .missingObject,
            "\"\(path)\" is missing.",
            hint: "osodata verify \(table)"
        )
    }
}

/// Names of files in a table's folder.
enum SnapshotFiles {
    static let manifest = "manifest.json"
    static let provenance = "provenance.json"
}

/// Calls `body` with every line of `text`, each with its newline.
func eachRow(
    of text: [UInt8],
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
) throws(Failure) {
    try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) -> Void in
        var start = 0
        while start < text.count {
            var end = start
            while unsafe end < text.count && text[end] != UInt8(ascii: "\n") { end += 1 }
            end = min(end + 1, text.count)
            try unsafe body(UnsafeBufferPointer(rebasing: text[start..<end]))
            start = end
        }
    }
}
