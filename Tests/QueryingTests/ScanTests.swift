import Diagnostics
import Records
import Snapshots
import Synchronization
import Testing

@testable import Querying

/// Reading tables through the scan function.
struct ScanTests {
    private let name: TableName
    init() throws { name = try TableName(parsing: "raw.t") }

    private func attached(
        _ columns: [(String, String)],
        key: [String] = ["k"],
        _ text: String
    ) throws -> Connection {
        let connection = try connection()
        try connection.attach(TextSource(try Schema(columns, key: key), text), as: name)
        return connection
    }

    @Test func `a table can be read backwards`() throws {
        let connection = try connection()
        let schema = try Schema([("k", "int64"), ("s", "string?")], key: ["k"])
        let chunks = ["{\"k\":1,\"s\":\"a\"}\n{\"k\":2,\"s\":null}\n", "{\"k\":3,\"s\":\"c\"}\n"]
        let source = TextSource(schema, chunks: chunks.map { .success($0) })
        try connection.setThreads(1)
        for (order, expected) in [(ScanOrder.stored, "1a 2- 3c"), (.reversed, "3c 2- 1a")] {
            try connection.attach(source, as: name, order: order)
            let rows = try texts(connection, "SELECT k || coalesce(s, '-') FROM raw.t")
            #expect(rows.map { $0.filter { $0 != "\"" } }.joined(separator: " ") == expected)
        }
        #expect(try texts(connection, "SELECT count(*) FROM raw.t") == ["3"])
    }

    /// The cells of a query's one column.
    private func texts(_ connection: Connection, _ sql: String) throws -> [String] {
        let result = try connection.query(sql)
        var texts: [String] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount { texts += try chunk.jsonTexts(row: row) }
        }
        return texts
    }

    /// A type and the texts of its cells, which come back as they are.
    struct Column: Sendable, CustomTestStringConvertible {
        let type: String
        let engineType: String
        let cells: [String]
        var testDescription: String { type }
    }

    static let columns = [
        Column(type: "bool", engineType: "BOOLEAN", cells: ["true", "false", "null"]),
        Column(
            type: "int64",
            engineType: "BIGINT",
            cells: ["0", "-1", "9223372036854775807", "-9223372036854775808", "null"]
        ),
        Column(
            type: "double",
            engineType: "DOUBLE",
            cells: ["0", "-1.5", "1e+300", "5e-324", "1.7976931348623157e+308", "0.1", "null"]
        ),
        Column(
            type: "decimal(4,2)",
            engineType: "DECIMAL(4,2)",
            cells: ["\"0.00\"", "\"-99.99\"", "\"99.99\"", "null"]
        ),
        Column(
            type: "decimal(9,0)",
            engineType: "DECIMAL(9,0)",
            cells: ["\"999999999\"", "\"-999999999\""]
        ),
        Column(
            type: "decimal(18,18)",
            engineType: "DECIMAL(18,18)",
            cells: ["\"0.999999999999999999\"", "\"-0.000000000000000001\""]
        ),
        Column(
            type: "decimal(38,9)",
            engineType: "DECIMAL(38,9)",
            cells: [
                "\"99999999999999999999999999999.999999999\"",
                "\"-99999999999999999999999999999.999999999\"", "\"0.000000001\"",
            ]
        ),
        Column(
            type: "decimal(38,0)",
            engineType: "DECIMAL(38,0)",
            cells: [
                "\"99999999999999999999999999999999999999\"",
                "\"-99999999999999999999999999999999999999\"",
            ]
        ),
        Column(
            type: "uint256",
            engineType: "BIGNUM",
            cells: [
                "\"0\"", "\"1\"", "\"255\"", "\"256\"", "\"18446744073709551616\"",
                "\"1000000000000000000000000000\"",
                "\"115792089237316195423570985008687907853269984665640564039457584007913129639935\"",
                "null",
            ]
        ),
        Column(
            type: "string",
            engineType: "VARCHAR",
            cells: [
                "\"\"", "\"a\"", "\"twelve bytes\"", "\"thirteen byte\"",
                #""quote \" slash \\ line \n tab \t \b\f\r""#, #""\u0001\u001f""#, #""/""#,
                "\"é\"", "\"漢字\"", "\"😀 and more than twelve\"", "\"\u{FFFD}\"", "null",
                "\"\(String(repeating: "long ", count: 300))\"",
            ]
        ),
        Column(
            type: "bytes",
            engineType: "BLOB",
            cells: ["\"\"", "\"AA==\"", "\"AP8=\"", "\"AAECAwQFBgcICQoLDA0=\"", "null"]
        ),
        Column(
            type: "date",
            engineType: "DATE",
            cells: ["\"0001-01-01\"", "\"1970-01-01\"", "\"2024-02-29\"", "\"9999-12-31\"", "null"]
        ),
        Column(
            type: "timestamp",
            engineType: "TIMESTAMP",
            cells: [
                "\"0001-01-01T00:00:00Z\"", "\"1969-12-31T23:59:59.999999Z\"",
                "\"1969-12-31T23:59:58Z\"", "\"1969-12-31T00:00:00Z\"",
                "\"2026-01-31T23:59:59Z\"", "\"2026-01-31T00:00:01Z\"",
                "\"2026-01-31T00:00:01.5Z\"",
                "\"9999-12-31T23:59:59.999999Z\"", "null",
            ]
        ),
        Column(
            type: "list<string>",
            engineType: "VARCHAR[]",
            cells: [
                "[]", #"["a"]"#, #"["a",null,"a \"quoted\", text]"]"#, "null", #"["",""]"#,
            ]
        ),
        Column(
            type: "list<list<int64>>",
            engineType: "BIGINT[][]",
            cells: ["[[1,2],[],null,[3]]", "[]", "null", "[null]"]
        ),
        Column(
            type: "list<decimal(20,2)>",
            engineType: "DECIMAL(20,2)[]",
            cells: [#"["1.00",null]"#]
        ),
        Column(
            type: "json",
            engineType: "JSON",
            cells: [
                "{}", "[]", #"{"a":[1,{"b":"}]\""}],"é":1.5}"#, "\"text\"", "true", "12", "null",
            ]
        ),
    ]

    @Test(arguments: columns) func `cells come back as they lie`(_ column: Column) throws {
        let rows = column.cells.enumerated().map { "{\"k\":\($0),\"v\":\($1)}\n" }
        let connection = try attached(
            [("k", "int64"), ("v", column.type + "?")],
            rows.joined()
        )
        #expect(
            try connection.describe("SELECT v FROM raw.t")[0].duckType == column.engineType
        )
        #expect(
            try connection.rows("SELECT v FROM raw.t ORDER BY k") == column.cells.map { [$0] }
        )
        #expect(
            try connection.rows("SELECT count(v), count(*) FROM raw.t")
                == [["\(column.cells.count { $0 != "null" })", "\(column.cells.count)"]]
        )
    }

    @Test(arguments: columns) func `many rows and chunks come back at any number of threads`(
        _ column: Column
    ) throws {
        let schema = try Schema([("k", "int64"), ("v", column.type + "?")], key: ["k"])
        let rowsPerChunk = 2_101
        let chunks = (0..<4).map { chunk in
            (0..<rowsPerChunk).map { row in
                let k = chunk * rowsPerChunk + row
                return "{\"k\":\(k),\"v\":\(column.cells[k % column.cells.count])}\n"
            }.joined()
        }
        var results: [[[String]]] = []
        for threads in [1, 2] {
            let connection = try connection(threads: threads)
            try connection.attach(
                TextSource(schema, chunks: chunks.map { .success($0) }),
                as: name
            )
            results.append(try connection.rows("SELECT k, v FROM raw.t ORDER BY k"))
        }
        #expect(results[0].count == 4 * rowsPerChunk)
        #expect(
            results[0].indices.allSatisfy {
                results[0][$0][1] == column.cells[$0 % column.cells.count]
            }
        )
        #expect(results[1] == results[0])
    }

    private static let wide = [
        ("k", "int64"), ("a", "string?"), ("b", "list<string>?"), ("c", "json?"), ("d", "int64?"),
    ]
    private static let wideText = """
        {"k":1,"a":"x","b":["p","q"],"c":{"z":[1]},"d":7}
        {"k":2,"a":"y","b":null,"c":null,"d":null}

        """

    @Test(arguments: [
        ("d", [["7"], ["null"]]), ("k", [["1"], ["2"]]),
        ("c, a", [[#"{"z":[1]}"#, "\"x\""], ["null", "\"y\""]]),
        ("b[2], d, k", [["\"q\"", "7", "1"], ["null", "null", "2"]]),
        ("1", [["1"], ["1"]]),
        ("a, a, upper(a)", [["\"x\"", "\"x\"", "\"X\""], ["\"y\"", "\"y\"", "\"Y\""]]),
        (
            "*",
            [
                ["1", "\"x\"", #"["p","q"]"#, #"{"z":[1]}"#, "7"],
                ["2", "\"y\"", "null", "null", "null"],
            ]
        ),
    ])
    func `any columns can be asked for`(_ columns: String, _ expected: [[String]]) throws {
        let connection = try attached(Self.wide, Self.wideText)
        #expect(try connection.rows("SELECT \(columns) FROM raw.t ORDER BY k") == expected)
    }

    @Test func `counting rows reads no chunk`() throws {
        let source = TextSource(try Schema(Self.wide, key: ["k"]), Self.wideText)
        let connection = try connection()
        try connection.attach(source, as: name)
        #expect(try connection.rows("SELECT count(*) FROM raw.t") == [["2"]])
        #expect(source.read.load(ordering: .relaxed) == 0)
        #expect(try connection.rows("SELECT count(d) FROM raw.t") == [["1"]])
        #expect(source.read.load(ordering: .relaxed) == 1)
    }

    @Test func `rows of a table without key come as often as they are there`() throws {
        let connection = try attached(
            [("a", "string"), ("b", "int64")],
            key: [],
            """
            {"a":"x","b":1,"_n":1}
            {"a":"y","b":2,"_n":5000}
            {"a":"z","b":3,"_n":12}

            """
        )
        #expect(try connection.describe("SELECT * FROM raw.t").map(\.name) == ["a", "b"])
        #expect(try connection.rows("SELECT count(*) FROM raw.t") == [["5013"]])
        #expect(
            try connection.rows("SELECT a, b, count(*) FROM raw.t GROUP BY ALL ORDER BY a")
                == [["\"x\"", "1", "1"], ["\"y\"", "2", "5000"], ["\"z\"", "3", "12"]]
        )
    }

    @Test func `an empty table has columns and no rows`() throws {
        let connection = try connection()
        try connection.attach(
            TextSource(try Schema(Self.wide, key: ["k"]), chunks: []),
            as: name
        )
        #expect(try connection.rows("SELECT * FROM raw.t").isEmpty)
        #expect(try connection.rows("SELECT count(*), max(d) FROM raw.t") == [["0", "null"]])
    }

    @Test func `a table can be replaced by one of other columns`() throws {
        let connection = try attached(Self.wide, Self.wideText)
        #expect(try connection.rows("SELECT a FROM raw.t").count == 2)
        try connection.attach(
            TextSource(
                try Schema([("k", "int64"), ("e", "bool")], key: ["k"]),
                "{\"k\":1,\"e\":true}\n"
            ),
            as: name
        )
        #expect(try connection.rows("SELECT e FROM raw.t") == [["true"]])
    }

    @Test func `names are quoted`() throws {
        let connection = try connection()
        try connection.attach(
            TextSource(
                try Schema([("select", "int64"), ("Group", "int64")], key: ["select"]),
                "{\"select\":1,\"Group\":2}\n"
            ),
            as: try TableName(parsing: "marts.order")
        )
        #expect(
            try connection.rows("SELECT \"select\", \"Group\" FROM marts.\"order\"") == [
                ["1", "2"]
            ]
        )
    }

    @Test func `rows come in key order where nothing reorders them`() throws {
        let chunks = (0..<6).map { chunk in
            (0..<2_500).map { "{\"k\":\(chunk * 2_500 + $0)}\n" }.joined()
        }
        let connection = try connection(threads: 4)
        try connection.attach(
            TextSource(
                try Schema([("k", "int64")], key: ["k"]),
                chunks: chunks.map { .success($0) }
            ),
            as: name
        )
        let rows = try connection.rows("SELECT k FROM raw.t WHERE k % 3 <> 1")
        #expect(rows == (0..<15_000).filter { $0 % 3 != 1 }.map { ["\($0)"] })
    }

    @Test func `a chunk that cannot be read fails the query with its failure`() throws {
        let broken = Failure(
            .init("snapshot.corrupt-chunk"),
            "Chunk \"ab\" is damaged.",
            hint: "verify"
        )
        let chunks: [Result<String, Failure>] =
            (0..<20).map { $0 == 13 ? .failure(broken) : .success("{\"k\":\($0)}\n") }
        for threads in [1, 2] {
            let connection = try connection(threads: threads)
            try connection.attach(
                TextSource(try Schema([("k", "int64")], key: ["k"]), chunks: chunks),
                as: name
            )
            for sql in [
                "SELECT sum(k) FROM raw.t", "SELECT k FROM raw.t", "SELECT k FROM raw.t ORDER BY k",
            ] {
                let failure = try #require(connection.failure(sql))
                #expect(failure.code == broken.code && failure.message == broken.message)
                #expect(failure.hint == "verify")
            }
            #expect(try connection.rows("SELECT 1") == [["1"]])
        }
    }

    @Test(arguments: [
        "{\"k\":1,\"v\":\"a\"}", "{\"k\":1}\n", "{\"v\":\"a\",\"k\":1}\n", "\n", "{", "}\n", "{}\n",
        "{\"k\":1,\"v\":\"a\n", "{\"k\":1,\"v\":\"a\"\n", "{\"k\":1,\"v\":a}\n",
        "{\"k\":,\"v\":\"a\"}\n",
        "{\"k\":1,\"v\":\"\\\n", "{\"k\":1,\"v\":nul}\n",
        "{\"k\":99999999999999999999,\"v\":\"a\"}\n",
        "{\"k\":1, \"v\":\"a\"}\n", "{\"k\":1,\"v\":\"\\x\"}\n", "{\"k\":1,\"v\":[\"a\"]}\n",
        "{\"k\":1,\"v\":\"\u{1}\"}\n",
    ])
    func `text that is no row fails and does not crash`(_ text: String) throws {
        let connection = try attached([("k", "int64"), ("v", "string?")], text)
        let failure = try #require(connection.failure("SELECT k, v FROM raw.t"))
        #expect(failure.code == .scanMalformedRow, "\(failure)")
        #expect(failure.cause?.hasPrefix("chunk 0") == true)
    }

    @Test(arguments: ["[", "[[", "[1,", "[1", "[1,]", "[,]", "{}", "[\"a\"", "[1]]"])
    func `a list that is none fails and does not crash`(_ cell: String) throws {
        let connection = try attached(
            [("k", "int64"), ("v", "list<int64>?")],
            "{\"k\":1,\"v\":\(cell)}\n"
        )
        #expect(connection.failure("SELECT v FROM raw.t") != nil)
    }

    @Test(
        arguments: [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80],
            [0x80],
        ] as [[UInt8]]
    )
    func `bytes that are no UTF-8 are refused`(_ bytes: [UInt8]) {
        let isValid = unsafe bytes.withUnsafeBufferPointer { unsafe UTF8Check.isValid($0) }
        #expect(!isValid)
    }

    @Test func `UTF-8 is taken`() {
        for text in ["", "a", "é", "漢", "😀", "\u{10FFFF}", "\u{7FF}\u{800}\u{FFFF}\u{10000}"] {
            let isValid = unsafe Array(text.utf8).withUnsafeBufferPointer {
                unsafe UTF8Check.isValid($0)
            }
            #expect(isValid)
        }
    }

    @Test func `rows in memory are a table too`() throws {
        var builder = RowBuilder(schema: try Schema([("k", "int64")], key: ["k"]))
        for k in (0..<10_000).reversed() {
            try builder.int64(Int64(k))
            try builder.endRow()
        }
        var rows = builder.finish()
        try rows.sort()
        let connection = try connection()
        try connection.attach(rows, as: name)
        #expect(
            try connection.rows("SELECT count(*), sum(k), min(k) FROM raw.t")
                == [["10000", "49995000", "0"]]
        )
    }
}
