import Diagnostics
import Foundation
import Records
import Snapshots
import TestSupport
import Testing

@testable import Querying

/// Our scan and DuckDB's own reader of NDJSON, over the same rows of every type.
struct ReaderAgreementTests {
    private static let rows = 150

    @Test(arguments: 0..<12)
    func `the same SQL gives the same rows`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let columns = ScanTests.columns
        let schema = try Schema(
            [("k", "int64")]
                + columns.enumerated().map { ("c\($0.offset)", "\($0.element.type)?") },
            key: ["k"]
        )
        var text = ""
        for k in 0..<Self.rows {
            let cells = columns.enumerated().map { index, column in
                let cell = column.cells[random.int(0...(column.cells.count - 1))]
                return "\"c\(index)\":\(random.oneIn(5) ? "null" : cell)"
            }
            text += "{\"k\":\(k),\(cells.joined(separator: ","))}\n"
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "rows.ndjson")
        try text.write(to: file, atomically: true, encoding: .utf8)

        let connection = try Querying.Database(options: .init(threads: 2, files: [file.path]))
            .connect()
        let source = TextSource(schema, chunks: Self.chunks(text, &random).map { .success($0) })
        try connection.attach(source, as: try TableName(parsing: "raw.ours"))
        // What DuckDB does not read from JSON by itself is cast.
        let kinds = columns.map { column in
            ["BLOB", "BIGNUM"].contains(column.engineType) ? "VARCHAR" : column.engineType
        }
        let read = kinds.enumerated().map { "c\($0.offset): '\($0.element)'" }
        let cells = columns.enumerated().map { index, column in
            switch column.engineType {
            case "BLOB": "from_base64(c\(index)) AS c\(index)"
            case "BIGNUM": "c\(index)::BIGNUM AS c\(index)"
            default: "c\(index)"
            }
        }
        try connection.execute(
            """
            CREATE VIEW raw.theirs AS SELECT k, \(cells.joined(separator: ", "))
            FROM read_ndjson('\(file.path)', columns = {k: 'BIGINT', \(read.joined(separator: ", "))},
            maximum_object_size = 16777216)
            """
        )
        for (index, column) in columns.enumerated() {
            let name = "c\(index)"
            for sql in [
                "SELECT k, \(name) FROM raw.# ORDER BY k",
                "SELECT count(\(name)), count(DISTINCT \(name)) FROM raw.#",
                "SELECT \(name), count(*), sum(k) FROM raw.# GROUP BY 1 ORDER BY 2 DESC, 3",
                "SELECT k FROM raw.# WHERE \(name) IS NULL ORDER BY k",
                "SELECT bit_xor(hash(\(name))) FROM raw.#",
                "SELECT a.k, b.k FROM raw.# a JOIN raw.# b USING (\(name)) WHERE a.k < 20 ORDER BY ALL",
            ] {
                let ours = try connection.rows(sql.replacing("#", with: "ours"))
                let theirs = try connection.rows(sql.replacing("#", with: "theirs"))
                #expect(ours == theirs, "seed \(seed), \(column.type): \(sql)")
            }
        }
    }

    /// The lines in a few chunks.
    private static func chunks(_ text: String, _ random: inout SeededRandom) -> [String] {
        var chunks: [String] = [""]
        for line in text.split(separator: "\n") {
            chunks[chunks.count - 1] += line + "\n"
            if random.oneIn(40) { chunks.append("") }
        }
        return chunks.filter { !$0.isEmpty }
    }
}
