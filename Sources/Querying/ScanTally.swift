import Synchronization

/// What a scan of a table reads and passes over, counted while it runs.
package final class ScanTally: Sendable {
    /// The table, as layer.table.
    package let table: String
    /// Segments of the table, and those passed over by their statistics.
    package let segments: Int
    package let skippedSegments: Int
    /// Chunks to be read, and those passed over.
    package let chunks: Int
    package let skippedChunks: Int
    private let readChunks = Atomic<Int>(0)
    private let readBytes = Atomic<Int>(0)

    init(table: String, _ selection: ScanSelection) {
        self.table = table
        segments = selection.segments
        skippedSegments = selection.skippedSegments
        chunks = selection.chunks.count
        skippedChunks = selection.skippedChunks
    }

    func add(bytes: Int) {
        readChunks.add(1, ordering: .relaxed)
        readBytes.add(bytes, ordering: .relaxed)
    }

    /// Chunks read so far.
    package var chunksRead: Int { readChunks.load(ordering: .relaxed) }
    /// Bytes of text read so far, uncompressed.
    package var bytesRead: Int { readBytes.load(ordering: .relaxed) }
}
