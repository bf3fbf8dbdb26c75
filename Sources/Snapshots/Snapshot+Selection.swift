package import Diagnostics
package import Records

/// The chunks of a table in which a filter may let rows through, and what was passed over.
package struct ChunkSelection: Sendable {
    /// A chunk, and where `chunks(inSegment:)` has it.
    package struct Chunk: Sendable {
        package let segment: Int
        package let index: Int
        package let info: ChunkInfo
    }

    /// In key order.
    package var chunks: [Chunk] = []
    /// Segments of the table, and those of them passed over with their lists of chunks.
    package var segments = 0
    package var skippedSegments = 0
    /// Chunks passed over, those of segments passed over among them.
    package var skippedChunks = 0
}

extension Snapshot {
    /// Finds the chunks that may have rows a filter lets through.
    ///
    /// Lists of chunks are read only of segments that may have such rows; a filtered clone gets
    /// them, and then the chunks, in one exchange each.
    ///
    /// - Parameter filter: its columns are indices into the schema's.
    /// - Returns: the chunks, to be read by `text(of:)`.
    /// - Throws: what `chunks(inSegment:)` throws, what who fetches says.
    package func chunks(matching filter: RowFilter) throws(Failure) -> ChunkSelection {
        var selection = ChunkSelection(segments: manifest.segments.count)
        let segments = manifest.segments.indices.filter { index in
            let segment = manifest.segments[index]
            if filter.mayMatch(segment.statistics, rows: segment.rows, schema: schema) {
                return true
            }
            selection.skippedSegments += 1
            selection.skippedChunks += segment.chunkCount
            return false
        }
        try requireLists(ofSegments: segments)
        for index in segments {
            for (place, chunk) in try chunks(inSegment: index).enumerated() {
                if filter.mayMatch(chunk.statistics, rows: chunk.rows, schema: schema) {
                    selection.chunks.append(.init(segment: index, index: place, info: chunk))
                } else {
                    selection.skippedChunks += 1
                }
            }
        }
        try require(selection.chunks.map(\.info))
        return selection
    }
}
