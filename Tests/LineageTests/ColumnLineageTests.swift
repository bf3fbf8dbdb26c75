import Diagnostics
import Querying
import Snapshots
import Testing

@testable import Lineage

/// The tables of these tests, their columns with types.
let sampleTables: [(name: String, columns: [(name: String, type: String)])] = [
    (
        "raw.t",
        [
            ("a", "INTEGER"), ("b", "INTEGER"), ("c", "VARCHAR"), ("l", "INTEGER[]"),
            ("p", "BOOLEAN"),
        ]
    ),
    ("raw.u", [("a", "INTEGER"), ("d", "INTEGER"), ("e", "VARCHAR")]),
    ("raw.v", [("k", "INTEGER"), ("w", "TIMESTAMP"), ("j", "JSON")]),
]

/// A fresh engine with macros for columns.
func columnConnection() throws -> Connection {
    let connection = try Database(options: .init(threads: 1)).connect()
    try connection.execute(
        """
        CREATE SCHEMA raw;
        CREATE MACRO as_of() AS TIMESTAMP '2026-01-01 00:00:00';
        CREATE MACRO twice(x, factor := 2) AS x * factor;
        CREATE MACRO four(x) AS twice(twice(x));
        CREATE MACRO total(x) AS sum(x);
        CREATE MACRO first_only(x, y) AS x + 1;
        CREATE MACRO each(x) AS unnest(x);
        CREATE MACRO either(x) AS x, (x, y) AS coalesce(x, y);
        """
    )
    for table in sampleTables {
        let columns = table.columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
        try connection.execute("CREATE TABLE \(table.name) (\(columns))")
    }
    try connection.execute(
        """
        CREATE MACRO newest() AS (SELECT max(u.d) FROM raw.u AS u);
        CREATE MACRO rows_of(n) AS TABLE SELECT t.a, n AS k FROM raw.t AS t WHERE t.b > n;
        """
    )
    return connection
}

/// The columns of `sampleTables`.
func sampleColumns(_ table: TableName) -> [String]? {
    sampleTables.first { $0.name == table.description }?.columns.map(\.name)
}

/// What columns are made of.
struct ColumnLineageTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sql: String
        let outputs: String
        let filters: String
        var testDescription: String { sql }
        /// A statement with its columns, `x=a` for unchanged and `x~a+b` for computed ones, of
        /// which those of `raw` are named without it; `?` for what is unknown; and its filters.
        init(_ sql: String, _ outputs: String, _ filters: String = "") {
            self.sql = sql
            self.outputs = outputs
            self.filters = filters
        }
    }

    static let expressions = [
        Case("SELECT a, t.b, raw.t.c AS x FROM raw.t", "a=t.a b=t.b x=t.c"),
        Case("SELECT A, q.B FROM raw.t AS q", "A=t.a B=t.b"),
        Case("SELECT a + b AS x, 1 AS y FROM raw.t", "x~t.a+t.b y~"),
        Case("SELECT CASE WHEN p THEN a ELSE b END AS x FROM raw.t", "x~t.a+t.b+t.p"),
        Case("SELECT CASE c WHEN 'x' THEN a END AS x FROM raw.t", "x~t.a+t.c"),
        Case("SELECT a::VARCHAR AS x, TRY(b) AS y, (c) AS z FROM raw.t", "x~t.a y~t.b z=t.c"),
        Case("SELECT a BETWEEN b AND 3 AS x, a IN (1, b) AS y FROM raw.t", "x~t.a+t.b y~t.a+t.b"),
        Case("SELECT {'k': a, 'm': c}.k AS x, l[b] AS y FROM raw.t", "x~t.a+t.c y~t.b+t.l"),
        Case("SELECT [a, b] AS x, MAP {b: a} AS y FROM raw.t", "x~t.a+t.b y~t.a+t.b"),
        Case("SELECT list_transform(l, lambda a: a + b) AS x FROM raw.t", "x~t.b+t.l"),
        Case("SELECT [x + b FOR x IN l IF x > a] AS y FROM raw.t", "y~t.a+t.b+t.l"),
        Case("SELECT j->>'$.x' AS x FROM raw.v", "x~v.j"),
        Case("SELECT a + 1 AS x, x * b AS y, x AS z FROM raw.t", "x~t.a y~t.a+t.b z~t.a"),
        // A column is meant before an alias of its name.
        Case("SELECT a AS b, b AS x FROM raw.t", "b=t.a x=t.b"),
        Case("SELECT t AS x FROM raw.u AS t", "x~u.a+u.d+u.e"),
        Case("FROM raw.u SELECT #2, #1 + 1 AS x", "d=u.d x~u.a"),
        Case("SELECT count(*) AS x FROM raw.t", "x~"),
        Case(
            "SELECT sum(a) FILTER (p) AS x, list(c ORDER BY b) AS y FROM raw.t",
            "x~t.a+t.p y~t.b+t.c"
        ),
        Case(
            "SELECT sum(a) OVER (PARTITION BY c ORDER BY b) AS x, lag(a, 1, b) OVER w AS y FROM raw.t WINDOW w AS (ORDER BY c)",
            "x~t.a+t.b+t.c y~t.a+t.b+t.c"
        ),
        Case("SELECT unnest(l) AS x, a FROM raw.t", "x~t.l a=t.a", "t.l"),
        Case("SELECT a COLLATE nocase AS x FROM (SELECT c AS a FROM raw.t)", "x~t.c"),
        Case("SELECT \"select\" FROM (SELECT a AS \"select\" FROM raw.t)", "select=t.a"),
    ]

    static let relations = [
        Case("FROM raw.u", "a=u.a d=u.d e=u.e"),
        Case("FROM raw.u AS x(q, r)", "q=u.a r=u.d e=u.e"),
        Case("WITH x AS (SELECT a + b AS s, c FROM raw.t) SELECT s, c FROM x", "s~t.a+t.b c=t.c"),
        Case("WITH x(m, n) AS (SELECT a, b FROM raw.t), y AS (FROM x) SELECT n FROM y", "n=t.b"),
        Case("WITH t AS (SELECT d AS a FROM raw.u) SELECT a FROM t", "a=u.d"),
        Case("SELECT x.a FROM (SELECT a, b FROM raw.t WHERE p) AS x", "a=t.a", "t.p"),
        Case("SELECT * FROM (SELECT a, b AS a FROM raw.t)", "a=t.a a_1=t.b"),
        Case("SELECT \"(a + 1)\" AS x FROM (SELECT a + 1 FROM raw.t)", "x~t.a"),
        Case(
            "SELECT t.a, u.d, e FROM raw.t AS t JOIN raw.u AS u ON t.a = u.a AND t.b > 1",
            "a=t.a d=u.d e=u.e",
            "t.a t.b u.a"
        ),
        Case("SELECT a, d FROM raw.t LEFT JOIN raw.u USING (a)", "a=t.a d=u.d", "t.a u.a"),
        Case("SELECT a, d FROM raw.t RIGHT JOIN raw.u USING (a)", "a=u.a d=u.d", "t.a u.a"),
        Case(
            "SELECT a, t.a AS x FROM raw.t FULL JOIN raw.u USING (a)",
            "a~t.a+u.a x=t.a",
            "t.a u.a"
        ),
        Case(
            "SELECT * FROM raw.u NATURAL JOIN (SELECT a, b FROM raw.t)",
            "a=u.a d=u.d e=u.e b=t.b",
            "t.a u.a"
        ),
        Case("SELECT * FROM raw.u SEMI JOIN raw.t USING (a)", "a=u.a d=u.d e=u.e", "t.a u.a"),
        Case("SELECT e FROM raw.u, raw.v WHERE d = k", "e=u.e", "u.d v.k"),
        Case(
            "SELECT t.a, x FROM raw.t AS t, LATERAL (SELECT t.b + d AS x FROM raw.u AS u WHERE u.a = t.a)",
            "a=t.a x~t.b+u.d",
            "t.a u.a"
        ),
        Case("SELECT a FROM raw.t UNION ALL SELECT d FROM raw.u", "a=t.a+u.d"),
        Case(
            "SELECT a, c FROM raw.t UNION SELECT d + 1, e FROM raw.u",
            "a~t.a+u.d c=t.c+u.e",
            "t.a t.c u.d u.e"
        ),
        Case(
            "SELECT a, b FROM raw.t UNION ALL BY NAME SELECT d AS b, e FROM raw.u",
            "a=t.a b=t.b+u.d e=u.e"
        ),
        Case("SELECT a FROM raw.t EXCEPT SELECT d FROM raw.u", "a=t.a", "t.a u.d"),
        Case("SELECT a FROM raw.t INTERSECT ALL SELECT d FROM raw.u", "a=t.a", "t.a u.d"),
        Case(
            "WITH RECURSIVE r(n, m, s) AS (SELECT a, b, 1 FROM raw.t UNION ALL SELECT m, d, s + 1 FROM r, raw.u WHERE s < 3 AND n < 5) SELECT n, s FROM r",
            "n=t.a+t.b+u.d s~",
            "t.a t.b u.d"
        ),
        Case("FROM (VALUES (1, 2)) AS v(x, y)", "x~ y~"),
        Case("SELECT x FROM raw.t, LATERAL (VALUES (a), (b)) AS v(x)", "x~t.a+t.b"),
        Case("SELECT x FROM raw.t AS t, unnest(t.l) AS e(x)", "x~t.l", "t.l"),
        Case(
            "SELECT g, o FROM raw.t, generate_series(a, b) WITH ORDINALITY AS s(g, o)",
            "g~t.a+t.b o~",
            "t.a t.b"
        ),
        Case("SELECT e.key, e.value FROM raw.v, json_each(j) AS e", "key~v.j value~v.j", "v.j"),
        Case(
            "FROM raw.u PIVOT (sum(a) FOR d IN (1, 2 AS two))",
            "e=u.e 1~u.a+u.d two~u.a+u.d",
            "u.d u.e"
        ),
        Case(
            "FROM raw.t PIVOT (sum(a) AS s, count(*) AS n FOR b IN (1) GROUP BY c)",
            "c=t.c 1_s~t.a+t.b 1_n~t.a+t.b",
            "t.b t.c"
        ),
        Case("FROM raw.u UNPIVOT (v FOR n IN (a, d))", "e=u.e n~ v~u.a+u.d", "u.a u.d"),
        Case(
            "FROM raw.t UNPIVOT ((v, w) FOR n IN ((a, c), (b, c)))",
            "l=t.l p=t.p n~ v~t.a+t.b w~t.c",
            "t.a t.b t.c"
        ),
        Case(
            "UNPIVOT raw.u ON COLUMNS(* EXCLUDE e) INTO NAME n VALUE v",
            "e=u.e n~ v~u.a+u.d",
            "u.a u.d"
        ),
    ]

    static let stars = [
        Case(
            "SELECT * EXCLUDE (a, t.p) REPLACE (b + 1 AS b) RENAME (c AS z) FROM raw.t AS t",
            "b~t.b z=t.c l=t.l"
        ),
        Case(
            "SELECT u.*, b FROM raw.t AS t JOIN raw.u AS u USING (a)",
            "a=u.a d=u.d e=u.e b=t.b",
            "t.a u.a"
        ),
        Case(
            "SELECT COLUMNS('^[ab]$') + d AS \"x_\\0\" FROM raw.t JOIN raw.u USING (a)",
            "x_a~t.a+u.d x_b~t.b+u.d",
            "t.a u.a"
        ),
        Case("SELECT COLUMNS(lambda n: n IN ('a', 'e')) FROM raw.u", "a=u.a e=u.e"),
        Case("SELECT max(COLUMNS(* EXCLUDE e)) FROM raw.u", "a~u.a d~u.d"),
        Case("SELECT * LIKE 'd%' FROM raw.u", "d=u.d"),
        Case(
            "SELECT * REPLACE (1 AS a) FROM raw.u, (SELECT a, b FROM raw.t)",
            "a~ d=u.d e=u.e b=t.b"
        ),
        Case(
            "SELECT * RENAME (u.a AS z) FROM raw.u, (SELECT a FROM raw.t)",
            "z=u.a d=u.d e=u.e a=t.a"
        ),
        Case("SELECT coalesce(*COLUMNS(['a', 'd'])) AS x FROM raw.u", "x~u.a+u.d"),
    ]

    static let rows = [
        Case("SELECT a FROM raw.t WHERE b > 1 ORDER BY c LIMIT 2", "a=t.a", "t.b t.c"),
        Case(
            "SELECT a, sum(b) AS x FROM raw.t GROUP BY a HAVING max(c) > 'x'",
            "a=t.a x~t.b",
            "t.a t.c"
        ),
        Case("SELECT c, sum(b) AS x FROM raw.t GROUP BY ALL", "c=t.c x~t.b", "t.c"),
        Case(
            "SELECT a + b AS x, total(a) AS y FROM raw.t GROUP BY ALL",
            "x~t.a+t.b y~t.a",
            "t.a t.b"
        ),
        Case("SELECT a + b AS x, sum(a) AS y FROM raw.t GROUP BY 1", "x~t.a+t.b y~t.a", "t.a t.b"),
        Case("SELECT c AS x FROM raw.t GROUP BY x ORDER BY max(a)", "x=t.c", "t.a t.c"),
        Case("SELECT a FROM raw.t GROUP BY CUBE (a, b)", "a=t.a", "t.a t.b"),
        Case(
            "SELECT a FROM raw.t QUALIFY row_number() OVER (PARTITION BY c ORDER BY b) = 1",
            "a=t.a",
            "t.b t.c"
        ),
        Case("SELECT DISTINCT a, c FROM raw.t", "a=t.a c=t.c", "t.a t.c"),
        Case("SELECT b FROM raw.t ORDER BY COLUMNS('^a$') LIMIT 1", "b=t.b", "t.a t.b"),
        Case("SELECT b, c FROM raw.t ORDER BY ALL LIMIT 1", "b=t.b c=t.c", "t.b t.c"),
        Case("SELECT b, c FROM raw.t ORDER BY 2 LIMIT 1", "b=t.b c=t.c", "t.c"),
        Case("SELECT DISTINCT ON (a) c FROM raw.t ORDER BY b", "c=t.c", "t.a t.b"),
        Case("SELECT a FROM raw.t LIMIT (SELECT max(d) FROM raw.u)", "a=t.a", "u.d"),
        Case("SELECT a FROM raw.t WHERE EXISTS (FROM raw.u WHERE u.d = t.b)", "a=t.a", "t.b u.d"),
        Case(
            "SELECT a FROM raw.t WHERE (a, b) IN (SELECT a, d FROM raw.u)",
            "a=t.a",
            "t.a t.b u.a u.d"
        ),
        Case("SELECT b AS x FROM raw.t WHERE x > 1", "x=t.b", "t.b"),
        // What chooses the rows of a subquery in an expression makes that expression only.
        Case(
            "SELECT c, (SELECT max(e) FROM raw.u WHERE u.a = t.a) AS x FROM raw.t AS t",
            "c=t.c x~t.a+u.a+u.e"
        ),
        Case(
            "SELECT EXISTS (FROM raw.u WHERE d > b) AS x, ARRAY(SELECT e FROM raw.u ORDER BY d) AS y FROM raw.t",
            "x~t.b+u.d y~u.d+u.e"
        ),
        Case("SELECT a = ANY (SELECT d FROM raw.u) AS x FROM raw.t", "x~t.a+u.d"),
    ]

    static let macros = [
        Case(
            "SELECT twice(a) AS x, four(b) AS y, twice(a, factor := b) AS z FROM raw.t",
            "x~t.a y~t.b z~t.a+t.b"
        ),
        Case("SELECT first_only(a, b) AS x FROM raw.t", "x~t.a"),
        Case("SELECT either(a) AS x, either(a, b) AS y FROM raw.t", "x~t.a y~t.a+t.b"),
        Case("SELECT newest() AS x, as_of() AS y", "x~u.d y~"),
        Case("SELECT m.k, m.a FROM raw.u, rows_of(d) AS m", "k=u.d a=t.a", "t.b u.d"),
        Case("SELECT each(l) AS x, a FROM raw.t", "x~t.l a=t.a", "t.l"),
    ]

    @Test(arguments: expressions + relations + stars + rows + macros)
    func `columns are followed to the tables`(_ expected: Case) throws {
        let lineage = try columnLineage(
            expected.sql,
            connection: try columnConnection(),
            columns: sampleColumns
        )
        #expect(Self.outputs(lineage) == expected.outputs)
        #expect(Self.filters(lineage) == expected.filters)
        #expect(lineage.unknownOutputs == nil)
    }

    private static func short(_ column: ColumnName) -> String {
        "\(column.table.name).\(column.column)"
    }

    private static func outputs(_ lineage: ColumnLineage) -> String {
        lineage.outputs.map { output in
            let sources = output.sources.map(short).joined(separator: "+")
            let mark = output.isUnchanged ? "=" : "~"
            return output.name + mark + sources + (output.unknown.isEmpty ? "" : "?")
        }.joined(separator: " ")
    }

    private static func filters(_ lineage: ColumnLineage) -> String {
        lineage.filters.map(short).joined(separator: " ")
            + (lineage.unknownFilters.isEmpty ? "" : "?")
    }

    @Test(arguments: [
        ("SELECT * FROM raw.nothing", "the columns of raw.nothing are not known"),
        ("SELECT unnest({'x': a, 'y': b}) FROM raw.t", "unnest of a struct is not followed"),
        ("SELECT unnest(t) FROM raw.t", "unnest of a struct is not followed"),
        ("SELECT s.* FROM (SELECT {'x': a} AS s FROM raw.t)", "the fields of 's' are not known"),
        (
            "SELECT * EXCLUDE (t.a) FROM raw.t JOIN raw.u USING (a)",
            "which column of USING is left out is not known"
        ),
        ("SELECT * FROM query('SELECT 1 AS x')", "what query() reads is not known"),
        ("FROM nowhere", "'nowhere' is no table of the warehouse"),
        ("DESCRIBE raw.t", "SHOW_REF is not followed"),
    ])
    func `what cannot be followed is told`(_ sql: String, _ reason: String) throws {
        let lineage = try columnLineage(
            sql,
            connection: try columnConnection(),
            columns: sampleColumns
        )
        let rest = try #require(lineage.unknownOutputs)
        #expect(rest.unknown == [reason])
        #expect(lineage.output(named: "anything")?.unknown == [reason])
    }

    @Test func `a name that is nowhere may be anything`() throws {
        let lineage = try columnLineage(
            "SELECT nowhere AS x, a FROM raw.u",
            connection: try columnConnection(),
            columns: sampleColumns
        )
        #expect(Self.outputs(lineage) == "x~u.a+u.d+u.e? a=u.a")
        #expect(lineage.outputs[0].unknown == ["the name 'nowhere' is not known"])
    }

    @Test func `columns of a table without a schema go by their names`() throws {
        let connection = try columnConnection()
        func outputs(_ sql: String) throws -> String {
            Self.outputs(
                try columnLineage(sql, connection: connection, columns: { _ in nil })
            )
        }
        #expect(try outputs("SELECT a, x.b + 1 AS y FROM raw.t AS x") == "a=t.a y~t.b")
        #expect(try outputs("SELECT a FROM (SELECT * FROM raw.t)") == "a=t.a")
        // Of several tables, it may be of each.
        #expect(try outputs("SELECT a, u.d FROM raw.t, raw.u AS u") == "a~t.a+u.a d=u.d")
    }

    @Test func `fields of a struct hide no column that may be meant`() throws {
        let lineage = try columnLineage(
            "SELECT a FROM (SELECT unnest({'a': b}), a FROM raw.t)",
            connection: try columnConnection(),
            columns: sampleColumns
        )
        #expect(Self.outputs(lineage) == "a~t.a+t.b?")
    }

    @Test func `expressions have their places`() throws {
        let sql = """
            WITH x AS (
                SELECT
                    a
                        + b AS s,
                    c,
                    d: twice(b)
                FROM raw.t
            )
            SELECT
                s AS renamed,
                c,
                *
            FROM x
            """
        let lineage = try columnLineage(
            sql,
            connection: try columnConnection(),
            columns: sampleColumns
        )
        let places = lineage.outputs.map { output in
            "\(output.name) \(output.position.map { "\($0.line):\($0.column)" } ?? "nowhere")"
        }
        // What is computed stands where it is; what is not, where it was named last.
        #expect(places == ["renamed 3:9", "c 11:5", "s 3:9", "c 12:5", "d 6:12"])
    }

    @Test func `the tables read are told`() throws {
        let lineage = try columnLineage(
            "SELECT (SELECT count(*) FROM raw.u) AS x, newest() AS y FROM raw.v",
            connection: try columnConnection(),
            columns: sampleColumns
        )
        #expect(lineage.tables.map(\.description) == ["raw.u", "raw.v"])
    }

    @Test func `a statement that does not parse is an error`() throws {
        let connection = try columnConnection()
        let failure = try #require(throws: Failure.self) {
            try columnLineage("SELECT a FROM", connection: connection, columns: { _ in nil })
        }
        #expect(failure.code == .querySyntax)
    }

    @Test func `a long expression is followed`() throws {
        let sum = (0..<150).map { _ in "a" }.joined(separator: " + ")
        let lineage = try columnLineage(
            "SELECT \(sum) + b AS x FROM raw.t",
            connection: try columnConnection(),
            columns: sampleColumns
        )
        #expect(Self.outputs(lineage) == "x~t.a+t.b")
    }
}
