import Diagnostics
import Querying
import Testing

@testable import Lineage

/// What a model may not do, and what it may.
struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sql: String
        let code: Failure.Code
        let column: Int
        let message: String
        var testDescription: String { sql }
        init(_ sql: String, _ code: Failure.Code, _ column: Int, _ message: String) {
            self.sql = sql
            self.code = code
            self.column = column
            self.message = message
        }
    }

    static let refused = [
        Case("SELECT a, now() FROM raw.t", .hiddenInput, 11, "reads the clock"),
        Case("SELECT NOW()", .hiddenInput, 8, "reads the clock"),
        Case("SELECT current_date", .hiddenInput, 8, "reads the clock"),
        Case("SELECT age(t) FROM raw.t", .hiddenInput, 8, "age() of one argument"),
        Case("SELECT random()", .hiddenInput, 8, "random values"),
        Case("SELECT a FROM raw.t ORDER BY random()", .hiddenInput, 30, "random"),
        Case("SELECT uuid()", .hiddenInput, 8, "random"),
        Case("SELECT nextval('s')", .hiddenInput, 8, "sequence"),
        Case("SELECT current_setting('threads')", .hiddenInput, 8, "state"),
        Case("FROM read_csv('x.csv')", .hiddenInput, 6, "no table"),
        Case("FROM glob('*')", .hiddenInput, 6, "no table"),
        Case("FROM duckdb_tables()", .hiddenInput, 6, "no table"),
        Case("FROM query('select 1')", .hiddenInput, 6, "no table"),
        Case("FROM osodata_scan('raw.t')", .hiddenInput, 6, "no table"),
        Case("FROM raw.t TABLESAMPLE 10%", .hiddenInput, 6, "sample"),
        Case("SELECT * FROM raw.t USING SAMPLE 10", .hiddenInput, 8, "sample"),
        Case("SELECT $1", .hiddenInput, 8, "parameter"),
        Case("FROM raw.t AT (VERSION => 'x')", .hiddenInput, 6, "at a revision"),
        Case("SELECT clock()", .hiddenInput, 8, "In the macro \"clock\""),
        Case("SELECT unordered(x) FROM raw.t", .unorderedResult, 8, "In the macro \"unordered\""),
        Case("SELECT list(x) FROM raw.t", .unorderedResult, 8, "without ORDER BY"),
        Case("SELECT list(x ORDER BY 1) FROM raw.t", .unorderedResult, 8, "without ORDER BY"),
        Case("SELECT string_agg(x, ',') FROM raw.t", .unorderedResult, 8, "without ORDER BY"),
        Case("SELECT first(x) FROM raw.t", .unorderedResult, 8, "without ORDER BY"),
        Case("SELECT any_value(x) FROM raw.t", .unorderedResult, 8, "without ORDER BY"),
        Case("SELECT max_by(x, y) FROM raw.t", .unorderedResult, 8, "cannot be used"),
        Case("SELECT mode(x) FROM raw.t", .unorderedResult, 8, "cannot be used"),
        Case("SELECT stddev(x) FROM raw.t", .unorderedResult, 8, "cannot be used"),
        Case("SELECT approx_count_distinct(x) FROM raw.t", .unorderedResult, 8, "estimate"),
        Case("SELECT json_group_array(x) FROM raw.t", .hiddenInput, 8, "without an order"),
        Case("SELECT row_number() OVER () FROM raw.t", .unorderedResult, 8, "without ORDER BY"),
        Case(
            "SELECT lag(x) OVER (PARTITION BY y) FROM raw.t",
            .unorderedResult,
            8,
            "without ORDER BY"
        ),
        Case(
            "SELECT sum(x) OVER (ROWS 3 PRECEDING) FROM raw.t",
            .unorderedResult,
            8,
            "frame of ROWS"
        ),
        Case("SELECT a FROM raw.t LIMIT 3", .unorderedResult, 27, "LIMIT without ORDER BY"),
        Case("SELECT a FROM raw.t OFFSET 3", .unorderedResult, 28, "LIMIT without ORDER BY"),
        Case("SELECT * FROM (FROM raw.t LIMIT 3)", .unorderedResult, 33, "LIMIT without ORDER BY"),
        Case("SELECT DISTINCT ON (a) a, b FROM raw.t", .unorderedResult, 21, "DISTINCT ON"),
        Case("SELECT * FROM raw.a POSITIONAL JOIN raw.b", .unorderedResult, 21, "POSITIONAL join"),
        Case(
            "SELECT * FROM raw.a ASOF JOIN raw.b ON a.t >= b.t",
            .unorderedResult,
            21,
            "ASOF join"
        ),
        Case("SELECT ln(x) FROM raw.t", .inexactResult, 8, "differ between machines"),
        Case("SELECT 2 ** x FROM raw.t", .inexactResult, 8, "differ between machines"),
    ]

    @Test(arguments: refused) func `a hidden input is refused where it stands`(_ expected: Case)
        throws
    {
        let failure = try refusal("/* h */\n" + expected.sql)
        #expect(failure.code == expected.code, "\(failure)")
        #expect(failure.place?.description == "m.sql:2:\(expected.column)", "\(failure)")
        #expect(failure.message.contains(expected.message), "\(failure)")
        #expect(failure.hint != nil)
    }

    @Test(arguments: ["DESCRIBE raw.t", "SHOW TABLES", "SUMMARIZE raw.t"])
    func `statements about the engine are refused`(_ sql: String) throws {
        let failure = try refusal(sql)
        #expect(failure.code == .hiddenInput)
        #expect(failure.place?.file == "m.sql")
    }

    @Test func `the first of several is named`() throws {
        #expect(try refusal("SELECT list(x), now() FROM raw.t").code == .unorderedResult)
        #expect(try refusal("SELECT now(), list(x) FROM raw.t").code == .hiddenInput)
    }

    @Test(arguments: [
        "SELECT count(*), count(DISTINCT a), sum(b), min(c), max(c), bool_or(d), avg(b) FROM raw.t GROUP BY e",
        "SELECT list(a ORDER BY b, c), list(DISTINCT a ORDER BY a), first(a ORDER BY b) FROM raw.t",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b DESC, id) FROM raw.t WINDOW w AS (ORDER BY b) QUALIFY rank() OVER w < 3",
        "SELECT sum(x) OVER (PARTITION BY y ORDER BY z ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM raw.t",
        "SELECT sum(x) OVER (PARTITION BY y), count(*) OVER () FROM raw.t",
        "SELECT payload ->> '$.a.b', payload -> 'c', json_extract_string(payload, '$.d'), json_array_length(payload) FROM raw.t",
        "SELECT regexp_extract(a, '(x)', 1), regexp_replace(a, 'b', 'c', 'g'), a LIKE 'x%', a ILIKE 'y' FROM raw.t",
        "SELECT date_trunc('month', t), strftime(t, '%Y'), t::DATE, date_diff('day', t, as_of()), age(as_of(), t) FROM raw.t",
        "SELECT unnest(l) AS e, json_each.value FROM raw.t, json_each(raw.t.j)",
        "SELECT a FROM raw.t ORDER BY b, id LIMIT 10",
        "SELECT a FROM raw.t ORDER BY 1 LIMIT 10",
        "SELECT DISTINCT ON (a) a, b FROM raw.t ORDER BY a, b, id",
        "SELECT CAST(ln(x) AS DECIMAL(38,9)), exp(x)::DECIMAL(38,9), sqrt(x), round(x, 2) FROM raw.t",
        "SELECT coalesce(a, b), nullif(a, b), greatest(a, b), CASE WHEN a THEN b END, a || b, a IN (1, 2) FROM raw.t",
        "SELECT list_sum(l), list_filter(l, lambda x: x > 1), len(l), list_sort(l), list_first(l) FROM raw.t",
        "SELECT median(x), quantile_cont(x, 0.9), histogram(x) FROM raw.t",
        "SELECT t.current_date FROM raw.t AS t",
        "SELECT md5(a), sha256(a), hash(a) FROM raw.t",
        "SELECT * FROM range(10), generate_series(DATE '2026-01-01', DATE '2026-02-01', INTERVAL 1 DAY) AS d(day)",
    ])
    func `normal analytic SQL is accepted`(_ sql: String) throws {
        _ = try analyze(sql, connection: try connection(), file: "m.sql")
    }

    @Test(arguments: [
        ("SELECT a, row_number() OVER (ORDER BY b) AS n FROM raw.t", ["row_number 2:11"]),
        (
            "SELECT list(a ORDER BY b), string_agg(a, ',' ORDER BY b) FROM raw.t",
            ["list 2:8", "string_agg 2:28"]
        ),
        ("SELECT sum(x) OVER (ORDER BY z ROWS 6 PRECEDING) FROM raw.t", ["sum 2:8"]),
        ("SELECT a FROM raw.t ORDER BY b LIMIT 10", ["limit 2:38"]),
        ("SELECT DISTINCT ON (a) a FROM raw.t ORDER BY a, b", ["distinct on 2:21"]),
        ("SELECT total(x) FROM raw.t", ["sum 2:8"]),
        ("SELECT sum(x), count(*), max(y) FROM raw.t ORDER BY 1", []),
        ("SELECT sum(x) OVER (ORDER BY z) FROM raw.t", []),
    ])
    func `what depends on ties is told`(_ sql: String, _ expected: [String]) throws {
        let connection = try connection()
        try connection.execute("CREATE MACRO total(x) AS sum(x)")
        let analysis = try analyze("/* h */\n" + sql, connection: connection, file: "m.sql")
        let found = analysis.orderSensitive.map { "\($0.name) \($0.line):\($0.column)" }
        #expect(found == expected)
    }

    /// The names of DuckDB's functions of a kind.
    private func names(_ condition: String) throws -> Set<String> {
        let result = try connection().query(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE internal AND (\(condition))"
        )
        var names: Set<String> = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                names.formUnion(try chunk.jsonTexts(row: row).map { $0.filter { $0 != "\"" } })
            }
        }
        return names
    }

    @Test func `every aggregate and window of the engine has a rule`() throws {
        let macros = try names("function_type LIKE '%macro%'")
        #expect(
            try names("function_type = 'aggregate'").subtracting(macros).subtracting(
                FunctionRules.aggregates.keys
            ) == []
        )
        #expect(
            Set(FunctionRules.aggregates.keys).subtracting(try names("function_type = 'aggregate'"))
                == []
        )
        #expect(try names("function_type = 'window'") == Set(FunctionRules.windows.keys))
    }

    @Test func `every function that is not constant is refused`() throws {
        let inconstant = try names("stability <> 'CONSISTENT'")
        #expect(inconstant.subtracting(FunctionRules.inconstant.keys) == ["error"])
    }

    @Test func `every macro of the engine that leads to one is refused`() throws {
        let result = try connection().query(
            "SELECT lower(function_name), macro_definition FROM duckdb_functions() WHERE internal AND function_type = 'macro'"
        )
        let connection = try connection()
        var open: [String] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                let cells = try chunk.jsonTexts(row: row)
                let name = cells[0].filter { $0 != "\"" }
                guard FunctionRules.inconstant[name] == nil, FunctionRules.aggregates[name] == nil
                else { continue }
                let body = cells[1].dropFirst().dropLast().replacing("\\\"", with: "\"").replacing(
                    "\\\\",
                    with: "\\"
                )
                do {
                    _ = try analyze("SELECT \(body)", connection: connection, file: name)
                } catch {
                    open.append("\(name): \(error.message)")
                }
            }
        }
        #expect(open == [])
    }

    @Test func `table functions that are allowed exist`() throws {
        #expect(FunctionRules.tableFunctions.subtracting(try names("true")) == [])
    }
}
