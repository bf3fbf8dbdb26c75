package import Diagnostics
import Dispatch
import Records
import Synchronization

extension Failure.Code {
    /// The text of a chunk is not made of whole lines.
    package static let malformedChunk = Self("diff.malformed-chunk")
}

/// Reads the rows of some chunks of one table in order, one chunk in memory at a time.
struct ChunkCursor<Source: ChunkSource> {
    private let source: Source
    private let reader: RowReader
    private let chunks: [(segment: Int, chunk: Int)]
    private var nextChunk = 0

    /// The chunk being read; `position` is where its next row starts.
    private(set) var text: [UInt8] = []
    var position = 0

    /// Cells of the row at `position`, valid when `hasKey`.
    private(set) var cells: [Range<Int>] = []
    /// Sort key of that row, valid when `hasKey`.
    private(set) var key: [UInt8] = []
    private var hasKey = false

    private(set) var chunksRead = 0
    private(set) var bytesRead = 0

    init(source: Source, reader: RowReader, chunks: [(segment: Int, chunk: Int)]) {
        self.source = source
        self.reader = reader
        self.chunks = chunks
    }

    /// Whether there is a row at `position`.
    var hasRow: Bool { position < text.count }

    /// The chunk to read next, if this one is used up and there is another.
    var wanted: (segment: Int, chunk: Int)? {
        hasRow || nextChunk == chunks.count ? nil : chunks[nextChunk]
    }

    /// Goes on to the wanted chunk, whose text this is.
    mutating func accept(_ newText: [UInt8]) throws(Failure) {
        let place = chunks[nextChunk]
        nextChunk += 1
        text = newText
        position = 0
        hasKey = false
        chunksRead += 1
        bytesRead += newText.count
        guard newText.last == UInt8(ascii: "\n") else {
            throw Failure(
                .malformedChunk,
                "Chunk \(place.chunk) of segment \(place.segment) does not end in a newline.",
                hint: "osodata verify"
            )
        }
    }

    /// Makes the next row of both sides available, if there is one.
    ///
    /// Where both need a chunk, which is the rule between chunks that differ, the two are read at
    /// once: unpacking them is most of the time a difference takes.
    static func fill<Other: ChunkSource>(
        _ one: inout ChunkCursor<Source>,
        _ other: inout ChunkCursor<Other>
    ) throws(Failure) {
        if let left = one.wanted, let right = other.wanted {
            let (source, otherSource) = (one.source, other.source)
            let texts = Mutex<[Result<[UInt8], Failure>?]>([nil, nil])
            DispatchQueue.concurrentPerform(iterations: 2) { side in
                let result = Result { () throws(Failure) -> [UInt8] in
                    side == 0
                        ? try source.chunkText(segment: left.segment, chunk: left.chunk)
                        : try otherSource.chunkText(segment: right.segment, chunk: right.chunk)
                }
                texts.withLock { $0[side] = result }
            }
            let read = texts.withLock { $0 }
            if let text = read[0] { try one.accept(try text.get()) }
            if let text = read[1] { try other.accept(try text.get()) }
        } else if let left = one.wanted {
            try one.accept(try one.source.chunkText(segment: left.segment, chunk: left.chunk))
        } else if let right = other.wanted {
            try other.accept(
                try other.source.chunkText(segment: right.segment, chunk: right.chunk)
            )
        }
    }

    /// Moves to the row at `start` of the same chunk.
    mutating func move(to start: Int) {
        position = start
        hasKey = false
    }

    /// End of the row at `position`, before its newline.
    ///
    /// The chunk ends in a newline, so there is one.
    func rowEnd() -> Int {
        text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    }

    /// Splits the row at `position` and makes its sort key, once.
    mutating func parse(rowEnd end: Int) throws(Failure) {
        guard !hasKey else { return }
        let start = position
        let reader = reader
        var cells = cells
        self.cells = []
        key = try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) -> [UInt8] in
            let row = unsafe UnsafeBufferPointer(rebasing: text[start..<end])
            try unsafe reader.cells(row, into: &cells)
            return try unsafe reader.sortKey(row, cells)
        }
        self.cells = cells
        hasKey = true
    }

    /// Bytes of a cell of the parsed row.
    func cell(_ index: Int) -> ArraySlice<UInt8> {
        text[(position + cells[index].lowerBound)..<(position + cells[index].upperBound)]
    }

    /// The row without its newline.
    func row(end: Int) -> [UInt8] { Array(text[position..<end]) }
}
