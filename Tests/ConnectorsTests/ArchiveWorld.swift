import Codecs
import Connectors
import Diagnostics
import Fetching
import Foundation
import Records
import Synchronization

/// A folder of hours made by a test, and extraction from it.
final class ArchiveWorld: Sendable {
    let folder: URL
    private let told = Mutex<[String]>([])

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "osodata-archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What was said of progress.
    var progress: [String] { told.withLock { $0 } }

    /// Writes an hour.
    func write(_ hour: String, _ lines: [String]) throws {
        let text = lines.map { $0 + "\n" }.joined()
        try write(hour, bytes: Gzip.pack(Array(text.utf8)))
    }

    /// Writes an hour as it is.
    func write(_ hour: String, bytes: [UInt8]) throws {
        try Data(bytes).write(to: folder.appending(path: "\(hour).json.gz"))
    }

    func remove(_ hour: String) throws {
        try FileManager.default.removeItem(at: folder.appending(path: "\(hour).json.gz"))
    }

    /// Extracts from the folder, or from `endpoint`.
    func extract(
        _ from: String,
        _ to: String,
        endpoint: String? = nil,
        location: String? = "file://samples",
        keep: EventFilter = .all,
        previous: Extracted? = nil,
        table: RowSet? = nil,
        source: String = "archive",
        madeUp: Bool = false,
        threads: Int = 2
    ) throws -> Extracted {
        let context = SourceContext(
            sourceName: source,
            emailKey: Array("public-demo".utf8),
            previousCoverage: previous?.coverage ?? [],
            madeUp: madeUp,
            now: 1_767_225_600_000_000,
            threads: threads,
            progress: { text in self.told.withLock { $0.append(text) } }
        )
        let result = try GitHubArchive.extract(
            endpoint: endpoint ?? "file://\(folder.path)",
            location: location,
            from: from,
            to: to,
            keep: keep,
            fetcher: Self.fetcher,
            context: context
        )
        return try Extracted(result, GitHubArchive.table, to: table ?? previous?.table)
    }

    /// Never waits; may read any file.
    static var fetcher: Fetcher {
        Fetcher(
            options: FetchOptions(
                userAgent: "osodata-test",
                fileRoot: "/",
                sleep: { _ in },
                now: { 1_767_225_600_000_000 }
            )
        )
    }
}

/// Packs as gzip, one member.
enum Gzip {
    static func pack(_ bytes: [UInt8]) -> [UInt8] {
        func littleEndian(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let (zlib, crc) = unsafe bytes.withUnsafeBytes {
            unsafe (Zlib.deflate($0), Zlib.crc32(0, $0))
        }
        // A zlib stream is raw deflate with two bytes before and four after.
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        return head + zlib.dropFirst(2).dropLast(4) + littleEndian(crc)
            + littleEndian(UInt32(truncatingIfNeeded: bytes.count))
    }
}

/// An event in today's format.
func event(
    id: String = "1",
    type: String = "WatchEvent",
    repo: String = "ann/tools",
    login: String = "joe",
    at time: String = "2015-01-01T00:00:00Z",
    payload: String = #"{"action":"started"}"#
) -> String {
    #"{"id":"\#(id)","type":"\#(type)","actor":{"id":7,"login":"\#(login)"},"#
        + #""repo":{"id":9,"name":"\#(repo)","url":"u"},"payload":\#(payload),"#
        + #""public":true,"created_at":"\#(time)"}"#
}

extension RowSet {
    /// The rows as values, read by Foundation and not by our code.
    func objects() throws -> [[String: Any]] {
        try (0..<count).map { index in
            let value = try JSONSerialization.jsonObject(with: Data(row(index)))
            return value as? [String: Any] ?? [:]
        }
    }
}

/// What a run makes of an extraction.
struct Extracted {
    /// The table afterwards.
    let table: RowSet
    let coverage: [CoverageRow]
    let notes: [String]
    /// Whether the table was written.
    let changed: Bool

    /// The table, if it was written.
    var rows: RowSet? { changed ? table : nil }

    /// Applies what a connector found to a table as it was; nil for none.
    init(_ result: ExtractResult, _ name: String, to table: RowSet?) throws {
        let edit = RawEdit(table: name, results: [result])
        var kept = RowSet(schema: edit.schema)
        for index in 0..<(table?.count ?? 0) {
            guard let row = table?.row(index), try !edit.drops(row) else { continue }
            try kept.append(row: row)
        }
        try kept.sort()
        let merged = SortedRows.merging(
            schema: edit.schema,
            [SortedRows(kept), edit.rows],
            arbiter: edit
        )
        self.table = try merged.rowSet()
        coverage = edit.coverage(of: result)
        notes = result.notes
        changed = table == nil || !edit.isEmpty
    }

    func objects() throws -> [[String: Any]] { try rows?.objects() ?? [] }
}

extension RawEdit {
    /// Whether a row goes before others come.
    func drops(_ row: [UInt8]) throws(Failure) -> Bool {
        var cells: [Range<Int>] = []
        return try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe RowReader(schema: schema).cells(row, into: &cells)
            return unsafe dropping?.matches(row, cells) ?? false
        }
    }
}
