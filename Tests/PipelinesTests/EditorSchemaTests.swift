import Codecs
import Diagnostics
import Testing

@testable import Pipelines

/// What editors are told is what the program takes.
struct EditorSchemaTests {
    /// A table of a file with a key that nobody knows, and where the schema has it.
    private struct Case: Sendable, CustomTestStringConvertible {
        let schema: EditorSchema
        let path: [String]
        let toml: String
        /// Which of several kinds of table it is.
        var kind: Int?

        var testDescription: String { "\(schema) \(path.joined(separator: "."))" }
    }

    private static let git = "connector = \"git\"\nrepositories = [{ path = \".\", url = \"u\" }]\n"
    private static let check = "[[checks]]\n"

    private static let cases: [Case] = [
        Case(schema: .pipelines, path: [], toml: "qqqqqqq = 1"),
        Case(schema: .pipelines, path: ["warehouse"], toml: "[warehouse]\nqqqqqqq = 1"),
        Case(schema: .pipelines, path: ["privacy"], toml: "[privacy]\nqqqqqqq = 1"),
        Case(schema: .pipelines, path: ["directory"], toml: "[directory]\nqqqqqqq = 1"),
        Case(schema: .pipelines, path: ["run"], toml: "[run]\nqqqqqqq = 1"),
        Case(schema: .pipelines, path: ["notify"], toml: "[notify]\nqqqqqqq = 1"),
        Case(schema: .pipelines, path: ["schedule"], toml: "[schedule]\nqqqqqqq = 1"),
        Case(
            schema: .pipelines,
            path: ["schedule", "runs", "[]"],
            toml: "[[schedule.runs]]\nqqqqqqq = 1"
        ),
        Case(
            schema: .pipelines,
            path: ["sinks", "*"],
            toml: "[sinks.s]\nkind = \"export\"\nqqqqqqq = 1",
            kind: 0
        ),
        Case(
            schema: .pipelines,
            path: ["sinks", "*"],
            toml: "[sinks.s]\nkind = \"push\"\nqqqqqqq = 1",
            kind: 1
        ),
        Case(
            schema: .pipelines,
            path: ["sources", "*"],
            toml: "[sources.s]\n\(git)qqqqqqq = 1",
            kind: 0
        ),
        Case(
            schema: .pipelines,
            path: ["sources", "*"],
            toml: "[sources.s]\nconnector = \"github-archive\"\nqqqqqqq = 1",
            kind: 1
        ),
        Case(schema: .model, path: [], toml: "qqqqqqq = 1"),
        Case(schema: .model, path: ["partition"], toml: "[partition]\nqqqqqqq = 1"),
        Case(schema: .model, path: ["checks", "[]"], toml: "\(check)qqqqqqq = 1"),
        Case(
            schema: .model,
            path: ["checks", "[]", "accepted_values"],
            toml: "\(check)accepted_values = { qqqqqqq = 1 }"
        ),
        Case(
            schema: .model,
            path: ["checks", "[]", "relationships"],
            toml: "\(check)relationships = { qqqqqqq = 1 }"
        ),
        Case(
            schema: .model,
            path: ["checks", "[]", "rows"],
            toml: "\(check)rows = { qqqqqqq = 1 }"
        ),
        Case(
            schema: .model,
            path: ["checks", "[]", "freshness"],
            toml: "\(check)freshness = { qqqqqqq = 1 }"
        ),
        Case(
            schema: .model,
            path: ["checks", "[]", "change"],
            toml: "\(check)change = { qqqqqqq = 1 }"
        ),
        Case(schema: .tests, path: [], toml: "qqqqqqq = 1"),
        Case(schema: .tests, path: ["tests", "[]"], toml: "[[tests]]\nqqqqqqq = 1"),
    ]

    /// The keys that the program says it knows.
    private func known(_ test: Case) throws -> [String] {
        let failure = try #require(throws: Failure.self) {
            switch test.schema {
            case .pipelines:
                _ = try Configuration(files: MemoryFiles(["pipelines.toml": test.toml]))
            case .model:
                _ = try Model(
                    file: "models/marts/t.sql",
                    text: "/*\nkey = [\"day\"]\n\(test.toml)\n*/ SELECT 1"
                )
            case .tests:
                _ = try ModelTest.load(MemoryFiles(["models/tests/t.toml": test.toml]))
            }
        }
        #expect(failure.message.hasSuffix("has no key 'qqqqqqq'."), "\(failure)")
        let hint = try #require(failure.hint)
        let start = "Known keys: "
        #expect(hint.hasPrefix(start) && hint.hasSuffix("."))
        return hint.dropFirst(start.count).dropLast().split(separator: ", ").map(String.init)
    }

    @Test(arguments: cases)
    private func `a table's keys are those the program knows`(test: Case) throws {
        var value = test.schema.json
        for key in test.path {
            value =
                try #require(
                    key == "[]"
                        ? value["items"]
                        : key == "*" ? value["additionalProperties"] : value["properties"]?[key]
                )
        }
        if let kind = test.kind { value = try #require(value["oneOf"]?.array?[kind]) }
        let keys = try #require(value["properties"]?.object).map(\.key)
        #expect(keys.sorted() == (try known(test)))
        #expect(value["additionalProperties"] == .bool(false))
        let required = try #require(value["required"]?.array).compactMap(\.string)
        #expect(Set(required).isSubset(of: keys))
    }

    /// Every table of a schema that has no other keys than those it lists.
    private func tables(_ value: JSONValue) -> Int {
        var count = value["properties"] == nil ? 0 : 1
        switch value {
        case .object(let members): for (_, member) in members { count += tables(member) }
        case .array(let elements): for element in elements { count += tables(element) }
        default: break
        }
        return count
    }

    @Test func `no table is left out`() {
        // Of `sources` the list of repositories has keys of its own.
        let all = EditorSchema.allCases.reduce(0) { $0 + tables($1.json) }
        #expect(all == Self.cases.count + 1)
    }
}
