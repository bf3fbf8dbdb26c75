import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

/// What this module writes, against `docs/format.md` and the second reader made from that text.
struct SecondReaderTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func `the second reader agrees on 200 random tables and one of many segments`() throws {
        let world = try World()
        var versions = [("raw.long", try LongRows.rows(0..<3000))]
        for seed in 0..<100 {
            let table = try RandomTable(seed: seed)
            versions.append(("staging.before\(seed)", table.before))
            versions.append(("marts.after\(seed)", table.after))
        }
        let batch = ObjectBatch(repository: world.repository)
        var prepared: [PreparedTable] = []
        for (name, rows) in versions {
            prepared.append(
                try world.store.write(
                    SortedRows(rows),
                    table: try TableName(parsing: name),
                    provenance: .object([]),
                    previous: nil,
                    into: batch
                )
            )
        }
        let result = try world.store.publish(World.run(prepared, base: nil), batch: batch)
        #expect(result.isNew)
        let digest = try world.store.warehouseDigest(
            inTree: try world.repository.commit(try #require(try world.head())).tree
        )
        for revision in [[], ["--rev", "HEAD"]] {
            let (status, output) = try verify(revision + [world.folder.path])
            #expect(status == 0, "\(output)")
            #expect(output.contains("201 tables, 0 differ; warehouse \(digest.hex)"), "\(output)")
        }
    }

    @Test func `the worked example comes out as the document shows it`() throws {
        let document = try String(
            contentsOf: Self.root.appending(path: "docs/format.md"),
            encoding: .utf8
        )
        let schema = try schema(
            [("stars", "int64"), ("day", "date"), ("project", "string"), ("note", "string")],
            key: ["day", "project"]
        )
        let columns = schema.columns.map { column in
            var column = column
            column.isNullable = column.name == "note"
            column.id = (schema.index(of: column.name) ?? 0) + 1
            return column
        }
        let example = try Schema(columns: columns, key: schema.key, cutClass: .small)
        let rows = try rowSet(
            example,
            [
                #"{"day":"2026-01-31","project":"zstd","stars":1,"note":"café \"x\""}"#,
                #"{"day":"2026-01-30","project":"yams","stars":7,"note":null}"#,
                #"{"day":"2026-01-31","project":"oso","stars":12,"note":"first"}"#,
            ]
        )
        let world = try World()
        try world.commit(rows, "marts.example_v1")
        #expect(rows.cutHash(0) == 0x5c57_be43_2524_ee56)
        #expect(document.contains("0x5c57be432524ee56"))
        let table = world.folder.path + "/snapshots/marts/example_v1"
        let names = try FileManager.default.subpathsOfDirectory(atPath: table)
            .filter { $0.hasSuffix(".json") && $0 != "provenance.json" }
        #expect(names.count == 2)
        for name in names {
            let text = try String(contentsOfFile: "\(table)/\(name)", encoding: .utf8)
            let shown = text.split(separator: "\n").map { "    \($0)\n" }.joined()
            #expect(document.contains(shown), "\(name) is not in docs/format.md:\n\(shown)")
        }
        let snapshot = try world.snapshot("marts.example_v1")
        #expect(document.contains("    \(snapshot.manifest.digest.hex)\n"))
    }

    private func verify(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = Self.root.appending(path: "Scripts/verify.py")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }
}
