import Codecs
import Diagnostics
import Querying
import Snapshots
import Testing

@testable import Lineage

/// A fresh engine with some macros.
func connection() throws -> Connection {
    let connection = try Database(options: .init(threads: 1)).connect()
    try connection.execute(
        """
        CREATE SCHEMA marts;
        CREATE TABLE marts.inside (x INTEGER);
        CREATE MACRO as_of() AS TIMESTAMP '2026-01-01 00:00:00';
        CREATE MACRO twice(x, factor := 2) AS x * factor;
        CREATE OR REPLACE MACRO four(x) AS twice(twice(x)), (x, y) AS twice(x) + y;
        CREATE MACRO Recent(t) AS t > as_of() - INTERVAL 30 DAY;
        CREATE MACRO newest() AS (SELECT max(m.x) FROM marts.inside AS m);
        CREATE MACRO clock() AS now();
        CREATE MACRO unordered(x) AS list(x);
        CREATE MACRO numbers(n) AS TABLE SELECT i FROM range(n) t(i);
        """
    )
    return connection
}

/// What a statement reads.
struct LineageTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sql: String
        let tables: [String]
        var testDescription: String { sql }
        init(_ sql: String, _ tables: [String]) {
            self.sql = sql
            self.tables = tables
        }
    }

    static let cases = [
        Case("SELECT 1", []),
        Case("SELECT * FROM marts.b JOIN raw.a USING (x)", ["marts.b", "raw.a"]),
        Case("FROM marts.a NATURAL JOIN marts.a AS again", ["marts.a"]),
        Case("WITH a AS (SELECT * FROM raw.a) SELECT * FROM a, A AS other", ["raw.a"]),
        Case(
            "WITH a AS (FROM raw.a), b AS (FROM a, raw.b) FROM b, marts.a",
            ["marts.a", "raw.a", "raw.b"]
        ),
        Case(
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, raw.a WHERE n < 3) FROM r",
            ["raw.a"]
        ),
        Case(
            "SELECT (SELECT max(x) FROM raw.a), EXISTS (FROM raw.b), y IN (FROM raw.c) FROM raw.d",
            ["raw.a", "raw.b", "raw.c", "raw.d"]
        ),
        Case("(FROM raw.a UNION ALL FROM raw.b) EXCEPT FROM raw.c", ["raw.a", "raw.b", "raw.c"]),
        Case("SELECT newest() + four(1)", ["marts.inside"]),
        Case("FROM numbers(3), LATERAL (FROM raw.a WHERE raw.a.x = i)", ["raw.a"]),
        Case("SELECT unnest(l) FROM raw.a, unnest(raw.a.m) AS u(e)", ["raw.a"]),
        Case("SELECT [x + 1 FOR x IN xs IF x > 1] FROM \"raw\".\"a\"", ["raw.a"]),
        Case("FROM raw.a PIVOT (sum(x) FOR y IN (1, 2))", ["raw.a"]),
    ]

    @Test(arguments: cases) func `the tables of a statement are found`(_ expected: Case) throws {
        let analysis = try analyze(expected.sql, connection: try connection(), file: "m.sql")
        #expect(analysis.tables.map(\.description) == expected.tables)
    }

    @Test(arguments: [
        ("SELECT\n* FROM projects", "m.sql:2:8", "without its layer"),
        ("FROM a.b.c", "m.sql:1:6", "no table of the warehouse"),
        ("WITH c AS (FROM d), d AS (SELECT 1) FROM c", "m.sql:1:17", "without its layer"),
        ("FROM nolayer.x", "m.sql:1:6", "layer"),
        ("FROM raw.\"A b\"", "m.sql:1:6", "cannot name a table"),
    ])
    func `a table that can be none is refused`(_ sql: String, _ place: String, _ message: String)
        throws
    {
        let failure = try refusal(sql)
        #expect(failure.place?.description == place, "\(failure)")
        #expect(failure.message.contains(message), "\(failure)")
    }

    @Test(arguments: ["SELECT 1; SELECT 2", "CREATE TABLE t (a INT)", "COPY (SELECT 1) TO 'x'", ""])
    func `a model is one SELECT`(_ sql: String) throws {
        #expect(try refusal(sql).code == .queryNotOneSelect)
    }

    @Test func `a model that does not parse is told where`() throws {
        let failure = try refusal("/* head\n */\nSELECT a FROM\nWHERE x")
        #expect(failure.code == .querySyntax)
        #expect(failure.place?.description == "m.sql:4:1")
    }

    @Test func `as_of is seen through macros`() throws {
        let connection = try connection()
        func uses(_ sql: String) throws -> Bool {
            try analyze(sql, connection: connection, file: "m.sql").usesAsOf
        }
        #expect(try uses("SELECT as_of()"))
        #expect(try uses("SELECT * FROM raw.a WHERE recent(t)"))
        #expect(try !uses("SELECT four(1)"))
    }

    @Test func `functions come with their places`() throws {
        let analysis = try analyze(
            "SELECT Lower(x) || 'a',\n  count(*) FROM raw.a WHERE x ~ 'b'",
            connection: try connection(),
            file: "m.sql"
        )
        #expect(
            analysis.functions == [
                .init(name: "lower", line: 1, column: 8),
                .init(name: "count_star", line: 2, column: 3),
                .init(name: "regexp_matches", line: 2, column: 31),
            ]
        )
    }
}

/// What does and does not change a fingerprint.
struct FingerprintTests {
    private static let sql = "SELECT a, four(b) AS c FROM raw.t WHERE d = 'x' ORDER BY a"

    private func fingerprint(_ sql: String, after macros: String? = nil) throws -> String {
        let connection = try connection()
        if let macros { try connection.execute(macros) }
        return try analyze(sql, connection: connection, file: "m.sql").fingerprint.hex
    }

    @Test(arguments: [
        "select a,four(b) as c from raw.t where d='x' order by a",
        "/* why */ SELECT a, -- the a\n   four(b) AS c\nFROM raw.t\nWHERE (d = 'x')\nORDER BY a\n;",
        "SELECT a, FOUR(b) c FROM raw.t WHERE d = 'x' ORDER BY a",
    ])
    func `comments and formatting change nothing`(_ other: String) throws {
        #expect(try fingerprint(other) == fingerprint(Self.sql))
    }

    @Test(arguments: [
        "SELECT a, four(b) AS c FROM raw.t WHERE d = 'X' ORDER BY a",
        "SELECT a, four(b) AS e FROM raw.t WHERE d = 'x' ORDER BY a",
        "SELECT a, four(b) AS c FROM raw.u WHERE d = 'x' ORDER BY a",
        "SELECT a, four(b) AS c FROM raw.t WHERE d = 'x' ORDER BY a DESC",
        "SELECT DISTINCT a, four(b) AS c FROM raw.t WHERE d = 'x' ORDER BY a",
        "SELECT a, four(b, 1) AS c FROM raw.t WHERE d = 'x' ORDER BY a",
    ])
    func `a change of meaning changes it`(_ other: String) throws {
        #expect(try fingerprint(other) != fingerprint(Self.sql))
    }

    @Test(arguments: [
        ("CREATE OR REPLACE MACRO twice(x, factor := 2) AS x * factor + 0", false),
        ("CREATE OR REPLACE MACRO twice(x, factor := 3) AS x * factor", false),
        ("CREATE OR REPLACE MACRO four(x) AS x * 4", false),
        ("create or replace macro TWICE(x, /* by */ factor := 2) as x*factor -- f", true),
        ("CREATE OR REPLACE MACRO unordered(x) AS list(x ORDER BY x)", true),
        ("CREATE OR REPLACE MACRO as_of() AS TIMESTAMP '2027-01-01'", true),
    ])
    func `of macros only the ones it uses count`(_ macro: String, _ isEqual: Bool) throws {
        #expect(try (fingerprint(Self.sql, after: macro) == fingerprint(Self.sql)) == isEqual)
    }

    @Test func `a fingerprint stays what it is`() throws {
        let actual = try fingerprint(Self.sql)
        #expect(actual == "a2b50cb5417f5d819686ebcf278fc82ee98bb2f34d973ee691944783f34cf7cd")
    }
}

/// The failure of analysing a statement.
func refusal(_ sql: String) throws -> Failure {
    let connection = try connection()
    do throws(Failure) {
        _ = try analyze(sql, connection: connection, file: "m.sql")
    } catch {
        return error
    }
    throw Failure(.unexpected, "Nothing was refused in \"\(sql)\".")
}
