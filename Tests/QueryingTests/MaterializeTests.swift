import Diagnostics
import Records
import Snapshots
import Testing

@testable import Querying

/// Storing what a query gives.
struct MaterializeTests {
    private func text(of rows: SortedRows) throws -> String {
        var text = ""
        try unsafe rows.forEach { (row, _, _) in
            text += unsafe String(decoding: row, as: UTF8.self)
        }
        return text
    }

    private func materialize(
        _ sql: String,
        _ columns: [(String, String)],
        key: [String] = ["k"],
        threads: Int = 2
    ) throws -> String {
        try text(
            of: try connection(threads: threads).materialize(
                sql,
                schema: try Schema(columns, key: key),
                file: "m.sql"
            )
        )
    }

    /// The failure of storing a query.
    private func failure(
        _ sql: String,
        _ columns: [(String, String)],
        key: [String] = ["k"]
    ) throws -> Failure? {
        do {
            _ = try materialize(sql, columns, key: key)
            return nil
        } catch {
            return error as? Failure
        }
    }

    @Test(arguments: ScanTests.columns) func `cells keep their bytes through scan and store`(
        _ column: ScanTests.Column
    ) throws {
        let name = try TableName(parsing: "raw.t")
        let schema = try Schema([("k", "int64"), ("v", column.type + "?")], key: ["k"])
        let chunks = (0..<5).map { chunk in
            (0..<1_000).map { row in
                let k = chunk * 1_000 + row
                return "{\"k\":\(k),\"v\":\(column.cells[k % column.cells.count])}\n"
            }.joined()
        }
        for threads in [1, 2] {
            let connection = try connection(threads: threads)
            try connection.attach(
                TextSource(schema, chunks: chunks.map { .success($0) }),
                as: name
            )
            let rows = try connection.materialize(
                "SELECT v, k FROM raw.t ORDER BY hash(k)",
                schema: schema
            )
            #expect(try text(of: rows) == chunks.joined())
        }
    }

    /// An expression, the column's type, and its cell.
    struct Value: Sendable, CustomTestStringConvertible {
        let sql: String
        let type: String
        let cell: String
        var testDescription: String { sql }
        init(_ sql: String, _ type: String, _ cell: String) {
            self.sql = sql
            self.type = type
            self.cell = cell
        }
    }

    static let values = [
        Value("1::TINYINT", "int64", "1"),
        Value("4294967295::UINTEGER", "int64", "4294967295"),
        Value("sum(i)::BIGINT", "int64", "1"),
        Value("count(*)", "int64", "1"),
        Value("sum(i)", "decimal(38,0)", "\"1\""),
        Value("18446744073709551615::UBIGINT", "decimal(38,0)", "\"18446744073709551615\""),
        Value("18446744073709551615::UBIGINT", "uint256", "\"18446744073709551615\""),
        Value("sum(i::BIGNUM)", "uint256", "\"1\""),
        Value("sum(1.25::DECIMAL(9,2))", "decimal(38,2)", "\"1.25\""),
        Value("0.5::FLOAT", "double", "0.5"),
        Value("-0.0::DOUBLE", "double", "0"),
        Value("avg(i)", "double", "1"),
        Value(
            "'47183823-2574-4bfd-b411-99ed177d3e43'::UUID",
            "string",
            "\"47183823-2574-4bfd-b411-99ed177d3e43\""
        ),
        Value(
            "'ffffffff-2574-4bfd-b411-99ed177d3e43'::UUID",
            "string",
            "\"ffffffff-2574-4bfd-b411-99ed177d3e43\""
        ),
        Value("'b'::ENUM('a', 'b')", "string", "\"b\""),
        Value("'2026-01-31 23:59:59+01'::TIMESTAMPTZ", "timestamp", "\"2026-01-31T22:59:59Z\""),
        Value("'2026-01-31 23:59:59'::TIMESTAMP_S", "timestamp", "\"2026-01-31T23:59:59Z\""),
        Value(
            "{'b': 1.50, 'a': DATE '2026-01-31', 'c': NULL}",
            "json",
            #"{"a":"2026-01-31","b":"1.50","c":null}"#
        ),
        Value("MAP {'z': 1, 'é': 2, 'a': 3}", "json", #"{"a":3,"z":1,"é":2}"#),
        Value("'{ \"b\" : 1e2, \"a\" : [ 1 , 2.50 ] }'::JSON", "json", #"{"a":[1,2.5],"b":100}"#),
        Value("'{ \"b\" : 1 }'::JSON", "string", #""{ \"b\" : 1 }""#),
        Value("[1, 2]::BIGINT[2]", "list<int64>", "[1,2]"),
        Value("[{'a': 1}]", "list<json>", #"[{"a":1}]"#),
        Value("list(i ORDER BY i)", "list<int64>", "[1]"),
        Value("NULL", "int64", "null"),
        Value("NULL::VARCHAR[]", "list<string>", "null"),
    ]

    @Test(arguments: values) func `a value is stored in the format's spelling`(_ value: Value)
        throws
    {
        let stored = try materialize(
            "SELECT \(value.sql) AS v, 7 AS k FROM (SELECT 1 AS i) GROUP BY ALL",
            [("k", "int64"), ("v", value.type + "?")]
        )
        #expect(stored == "{\"k\":7,\"v\":\(value.cell)}\n")
        let described = try connection().describe(
            "SELECT \(value.sql) AS v FROM (SELECT 1 AS i) GROUP BY ALL"
        )
        if let type = described[0].type, value.cell != "null", !value.sql.hasPrefix("'{") {
            #expect(type.description == value.type)
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let sql: String
        let type: String
        let message: String
        let hint: String
        var testDescription: String { sql }
        init(_ sql: String, _ type: String, _ message: String, _ hint: String = "") {
            self.sql = sql
            self.type = type
            self.message = message
            self.hint = hint
        }
    }

    static let refused = [
        Refused("sum(i)", "int64", "\"v\" has the type HUGEINT", "sum(…)::BIGINT AS v"),
        Refused("1::UBIGINT", "int64", "\"v\" has the type UBIGINT", "::BIGINT AS v"),
        Refused("INTERVAL 1 DAY", "string", "\"v\" has the type INTERVAL", "date_diff"),
        Refused("TIME '10:00'", "string", "\"v\" has the type TIME", "::VARCHAR"),
        Refused("'101'::BIT", "string", "\"v\" has the type BIT", "::VARCHAR"),
        Refused("'2026-01-31'::TIMESTAMP_NS", "timestamp", "TIMESTAMP_NS", "::TIMESTAMP"),
        Refused("'a'", "int64", "\"v\" is string, the table's is int64", "::BIGINT"),
        Refused("'nan'::DOUBLE", "double", "\"v\" has a value that is not a number", "isfinite(v)"),
        Refused("'-inf'::DOUBLE", "double", "\"v\" has an infinite value"),
        Refused("'infinity'::TIMESTAMP", "timestamp", ""),
        Refused("DATE '12026-01-31'", "date", ""),
        Refused("-1::BIGNUM", "uint256", "\"v\" has a value that is negative"),
        Refused("-1", "uint256", "\"v\" has a negative value"),
        Refused("'{\"a\": 1e999}'::JSON", "json", ""),
        Refused("{'a': INTERVAL 1 DAY}", "json", "\"v\" has the type"),
        Refused("chr(0)", "string", ""),
    ]

    @Test(arguments: refused) func `a value that cannot be stored is refused`(_ value: Refused)
        throws
    {
        let failure = try #require(
            try failure(
                "SELECT 7 AS k, \(value.sql) AS v FROM (SELECT 1 AS i) GROUP BY ALL",
                [("k", "int64"), ("v", value.type + "?")]
            )
        )
        #expect(failure.message.contains(value.message), "\(failure)")
        #expect(failure.hint?.contains(value.hint) ?? value.hint.isEmpty, "\(failure)")
    }

    @Test(arguments: [
        ("SELECT 1 AS k", "does not give the column \"v\""),
        ("SELECT 1 AS k, 2 AS v, 3 AS w", "a column \"w\""),
        ("SELECT 1 AS k, 2 AS v, 3 AS v", "a column \"v\""),
    ])
    func `columns must be the table's`(_ sql: String, _ message: String) throws {
        let failure = try #require(
            try failure(sql, [("k", "int64"), ("v", "int64?")])
        )
        #expect(failure.code == .queryColumns)
        #expect(failure.message.contains(message))
        #expect(failure.place?.file == "m.sql")
    }

    @Test func `two rows of one key are refused`() throws {
        let failure = try #require(
            try failure("SELECT i // 2 AS k FROM range(4) t(i)", [("k", "int64")])
        )
        #expect(failure.code.description == "records.duplicate-key")
    }

    @Test func `a null in a key is refused`() throws {
        #expect(try failure("SELECT NULL::BIGINT AS k", [("k", "int64")]) != nil)
    }

    @Test func `rows of a table without key are counted`() throws {
        #expect(
            try materialize("SELECT i % 2 AS a FROM range(5) t(i)", [("a", "int64")], key: [])
                == "{\"a\":0,\"_n\":3}\n{\"a\":1,\"_n\":2}\n"
        )
    }

    @Test func `results do not depend on the number of threads`() throws {
        let sql = """
            WITH e AS (SELECT i, i % 97 AS k, hash(i) % 1000 AS v FROM range(200000) t(i))
            SELECT k, count(*) AS n, count(DISTINCT v) AS d, sum(v)::BIGINT AS s, max(v)::BIGINT AS m,
                list(i ORDER BY v, i)[1:3] AS l, avg(v::BIGINT) AS a, median(v::BIGINT) AS q
            FROM e GROUP BY k
            """
        let columns = [
            ("k", "int64"), ("n", "int64"), ("d", "int64"), ("s", "int64"), ("m", "int64"),
            ("l", "list<int64>"), ("a", "double"), ("q", "double"),
        ]
        let one = try materialize(sql, columns, threads: 1)
        #expect(one.utf8.count > 97 * 20)
        #expect(try materialize(sql, columns, threads: 2) == one)
        #expect(try materialize(sql, columns, threads: 5) == one)
    }

    @Test func `progress tells the rows so far`() throws {
        var told: [Int] = []
        _ = try connection().materialize(
            "SELECT i AS k FROM range(10000) t(i)",
            schema: try Schema([("k", "int64")], key: ["k"])
        ) { told.append($0) }
        #expect(told.last == 10_000 && told == told.sorted() && told.count > 1)
    }

    @Test func `a failed store leaves the connection as it was`() throws {
        let connection = try connection()
        let schema = try Schema([("k", "int64")], key: ["k"])
        #expect(throws: Failure.self) { try connection.materialize("SELECT x", schema: schema) }
        #expect(
            try connection.rows("SELECT current_setting('preserve_insertion_order')") == [["true"]]
        )
    }
}
