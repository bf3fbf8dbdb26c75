import Diagnostics
import Records
import Snapshots
import Testing

@testable import Pipelines

/// A model's file and what its header says.
struct ModelTests {
    private func model(_ text: String, file: String = "models/marts/a_v1.sql") throws -> Model {
        try Model(file: file, text: text)
    }

    @Test func `a header says key, class, documentation and former names`() throws {
        let text = """

            /*
            key = ["day", "project"]
            description = "Numbers a day."
            class = "large"
            [columns]
            day = "UTC."
            project = "Its name."
            [was]
            project = "project_name"
            */
            SELECT day, project FROM raw.a

            """
        let model = try model(text)
        #expect(model.table.description == "marts.a_v1")
        #expect(model.file == "models/marts/a_v1.sql")
        #expect(model.sql == text)
        #expect(model.key == ["day", "project"])
        #expect(model.description == "Numbers a day.")
        #expect(model.cutClass == .large)
        #expect(model.columnDocs == ["day": "UTC.", "project": "Its name."])
        #expect(model.renames == ["project": "project_name"])
        #expect(
            String(decoding: Array(text.utf8)[model.statementOffset...], as: UTF8.self)
                == "\nSELECT day, project FROM raw.a\n"
        )
    }

    @Test(arguments: [
        ("staging", CutClass.large), ("intermediate", CutClass.large), ("marts", CutClass.small),
    ])
    func `an empty header is a table without key, cut as its layer is`(
        _ layer: String,
        _ cutClass: CutClass
    ) throws {
        let model = try model("/**/SELECT 1 AS x", file: "models/\(layer)/a.sql")
        #expect(model.key.isEmpty)
        #expect(model.description == nil)
        #expect(model.columnDocs.isEmpty)
        #expect(model.renames.isEmpty)
        #expect(model.cutClass == cutClass)
        #expect(model.table.layer == layer)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        var file = "models/marts/a.sql"
        let expected: Expected
        var testDescription: String { name }
    }

    private static let startsWithHeader = Expected(
        .modelFile,
        at: "models/marts/a.sql:1:1",
        "A model starts with a header comment.",
        hint: "Write /* key = [\"column\"] … */ before the SELECT."
    )
    private static let doesNotEnd = Expected(
        .modelFile,
        at: "models/marts/a.sql:1:1",
        "The header comment does not end.",
        hint: "SQL counts every /* and */, even inside strings: close as many as open."
    )

    static let cases = [
        Case(name: "no header", text: "SELECT 1", expected: startsWithHeader),
        Case(name: "an empty file", text: "", expected: startsWithHeader),
        Case(name: "a line comment", text: "-- key\nSELECT 1", expected: startsWithHeader),
        Case(name: "a header below", text: "SELECT 1 /* key = [] */", expected: startsWithHeader),
        Case(
            name: "an end before the start",
            text: "*/ /* key = [] */",
            expected: startsWithHeader
        ),
        Case(name: "an open header", text: "/*\nkey = []\nSELECT 1", expected: doesNotEnd),
        Case(name: "an end that overlaps the start", text: "/*/ SELECT 1", expected: doesNotEnd),
        Case(
            name: "a comment opened in a string",
            text: "/*\ndescription = \"src/*\"\n*/\nSELECT 1",
            expected: doesNotEnd
        ),
        Case(
            name: "an unknown key",
            text: "\n\n/* key = [\"a\"]\n\n   keys = []\n*/ SELECT 1",
            expected: Expected(
                .configUnknownKey,
                at: "models/marts/a.sql:5:4",
                "The file has no key 'keys'.",
                hint: "Did you mean 'key'?"
            )
        ),
        Case(
            name: "an unknown key on the comment's first line",
            text: "  /* kind = 'x' */ SELECT 1",
            expected: Expected(
                .configUnknownKey,
                at: "models/marts/a.sql:1:6",
                "The file has no key 'kind'.",
                hint:
                    "Known keys: checks, class, columns, description, freshness, key, owner, partition, tags, timeout, was."
            )
        ),
        Case(
            name: "an unknown key, line ends of Windows",
            text: "\r\n/*\r\nkey = []\r\nclas = 'x'\r\n*/\r\nSELECT 1",
            expected: Expected(
                .configUnknownKey,
                at: "models/marts/a.sql:4:1",
                "The file has no key 'clas'.",
                hint: "Did you mean 'class'?"
            )
        ),
        Case(
            name: "a key that is a string",
            text: "/*\nkey = \"a\"\n*/ SELECT 1",
            expected: Expected(
                .configValue,
                at: "models/marts/a.sql:2:1",
                "The key 'key' must be a list of strings.",
                hint: nil
            )
        ),
        Case(
            name: "an unknown class",
            text: "/*\nkey = []\nclass = \"huge\"\n*/ SELECT 1",
            expected: Expected(
                .configValue,
                at: "models/marts/a.sql:3:1",
                "'class' is \"large\" or \"small\".",
                hint: nil
            )
        ),
        Case(
            name: "documentation that is no text",
            text: "/*\n[columns]\na = 1\n*/ SELECT 1",
            expected: Expected(
                .configValue,
                at: "models/marts/a.sql:3:1",
                "The key 'a' of [columns] must be a string.",
                hint: nil
            )
        ),
        Case(
            name: "former names that are no table",
            text: "/*\nwas = [\"a\"]\n*/ SELECT 1",
            expected: Expected(
                .configValue,
                at: "models/marts/a.sql:2:1",
                "The key 'was' must be a table.",
                hint: nil
            )
        ),
        Case(
            name: "the layer raw",
            text: "/**/ SELECT 1",
            file: "models/raw/a.sql",
            expected: Expected(
                .modelFile,
                at: "models/raw/a.sql",
                "The layer 'raw' is not for models.",
                hint: "Models live in staging, intermediate and marts."
            )
        ),
        Case(
            name: "the layer meta",
            text: "/**/ SELECT 1",
            file: "models/meta/a.sql",
            expected: Expected(
                .modelFile,
                at: "models/meta/a.sql",
                "The layer 'meta' is not for models.",
                hint: "Models live in staging, intermediate and marts."
            )
        ),
        Case(
            name: "no layer",
            text: "/**/ SELECT 1",
            file: "models/a.sql",
            expected: Expected(
                .modelFile,
                at: "models/a.sql",
                "A model is a file models/<layer>/<table>.sql.",
                hint: nil
            )
        ),
        Case(
            name: "a folder too many",
            text: "/**/ SELECT 1",
            file: "models/marts/x/a.sql",
            expected: Expected(
                .modelFile,
                at: "models/marts/x/a.sql",
                "A model is a file models/<layer>/<table>.sql.",
                hint: nil
            )
        ),
        Case(
            name: "an unknown layer",
            text: "/**/ SELECT 1",
            file: "models/mart/a.sql",
            expected: Expected(
                .tableName,
                at: "models/mart/a.sql",
                "\"mart\" is no layer.",
                hint: "Layers are raw, staging, intermediate, marts, meta."
            )
        ),
    ]

    @Test(arguments: cases)
    func `a wrong model is refused where it is wrong`(_ item: Case) throws {
        let failure = try #require(throws: Failure.self) { try model(item.text, file: item.file) }
        item.expected.check(failure)
    }

    @Test func `a header that is not TOML is refused at its place in the file`() throws {
        let first = try #require(throws: Failure.self) { try model("/* key = x */ SELECT 1") }
        #expect(first.code == .configSyntax)
        #expect(first.place?.description == "models/marts/a_v1.sql:1:10")
        let later = try #require(throws: Failure.self) {
            try model("\n/*\nkey = []\nclass = x\n*/ SELECT 1")
        }
        #expect(later.place?.description == "models/marts/a_v1.sql:4:9")
    }

    @Test func `a comment closed in a string ends the header, and the failure says so`() throws {
        let failure = try #require(throws: Failure.self) {
            try model("/*\nkey = []\ndescription = \"a */ b\"\n*/ SELECT 1")
        }
        #expect(failure.code == .configSyntax)
        #expect(failure.place?.line == 3)
        #expect(
            failure.hint?.contains("SQL ends the header at its */, even inside a string") == true
        )
    }

    @Test func `comments nest in a header as in SQL`() throws {
        let nested = try model("/* description = 'a /* b */ c' */ SELECT 1")
        #expect(nested.description == "a /* b */ c")
    }

    @Test func `models are read by table, macros and other files left out`() throws {
        let models = try Model.load(
            MemoryFiles([
                "models/staging/b.sql": "/**/ SELECT 1",
                "models/marts/a.sql": "/**/ SELECT 2",
                "models/intermediate/c.sql": "/**/ SELECT 3",
                "models/macros.sql": "CREATE MACRO x() AS 1",
                "models/README.md": "# Models",
                "other/marts/d.sql": "/**/ SELECT 4",
            ])
        )
        #expect(models.map(\.table.description) == ["intermediate.c", "marts.a", "staging.b"])
        #expect(try Model.load(MemoryFiles([:])).isEmpty)
    }

    @Test func `a model that is not UTF-8 is refused`() throws {
        let failure = try #require(throws: Failure.self) {
            try Model.load(MemoryFiles(bytes: ["models/marts/a.sql": [0x2f, 0x2a, 0xff]]))
        }
        #expect(failure.message == "The file 'models/marts/a.sql' is not UTF-8.")
    }
}
