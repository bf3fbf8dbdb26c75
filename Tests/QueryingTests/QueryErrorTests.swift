import Diagnostics
import Testing

@testable import Querying

/// What a user reads of a statement that fails.
struct QueryErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sql: String
        let code: Failure.Code
        let place: String?
        let message: String
        var hint: String?
        var testDescription: String { sql }
    }

    static let cases = [
        Case(
            sql: "selec 1",
            code: .querySyntax,
            place: "m.sql:1:1",
            message: "syntax error at or near \"selec\"."
        ),
        Case(
            sql: "SELECT 'é' AS e,\n  'é', foo\nFROM range(3) t(bar)",
            code: .queryInvalid,
            place: "m.sql:2:8",
            message: "Referenced column \"foo\" not found in FROM clause."
        ),
        Case(
            sql: "SELECT 'é' AS e, fo\nFROM (SELECT 1 AS foo)",
            code: .queryInvalid,
            place: "m.sql:1:18",
            message: "Referenced column \"fo\" not found in FROM clause.",
            hint: "Candidate bindings: \"foo\""
        ),
        Case(
            sql: "SELECT 1;\n\nSELECT nofn(1)",
            code: .queryInvalid,
            place: "m.sql:3:8",
            message: "Scalar Function with name nofn does not exist."
        ),
        Case(
            sql: "SELECT * FROM marts.a",
            code: .queryInvalid,
            place: "m.sql:1:15",
            message:
                "Table with name \"marts.a\" does not exist because schema \"marts\" does not exist."
        ),
        Case(
            sql: "SELECT sum('x')",
            code: .queryInvalid,
            place: "m.sql:1:8",
            message: "Could not choose a best candidate function",
            hint: "Cast the arguments to the types the function takes."
        ),
        Case(
            sql: "SELECT 'a'::INT",
            code: .queryFailed,
            place: "m.sql:1:11",
            message: "Could not convert string 'a' to INT32."
        ),
        Case(
            sql: "SELECT (i::VARCHAR || 'x')::INT FROM range(10) t(i)",
            code: .queryFailed,
            place: "m.sql:1:27",
            message: "Could not convert string '0x' to INT32."
        ),
        Case(sql: "SELECT error('no')", code: .queryFailed, place: "m.sql", message: "no."),
        Case(sql: "SELECT $1", code: .queryInvalid, place: "m.sql", message: "parameter"),
        Case(
            sql: " -- nothing",
            code: .queryNotOneSelect,
            place: "m.sql",
            message: "There is no statement."
        ),
        Case(sql: "", code: .queryNotOneSelect, place: "m.sql", message: "There is no statement."),
        Case(sql: "SELECT '\u{0}'", code: .querySyntax, place: "m.sql", message: "U+0000"),
    ]

    @Test(arguments: cases) func `an error says what, where and what to do`(_ expected: Case) throws
    {
        let failure = try #require(try connection().failure(expected.sql, file: "m.sql"))
        #expect(failure.code == expected.code, "\(failure)")
        #expect(failure.place?.description == expected.place, "\(failure)")
        #expect(failure.message.contains(expected.message), "\(failure)")
        if let hint = expected.hint { #expect(failure.hint == hint) }
    }

    @Test func `a typed statement is called sql`() throws {
        #expect(try connection().failure("SELECT\n x")?.place?.description == "sql:2:2")
    }

    @Test func `a failure leaves the connection usable`() throws {
        let connection = try connection()
        #expect(connection.failure("SELECT x") != nil)
        #expect(try connection.rows("SELECT 1") == [["1"]])
    }

    @Test func `an error after the first rows is thrown too`() throws {
        let sql = "SELECT CASE WHEN i = 90000 THEN error('late') ELSE i END FROM range(100000) t(i)"
        #expect(try connection().failure(sql)?.message == "late.")
    }

    @Test(arguments: ["SELECT 1; SELECT 2", "CREATE TABLE t (a INT)", "SET threads = 1"])
    func `only one SELECT can be described`(_ sql: String) throws {
        #expect {
            _ = try connection().describe(sql)
        } throws: { ($0 as? Failure)?.code == .queryNotOneSelect }
    }

    @Test func `text that is no error of DuckDB is kept`() {
        let failure = EngineError("odd\n\tmore").failure(in: "", file: nil)
        #expect(failure.message == "odd.")
        #expect(failure.code == .queryFailed)
    }

    @Test(arguments: [(0, 1, 1), (3, 1, 3), (5, 2, 1), (99, 2, 2)])
    func `a position counts lines and characters`(_ byte: Int, _ line: Int, _ column: Int) {
        let position = SourcePosition(byte: byte, in: "aéb\nc")
        #expect(position.line == line && position.column == column)
    }
}
