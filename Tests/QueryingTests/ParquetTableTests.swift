import Diagnostics
import Foundation
import Records
import Testing

@testable import Querying

/// Making rows of Parquet files, which DuckDB writes.
struct ParquetTableTests {
    /// Imports the file that holds the rows of a query.
    private func imported(
        _ sql: String,
        key: [String] = []
    ) throws -> (columns: [String], text: String, notes: [String]) {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "osodata-parquet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "p.parquet")
        // An engine may use the file it is told of, and no other.
        var options = Database.Options(threads: 1)
        options.files = [file.path]
        try Database(options: options).connect().execute(
            "CREATE TABLE t AS \(sql); COPY t TO '\(file.path)' (FORMAT parquet)"
        )
        let importer = try FileImporter(
            path: file.path,
            name: "p.parquet",
            format: nil,
            threads: 1
        )
        let rows = try importer.rows(
            schema: try Schema(columns: importer.columns, key: key, cutClass: .small)
        ).rowSet()
        return (
            importer.columns.map { "\($0.name) \($0.type)" },
            (0..<rows.count).map { String(decoding: rows.row($0), as: UTF8.self) }.joined(),
            importer.notes
        )
    }

    /// A value of each type, what it becomes, and as what it is stored.
    static let values: [(sql: String, type: String, cell: String)] = [
        ("true", "bool", "true"),
        ("(-128)::TINYINT", "int64", "-128"),
        ("(-32768)::SMALLINT", "int64", "-32768"),
        ("(-2147483648)::INTEGER", "int64", "-2147483648"),
        ("(-9223372036854775808)::BIGINT", "int64", "-9223372036854775808"),
        ("255::UTINYINT", "int64", "255"),
        ("65535::USMALLINT", "int64", "65535"),
        ("4294967295::UINTEGER", "int64", "4294967295"),
        ("18446744073709551615::UBIGINT", "decimal(38,0)", "\"18446744073709551615\""),
        // Parquet has no such type: DuckDB itself writes doubles.
        ("1e20::HUGEINT", "double", "100000000000000000000"),
        ("0.5::FLOAT", "double", "0.5"),
        ("1e-7::DOUBLE", "double", "1e-7"),
        ("1.50::DECIMAL(9,2)", "decimal(9,2)", "\"1.50\""),
        (
            "(-99999999999999999999999999999999999999)::DECIMAL(38,0)", "decimal(38,0)",
            "\"-99999999999999999999999999999999999999\""
        ),
        ("'a \"b\"'", "string", #""a \"b\"""#),
        ("'\\xFF'::BLOB", "bytes", "\"/w==\""),
        ("'a'::ENUM('a', 'b')", "string", "\"a\""),
        (
            "'0e984725-c51c-4bf4-9960-e1c80e27aba0'::UUID", "string",
            "\"0e984725-c51c-4bf4-9960-e1c80e27aba0\""
        ),
        ("DATE '2026-01-31'", "date", "\"2026-01-31\""),
        ("TIME '10:00:00.5'", "string", "\"10:00:00.5\""),
        ("TIMESTAMP '2026-01-31 10:00:00.25'", "timestamp", "\"2026-01-31T10:00:00.25Z\""),
        (
            "TIMESTAMPTZ '2026-01-31 10:00:00+02'", "timestamp", "\"2026-01-31T08:00:00Z\""
        ),
        ("'2026-01-31 10:00:00'::TIMESTAMP_S", "timestamp", "\"2026-01-31T10:00:00Z\""),
        ("'2026-01-31 10:00:00.5'::TIMESTAMP_MS", "timestamp", "\"2026-01-31T10:00:00.5Z\""),
        (
            "'2026-01-31 10:00:00.123456'::TIMESTAMP_NS", "timestamp",
            "\"2026-01-31T10:00:00.123456Z\""
        ),
        ("INTERVAL '1 year 2 days'", "string", "\"1 year 2 days\""),
        ("[1, NULL, 3]", "list<int64>", "[1,null,3]"),
        ("[18446744073709551615::UBIGINT]", "list<decimal(38,0)>", "[\"18446744073709551615\"]"),
        ("[TIME '10:00:00']", "list<string>", "[\"10:00:00\"]"),
        ("[[0.5]]::DOUBLE[][]", "list<list<double>>", "[[0.5]]"),
        ("{'b': 1, 'a': ['x']}", "json", #"{"a":["x"],"b":1}"#),
        ("MAP {'k': 1.5::DOUBLE}", "json", #"{"k":1.5}"#),
    ]

    @Test func `a value of each type is stored as it is, and so is NULL`() throws {
        let columns = Self.values.enumerated().map { "\($1.sql) AS c\($0)" }
            .joined(separator: ", ")
        let nulls = Self.values.indices.map { "CASE WHEN i = 0 THEN c\($0) END AS c\($0)" }
            .joined(separator: ", ")
        let result = try imported(
            "SELECT i AS id, \(nulls) FROM (SELECT \(columns)) CROSS JOIN range(2) t(i)",
            key: ["id"]
        )
        #expect(
            result.columns == ["id int64"] + Self.values.enumerated().map { "c\($0) \($1.type)" }
        )
        let cells = Self.values.enumerated().map { ",\"c\($0)\":\($1.cell)" }.joined()
        let none = Self.values.indices.map { ",\"c\($0)\":null" }.joined()
        #expect(result.text == "{\"id\":0\(cells)}\n{\"id\":1\(none)}\n")
        #expect(result.notes == [])
    }

    @Test(
        arguments: [
            "'NaN'::DOUBLE", "'Infinity'::FLOAT", "['a' || chr(0)]",
            "'2026-01-31 10:00:00.123456789'::TIMESTAMP_NS",
            "['2026-01-31 10:00:00.123456789'::TIMESTAMP_NS]", "DATE '20000-01-01'",
        ]
    )
    func `a value that no snapshot holds is named by its column`(_ sql: String) {
        #expect {
            try imported("SELECT \(sql) AS culprit")
        } throws: { error in
            let failure = error as? Failure
            return failure?.message.contains("\"culprit\"") == true
                && failure?.place?.file == "p.parquet"
        }
    }

    @Test func `U+0000 becomes U+FFFD and is counted`() throws {
        let result = try imported("SELECT 'a' || chr(0) AS a, 'b' AS \"b\u{e9}\" FROM range(2)")
        #expect(result.text == "{\"a\":\"a\u{fffd}\",\"b_\":\"b\",\"_n\":2}\n")
        #expect(result.notes.count == 2)
        #expect(result.notes.last?.hasPrefix("2 characters") == true)
    }

    @Test func `columns that differ in case are refused`() {
        #expect {
            try imported("SELECT 1 AS \"a b\", 2 AS \"a-b\"")
        } throws: { ($0 as? Failure)?.message.contains("\"a b\" and \"a-b\"") == true }
    }
}
