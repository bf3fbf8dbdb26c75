import Diagnostics
import Lineage
import Querying
import Snapshots
import Testing

@testable import Pipelines

/// The order of models.
struct GraphTests {
    private func graph(_ models: [String: String], available: [String] = ["raw.a"]) throws -> Graph
    {
        let connection = try Database(options: .init(threads: 1)).connect()
        try connection.execute(
            """
            CREATE SCHEMA raw;
            CREATE TABLE raw.gone (x INTEGER);
            CREATE MACRO hidden() AS (SELECT max(x) FROM raw.gone);
            """
        )
        return try Graph(
            models: try models.sorted { $0.key > $1.key }.map { table, sql in
                try Model(
                    file: "models/\(table.replacing(".", with: "/")).sql",
                    text: "/* key = ['x'] */ " + sql
                )
            },
            available: try available.map { try TableName(parsing: $0) },
            engine: EnginePool { connection }
        )
    }

    private func tables(_ names: String...) throws -> [TableName] {
        try names.map { try TableName(parsing: $0) }
    }

    @Test func `every model comes after those it reads, ties by name`() throws {
        let graph = try graph([
            "marts.a": "FROM staging.z, staging.y",
            "marts.b": "FROM raw.a",
            "staging.z": "FROM raw.a",
            "staging.y": "FROM staging.z",
            "intermediate.m": "FROM marts.b",
        ])
        #expect(
            try graph.nodes.map(\.model.table)
                == tables("marts.b", "intermediate.m", "staging.z", "staging.y", "marts.a")
        )
        #expect(graph.nodes.last?.analysis.tables.map(\.description) == ["staging.y", "staging.z"])
    }

    @Test func `roots are the tables no model makes`() throws {
        let graph = try graph(
            [
                "marts.a": "FROM staging.b, raw.c", "staging.b": "FROM raw.a",
                "marts.d": "FROM staging.b", "marts.one": "SELECT 1 AS x",
            ],
            available: ["raw.c", "raw.a", "raw.unused", "staging.b"]
        )
        #expect(try graph.roots == tables("raw.a", "raw.c", "raw.unused"))
        let marts = try tables("marts.a", "marts.d", "marts.one", "raw.a")
        #expect(try graph.roots(of: marts[0]) == Set(tables("raw.a", "raw.c")))
        #expect(try graph.roots(of: marts[1]) == Set(tables("raw.a")))
        #expect(graph.roots(of: marts[2]).isEmpty)
        #expect(graph.roots(of: marts[3]) == [marts[3]])
    }

    @Test func `a warehouse without models has only roots`() throws {
        let graph = try graph([:])
        #expect(graph.nodes.isEmpty)
        #expect(try graph.roots == tables("raw.a"))
    }

    @Test func `a circle is told as one reads the other`() throws {
        let failure = try #require(throws: Failure.self) {
            try graph([
                "marts.a": "FROM marts.b", "marts.b": "FROM raw.a, marts.c",
                "marts.c": "FROM marts.d",
                "marts.d": "FROM marts.b",
            ])
        }
        Expected(
            .modelCycle,
            at: "models/marts/b.sql",
            "Models read each other in a circle: "
                + "marts.b reads marts.c reads marts.d reads marts.b.",
            hint: "Move what both need into a model of its own."
        ).check(failure)
    }

    @Test func `a model that reads itself is a circle`() throws {
        let failure = try #require(throws: Failure.self) {
            try graph(["marts.a": "FROM marts.a"])
        }
        #expect(failure.code == .modelCycle)
        #expect(failure.message.hasSuffix("marts.a reads marts.a."))
    }

    @Test func `an unknown table is refused where it stands, with a near one`() throws {
        // Neither the header nor a longer name is the place.
        let failure = try #require(throws: Failure.self) {
            try graph([
                "staging.events": "FROM raw.a", "marts.b": "FROM staging.events,\n  staging.event",
            ])
        }
        Expected(
            .modelUnknownTable,
            at: "models/marts/b.sql:2:3",
            "The model 'marts.b' reads 'staging.event', which nothing makes.",
            hint: "Did you mean 'staging.events'?"
        ).check(failure)
    }

    @Test func `an unknown table that has its name in another layer says which`() throws {
        let failure = try #require(throws: Failure.self) {
            try graph(
                ["marts.b": "SELECT é FROM raw.a, marts.events"],
                available: ["raw.a", "raw.events"]
            )
        }
        #expect(failure.hint == "Did you mean 'raw.events'?")
        #expect(failure.place?.description == "models/marts/b.sql:1:40")
    }

    @Test(
        arguments: [
            ("raw.nothing", "Add a source that writes it, or: osodata import raw.nothing FILE"),
            ("staging.nothing", "Add models/staging/nothing.sql."),
            ("meta.nothing", nil),
        ] as [(String, String?)]
    )
    func `an unknown table near none says what to add`(_ table: String, _ hint: String?) throws {
        let failure = try #require(throws: Failure.self) { try graph(["marts.b": "FROM \(table)"]) }
        #expect(failure.code == .modelUnknownTable)
        #expect(failure.hint == hint)
    }

    @Test func `an unknown table of a macro is refused in the file that uses it`() throws {
        let failure = try #require(throws: Failure.self) {
            try graph(["marts.b": "SELECT hidden()"])
        }
        #expect(failure.message.contains("'raw.gone'"))
        #expect(failure.place?.description == "models/marts/b.sql")
    }

    @Test func `a statement that does not parse is refused at its place`() throws {
        let failure = try #require(throws: Failure.self) {
            try graph(["marts.b": "SELECT\n1 FRM x y"])
        }
        #expect(failure.place?.file == "models/marts/b.sql")
        #expect(failure.place?.line == 2)
    }

    private func checkedGraph(_ models: [String: (sql: String, check: String)]) throws -> Graph {
        let connection = try Database(options: .init(threads: 1)).connect()
        try ModelEngine.define(asOf: nil, on: connection)
        return try Graph(
            models: models.sorted { $0.key < $1.key }.map { table, model in
                try Model(
                    file: "models/\(table.replacing(".", with: "/")).sql",
                    text: """
                        /*
                        key = ["x"]
                        [[checks]]
                        name = "c"
                        sql = "\(model.check)"
                        */
                        \(model.sql)
                        """
                )
            },
            available: try tables("raw.a"),
            engine: EnginePool { connection }
        )
    }

    @Test func `what a check reads is made before, and is no input`() throws {
        let graph = try checkedGraph([
            "marts.a": ("FROM raw.a", "FROM marts.a JOIN marts.z USING (x)"),
            "marts.z": ("FROM raw.a", "FROM marts.z WHERE x < as_of()"),
        ])
        #expect(try graph.nodes.map(\.model.table) == tables("marts.z", "marts.a"))
        let last = try #require(graph.nodes.last)
        #expect(try last.analysis.tables == tables("raw.a"))
        #expect(try last.checks.map(\.tables) == [tables("marts.z")])
        #expect(last.checks.map(\.usesAsOf) == [false])
        #expect(graph.nodes.first?.checks.map(\.usesAsOf) == [true])
    }

    @Test func `a check in a circle is told as one`() throws {
        let failure = try #require(throws: Failure.self) {
            try checkedGraph([
                "marts.a": ("FROM raw.a", "FROM marts.z"),
                "marts.z": ("FROM marts.a", "FROM marts.z"),
            ])
        }
        #expect(failure.code == .modelCycle)
        #expect(failure.hint?.hasPrefix("Checks are tried before") ?? false, "\(failure)")
    }

    @Test(arguments: [
        ("FROM marts.b", "nothing makes 'marts.b'", "model.unknown-table"),
        ("FROM marts.a WHERE x < now()", "now", "lineage.hidden-input"),
        ("FROM marts.a WHERE", "", "query.syntax"),
        ("DELETE FROM marts.a", "", "query.not-one-select"),
    ])
    func `a check that no model might be is refused at its place`(
        _ check: String,
        _ message: String,
        _ code: String
    ) throws {
        let failure = try #require(throws: Failure.self) {
            try checkedGraph(["marts.a": ("FROM raw.a", check)])
        }
        #expect(failure.code.description == code, "\(failure)")
        #expect(failure.message.hasPrefix("The check 'c' cannot be tried: "), "\(failure)")
        #expect(failure.message.contains(message), "\(failure)")
        #expect(failure.place?.description == "models/marts/a.sql:5:1")
    }
}
