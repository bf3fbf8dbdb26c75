import Codecs
import Diagnostics
import Foundation
import Records
import TestSupport
import Testing

@testable import Querying

/// Threads, and where the blocks end that they take, make no difference to an import.
struct ImportThreadsTests {
    /// What an import comes to: columns, rows and notes, or the failure.
    private func outcome(
        _ file: URL,
        key: [String],
        threads: Int,
        blockSize: Int,
        limit: Int? = nil
    ) throws -> String {
        do throws(Failure) {
            let importer = try FileImporter(
                path: file.path,
                name: "file",
                format: nil,
                threads: threads,
                blockSize: blockSize
            )
            let rows = try importer.rows(
                schema: try Schema(columns: importer.columns, key: key, cutClass: .small),
                limit: limit.map { SortLimit(bytes: $0, storage: MemoryRuns()) }
            )
            var lines = importer.columns.map { "\($0.name) \($0.type)" } + importer.notes
            try unsafe rows.forEach { (row, _, hash) throws(Failure) in
                lines.append(unsafe "\(hash) \(String(decoding: row, as: UTF8.self))")
            }
            return lines.joined(separator: "\n")
        } catch {
            return "\(error.code) \(error.message) \(error.hint ?? "-") "
                + "\(error.place?.line ?? 0) \(error.cause ?? "-")"
        }
    }

    /// Checks that imports of a file come out the same, and gives what they come to.
    private func common(
        _ name: String,
        _ bytes: [UInt8],
        key: [String],
        _ random: inout SeededRandom
    ) throws -> String {
        let folder = try TemporaryFolder()
        let file = folder.url.appending(path: name)
        try Data(bytes).write(to: file)
        let one = try outcome(file, key: key, threads: 1, blockSize: 1 << 20)
        for threads in [1, 2, 3, 8] {
            let size = [1, 2, 7, 40, 300, 2_000][random.int(0...5)]
            let limit = random.oneIn(2) ? random.int(100...5_000) : nil
            let other = try outcome(
                file,
                key: key,
                threads: threads,
                blockSize: size,
                limit: limit
            )
            #expect(other == one, "\(threads) threads, blocks of \(size), \(limit ?? 0)")
        }
        return one
    }

    // MARK: CSV

    /// A field as it is, and as it is written.
    private func field(_ random: inout SeededRandom) -> (value: String?, text: String) {
        let plain = ["a", "7", "-2.5", "x\"y\"", "2026-01-31", "ü", "true", "long long text"]
        switch random.int(0...9) {
        case 0: return (nil, "")
        case 1...5:
            let value = plain[random.int(0...plain.count - 1)]
            return (value, value)
        default:
            var value = ""
            for _ in 0..<random.int(0...4) {
                value +=
                    ["\"", ",", "\n", "\r\n", "\r", "b", "\n\n", "\",\"", " "][
                        random.int(0...8)
                    ]
            }
            return (value, "\"" + value.replacing("\"", with: "\"\"") + "\"")
        }
    }

    @Test func `CSV of any kind of field is read right by any threads`() throws {
        var random = SeededRandom()
        for _ in 0..<60 {
            let lineEnd = random.oneIn(2) ? "\n" : "\r\n"
            var text = random.oneIn(3) ? "\u{feff}id,a,b" : "id,a,b"
            var expected: [String] = []
            for row in 0..<random.int(0...60) {
                let (first, firstText) = field(&random)
                let (second, secondText) = field(&random)
                if random.oneIn(9) { text += lineEnd }
                text += "\(lineEnd)\(row),\(firstText),\(secondText)"
                expected.append(
                    JSONValue.object([
                        ("id", .string("\(row)")), ("a", first.map { .string($0) } ?? .null),
                        ("b", second.map { .string($0) } ?? .null),
                    ]).serialized()
                )
            }
            if random.oneIn(2) { text += lineEnd }
            let folder = try TemporaryFolder()
            for (name, bytes) in [
                ("a.csv", Array(text.utf8)),
                ("a.csv.zst", ZstdCompressor().compress(Array(text.utf8))),
            ] {
                _ = try common(name, bytes, key: ["id"], &random)
                let file = folder.url.appending(path: name)
                try Data(bytes).write(to: file)
                let importer = try FileImporter(
                    path: file.path,
                    format: nil,
                    threads: 2,
                    blockSize: random.int(1...100)
                )
                // As text, so that what was written is what comes out.
                let rows = try importer.rows(
                    schema: try Schema(
                        columns: importer.columns.map {
                            Column(id: $0.id, name: $0.name, type: .string)
                        },
                        key: ["id"],
                        cutClass: .small
                    )
                ).rowSet()
                let lines = (0..<rows.count).map {
                    String(decoding: rows.row($0).dropLast(), as: UTF8.self)
                }
                #expect(lines.sorted() == expected.sorted())
            }
        }
    }

    @Test func `the first failure of a CSV file is the same for any threads`() throws {
        var random = SeededRandom()
        var failures: Set<String> = []
        let bad =
            [
                "1,\"a\"b,2", "1,2", "1,a\rb,2", "1,2,3,4", "1,\u{0},2", "x,1,2", "3,same,key",
                "1,\"open,2", "\"", "4,\"\n\",\"",
            ].map { Array($0.utf8) } + [[0x31, 0x2c, 0xff, 0x2c, 0x32]]
        for _ in 0..<150 {
            var bytes = Array("id,a,b\n".utf8)
            for row in 0..<random.int(1...60) {
                let text = "\(row),\(field(&random).text),\(field(&random).text)"
                bytes += random.oneIn(15) ? bad[random.int(0...bad.count - 1)] : Array(text.utf8)
                bytes += Array((random.oneIn(2) ? "\n" : "\r\n").utf8)
            }
            let result = try common("a.csv", bytes, key: ["id"], &random)
            failures.insert(String(result.prefix(30)))
        }
        #expect(failures.count > 6)
    }

    @Test(arguments: [1, 2, 3, 8])
    func `a quote that is not closed is named by the line it opens in`(_ threads: Int) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appending(path: "a.csv")
        let lines = (0..<500).map { "\($0),\"b\n\"\n" }.joined()
        try (("id,b\n" + lines + "500,\"b\n501,c\n") + lines).write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
        // The quotes behind it are taken the other way round: text follows one that closes.
        var result = try outcome(file, key: ["id"], threads: threads, blockSize: 100)
        #expect(result.contains("Text follows a closed quote.") && result.contains(" 1004 "))
        try (("id,b\n" + lines + "500,\"b\n501,c\n")).write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
        result = try outcome(file, key: ["id"], threads: threads, blockSize: 100)
        #expect(result.contains("A quote is not closed.") && result.contains(" 1002 "))
    }

    // MARK: NDJSON

    @Test(arguments: [1, 2, 3, 8])
    func `of two bad lines the first is named, whichever is read first`(_ threads: Int) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appending(path: "a.ndjson")
        for _ in 0..<40 {
            var lines = (0..<64).map { "{\"id\": \($0), \"text\": \"\($0)\"}" }
            // Of about four lines a block.
            lines[6] = "{\"id\": 6, \"text\": \"" + String(repeating: "x", count: 300) + "\""
            lines[13] = "{]"
            try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
            let result = try outcome(file, key: ["id"], threads: threads, blockSize: 100)
            #expect(result.contains(" 7 ") && result.hasPrefix("import.file"))
        }
    }

    @Test func `NDJSON comes out the same for any threads`() throws {
        var random = SeededRandom()
        var failures = 0
        let values = [
            "1", "-2.5e3", "\"a\"", "null", "true", "[1, 2]", "[\"x\", null]", "{\"z\": 1}",
            "\"2026-01-31\"", "\"\\u0000\"", "\"\\ud800\"", "18446744073709551616", "[]",
        ]
        let bad = ["[1]", "{", "{\"id\": 3}", "x", "{\"ID\": 4}", "{\"id\": null}", "\"\u{7f}"]
        for _ in 0..<150 {
            let hasBad = random.oneIn(2)
            var text = ""
            for row in 0..<random.int(1...60) {
                var members = ["\"id\": \(row)"]
                for name in ["a", "b", "c d", "é", "e\u{301}"] where random.oneIn(3) {
                    members.append("\"\(name)\": \(values[random.int(0...values.count - 1)])")
                }
                if random.oneIn(5) { members.shuffle(using: &random) }
                text += "{" + members.joined(separator: ", ") + "}"
                text += random.oneIn(5) ? "\r\n" : "\n"
                if random.oneIn(9) { text += " \n" }
                if hasBad, random.oneIn(20) { text += bad[random.int(0...bad.count - 1)] + "\n" }
            }
            if random.oneIn(3) { text.removeLast() }
            let result = try common("a.ndjson", Array(text.utf8), key: ["id"], &random)
            failures += result.hasPrefix("import.") || result.hasPrefix("records.") ? 1 : 0
        }
        #expect(failures > 10 && failures < 140)
    }

    // MARK: Types

    @Test func `types of parts, merged, are those of one pass`() throws {
        var random = SeededRandom()
        let values = [
            "1", "-1", "0", "12345678901234567", "9007199254740993", "9223372036854775808",
            "170141183460469231731687303715884105727", "1e400", "1.5", "1e5",
            "99999999999999999999999999999999999999", "1" + String(repeating: "0", count: 76),
            "1" + String(repeating: "0", count: 80), "true", "\"a\"", "\"2026-01-31\"",
            "\"2026-01-31T10:00:00Z\"", "null", "[]", "[1]", "[1.5, null]", "[[1], [\"a\"]]",
            "[[]]", "{}", "[{}]",
        ]
        var types: Set<String> = []
        for _ in 0..<2_000 {
            // Few kinds at a time, or all would be text.
            let pool = (0..<random.int(1...4)).map { _ in values[random.int(0...values.count - 1)] }
            let isJSON = random.oneIn(2)
            var one = ValueShape()
            var parts = (0..<random.int(1...4)).map { _ in ValueShape() }
            for _ in 0..<random.int(0...12) {
                let text = Array(pool[random.int(0...pool.count - 1)].utf8)
                let part = random.int(0...parts.count - 1)
                if isJSON {
                    let document = try JSONDocument(parsing: text)
                    one.add(document.root)
                    parts[part].add(document.root)
                } else {
                    let field = text.filter { $0 != UInt8(ascii: "\"") }
                    unsafe field.withUnsafeBufferPointer {
                        unsafe one.add(field: $0)
                        unsafe parts[part].add(field: $0)
                    }
                }
            }
            var merged = ValueShape()
            for part in parts { merged.merge(part) }
            let type = isJSON ? one.jsonType : one.textType
            #expect((isJSON ? merged.jsonType : merged.textType) == type)
            types.insert("\(type)")
        }
        #expect(types.count > 10)
    }
}
