import Codecs
import Diagnostics
import Snapshots
import Testing

@testable import Pipelines

/// The checks of a model's header.
@Suite struct CheckTests {
    private func checks(_ toml: String) throws -> [Check] {
        let text = "/*\nkey = [\"day\"]\n\(toml)\n*/\nSELECT 1 AS day"
        return try Model(file: "models/marts/a_v1.sql", text: text).checks
    }

    @Test(arguments: [
        (
            #"not_null = ["day", "n"]"#, "not_null day n",
            #"SELECT "day", "n" FROM "marts"."a_v1" WHERE "day" IS NULL OR "n" IS NULL"#
        ),
        (
            #"unique = ["n"]"#, "unique n",
            #"SELECT "n", count(*) AS "rows" FROM "marts"."a_v1" WHERE "n" IS NOT NULL GROUP BY "n" HAVING count(*) > 1"#
        ),
        (
            #"accepted_values = { column = "n", values = ["it's", 1, 2.5, true] }"#,
            "accepted_values n",
            #"SELECT "day", "n" FROM "marts"."a_v1" WHERE "n" NOT IN ('it''s', 1, 2.5, true)"#
        ),
        (
            #"relationships = { column = "n", to = "raw.b.m" }"#, "relationships n",
            #"SELECT "day", "n" FROM "marts"."a_v1" WHERE "n" IS NOT NULL AND "n" NOT IN (SELECT "m" FROM "raw"."b" WHERE "m" IS NOT NULL)"#
        ),
        (
            "rows = { min = 1, max = 9 }", "rows",
            #"SELECT count(*) AS "rows" FROM "marts"."a_v1" HAVING count(*) < 1 OR count(*) > 9"#
        ),
        (
            #"freshness = { column = "day", within = "36 hours" }"#, "freshness day",
            #"SELECT max("day") AS newest, as_of() AS as_of FROM "marts"."a_v1" HAVING max("day") IS NULL OR max("day") < as_of() - INTERVAL '36 hours'"#
        ),
        (
            "change = { percent = 12.5 }", "change count(*)",
            #"SELECT before, now FROM (SELECT count(*) AS before FROM "published"."a_v1") CROSS JOIN (SELECT count(*) AS now FROM "marts"."a_v1") WHERE before IS DISTINCT FROM now AND (before IS NULL OR now IS NULL OR abs(now - before) * 100 > abs(before) * 12.5)"#
        ),
        (
            "name = \"all is well\"\nsql = \"SELECT 1\"", "all is well", "SELECT 1"
        ),
    ])
    func `a check is a SELECT of the rows that break it`(
        _ toml: String,
        _ name: String,
        _ statement: String
    ) throws {
        let check = try #require(try checks("[[checks]]\n\(toml)").first)
        #expect(check.name == name)
        #expect(check.severity == .error)
        let table = try TableName(parsing: "marts.a_v1")
        #expect(check.statement(on: table, key: ["day"]) == statement)
    }

    @Test func `checks have a place, a severity and a name`() throws {
        let checks = try checks(
            """
            [[checks]]
            not_null = ["a"]
            severity = "warn"

            [[checks]]
            name = "mine"
            rows = { max = 3 }
            """
        )
        #expect(checks.map(\.name) == ["not_null a", "mine"])
        #expect(checks.map(\.severity) == [.warn, .error])
        #expect(
            checks.map(\.place.description) == [
                "models/marts/a_v1.sql:4:1", "models/marts/a_v1.sql:9:1",
            ]
        )
        #expect(checks.map(\.kindName) == ["not_null", "rows"])
    }

    @Test func `a sample of a table without key has whole rows`() throws {
        let check = try #require(try checks("[[checks]]\nnot_null = [\"n\"]").first)
        let table = try TableName(parsing: "marts.a_v1")
        #expect(
            check.statement(on: table, key: [])
                == #"SELECT * FROM "marts"."a_v1" WHERE "n" IS NULL"#
        )
    }

    @Test(
        arguments: [
            ("[[checks]]\nnotnull = [\"a\"]", "4:1", "has no key 'notnull'", "'not_null'?"),
            ("[[checks]]\nseverity = \"warn\"", "3:1", "says what it checks", "not_null, unique"),
            (
                "[[checks]]\nrows = { min = 1 }\nunique = [\"a\"]", "3:1",
                "of one kind, and this one is unique and rows", "once for each"
            ),
            (
                "[[checks]]\nseverity = \"bad\"\nrows = { min = 1 }", "4:1",
                "\"error\" or \"warn\"", nil
            ),
            ("[[checks]]\nunique = []", "4:1", "names no column", nil),
            ("[[checks]]\nrows = {}", "4:1", "has no bound", "min = 1"),
            ("[[checks]]\nrows = { least = 1 }", "4:10", "no key 'least'", "Known keys"),
            ("[[checks]]\nsql = \"SELECT 1\"", "3:1", "needs a name", "name ="),
            ("[[checks]]\nname = \"\"\nsql = \"SELECT 1\"", "4:1", "1 to 120 bytes", nil),
            ("[[checks]]\nchange = { percent = -1 }", "4:12", "number from 0", nil),
            (
                "[[checks]]\nfreshness = { column = \"a\", within = \"soon\" }", "4:29",
                "not \"soon\"", "36 hours"
            ),
            (
                "[[checks]]\nrelationships = { column = \"a\", to = \"raw.b\" }", "4:33",
                "layer.table.column", "marts.projects_v1"
            ),
            (
                "[[checks]]\nrelationships = { column = \"a\", to = \"row.b.c\" }", "4:33",
                "is no layer", "Layers are"
            ),
            (
                "[[checks]]\naccepted_values = { column = \"a\", values = [2026-01-31] }", "4:35",
                "holds strings", "as a string"
            ),
            ("[[checks]]\naccepted_values = { column = \"a\", values = [] }", "4:35", "list", nil),
            (
                "[[checks]]\nunique = [\"a\"]\n[[checks]]\nunique = [\"a\"]", "5:1",
                "two checks 'unique a'", "name ="
            ),
            ("checks = 3", "3:1", "list of tables", nil),
        ] as [(String, String, String, String?)]
    )
    func `what is no check is refused at its place`(
        _ toml: String,
        _ place: String,
        _ message: String,
        _ hint: String?
    ) throws {
        let failure = try #require(throws: Failure.self) { try checks(toml) }
        #expect(failure.message.contains(message), "\(failure)")
        #expect(failure.place?.description == "models/marts/a_v1.sql:\(place)", "\(failure)")
        if let hint { #expect(failure.hint?.contains(hint) ?? false, "\(failure)") }
    }

    @Test func `checks are no part of what a table is made of`() throws {
        let head = "/*\nkey = [\"day\"]\n"
        let plain = try Model(file: "models/marts/a_v1.sql", text: head + "*/SELECT 1 AS day")
        let checked = try Model(
            file: "models/marts/a_v1.sql",
            text: head + "[[checks]]\nrows = { min = 1 }\n*/SELECT 1 AS day"
        )
        #expect(plain.settingsDigest == checked.settingsDigest)
    }

    @Test func `rows of the table of checks are read as they were written`() throws {
        let table = try TableName(parsing: "marts.a_v1")
        let row = CheckRow(
            table: table,
            check: "unique n",
            kind: "unique",
            severity: .warn,
            state: .failed,
            failingRows: 2,
            sample: .array([.object([("a", .int(1)), ("b", .string("é"))])]),
            tableDigest: .of("t"),
            fingerprint: .of("f")
        )
        var other = row
        other.check = "rows"
        other.sample = nil
        other.state = .skipped
        #expect(try CheckRow.rows(of: CheckRow.rowSet([row, other])) == [other, row])
    }
}
