import Foundation
import Testing

/// The worked example of `docs/format.md`, and the second reader of the format.
struct FormatDocumentTests {
    @Test func `the second reader agrees with every byte of the worked example`() throws {
        try withExample { folder, document in
            let (status, output) = try verify(folder)
            #expect(status == 0, "\(output)")
            #expect(output.contains("marts.example_v1: 3 rows, 1 segments, 1 chunks, agrees: "))
            let warehouse = try block(after: "A warehouse of only this table", in: document)
            #expect(output.contains("1 tables, 0 differ; warehouse \(warehouse)"))
        }
    }

    /// A word of the example and one to put in its place, in a file of the snapshot.
    struct Change: Sendable, CustomTestStringConvertible {
        let file: String
        let old: String
        let new: String
        let complaint: String
        var testDescription: String { "\(file): \(new)" }
    }

    static let changes = [
        Change(
            file: "manifest.json",
            old: "\"rows\":3",
            new: "\"rows\":4",
            complaint: "rows is stated as 4"
        ),
        Change(
            file: "manifest.json",
            old: "55787f04",
            new: "55787f05",
            complaint: "digest is stated as"
        ),
        Change(
            file: "manifest.json",
            old: "\"max\":12",
            new: "\"max\":13",
            complaint: "statistics of stars"
        ),
        Change(
            file: "manifest.json",
            old: "\"small\"",
            new: "\"large\"",
            complaint: "digest is stated as"
        ),
        Change(
            file: "manifest.json",
            old: ",\n\"rows\"",
            new: ",\"rows\"",
            complaint: "not spelled as a manifest"
        ),
        Change(
            file: "manifest.json",
            old: "snapshot/1",
            new: "snapshot/2",
            complaint: "the format is"
        ),
        Change(
            file: "segment.json",
            old: "\"min\":1",
            new: "\"min\":2",
            complaint: "statistics of stars"
        ),
        Change(
            file: "segment.json",
            old: "\"bytes\":192",
            new: "\"bytes\":193",
            complaint: "bytes is stated as 193"
        ),
        Change(
            file: "rows",
            old: "\"stars\":7",
            new: "\"stars\":8",
            complaint: "digest is stated as"
        ),
        Change(file: "rows", old: "\"stars\":7", new: "\"stars\":07", complaint: ":1: "),
        Change(
            file: "rows",
            old: "\"stars\":7",
            new: "\"stars\": 7",
            complaint: ":1: not in its canonical spelling"
        ),
        Change(
            file: "rows",
            old: "\"stars\":7",
            new: "\"stars\":null",
            complaint: ":1: stars is null"
        ),
        Change(file: "rows", old: "\"stars\":7,", new: "", complaint: ":1: columns differ"),
        Change(file: "rows", old: "01-30", new: "01-32", complaint: ":1: "),
        Change(file: "rows", old: "01-30", new: "02-01", complaint: ":2: not in the order of keys"),
        Change(
            file: "rows",
            old: "\"oso\"",
            new: "\"zstd\"",
            complaint: ":3: not in the order of keys"
        ),
    ]

    @Test(arguments: changes) func `the second reader names what differs`(_ change: Change) throws {
        try withExample(change) { folder, _ in
            let (status, output) = try verify(folder)
            #expect(status == 1)
            #expect(output.contains(change.complaint), "\(output)")
        }
    }

    @Test func `a folder without tables does not pass the second reader`() throws {
        try withFolder { folder in
            let (status, output) = try verify(folder)
            #expect(status == 1)
            #expect(output.contains("0 tables"))
        }
    }

    private func verify(_ folder: URL) throws -> (status: Int32, output: String) {
        try run(Project.root.appending(path: "Scripts/verify.py"), [folder.path])
    }

    /// Lays out the example's files, as the document shows them, with one change or none.
    private func withExample(
        _ change: Change? = nil,
        _ body: (_ folder: URL, _ document: String) throws -> Void
    ) throws {
        let document = try Project.text("docs/format.md")
        func changed(_ file: String, _ text: String) throws -> Data {
            guard let change, change.file == file else { return Data(text.utf8) }
            try #require(text.contains(change.old))
            return Data(text.replacing(change.old, with: change.new, maxReplacements: 1).utf8)
        }
        try withFolder { folder in
            let chunk = try block(after: "The SHA-256 of those 192 bytes", in: document)
            let segment = try block(after: "\nThe segment's digest:", in: document)
            let table = folder.appending(path: "snapshots/marts/example_v1")
            let inner = table.appending(path: segment.prefix(32))
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            let manifest = try block(after: "example_v1/manifest.json`:", in: document) + "\n"
            try changed("manifest.json", manifest).write(to: table.appending(path: "manifest.json"))
            let listing = try block(after: "/segment.json`:", in: document) + "\n"
            try changed("segment.json", listing).write(to: inner.appending(path: "segment.json"))
            let rows = try block(after: "with their newlines:", in: document) + "\n"
            let plain = folder.appending(path: "rows")
            try changed("rows", rows).write(to: plain)
            let zstd = try run(
                URL(filePath: "/usr/bin/env"),
                [
                    "zstd", "-q", plain.path, "-o",
                    inner.appending(path: "\(chunk.prefix(32)).ndjson.zst").path,
                ]
            )
            #expect(zstd.status == 0, "\(zstd.output)")
            try body(folder, document)
        }
    }

    /// The next indented block after a phrase, without its indentation.
    private func block(after phrase: String, in document: String) throws -> String {
        let start = try #require(document.range(of: phrase, options: .backwards)).upperBound
        var lines: [Substring] = []
        for line in document[start...].split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("    ") {
                lines.append(line.dropFirst(4))
            } else if !lines.isEmpty {
                break
            }
        }
        try #require(!lines.isEmpty)
        return lines.joined(separator: "\n")
    }
}
