import Codecs
package import Diagnostics
import Lineage
import Querying
import Records
package import Snapshots

/// Runs the tests of a warehouse's models: no source is read, nothing is written.
package struct ModelTester {
    /// What came of one test.
    package struct Outcome: Sendable {
        package let test: ModelTest
        /// Why it fails; nil if it passes.
        package let failure: Failure?
    }

    /// So many rows of a kind are told.
    private static let rowLimit = 5
    /// The schema of what is compared.
    private static let schema = "osodata_test"

    private let graph: Graph
    private let connection: Connection
    private let tests: [ModelTest]
    /// The columns of every table, as far as they are known.
    private var schemas: [TableName: Schema]

    /// Reads models and tests from the work tree.
    ///
    /// - Parameters:
    ///   - warehouse: the repository; imported tables have the columns they have at HEAD.
    ///   - options: threads and memory.
    /// - Throws: as a plan; `config.*` for tests.
    package init(_ warehouse: Warehouse, options: Runner.Options) throws(Failure) {
        let files = WorkTreeFiles(root: try warehouse.requiredRoot())
        tests = try ModelTest.load(files)
        let engines = EnginePool(files: files, repository: warehouse.repository, options: options)
        var schemas: [TableName: Schema] = [:]
        if let tree = try warehouse.tree("HEAD") {
            for snapshot in try warehouse.store.snapshots(inTree: tree)
            where snapshot.table.layer == "raw" {
                schemas[snapshot.table] = snapshot.schema
            }
        }
        for table in RawTables.all { schemas[table] = try RawTables.schema(of: table) }
        graph = try Graph(
            models: Model.load(files),
            available: Array(schemas.keys),
            engine: engines,
            cache: AnalysisCache(of: warehouse.repository, files: files, version: options.version)
        )
        connection = try engines.take()
        self.schemas = schemas
    }

    /// Runs tests.
    ///
    /// - Parameters:
    ///   - selected: of these models; nil for all.
    ///   - each: told every outcome as it is known.
    /// - Returns: how many ran and how many failed.
    /// - Throws: `model.unknown-table` for a test of a model that is not there.
    package mutating func run(
        only selected: Set<TableName>?,
        each: (Outcome) -> Void
    ) throws(Failure) -> (run: Int, failed: Int) {
        var counts = (run: 0, failed: 0)
        for test in tests where selected?.contains(test.model) ?? true {
            guard let node = graph.nodes.first(where: { $0.model.table == test.model }) else {
                let near = nearest(to: test.model, among: graph.nodes.map(\.model.table))
                throw Failure(
                    .modelUnknownTable,
                    "The test '\(test.name)' is of '\(test.model)', which no model makes.",
                    hint: near.map { "Did you mean '\($0)'?" },
                    place: test.place
                )
            }
            var failure: Failure?
            do throws(Failure) {
                failure = try run(test, of: node)
            } catch {
                guard error.code != .queryInterrupted else { throw error }
                failure = error.at(test.place)
            }
            counts.run += 1
            if failure != nil { counts.failed += 1 }
            each(Outcome(test: test, failure: failure))
        }
        return counts
    }

    private mutating func run(
        _ test: ModelTest,
        of node: Graph.Node
    ) throws(Failure) -> Failure? {
        for given in test.given where !node.analysis.tables.contains(given.table) {
            let near = nearest(to: given.table, among: node.analysis.tables)
            throw Failure(
                .modelTest,
                "'\(test.model)' does not read '\(given.table)'.",
                hint: near.map { "Did you mean '\($0)'?" }
                    ?? "It reads \(node.analysis.tables.map(\.description).joined(separator: ", ")).",
                place: given.place
            )
        }
        var inputs: [TableName: RowSetSource] = [:]
        for input in node.analysis.tables {
            let schema = try schema(of: input)
            let given = test.given.first { $0.table == input }
            inputs[input] = RowSetSource(
                try rows(given?.rows ?? [], schema, "'\(input)'", given?.place ?? test.place)
            )
        }
        try ModelEngine.define(asOf: test.asOf, on: connection)
        let made: RowSet
        if let partitioning = node.model.partitioning {
            let maker = try PartitionMaker(
                of: node.model,
                partitioning,
                inputs: inputs,
                on: connection,
                limit: nil
            )
            made = try maker.rows(of: maker.partitionsByReading()).rowSet()
        } else {
            for (input, rows) in inputs { try connection.attach(rows, as: input) }
            made = try ModelEngine.run(node.model, connection: connection).rowSet()
        }
        guard !test.comparedColumns.isEmpty || made.count > 0 else { return nil }
        let expected = try rows(
            test.expected,
            made.schema,
            "'\(test.model)'",
            test.expectedPlace,
            only: test.comparedColumns.isEmpty ? nil : test.comparedColumns
        )
        return try difference(test, expected, made)
    }

    /// The columns of a table: written down, committed, or told by its model's statement over
    /// inputs without rows.
    private mutating func schema(of table: TableName) throws(Failure) -> Schema {
        if let known = schemas[table] { return known }
        guard let node = graph.nodes.first(where: { $0.model.table == table }) else {
            preconditionFailure("the graph has no table that nothing makes")
        }
        for input in node.analysis.tables {
            try connection.attach(RowSet(schema: schema(of: input)), as: input)
        }
        try ModelEngine.define(asOf: nil, on: connection)
        let schema: Schema
        do {
            schema = try ModelEngine.schema(of: node.model, connection: connection)
        } catch {
            throw error.at(Place(file: node.model.file))
        }
        schemas[table] = schema
        return schema
    }

    /// Rows that a person wrote, with the types of a table; it needs no key to hold them.
    private func rows(
        _ rows: [ModelTest.Row],
        _ schema: Schema,
        _ what: String,
        _ place: Place,
        only columns: [String]? = nil
    ) throws(Failure) -> RowSet {
        let names = schema.dataColumns.map(\.name)
        for column in ModelTest.columns(of: rows) where !names.contains(column) {
            throw Failure(
                .modelTest,
                "\(what) has no column '\(column)'.",
                hint: nearest(to: column, among: names).map { "Did you mean '\($0)'?" }
                    ?? "Columns: \(names.joined(separator: ", ")).",
                place: place
            )
        }
        let kept = schema.dataColumns.filter { columns?.contains($0.name) ?? true }
        let loose = try Schema(
            columns: kept.enumerated().map { index, column in
                Column(
                    id: index + 1,
                    name: column.name,
                    type: column.type,
                    isNullable: true,
                    doc: nil
                )
            },
            key: [],
            cutClass: .small
        )
        guard !rows.isEmpty else { return RowSet(schema: loose) }
        let selects = rows.map { row in
            "SELECT "
                + kept.map { column in
                    let value = row.first { $0.column == column.name }?.value
                    return "\(Self.literal(value, column.type)) AS \(quotedIdentifier(column.name))"
                }.joined(separator: ", ")
        }
        do {
            return try connection.materialize(
                selects.joined(separator: "\nUNION ALL "),
                schema: loose
            ).rowSet()
        } catch {
            throw Failure(error.code, error.message, hint: error.hint, place: place)
        }
    }

    /// A value as an SQL expression of a column's type.
    private static func literal(_ value: JSONValue?, _ type: ColumnType) -> String {
        let text: String
        switch (value, type) {
        case (nil, _): text = "NULL"
        case (let value?, .json): text = quotedLiteral(value.serialized()) + "::JSON"
        case (.string(let string)?, _): text = quotedLiteral(string)
        case (.array?, _), (.object?, _):
            text = quotedLiteral(value?.serialized() ?? "") + "::JSON"
        case (let value?, _): text = value.serialized()
        }
        return "CAST(\(text) AS \(type.sqlName))"
    }

    /// What is missing and what is too much; nil if there is neither.
    private func difference(
        _ test: ModelTest,
        _ expected: RowSet,
        _ made: RowSet
    ) throws(Failure) -> Failure? {
        try connection.attach(RowSetSource(expected), schema: Self.schema, name: "expected")
        try connection.attach(RowSetSource(made), schema: Self.schema, name: "made")
        let columns = expected.schema.dataColumns.map { quotedIdentifier($0.name) }
            .joined(separator: ", ")
        func rows(in first: String, notIn second: String) throws(Failure) -> [String] {
            let result = try connection.query(
                """
                SELECT \(columns) FROM \(Self.schema).\(first)
                EXCEPT ALL SELECT \(columns) FROM \(Self.schema).\(second) ORDER BY ALL
                """
            )
            var lines: [String] = []
            while let chunk = try result.nextChunk() {
                for row in 0..<chunk.rowCount {
                    let cells = zip(result.columns, try chunk.jsonTexts(row: row)).map {
                        "\($0.name) = \($1)"
                    }
                    lines.append(cells.joined(separator: ", "))
                }
            }
            return lines
        }
        let missing = try rows(in: "expected", notIn: "made")
        let surplus = try rows(in: "made", notIn: "expected")
        guard !missing.isEmpty || !surplus.isEmpty else { return nil }
        func told(_ rows: [String], _ sign: String) -> [String] {
            rows.prefix(Self.rowLimit).map { "\n    \(sign) \($0)" }
                + (rows.count > Self.rowLimit ? ["\n    \(sign) … \(rows.count) in all"] : [])
        }
        return Failure(
            .modelTest,
            "The test '\(test.name)' fails: '\(test.model)' makes other rows.",
            hint: "- is expected and not made, + is made and not expected.",
            place: test.expectedPlace,
            cause: (told(missing, "-") + told(surplus, "+")).joined()
        )
    }
}

extension Failure.Code {
    /// A model makes other rows than its test expects, or the test makes no sense.
    package static let modelTest = Self("model.test", .difference)
}
