import Diagnostics
import Querying
import Testing

@testable import Lineage

/// Sums that depend on the order of rows.
struct ExactSumsTests {
    private func check(_ sql: String) throws {
        let connection = try connection()
        try connection.execute(
            """
            CREATE TABLE marts.t (i INTEGER, b BIGINT, d DECIMAL(18,2), u BIGNUM, x DOUBLE, f FLOAT,
                k VARCHAR, l BIGINT[], j JSON)
            """
        )
        try checkExactSums(sql, connection: connection, file: "m.sql")
    }

    @Test(arguments: [
        "SELECT sum(i), sum(b), sum(d), sum(u), avg(i), avg(d), sum(i + b), sum(DISTINCT i) FROM marts.t",
        "SELECT k, sum(i) FILTER (WHERE x > 1) AS n FROM marts.t GROUP BY k HAVING sum(b) > 2 ORDER BY n",
        "WITH c AS (SELECT sum(x::DECIMAL(38,9)) AS s FROM marts.t) SELECT sum(s) FROM c",
        "SELECT sum(i) OVER (PARTITION BY k ORDER BY b ROWS 3 PRECEDING) FROM marts.t",
        "SELECT sum(e) FROM (SELECT unnest(l) AS e FROM marts.t)",
        "SELECT sum((j ->> 'n')::BIGINT), count(x), max(x), max(list_sum([x])) FROM marts.t",
        "SELECT four(i), k ~ 'a', [e + 1 FOR e IN l], {'a': i}, CASE WHEN i > 1 THEN 'a' END, i::VARCHAR FROM marts.t",
        "SELECT a.k, row_number() OVER w FROM marts.t a LEFT JOIN marts.t b USING (k) WINDOW w AS (ORDER BY a.b) QUALIFY row_number() OVER w = 1",
        "FROM marts.t SELECT date_trunc('month', as_of()), EXISTS (FROM marts.t), k LIKE 'x%' WHERE k IN ('a', 'b')",
        "SELECT DISTINCT ON (k) * EXCLUDE (j) FROM marts.t ORDER BY k, b LIMIT 5",
        "SELECT * FROM marts.t PIVOT (sum(i) FOR k IN ('a', 'b'))",
        "SELECT 1 UNION ALL (SELECT 2 EXCEPT SELECT 3) ORDER BY 1",
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, s), LATERAL (SELECT n + 1)",
    ])
    func `exact sums and everything else are accepted`(_ sql: String) throws {
        try check(sql)
    }

    @Test(arguments: [
        ("SELECT sum(i),\n  sum(x) FROM marts.t", "m.sql:2:3", "sum() of DOUBLE"),
        ("SELECT avg(f) FROM marts.t", "m.sql:1:8", "avg() of FLOAT"),
        ("SELECT avg(u) FROM marts.t", "m.sql:1:8", "avg() of BIGNUM"),
        ("SELECT sum(i / 2) FROM marts.t", "m.sql:1:8", "sum() of DOUBLE"),
        (
            "WITH c AS (SELECT x * 2 AS y FROM marts.t) SELECT sum(y) FROM c", "m.sql:1:51",
            "sum() of DOUBLE"
        ),
        ("SELECT sum(x) OVER (ORDER BY i) FROM marts.t", "m.sql:1:8", "sum() of DOUBLE"),
        ("SELECT k FROM marts.t GROUP BY k HAVING sum(x) > 1", "m.sql:1:41", "sum() of DOUBLE"),
        (
            "SELECT avg(avg_x) FROM (SELECT avg(i) AS avg_x FROM marts.t)", "m.sql:1:8",
            "avg() of DOUBLE"
        ),
    ])
    func `a sum of doubles is refused where it stands`(
        _ sql: String,
        _ place: String,
        _ message: String
    ) throws {
        #expect {
            try check(sql)
        } throws: { error in
            let failure = error as? Failure
            return failure?.code == .inexactResult && failure?.place?.description == place
                && failure?.message.contains(message) == true
        }
    }

    @Test func `a statement that does not bind keeps its place`() throws {
        #expect {
            try check("SELECT sum(i),\n nothing FROM marts.t")
        } throws: { ($0 as? Failure)?.place?.description == "m.sql:2:2" }
    }
}
