import Diagnostics
import Foundation
import GitStore
import Querying
import Snapshots
import TestSupport
import Testing

@testable import Lineage

/// Lineage names whatever can change a column: found out by changing it.
struct ColumnLineagePropertyTests {
    private static let rows = [
        "raw.t": """
        SELECT (i * 7) % 5 AS a, (i * 3) % 4 AS b, ['x', 'y', 'xy', NULL][i % 4 + 1] AS c,
            range(i % 3)::INTEGER[] AS l, i % 3 = 0 AS p
        FROM range(11) AS r(i)
        """,
        "raw.u": """
        SELECT (i * 2) % 6 AS a, i % 5 AS d, ['x', 'z', NULL][i % 3 + 1] AS e
        FROM range(8) AS r(i)
        """,
        "raw.v": """
        SELECT i::INTEGER AS k, TIMESTAMP '2026-01-01' + to_days(i::INTEGER) AS w,
            json_object('x', i, 'y', [i]) AS j
        FROM range(4) AS r(i)
        """,
    ]

    /// An engine in which the tables of the samples have rows, at most so many.
    private func sampleProbe(rows: Int = 20) throws -> (Connection, LineageProbe) {
        let connection = try columnConnection()
        var probe = try LineageProbe(connection)
        for table in sampleTables {
            let types = table.columns.map { "\($0.name)::\($0.type) AS \($0.name)" }
            try probe.make(
                TableName(parsing: table.name),
                "SELECT \(types.joined(separator: ", ")) FROM (\(Self.rows[table.name] ?? "")) LIMIT \(rows)"
            )
        }
        return (connection, probe)
    }

    /// Statements for which no sources are written down.
    static let more = [
        "SELECT * FROM raw.t AS x JOIN raw.u AS y ON x.a = y.a WHERE x.b > 0",
        "WITH x AS (SELECT a, sum(b) AS s FROM raw.t GROUP BY a) SELECT x.s + d AS v, e FROM x JOIN raw.u USING (a)",
        "SELECT a, b, row_number() OVER (PARTITION BY a ORDER BY b, c) AS n FROM raw.t",
        "SELECT first(c ORDER BY b DESC, a) AS x, (max({'t': b, 'v': c})).v AS y FROM raw.t GROUP BY a",
        "SELECT x.b FROM (SELECT * EXCLUDE (a) FROM raw.t) AS x ORDER BY x.b LIMIT 3 OFFSET (SELECT min(d) FROM raw.u)",
        "WITH RECURSIVE r(n, v) AS (SELECT a, c FROM raw.t UNION SELECT n + 1, e FROM r JOIN raw.u ON u.a = n WHERE n < 4) SELECT v, n FROM r",
        "WITH RECURSIVE r(n, v) USING KEY (n) AS (SELECT a, b FROM raw.t WHERE p UNION SELECT n, v + coalesce(d * d, 0) + 1 FROM r JOIN raw.u ON u.a = n WHERE v < 4) FROM r",
        "SELECT a, list_sort(list(DISTINCT b)) AS x FROM raw.t GROUP BY ROLLUP (a, c)",
        "SELECT grouping(a) AS g, a FROM raw.t GROUP BY GROUPING SETS ((a), (b))",
        "SELECT t.c, u.e FROM raw.t AS t ASOF JOIN raw.u AS u ON t.a = u.a AND t.b >= u.d",
        "SELECT x.c, y.e FROM raw.t AS x POSITIONAL JOIN raw.u AS y",
        "SELECT a, (SELECT sum(q.d) FROM raw.u AS q WHERE q.a = t.a AND q.e = (SELECT min(c) FROM raw.t)) AS s FROM raw.t AS t",
        "SELECT c FROM raw.t WHERE a NOT IN (SELECT a FROM raw.u WHERE d > 2)",
        "SELECT a FROM raw.t GROUP BY a HAVING count(*) > (SELECT min(d) FROM raw.u)",
        "SELECT unnest(l) AS e, unnest([a, b]) AS f, c FROM raw.t",
        "SELECT key, value, k FROM raw.v, json_each(j)",
        "SELECT date_part('year', w) AS y, j->'x' AS x, j->>'$.y[0]' AS z FROM raw.v",
        "SELECT DISTINCT ON (a) a, b, c FROM raw.t ORDER BY a, b DESC, c",
        "SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, c FROM raw.t",
        "SELECT b FROM raw.t QUALIFY dense_rank() OVER (ORDER BY c) < 3",
        "SELECT either(a, b) AS x, either(b) AS y, newest() AS z FROM raw.t WHERE twice(a) > 2",
        "SELECT * FROM rows_of(1) AS r JOIN raw.u USING (a)",
        "FROM (FROM raw.u PIVOT (sum(a) AS s, max(e) AS m FOR d IN (1, 2) GROUP BY e))",
        "SELECT n, sum(v) AS s FROM raw.u UNPIVOT INCLUDE NULLS (v FOR n IN (a, d)) GROUP BY n",
        "SELECT x, x + 1 AS y FROM (SELECT a + b AS x FROM raw.t) WHERE y > 2",
        "SELECT b AS a, a AS b FROM raw.t ORDER BY a",
        "SELECT a, count(*) AS n FROM raw.t GROUP BY a ORDER BY n DESC, a LIMIT 2",
        "SELECT list_transform(l, lambda x, i: x + i + b) AS x, list_filter(l, lambda b: b > a) AS y FROM raw.t",
        "SELECT s.v AS v FROM (SELECT {'v': a, 'w': b} AS s FROM raw.t)",
        "SELECT q.x FROM raw.t AS t, LATERAL (SELECT max(d) AS x FROM raw.u AS u WHERE u.a > t.b) AS q",
        "SELECT a FROM raw.t INTERSECT SELECT d FROM raw.u UNION ALL SELECT b FROM raw.t",
        "SELECT bool_or(p) AS p, string_agg(c, ',' ORDER BY b, a) AS s FROM raw.t GROUP BY ALL",
        "SELECT max(a) FILTER (WHERE c = 'x') AS m, count(DISTINCT b) AS n FROM raw.t",
        "SELECT COLUMNS(t.*)::VARCHAR FROM raw.t AS t",
        "SELECT t.* REPLACE (d AS b) FROM raw.t JOIN raw.u USING (a)",
        "SELECT k FROM (SELECT a AS k, b AS k FROM raw.t)",
        "SELECT a, a AS x, x + b AS a FROM raw.t",
        "SELECT TRY_CAST(c AS INTEGER) AS x, coalesce(c, e) AS y FROM raw.t LEFT JOIN raw.u ON t.a = u.a AND t.p",
        "SELECT u.a FROM raw.t RIGHT JOIN raw.u USING (a)",
        "SELECT a, t.a AS x, u.a AS y FROM raw.t FULL JOIN raw.u USING (a)",
        "SELECT d FROM raw.u ANTI JOIN raw.t ON u.a = t.b",
        "SELECT (SELECT c) AS x, ARRAY(SELECT d FROM raw.u WHERE u.a = t.a ORDER BY e, d) AS y FROM raw.t",
    ]

    @Test func `a change that shows has its column among sources or filters`() throws {
        let (connection, probe) = try sampleProbe()
        let cases = ColumnLineageTests.expressions + ColumnLineageTests.relations
        let others = ColumnLineageTests.stars + ColumnLineageTests.rows + ColumnLineageTests.macros
        for sql in (cases + others).map(\.sql) + Self.more {
            let lineage = try columnLineage(
                sql,
                connection: connection,
                columns: probe.columns(of:)
            )
            #expect(lineage.unknownOutputs == nil, "\(sql)")
            let outcome = try probe.outcome(of: sql, lineage, changes: .max)
            #expect(outcome.missed.isEmpty, "\(sql)")
        }
    }

    @Test func `so it is for statements written at random`() throws {
        let (connection, probe) = try sampleProbe(rows: 6)
        let random = SeededRandom()
        var maker = StatementMaker(random)
        var run = 0
        var seen = 0
        while run < 120 {
            let sql = maker.query(2).sql
            // Some are refused, as a number compared with a text.
            guard (try? connection.describe(sql)) != nil else { continue }
            run += 1
            let lineage = try columnLineage(
                sql,
                connection: connection,
                columns: probe.columns(of:)
            )
            #expect(lineage.unknownOutputs == nil, "\(sql)")
            #expect(!lineage.outputs.contains { !$0.unknown.isEmpty }, "\(sql)")
            let outcome = try probe.outcome(of: sql, lineage, changes: 3)
            #expect(outcome.missed.isEmpty, "seed \(random.seed): \(sql)")
            seen += outcome.seen
        }
        #expect(seen > 100)
    }

    @Test func `so it is for every model of this repository`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let connection = try Database(options: .init(threads: 1)).connect()
        try connection.execute("CREATE MACRO as_of() AS TIMESTAMP '2026-11-26 00:00:00'")
        try connection.execute(
            String(contentsOf: root.appending(path: "models/macros.sql"), encoding: .utf8)
        )
        var probe = try LineageProbe(connection)
        let repository = try Repository(discovering: root.path)
        let tree = try repository.commit(repository.resolve("HEAD")).tree
        for snapshot in try SnapshotStore(repository: repository).snapshots(inTree: tree)
        where snapshot.table.layer == "raw" {
            let name = snapshot.table.name
            try connection.attach(snapshot, schema: "stored", name: name)
            try probe.make(snapshot.table, "SELECT * FROM stored.\(name)")
        }
        var models: [TableName: String] = [:]
        for layer in ["staging", "intermediate", "marts"] {
            let folder = root.appending(path: "models/\(layer)")
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                let table = try TableName(layer: layer, name: String(file.dropLast(4)))
                models[table] = try String(
                    contentsOf: folder.appending(path: file),
                    encoding: .utf8
                )
            }
        }
        #expect(!models.isEmpty)
        var seen = 0
        while let (table, sql) = try models.sorted(by: { $0.key < $1.key }).first(where: {
            try analyze($0.value, connection: connection, file: "m.sql").tables
                .allSatisfy { models[$0] == nil }
        }) {
            models[table] = nil
            let lineage = try columnLineage(
                sql,
                connection: connection,
                columns: probe.columns(of:)
            )
            #expect(lineage.unknownOutputs == nil && lineage.unknownFilters.isEmpty, "\(table)")
            #expect(!lineage.outputs.contains { !$0.unknown.isEmpty }, "\(table)")
            let outcome = try probe.outcome(of: sql, lineage, changes: 2)
            #expect(outcome.missed.isEmpty, "\(table)")
            seen += outcome.seen
            try probe.make(table, sql)
        }
        #expect(models.isEmpty)
        #expect(seen > 100)
    }
}
