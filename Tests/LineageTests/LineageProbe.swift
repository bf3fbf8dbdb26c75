import Diagnostics
import Querying
import Snapshots

@testable import Lineage

/// Holds lineage against what happens: changes one column of one table in every row, runs a
/// statement again, and says which of its columns changed that do not name it as a source.
struct LineageProbe {
    private let connection: Connection
    private var tables: [TableName: [(name: String, type: String)]] = [:]

    /// What came of one statement.
    struct Outcome {
        /// A sentence for each change that lineage does not tell of.
        var missed: [String] = []
        /// How many changes changed the result.
        var seen = 0
    }

    init(_ connection: Connection) throws {
        self.connection = connection
        try connection.execute("CREATE SCHEMA IF NOT EXISTS kept")
    }

    /// The columns of a table.
    func columns(of table: TableName) -> [String]? { tables[table]?.map(\.name) }

    /// Makes a table of what a query gives.
    mutating func make(_ table: TableName, _ sql: String) throws {
        try connection.execute(
            """
            CREATE OR REPLACE TABLE \(Self.kept(table)) AS
            SELECT *, row_number() OVER () AS _row FROM (\(sql)
            )
            """
        )
        tables[table] = try connection.describe("SELECT * EXCLUDE (_row) FROM \(Self.kept(table))")
            .map { ($0.name, $0.duckType) }
        try connection.execute("CREATE SCHEMA IF NOT EXISTS \(table.layer)")
        try restore(table)
    }

    private static func kept(_ table: TableName) -> String {
        "kept.\(table.layer)__\(table.name)"
    }

    private func restore(_ table: TableName) throws {
        try connection.execute(
            """
            CREATE OR REPLACE TABLE \(table) AS
            SELECT * EXCLUDE (_row) FROM \(Self.kept(table)) ORDER BY _row
            """
        )
    }

    /// Changes each column of each table that a statement reads, unless it is one of the filters.
    func outcome(of sql: String, _ lineage: ColumnLineage, changes limit: Int) throws -> Outcome {
        var outcome = Outcome()
        let names = try connection.describe(sql).map(\.name)
        guard lineage.unknownOutputs == nil else { return outcome }
        guard lineage.outputs.map({ $0.name.lowercased() }) == names.map({ $0.lowercased() }) else {
            outcome.missed.append("columns are \(names), not \(lineage.outputs.map(\.name))")
            return outcome
        }
        let before = try rows(of: sql)
        for table in lineage.tables {
            for column in tables[table] ?? [] {
                let name = ColumnName(table, column.name)
                guard lineage.unknownFilters.isEmpty, !lineage.filters.contains(name) else {
                    continue
                }
                let blind = lineage.outputs.indices.filter {
                    !lineage.outputs[$0].sources.contains(name)
                        && lineage.outputs[$0].unknown.isEmpty
                }
                for change in Self.changes(of: column).prefix(limit) {
                    try connection.execute(
                        """
                        CREATE OR REPLACE TABLE \(table) AS
                        SELECT * EXCLUDE (_row) REPLACE (\(change) AS "\(column.name)")
                        FROM \(Self.kept(table)) ORDER BY _row
                        """
                    )
                    // What cannot be computed any more tells nothing.
                    guard let after = try? rows(of: sql) else { continue }
                    if after != before { outcome.seen += 1 }
                    let changed = blind.filter { index in
                        before.map { $0[index] }.sorted() != after.map { $0[index] }.sorted()
                    }
                    // Together, since their values may have changed places.
                    let isMoved =
                        Self.lines(before, blind).sorted() != Self.lines(after, blind).sorted()
                    guard isMoved else { continue }
                    let columns = changed.isEmpty ? blind : changed
                    outcome.missed.append(
                        "\(name) as \(change) changes \(columns.map { names[$0] })"
                    )
                }
            }
            try restore(table)
        }
        return outcome
    }

    private static func lines(_ rows: [[String]], _ columns: [Int]) -> [String] {
        rows.map { row in columns.map { row[$0] }.joined(separator: "\t") }
    }

    private func rows(of sql: String) throws -> [[String]] {
        let result = try connection.query("SELECT COLUMNS(*)::VARCHAR FROM (\(sql)\n) AS probed")
        var rows: [[String]] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount { rows.append(try chunk.jsonTexts(row: row)) }
        }
        return rows
    }

    /// Expressions for other values of a column.
    private static func changes(of column: (name: String, type: String)) -> [String] {
        let name = "\"\(column.name)\""
        // Values that occur, in other rows.
        let moved =
            "coalesce(lead(\(name)) OVER (ORDER BY _row), first_value(\(name)) OVER (ORDER BY _row))"
        let others =
            switch column.type {
            case "VARCHAR": ["\(name) || 'q'", "NULL", "coalesce(upper(\(name)), 'new')"]
            case "BOOLEAN": ["NOT \(name)", "NULL"]
            case "JSON":
                [
                    #"'{"action": "opened", "number": 7, "x": "5", "commits": [{"sha": "ab"}]}'::JSON"#,
                    "NULL",
                ]
            case "DATE", "TIMESTAMP": ["\(name) + INTERVAL 400 DAY", "NULL"]
            case let type where type.hasSuffix("[]"):
                ["list_append(\(name), \(name)[1])", "[]", "NULL"]
            default: ["\(name) + 1", "-\(name)", "NULL", "coalesce(\(name), 3)"]
            }
        return ([moved] + others).map { "CAST(\($0) AS \(column.type))" }
    }
}
