import Diagnostics
import Querying
import Snapshots
import Testing

@testable import Pipelines

/// Which tables words of the command line name.
@Suite struct SelectionTests {
    /// raw.artifacts_by_project → raw.github_events → staging.e → marts.a, marts.b → marts.z.
    private func flow() throws -> TableFlow {
        let connection = try Database(options: .init(threads: 1)).connect()
        let models = try [
            ("staging/e", "", "FROM raw.github_events"),
            ("marts/a_v1", "tags = ['daily', 'core']", "FROM staging.e"),
            ("marts/b_v1", "tags = ['daily']", "FROM staging.e"),
            ("marts/z", "owner = 'ann'", "FROM marts.a_v1 JOIN marts.b_v1 USING (x)"),
        ].map { path, header, sql in
            try Model(file: "models/\(path).sql", text: "/* key = ['x']\n\(header) */ \(sql)")
        }
        let files = MemoryFiles([
            "pipelines.toml": """
            [privacy]
            email_key_id = "k"
            [sources.a]
            connector = "github-archive"
            from = "2025-01-01-0"
            to = "2025-01-01-0"
            """
        ])
        return TableFlow(
            try Graph(
                models: models,
                available: RawTables.all,
                engine: EnginePool { connection }
            ),
            try Configuration(files: files)
        )
    }

    private func select(_ words: [String], modified: String? = nil) throws -> [String] {
        let selection = try #require(try Selection.parse(words))
        return try selection.tables(in: flow()) { $0.description == modified }
            .map(\.description).sorted()
    }

    @Test(arguments: [
        (["marts.a_v1"], ["marts.a_v1"]),
        (["a_v1", "z"], ["marts.a_v1", "marts.z"]),
        (["marts.*"], ["marts.a_v1", "marts.b_v1", "marts.z"]),
        (["?_v1"], ["marts.a_v1", "marts.b_v1"]),
        (["layer:staging"], ["staging.e"]),
        (["tag:core"], ["marts.a_v1"]),
        (["tag:daily"], ["marts.a_v1", "marts.b_v1"]),
        (["marts.a_v1+"], ["marts.a_v1", "marts.z"]),
        (["tag:core+", "staging.e"], ["marts.a_v1", "marts.z", "staging.e"]),
        // What the directory lists decides which events are kept.
        (
            ["+marts.a_v1"],
            ["marts.a_v1", "raw.artifacts_by_project", "raw.github_events", "staging.e"]
        ),
        (
            ["+a_v1+"],
            ["marts.a_v1", "marts.z", "raw.artifacts_by_project", "raw.github_events", "staging.e"]
        ),
    ])
    func `words name tables`(_ words: [String], _ tables: [String]) throws {
        #expect(try select(words) == tables)
    }

    @Test func `what people changed, and what is made of it`() throws {
        #expect(try select(["state:modified"]) == [])
        #expect(try select(["state:modified"], modified: "staging.e") == ["staging.e"])
        #expect(
            try select(["state:modified+"], modified: "marts.b_v1") == ["marts.b_v1", "marts.z"]
        )
    }

    @Test func `no word is everything`() throws {
        #expect(try Selection.parse([]) == nil)
    }

    @Test(arguments: [
        ("+", "select.syntax", "names no table", "Select by NAME"),
        ("a++", "select.syntax", "names no table", "Select by NAME"),
        ("color:red", "select.syntax", "'color:red' selects nothing", "Select by NAME"),
        ("state:new", "select.syntax", "selects nothing", "state:modified"),
        ("layer:mart", "select.syntax", "\"mart\" is no layer", "marts"),
        ("marts.a_v2", "select.nothing", "'marts.a_v2' selects no table", "'marts.a_v1'?"),
        ("a_v2", "select.nothing", "selects no table", "'a_v1'?"),
        ("tag:dayly", "select.nothing", "selects no table", "'tag:daily'?"),
        ("nothing*", "select.nothing", "selects no table", "osodata lineage"),
    ])
    func `a word that names nothing is refused`(
        _ word: String,
        _ code: String,
        _ message: String,
        _ hint: String
    ) throws {
        let failure = try #require(throws: Failure.self) { try select([word]) }
        #expect(failure.code.description == code)
        #expect(failure.message.contains(message), "\(failure)")
        #expect(failure.hint?.contains(hint) ?? false, "\(failure)")
    }
}
