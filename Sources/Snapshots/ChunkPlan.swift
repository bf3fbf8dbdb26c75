import Records

/// Where a table is cut: rows of each chunk, chunks of each segment.
struct ChunkPlan: Sendable {
    /// Rows of each chunk.
    private(set) var chunks: [Range<Int>] = []
    /// Chunks of each segment.
    private(set) var segments: [Range<Int>] = []

    /// Cuts sorted rows by the rule of the format; depends on the rows alone.
    init(_ rows: RowSet) {
        var cutter = Cutter(cutClass: rows.schema.cutClass)
        var chunkStart = 0
        var segmentStart = 0
        for index in 0..<rows.count {
            let cut = cutter.next(rowLength: rows.rowLength(index), hash: rows.cutHash(index))
            if cut.chunkBefore, index > chunkStart {
                chunks.append(chunkStart..<index)
                chunkStart = index
            }
            if cut.chunkAfter || cut.segmentAfter {
                chunks.append(chunkStart..<(index + 1))
                chunkStart = index + 1
            }
            if cut.segmentAfter {
                segments.append(segmentStart..<chunks.count)
                segmentStart = chunks.count
            }
        }
        if chunkStart < rows.count { chunks.append(chunkStart..<rows.count) }
        if segmentStart < chunks.count { segments.append(segmentStart..<chunks.count) }
    }
}
