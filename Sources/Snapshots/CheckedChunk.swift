import Codecs
import Diagnostics
import Records

/// What reading one chunk row by row found out.
struct CheckedChunk: Sendable {
    private(set) var problems: [(kind: VerifyProblem.Kind, message: String)] = []
    /// Whether its text could be read; if not, nothing else is known.
    private(set) var isReadable = false
    private(set) var rows = 0
    private(set) var bytes = 0
    private(set) var firstKey: [UInt8] = []
    private(set) var firstLength = 0
    private(set) var firstHash: UInt64 = 0
    private(set) var lastKey: [UInt8] = []
    /// The cutter after the last row, to ask whether the next row would have stayed.
    private(set) var cutter: Cutter
    /// Whether the last row ends a chunk or a segment by itself.
    private(set) var endsChunk = false
    private(set) var endsSegment = false

    /// Reads and checks `chunk`; collects at most one problem of each sort.
    init(_ chunk: ChunkInfo, of snapshot: Snapshot) {
        cutter = Cutter(cutClass: snapshot.schema.cutClass)
        let text: [UInt8]
        do throws(Failure) {
            // The digest is compared below, so that the rest is checked and named all the same.
            text = try snapshot.text(of: chunk, checksDigest: false)
        } catch {
            problems.append((error.isMissing ? .missing : .digest, error.oneLine))
            return
        }
        let digest = Digest.of(text)
        if digest != chunk.digest {
            problems.append(
                (
                    .digest,
                    "The text has the digest \(digest.hex), segment.json states \(chunk.digest.hex)."
                )
            )
        }
        bytes = text.count
        guard text.last == UInt8(ascii: "\n") else {
            problems.append((.malformed, "The text does not end in a newline."))
            return
        }
        do throws(Failure) {
            try check(text, chunk, snapshot.schema)
            isReadable = true
        } catch {
            problems.append((.malformed, "Row \(rows + 1): \(error.oneLine)"))
        }
    }

    private mutating func check(
        _ text: [UInt8],
        _ chunk: ChunkInfo,
        _ schema: Schema
    ) throws(Failure) {
        let reader = RowReader(schema: schema)
        var statistics = StatisticsBuilder(schema: schema)
        var cells: [Range<Int>] = []
        var isOrdered = true
        var isCutEarly = false
        try unsafe eachRow(of: text) { (row) throws(Failure) in
            try unsafe reader.validate(row)
            try unsafe reader.cells(row, into: &cells)
            try unsafe statistics.add(row, cells)
            let key = try unsafe reader.sortKey(row, cells)
            let hash = unsafe reader.cutHash(row, cells)
            let length = row.count
            if rows == 0 {
                (firstKey, firstLength, firstHash) = (key, length, hash)
            } else {
                if !precedes(lastKey, key), isOrdered {
                    isOrdered = false
                    problems.append(
                        (.order, "Row \(rows + 1) does not come after the row before it.")
                    )
                }
            }
            let cut = cutter.next(rowLength: length, hash: hash)
            if rows > 0, cut.chunkBefore || endsChunk, !isCutEarly {
                isCutEarly = true
                problems.append((.boundary, "The chunk must end before row \(rows + 1)."))
            }
            endsChunk = cut.chunkAfter || cut.segmentAfter
            endsSegment = cut.segmentAfter
            lastKey = key
            rows += 1
        }
        if rows != chunk.rows {
            problems.append((.size, "It has \(rows) rows, segment.json states \(chunk.rows)."))
        }
        let found = statistics.finish()
        for (index, column) in schema.columns.enumerated()
        where found[index] != chunk.statistics[index] {
            problems.append(
                (.statistics, "The statistics of \"\(column.name)\" are not those of its rows.")
            )
            break
        }
    }
}
