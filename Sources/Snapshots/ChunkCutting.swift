import Codecs
import Diagnostics
import Records

/// A chunk as it is cut from sorted rows.
struct CutChunk: Sendable {
    /// The rows, each with its newline.
    let text: [UInt8]
    let rows: Int
    /// Whether it is the last of its segment.
    var endsSegment: Bool
}

extension SortedRows {
    /// Chunks handed on together, so that threads have something to share.
    private static let windowChunks = 64
    /// Bytes of text after which they are handed on, which bounds memory.
    private static let windowBytes = 16 << 20

    /// Cuts the rows by the rule of the format, which depends on the rows alone, and calls `body`
    /// with some chunks at a time, in order; a segment may go on in the next call.
    func forEachWindow(
        _ body: ([CutChunk]) throws(Failure) -> Void
    ) throws(Failure) {
        var cutter = Cutter(cutClass: schema.cutClass)
        var window: [CutChunk] = []
        var windowBytes = 0
        var text: [UInt8] = []
        var rows = 0
        // The chunk closed last waits: it may turn out to be the table's last.
        var waiting: CutChunk?
        func close(endsSegment: Bool) throws(Failure) {
            guard rows > 0 else { return }
            if let chunk = waiting {
                window.append(chunk)
                windowBytes += chunk.text.count
            }
            waiting = CutChunk(text: text, rows: rows, endsSegment: endsSegment)
            text = []
            rows = 0
            guard window.count >= Self.windowChunks || windowBytes >= Self.windowBytes else {
                return
            }
            try body(window)
            window = []
            windowBytes = 0
        }
        try unsafe forEach { (row, hash) throws(Failure) in
            let cut = cutter.next(rowLength: row.count, hash: hash)
            if cut.chunkBefore { try close(endsSegment: false) }
            if rows == 0 {
                text.reserveCapacity(schema.cutClass.target + schema.cutClass.target / 2)
            }
            unsafe text.append(contentsOf: row)
            rows += 1
            if cut.chunkAfter || cut.segmentAfter { try close(endsSegment: cut.segmentAfter) }
        }
        try close(endsSegment: true)
        guard var last = waiting else { return }
        last.endsSegment = true
        try body(window + [last])
    }
}

/// The digests of a table's pieces, before anything of it is made.
struct TableDigests: Sendable {
    /// Digest and rows of each segment.
    private(set) var segments: [(digest: Digest, rows: Int)] = []

    /// Hashes all chunks of sorted rows.
    init(_ rows: SortedRows, threads: Int) throws(Failure) {
        var segment: [(Digest, Int)] = []
        func close() {
            let count = segment.reduce(0) { $0 + $1.1 }
            segments.append((SnapshotDigests.segment(chunks: segment), count))
            segment = []
        }
        try rows.forEachWindow { (window) throws(Failure) in
            let digests = try parallelMap(window.count, threads: threads, state: { () }) {
                (index, _) throws(Failure) -> Digest in Digest.of(window[index].text)
            }
            for (chunk, digest) in zip(window, digests) {
                segment.append((digest, chunk.rows))
                if chunk.endsSegment { close() }
            }
        }
    }
}
