import Diagnostics
import Diffing
import Records
import Synchronization

/// A table in memory, cut as the test says, that counts what is read of it.
final class ListSource: ChunkSource, Sendable {
    let schema: Schema
    /// Text of each chunk of each segment.
    let segments: [[String]]
    private let reads = Mutex(0)

    /// Lines of each chunk of each segment, without newlines.
    init(_ schema: Schema, _ segments: [[[String]]]) {
        self.schema = schema
        self.segments = segments.map { $0.map { $0.map { $0 + "\n" }.joined() } }
    }

    var chunksRead: Int { reads.withLock { $0 } }

    var segmentPieces: [Piece<String>] {
        segments.map { chunks in
            let text = chunks.joined()
            return Piece(
                identity: text,
                rows: text.split(separator: "\n").count,
                bytes: text.utf8.count
            )
        }
    }

    func chunkPieces(inSegment index: Int) -> [Piece<String>] {
        segments[index].map { text in
            Piece(identity: text, rows: text.split(separator: "\n").count, bytes: text.utf8.count)
        }
    }

    func chunkText(segment: Int, chunk: Int) -> [UInt8] {
        reads.withLock { $0 += 1 }
        return Array(segments[segment][chunk].utf8)
    }
}

/// A schema from `name type` lines; ids count from 1; columns outside the key may be null.
func schema(_ columns: [(String, String)], key: [String] = [], ids: [Int]? = nil) throws -> Schema {
    var list: [Column] = []
    for (index, (name, type)) in columns.enumerated() {
        list.append(
            Column(
                id: ids?[index] ?? index + 1,
                name: name,
                type: try ColumnType(parsing: type),
                isNullable: !key.contains(name)
            )
        )
    }
    return try Schema(columns: list, key: key, cutClass: .small)
}

/// All changes of a difference as `+ before after` lines, and the summary.
func changes(
    _ before: some ChunkSource<String>,
    _ after: some ChunkSource<String>
) throws -> (list: [RowChange], summary: DiffSummary) {
    var list: [RowChange] = []
    let summary = try differences(from: before, to: after) { (change) throws(Failure) in
        list.append(change)
        return true
    }
    return (list, summary)
}

func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
