import Codecs
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

    private struct Imported {
        let columns: [String]
        let text: String
        let notes: [String]
    }

    private func imported(
        _ name: String,
        _ text: String,
        key: [String] = [],
        delimiter: UInt8? = nil
    ) throws -> Imported {
        try imported(name, bytes: Array(text.utf8), key: key, delimiter: delimiter)
    }

    private func imported(
        _ name: String,
        bytes: [UInt8],
        key: [String] = [],
        delimiter: UInt8? = nil
    ) throws -> Imported {
        try withFolder { folder in
            let file = folder.appending(path: name)
            try Data(bytes).write(to: file)
            let importer = try FileImporter(
                path: file.path,
                name: name,
                format: nil,
                delimiter: delimiter,
                threads: 2
            )
            let rows = try importer.rows(
                schema: try Schema(columns: importer.columns, key: key, cutClass: .small)
            ).rowSet()
            return Imported(
                columns: importer.columns.map { "\($0.name) \($0.type)" },
                text: (0..<rows.count).map { String(decoding: rows.row($0), as: UTF8.self) }
                    .joined(),
                notes: importer.notes
            )
        }
    }

    @Test func `NDJSON becomes rows`() throws {
        let result = try imported(
            "a.ndjson",
            """
            {"id": 2, "name": "b", "tags": ["x"], "more": {"z": 1, "a": [1.5]}, "ok": true}
            {"id": 1, "name": null, "extra": 18446744073709551615}

            """,
            key: ["id"]
        )
        #expect(
            result.columns == [
                "id int64", "name string", "tags list<string>", "more json", "ok bool",
                "extra decimal(38,0)",
            ]
        )
        #expect(
            result.text == """
                {"id":1,"name":null,"tags":null,"more":null,"ok":null,"extra":"18446744073709551615"}
                {"id":2,"name":"b","tags":["x"],"more":{"a":[1.5],"z":1},"ok":true,"extra":null}

                """
        )
    }

    @Test func `CSV becomes rows, names become columns`() throws {
        let result = try imported(
            "a.csv",
            "Project Id,when,2nd,at\n7,2026-01-31,\"a \"\"b\"\", c\",10:00:00\n",
            key: []
        )
        #expect(result.columns == ["Project_Id int64", "when date", "_2nd string", "at string"])
        #expect(
            result.text
                == #"{"Project_Id":7,"when":"2026-01-31","_2nd":"a \"b\", c","at":"10:00:00","_n":1}"#
                + "\n"
        )
    }

    @Test func `types hang on all rows and not on the first`() throws {
        let lines = (0..<30_000).map { "\($0),1\n" }.joined()
        let result = try imported("a.csv", "id,v\n" + lines + "30000,x\n", key: ["id"])
        #expect(result.columns == ["id int64", "v string"])
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
            options.files = [file.path]
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
            ("e.ndjson", "", nil), ("f.ndjson", "\n[1]\n", 2), ("g.csv", "a,b\n1,2\n3\n4,5,6\n", 3),
            ("h.csv", "a,b\n1,'x,y'\n", 2), ("i.csv", "n\n1,000\n2,000\n", 2),
            ("j.csv", "title\n\na,b\n1,2\n", 3), ("k.csv", "a;b\n1;2\n", 1),
            ("l.csv", "a\tb\n1\t2\n", 1),
            ("m.csv", "a,b\n\"x\n\",\"y\"z\n", 3), ("n.csv", "\n1\n", 1), ("o.csv", "a\n1\r2\n", 2),
            ("p.ndjson", "{\"a\":1e400}\n", 1), ("q.csv", "a,\"b\nc,d\n", 1),
            ("r.csv", "\u{feff}", 1),
        ] as [(String, String, Int?)]
    )
    func `a file that does not parse is named`(_ name: String, _ text: String, _ line: Int?) throws
    {
        #expect {
            _ = try imported(name, text, key: [])
        } throws: { error in
            let failure = error as? Failure
            return failure?.place?.file == name
                && failure?.place?.line == line
        }
    }

    @Test func `every line of a CSV file is a row, whatever its values look like`() throws {
        // Each of these was read with fewer rows, without an error (dialect was guessed).
        let quotes = try imported("a.csv", "a,b\n1,'x'\n2,y\"z\n3,'\n")
        #expect(quotes.columns == ["a int64", "b string"])
        #expect(quotes.text.contains(#""b":"'x'""#) && quotes.text.contains(#""b":"y\"z""#))
        let long = String(repeating: "x", count: 3_000_000)
        let rows = try imported("b.csv", "a,b\r\n1,\(long)\n\r\n2,\"l\r\nm\"\r\n3,", key: ["a"])
        #expect(
            rows.text == """
                {"a":1,"b":"\(long)"}
                {"a":2,"b":"l\\r\\nm"}
                {"a":3,"b":null}

                """
        )
        let noLines = try imported("c.csv", "a,b")
        #expect(noLines.columns == ["a string", "b string"] && noLines.text == "")
        // In a file of one column, an empty line is a row like any other.
        #expect(try imported("d.csv", "a\n1\n\n2\n").text.contains(#"{"a":null,"_n":1}"#))
    }

    @Test func `values are separated as one says`() throws {
        let text = "{\"a\":1,\"b\":\"x,y\",\"_n\":1}\n"
        #expect(try imported("a.csv", "a;b\n1;x,y\n", delimiter: 0x3b).text == text)
        #expect(try imported("a.tsv", "a\tb\n1\tx,y\n").text == text)
        #expect(try imported("a.csv", "a;b\n1\n", delimiter: 0x2c).columns == ["a_b int64"])
        #expect(throws: Failure.self) { try imported("a.ndjson", "{}", delimiter: 0x2c) }
    }

    @Test func `an empty value is NULL, a quoted one is empty text`() throws {
        let result = try imported("a.csv", "k,t,n\n1,,\n2,\"\",\"\"\n3,x,7\n", key: ["k"])
        #expect(result.columns == ["k int64", "t string", "n int64"])
        #expect(
            result.text == """
                {"k":1,"t":null,"n":null}
                {"k":2,"t":"","n":null}
                {"k":3,"t":"x","n":7}

                """
        )
    }

    @Test(
        arguments: [
            (["1", "-0", "-9223372036854775808"], "int64", "int64"),
            (["1", "9223372036854775808"], "decimal(38,0)", "decimal(38,0)"),
            (["-170141183460469231731687303715884105728"], "string", "json"),
            (["1", String(repeating: "9", count: 77)], "uint256", "uint256"),
            (["-1", String(repeating: "9", count: 77)], "string", "json"),
            (["1.5", "2", "1e3"], "double", "double"),
            (["1.5", "9007199254740993"], "string", "json"),
            (["0.5", "18446744073709551616"], "double", "double"),
            (["1", "true"], "string", "json"),
            (["true", "false"], "bool", "bool"),
        ] as [([String], String, String)]
    )
    func `whole numbers are never rounded`(_ values: [String], _ csv: String, _ json: String) throws
    {
        let lines = values.map { "{\"v\":\($0)}\n" }.joined()
        let fromJSON = try imported("a.ndjson", lines)
        #expect(fromJSON.columns == ["v \(json)"])
        let fromCSV = try imported("a.csv", "v\n" + values.map { $0 + "\n" }.joined())
        #expect(fromCSV.columns == ["v \(csv)"])
        for value in values where !csv.hasPrefix("double") && value != "-0" {
            #expect(fromJSON.text.contains(value), "\(fromJSON.text)")
            #expect(fromCSV.text.contains(value), "\(fromCSV.text)")
        }
    }

    @Test(
        arguments: [
            (["2026-01-31", "0001-01-01"], "date", "2026-01-31"),
            (["01/02/2020"], "string", "01/02/2020"), (["2026-02-30"], "string", "2026-02-30"),
            (["2026-1-2"], "string", "2026-1-2"), (["20260131"], "int64", ""),
            (["2026-01-31T10:00:00Z"], "timestamp", "2026-01-31T10:00:00Z"),
            (["2026-01-31 10:00:00"], "timestamp", "2026-01-31T10:00:00Z"),
            (["2026-01-31 10:00:00.250+02"], "timestamp", "2026-01-31T08:00:00.25Z"),
            (["2026-01-31T10:00:00-05:30"], "timestamp", "2026-01-31T15:30:00Z"),
            (["2026-01-31T10:00:00.1234567Z"], "string", "2026-01-31T10:00:00.1234567Z"),
            (["2026-01-31T10:00:60Z"], "string", "2026-01-31T10:00:60Z"),
            (["2026-01-31T10:00Z"], "string", "2026-01-31T10:00Z"),
            (["2026-01-31", "2026-01-31T10:00:00Z"], "string", "2026-01-31"),
            (["10:00:00"], "string", "10:00:00"), (["007"], "string", "007"),
            (["+1"], "string", "+1"), ([".5"], "string", ".5"), (["yes"], "string", "yes"),
            (["True", "FALSE"], "bool", ""), (["NULL", "1"], "string", "NULL"),
            (["1e400"], "string", "1e400"),
            (["nan", "1.5"], "string", "nan"), ([" 1"], "string", " 1"),
            (["0x1f"], "string", "0x1f"),
        ] as [([String], String, String)]
    )
    func `only ISO dates and JSON numbers become other than text`(
        _ values: [String],
        _ type: String,
        _ stored: String
    ) throws {
        let result = try imported("a.csv", "v\n" + values.map { $0 + "\n" }.joined())
        #expect(result.columns == ["v \(type)"])
        if !stored.isEmpty { #expect(result.text.contains("{\"v\":\"\(stored)\",")) }
        guard type == "date" || type == "timestamp" || type == "string" else { return }
        let lines = values.map { "{\"v\":\"\($0)\"}\n" }.joined()
        #expect(try imported("a.ndjson", lines).columns == ["v \(type)"])
    }

    @Test func `JSON of several types stays JSON`() throws {
        let result = try imported(
            "a.ndjson",
            """
            {"k":1,"m":1,"l":[[1],[]],"x":[1,"a",null],"e":[],"n":null,"":2,"n":3,"o":1e2}

            {"k":2,"m":"b","l":[[2.5]],"x":[{"b":1,"a":[]}],"o":2.5}
            """,
            key: ["k"]
        )
        #expect(
            result.columns == [
                "k int64", "m json", "l list<list<double>>", "x list<json>", "e list<string>",
                "n int64", "column_7 int64", "o double",
            ]
        )
        #expect(
            result.text == """
                {"k":1,"m":1,"l":[[1],[]],"x":[1,"a",null],"e":[],"n":3,"column_7":2,"o":100}
                {"k":2,"m":"b","l":[[2.5]],"x":[{"a":[],"b":1}],"e":null,"n":null,"column_7":null,"o":2.5}

                """
        )
        #expect(result.notes == ["Column 7 has no name and is called \"column_7\"."])
        let nested = String(repeating: "[", count: 20) + String(repeating: "]", count: 20)
        let deep = try imported("a.ndjson", "{\"l\":\(nested)}\n").columns
        #expect(deep[0].contains("json"))
    }

    @Test func `U+0000 and half a surrogate pair become U+FFFD and are counted`() throws {
        let json = try imported(
            "a.ndjson",
            #"{"a":"x\u0000y","b":{"c":"\ud800"},"d":["\udc00\u0000"]}"# + "\n"
        )
        let mark = "\u{fffd}"
        #expect(
            json.text
                == "{\"a\":\"x\(mark)y\",\"b\":{\"c\":\"\(mark)\"},\"d\":[\"\(mark)\(mark)\"],\"_n\":1}\n"
        )
        #expect(json.notes.map { $0.prefix(12) } == ["4 characters"])
        let csv = try imported("a.csv", "a,b\n\"\"\"\0\",\0\n")
        #expect(csv.text == "{\"a\":\"\\\"\(mark)\",\"b\":\"\(mark)\",\"_n\":1}\n")
        #expect(csv.notes.map { $0.prefix(12) } == ["2 characters"])
    }

    @Test(arguments: [("a.csv", "a\n1\n"), ("a.ndjson", "{}\n{}\n")])
    func `text that is not UTF-8 is refused with its line`(_ name: String, _ start: String) {
        let bytes = Array(start.utf8) + Array("{\"a\":\"".utf8) + [0xe9] + Array("\"}\n".utf8)
        #expect {
            try imported(name, bytes: bytes)
        } throws: { error in
            let failure = error as? Failure
            return failure?.place == Place(file: name, line: 3)
                && failure?.hint?.contains("iconv") == true
        }
    }

    @Test func `names that no column can have are changed and said`() throws {
        let csv = try imported("a.csv", "na\u{ef}ve,2nd,ok,,a b\n1,2,3,4,5\n")
        #expect(
            csv.columns.map { $0.split(separator: " ")[0] } == [
                "na_ve", "_2nd", "ok", "column_4", "a_b",
            ]
        )
        #expect(
            csv.notes == [
                "The column \"na\u{ef}ve\" is called \"na_ve\".",
                "The column \"2nd\" is called \"_2nd\".",
                "Column 4 has no name and is called \"column_4\".",
                "The column \"a b\" is called \"a_b\".",
            ]
        )
        #expect(try imported("a.csv", "\u{feff}a,B\n1,2\n").notes == [])
    }

    @Test(
        arguments: [
            ("a,A\n", ["\"a\"", "\"A\"", "case"]), ("a,b,a\n", ["\"a\"", "twice"]),
            (
                "\u{540d}\u{524d},\u{90fd}\u{5e02}\n",
                ["\u{540d}\u{524d}", "\u{90fd}\u{5e02}", "\"__\""]
            ),
        ] as [(String, [String])]
    )
    func `two columns of one name are both named`(_ header: String, _ expected: [String]) {
        #expect {
            try imported("a.csv", header)
        } throws: { error in
            let failure = error as? Failure
            return expected.allSatisfy { failure?.message.contains($0) == true }
                && failure?.place == Place(file: "a.csv", line: 1)
        }
    }

    @Test func `a value a key cannot have and a row too long are named by line`() throws {
        for (name, text) in [
            ("a.csv", "a,b\n1,2\n,3\n"), ("a.ndjson", "{\"a\":1}\n\n{\"a\":null}\n"),
        ] {
            #expect {
                try imported(name, text, key: ["a"])
            } throws: { ($0 as? Failure)?.place == Place(file: name, line: 3) }
        }
        let long = String(repeating: "x", count: 17 << 20)
        #expect {
            try imported("a.csv", "a\n1\n\(long)\n")
        } throws: { ($0 as? Failure)?.place == Place(file: "a.csv", line: 3) }
    }

    @Test func `packed files are unpacked, damaged ones named`() throws {
        let lines = "id,v\n" + (0..<200_000).map { "\($0),\"v\($0)\"\n" }.joined()
        let plain = try imported("a.csv", lines, key: ["id"])
        #expect(plain.columns == ["id int64", "v string"])
        let half = lines.utf8.count / 2
        // Two frames, as zstd writes with several threads or after an append.
        let compressor = ZstdCompressor()
        let frames =
            compressor.compress(Array(lines.utf8.prefix(half)))
            + compressor.compress(Array(lines.utf8.dropFirst(half)))
        #expect(try imported("a.csv.zst", bytes: frames, key: ["id"]).text == plain.text)
        #expect {
            try imported("a.csv.zst", bytes: Array(frames.dropLast(9)), key: ["id"])
        } throws: { error in
            let failure = error as? Failure
            return failure?.code == .truncated && failure?.place?.file == "a.csv.zst"
        }
        // gzip of "a\n1\n".
        let gzip: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xe4, 0x32, 0xe4,
            0x02, 0x00, 0x00, 0x24, 0xc1, 0x89, 0x04, 0x00, 0x00, 0x00,
        ]
        #expect(try imported("a.csv.gz", bytes: gzip).columns == ["a int64"])
        #expect {
            try imported("a.csv.gz", bytes: Array(gzip.dropLast(6)))
        } throws: { error in
            let failure = error as? Failure
            return failure?.code == .truncated && failure?.place?.file == "a.csv.gz"
        }
    }

    @Test func `what can be read only once is refused`() {
        #expect {
            try FileImporter(path: "/dev/zero", format: .csv, threads: 1)
        } throws: { ($0 as? Failure)?.hint?.contains("import TABLE -") == true }
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
