package import Codecs
package import Diagnostics
package import Records

/// A chunk as it is cut from sorted rows.
struct CutChunk: Sendable {
    /// The rows, each with its newline.
    let text: [UInt8]
    let rows: Int
    /// Whether it is the last of its segment by the rows alone; the last of a table always is.
    let endsSegment: Bool
}

/// Cuts rows given one by one into chunks, by the rule of the format, which depends on the rows
/// alone.
struct ChunkCutter {
    private let target: Int
    private var cutter: Cutter
    private var text: [UInt8] = []
    private var rows = 0

    /// At the beginning of a table, or behind the end of any of its chunks.
    init(_ cutClass: CutClass) {
        target = cutClass.target
        cutter = Cutter(cutClass: cutClass)
    }

    /// Whether a chunk ended with the row given last, so that what comes next begins one.
    var isAtBoundary: Bool { rows == 0 }

    /// Takes the next row, with its newline, and its cut hash.
    /// - Returns: the chunk that ends before the row, and the one that ends with it.
    mutating func add(
        _ row: UnsafeBufferPointer<UInt8>,
        hash: UInt64
    ) -> (before: CutChunk?, with: CutChunk?) {
        let cut = cutter.next(rowLength: row.count, hash: hash)
        let before = cut.chunkBefore ? take(endsSegment: false) : nil
        if rows == 0 { text.reserveCapacity(target + target / 2) }
        unsafe text.append(contentsOf: row)
        rows += 1
        return (before, cut.chunkAfter ? take(endsSegment: cut.segmentAfter) : nil)
    }

    /// The chunk that the end of the table ends; nil if one has just ended.
    mutating func finish() -> CutChunk? { rows == 0 ? nil : take(endsSegment: true) }

    private mutating func take(endsSegment: Bool) -> CutChunk {
        defer {
            text = []
            rows = 0
        }
        return CutChunk(text: text, rows: rows, endsSegment: endsSegment)
    }
}

/// Chunks that are handed on together, so that threads have something to share, and so much text
/// at most that memory is bounded.
enum ChunkWindow {
    static let chunks = 64
    static let bytes = 16 << 20
}

extension SnapshotStore {
    /// The digest a table of these sorted rows has, without writing anything.
    package static func digest(
        of rows: SortedRows,
        threads: Int = 2
    ) throws(Failure) -> Digest {
        var segments: [(digest: Digest, rows: Int)] = []
        var segment: [(Digest, Int)] = []
        func endSegment() {
            guard !segment.isEmpty else { return }
            let count = segment.reduce(0) { $0 + $1.1 }
            segments.append((SnapshotDigests.segment(chunks: segment), count))
            segment = []
        }
        var window: [CutChunk] = []
        var bytes = 0
        func hashWindow() throws(Failure) {
            let chunks = window
            let digests = try parallelMap(chunks.count, threads: threads, state: { () }) {
                (index, _) throws(Failure) -> Digest in Digest.of(chunks[index].text)
            }
            for (chunk, digest) in zip(chunks, digests) {
                segment.append((digest, chunk.rows))
                if chunk.endsSegment { endSegment() }
            }
            window = []
            bytes = 0
        }
        var cutter = ChunkCutter(rows.schema.cutClass)
        try unsafe rows.forEach { (row, _, hash) throws(Failure) in
            let cut = unsafe cutter.add(row, hash: hash)
            for chunk in [cut.before, cut.with].compactMap(\.self) {
                window.append(chunk)
                bytes += chunk.text.count
            }
            if window.count >= ChunkWindow.chunks || bytes >= ChunkWindow.bytes {
                try hashWindow()
            }
        }
        if let last = cutter.finish() { window.append(last) }
        try hashWindow()
        endSegment()
        return SnapshotDigests.table(schema: rows.schema, segments: segments)
    }
}
