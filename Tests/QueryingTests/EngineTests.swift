import Diagnostics
import Testing

@testable import Querying

/// The engine, its settings, and the hand-written declarations of its C API.
struct EngineTests {
    @Test func `a connection runs a statement`() throws {
        #expect(try connection().rows("SELECT 1 AS a, 'b' AS b") == [["1", "\"b\""]])
    }

    /// An expression, DuckDB's name of its type, and its text.
    struct Value: Sendable, CustomTestStringConvertible {
        let sql: String
        let type: String
        let text: String
        var testDescription: String { sql }
        init(_ sql: String, _ type: String, _ text: String) {
            self.sql = sql
            self.type = type
            self.text = text
        }
    }

    static let values = [
        Value("true", "BOOLEAN", "true"),
        Value("(-128)::TINYINT", "TINYINT", "-128"),
        Value("(-32768)::SMALLINT", "SMALLINT", "-32768"),
        Value("(-2147483648)::INTEGER", "INTEGER", "-2147483648"),
        Value("9223372036854775807::BIGINT", "BIGINT", "9223372036854775807"),
        Value("255::UTINYINT", "UTINYINT", "255"),
        Value("65535::USMALLINT", "USMALLINT", "65535"),
        Value("4294967295::UINTEGER", "UINTEGER", "4294967295"),
        Value("18446744073709551615::UBIGINT", "UBIGINT", "18446744073709551615"),
        Value(
            "(-170141183460469231731687303715884105728)::HUGEINT",
            "HUGEINT",
            "-170141183460469231731687303715884105728"
        ),
        Value(
            "340282366920938463463374607431768211455::UHUGEINT",
            "UHUGEINT",
            "340282366920938463463374607431768211455"
        ),
        Value("1.5::FLOAT", "FLOAT", "1.5"),
        Value("0.1::DOUBLE", "DOUBLE", "0.1"),
        Value("'nan'::DOUBLE", "DOUBLE", "\"NaN\""),
        Value("'-inf'::DOUBLE", "DOUBLE", "\"-Infinity\""),
        Value("-1.5::DECIMAL(4,2)", "DECIMAL(4,2)", "\"-1.50\""),
        Value("1.5::DECIMAL(9,2)", "DECIMAL(9,2)", "\"1.50\""),
        Value("-1.5::DECIMAL(18,3)", "DECIMAL(18,3)", "\"-1.500\""),
        Value("-0.5::DECIMAL(38,9)", "DECIMAL(38,9)", "\"-0.500000000\""),
        Value("'ä\"\\'", "VARCHAR", #""ä\"\\""#),
        Value("'{\"b\":1}'::JSON", "JSON", #"{"b":1}"#),
        Value("'\\x00\\xff'::BLOB", "BLOB", "\"AP8=\""),
        Value("0::BIGNUM", "BIGNUM", "\"0\""),
        Value("12345678901234567890123::BIGNUM", "BIGNUM", "\"12345678901234567890123\""),
        Value(
            "'47183823-2574-4bfd-b411-99ed177d3e43'::UUID",
            "UUID",
            "\"47183823-2574-4bfd-b411-99ed177d3e43\""
        ),
        Value("DATE '1969-12-31'", "DATE", "\"1969-12-31\""),
        Value("TIMESTAMP '2026-01-31 23:59:59.5'", "TIMESTAMP", "\"2026-01-31T23:59:59.5Z\""),
        Value(
            "'2026-01-31 23:59:59+01'::TIMESTAMPTZ",
            "TIMESTAMP",
            "\"2026-01-31T22:59:59Z\""
        ),
        Value("'2026-01-31 23:59:59'::TIMESTAMP_S", "TIMESTAMP_S", "\"2026-01-31T23:59:59Z\""),
        Value("'2026-01-31 23:59:59'::TIMESTAMP_MS", "TIMESTAMP_MS", "\"2026-01-31T23:59:59Z\""),
        Value("'2026-01-31 23:59:59'::TIMESTAMP_NS", "TIMESTAMP_NS", "\"2026-01-31T23:59:59Z\""),
        Value("'infinity'::TIMESTAMP", "TIMESTAMP", "\"infinity\""),
        Value("'b'::ENUM('a', 'b')", "ENUM('a', 'b')", "\"b\""),
        Value("[1, NULL, 3]", "INTEGER[]", "[1,null,3]"),
        Value("[[], ['a']]", "VARCHAR[][]", #"[[],["a"]]"#),
        Value("[1, 2]::BIGINT[2]", "BIGINT[2]", "[1,2]"),
        Value(
            "{'b': 1, 'a': [NULL]}",
            #"STRUCT("b" INTEGER, "a" INTEGER[])"#,
            #"{"b":1,"a":[null]}"#
        ),
        Value("MAP {'k': 1, 'l': 2}", "MAP(VARCHAR, INTEGER)", #"{"k":1,"l":2}"#),
        Value("MAP {7: 'x'}", "MAP(INTEGER, VARCHAR)", #"{"7":"x"}"#),
        Value("TIME '04:05:06.789'", "TIME", "\"04:05:06.789\""),
        Value(
            "INTERVAL '14 months 3 days 4 hours'",
            "INTERVAL",
            "\"1 year 2 months 3 days 04:00:00\""
        ),
        Value("NULL", "INTEGER", "null"),
    ]

    @Test(arguments: values)
    func `every type has its name and its text`(_ value: Value) throws {
        let connection = try connection()
        #expect(try connection.describe("SELECT \(value.sql) AS x")[0].duckType == value.type)
        #expect(try connection.rows("SELECT \(value.sql) AS x") == [[value.text]])
        // Out of a table, so that vectors are not constant.
        let many = try connection.rows(
            "SELECT CASE WHEN i % 2 = 0 THEN \(value.sql) END AS x FROM range(5000) t(i) ORDER BY i"
        )
        #expect(many.count == 5_000)
        #expect(many[4_998] == [value.text] && many[4_999] == ["null"])
    }

    @Test func `division by zero is null`() throws {
        #expect(
            try connection().rows("SELECT 1/0, 1//0, 1%0, 1.5/0, 1::DOUBLE/0, 1::DECIMAL(9,2)/0")
                == [["null", "null", "null", "null", "null", "null"]]
        )
    }

    @Test func `times are UTC`() throws {
        #expect(
            try connection().rows("SELECT '2026-07-01 12:00:00'::TIMESTAMPTZ")
                == [["\"2026-07-01T12:00:00Z\""]]
        )
    }

    @Test(arguments: [
        "FROM read_csv('/etc/passwd')", "FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/hosts')",
        "COPY (SELECT 1) TO '/tmp/osodata-must-not-exist.csv'", "ATTACH '/tmp/x.db'",
        "INSTALL httpfs", "LOAD httpfs", "FROM glob('/*')",
    ])
    func `nothing outside can be reached`(_ sql: String) throws {
        let failure = try #require(try connection().failure(sql))
        #expect(failure.code == .queryForbidden || failure.code == .queryInvalid, "\(failure)")
    }

    @Test func `external access cannot be had back`() throws {
        #expect(try connection().failure("SET enable_external_access = true") != nil)
        #expect(try connection().failure("SET allowed_paths = ['/etc/passwd']") != nil)
    }

    @Test func `a statement can be stopped from another thread`() throws {
        let connection = try connection()
        let result = try connection.query("SELECT * FROM range(100000000000) t(i)")
        #expect(try result.nextChunk() != nil)
        connection.interrupt()
        #expect {
            while try result.nextChunk() != nil {}
        } throws: { ($0 as? Failure)?.code == .queryInterrupted }
        #expect(try connection.rows("SELECT 1") == [["1"]])
    }

    @Test func `memory has a limit`() throws {
        let database = try Database(options: .init(threads: 1, memoryLimit: 30_000_000))
        let failure = try database.connect().failure(
            "SELECT list(i ORDER BY i) FROM range(20000000) t(i)"
        )
        #expect(failure?.code == .queryMemory)
    }
}
