import Diagnostics
import Foundation
import Records
import Testing

@testable import Querying

/// Making rows of files.
struct FileImporterTests {
    private func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "osodata-import-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private func imported(
        _ name: String,
        _ text: String,
        key: [String],
        format: ImportFormat? = nil
    ) throws -> (columns: [String], text: String) {
        try withFolder { folder in
            let file = folder.appending(path: name)
            try text.write(to: file, atomically: true, encoding: .utf8)
            let importer = try FileImporter(path: file.path, format: format, threads: 2)
            let rows = try importer.rows(
                schema: try Schema(columns: importer.columns, key: key, cutClass: .small)
            )
            return (
                importer.columns.map { "\($0.name) \($0.type)" },
                (0..<rows.count).map { String(decoding: rows.row($0), as: UTF8.self) }.joined()
            )
        }
    }

    @Test func `NDJSON becomes rows`() throws {
        let (columns, text) = try imported(
            "a.ndjson",
            """
            {"id": 2, "name": "b", "tags": ["x"], "more": {"z": 1, "a": [1.5]}, "ok": true}
            {"id": 1, "name": null, "extra": 18446744073709551615}

            """,
            key: ["id"]
        )
        #expect(
            columns == [
                "id int64", "name string", "tags list<string>", "more json", "ok bool",
                "extra decimal(38,0)",
            ]
        )
        #expect(
            text == """
                {"id":1,"name":null,"tags":null,"more":null,"ok":null,"extra":"18446744073709551615"}
                {"id":2,"name":"b","tags":["x"],"more":{"a":[1.5],"z":1},"ok":true,"extra":null}

                """
        )
    }

    @Test func `CSV becomes rows, names become columns`() throws {
        let (columns, text) = try imported(
            "a.csv",
            "Project Id,when,2nd,at\n7,2026-01-31,\"a \"\"b\"\", c\",10:00:00\n",
            key: []
        )
        #expect(columns == ["Project_Id int64", "when date", "_2nd string", "at string"])
        #expect(
            text
                == #"{"Project_Id":7,"when":"2026-01-31","_2nd":"a \"b\", c","at":"10:00:00","_n":1}"#
                + "\n"
        )
    }

    @Test func `types hang on all rows and not on the first`() throws {
        let lines = (0..<30_000).map { "\($0),1\n" }.joined()
        let (columns, _) = try imported("a.csv", "id,v\n" + lines + "30000,x\n", key: ["id"])
        #expect(columns == ["id int64", "v string"])
    }

    @Test func `Parquet becomes rows`() throws {
        try withFolder { folder in
            let file = folder.appending(path: "p.parquet")
            // DuckDB writes the file: the importer's own engine may read this file only.
            var options = Database.Options(threads: 1)
            options.readableFile = file.path
            try Database(options: options).connect().execute(
                "COPY (SELECT i AS id, 'x' || i AS s FROM range(3) t(i)) TO '\(file.path)'"
            )
            let importer = try FileImporter(path: file.path, format: nil, threads: 1)
            #expect(importer.columns.map(\.type) == [.int64, .string])
            let rows = try importer.rows(
                schema: try Schema(columns: importer.columns, key: ["id"], cutClass: .small)
            )
            #expect(rows.count == 3)
        }
    }

    @Test func `only the named file can be read`() throws {
        try withFolder { folder in
            let file = folder.appending(path: "a.csv")
            try "a\n1\n".write(to: file, atomically: true, encoding: .utf8)
            try "a\n1\n".write(
                to: folder.appending(path: "b.csv"),
                atomically: true,
                encoding: .utf8
            )
            var options = Database.Options(threads: 1)
            options.readableFile = file.path
            let connection = try Database(options: options).connect()
            #expect(try connection.rows("FROM '\(file.path)'") == [["1"]])
            #expect(connection.failure("FROM '\(folder.path)/b.csv'")?.code == .queryForbidden)
        }
    }

    @Test(
        arguments: [
            ("a.ndjson", "{\"a\": 1}\n{\"a\": x}\n{}\n", 2), ("a.parquet", "no parquet", nil),
            ("a.csv", "a,b\n1,2\n3,4,5,6\n7,8\n", 3),
            ("b.csv", "a,b\n1,2\n3\n", 3), ("c.csv", "a,b\n1,2\n3,\"4\n7,8\n", 3),
            ("d.csv", "", nil),
            ("e.ndjson", "", nil), ("f.ndjson", "[1]\n", nil),
        ] as [(String, String, Int?)]
    )
    func `a file that does not parse is named`(_ name: String, _ text: String, _ line: Int?) throws
    {
        #expect {
            _ = try imported(name, text, key: [])
        } throws: { error in
            let failure = error as? Failure
            return failure?.code == .importFile && failure?.place?.file.hasSuffix(name) == true
                && failure?.place?.line == line
        }
    }

    @Test(arguments: ["/nowhere/a.csv", "/tmp"])
    func `a file that is not there is named`(_ path: String) {
        #expect {
            _ = try FileImporter(path: path, format: .csv, threads: 1)
        } throws: { ($0 as? Failure)?.message.contains(path) == true }
    }

    @Test(
        arguments: [
            ("a.ndjson", .ndjson), ("a.JSONL.gz", .ndjson), ("a.csv.zst", .csv),
            ("x/a.parquet", .parquet),
            ("a.txt", nil), ("csv", .csv),
        ] as [(String, ImportFormat?)]
    )
    func `the name tells the kind`(_ name: String, _ format: ImportFormat?) {
        #expect(ImportFormat(path: name) == format)
    }
}
