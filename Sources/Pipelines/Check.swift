import Codecs
package import Diagnostics
import Lineage
import Querying
package import Snapshots

/// What a model's header promises of its table, tried before the table is published.
///
/// Every check is a SELECT of the rows that break it.
package struct Check: Sendable {
    /// What a broken promise does.
    package enum Severity: String, Sendable {
        /// The table, and what is made from it, stay at their last good version.
        case error
        /// The run tells, and goes on.
        case warn
    }

    /// What is promised.
    enum Kind: Sendable {
        /// No row has NULL in these columns.
        case notNull([String])
        /// No two rows agree in these columns; rows with NULL in one of them count as different.
        case unique([String])
        /// The column has no value but these, and NULL.
        case acceptedValues(column: String, values: [JSONValue])
        /// Every value of the column is one of another table's column.
        case relationships(column: String, table: TableName, target: String)
        /// How many rows there are.
        case rows(minimum: Int64?, maximum: Int64?)
        /// The latest time of a column is at most that far from `as_of()`.
        case freshness(column: String, within: String)
        /// An aggregate moved by at most that many percent since the last version.
        case change(of: String, percent: Double)
        /// The statement gives no row.
        case sql(String)
    }

    /// Names the check within its model: given, or made of its kind and columns.
    package let name: String
    package let severity: Severity
    /// Where the header says it.
    package let place: Place
    let kind: Kind

    /// The kind's key in a header.
    var kindName: String {
        switch kind {
        case .notNull: "not_null"
        case .unique: "unique"
        case .acceptedValues: "accepted_values"
        case .relationships: "relationships"
        case .rows: "rows"
        case .freshness: "freshness"
        case .change: "change"
        case .sql: "sql"
        }
    }

    /// The columns of the model's table that the check names.
    var columns: [String] {
        switch kind {
        case .notNull(let columns), .unique(let columns): columns
        case .acceptedValues(let column, _), .relationships(let column, _, _),
            .freshness(let column, _):
            [column]
        case .rows, .change, .sql: []
        }
    }

    /// Whether the check compares with the version that was published last.
    var comparesVersions: Bool { if case .change = kind { true } else { false } }

    /// The schema in which a check finds the version that was published last.
    static let previousSchema = "published"

    /// The SELECT of the rows that break the promise.
    ///
    /// It gives the key of such a row and the columns the check names, or else the figures that
    /// are out of bounds: a sample of it may be published where the table may not.
    ///
    /// - Parameters:
    ///   - table: the model's table.
    ///   - key: its key columns; none if it has none, then the rows come whole.
    /// - Returns: one SELECT.
    func statement(on table: TableName, key: [String]) -> String {
        let source = Self.quoted(table)
        func column(_ name: String) -> String { quotedIdentifier(name) }
        func list(_ names: [String]) -> String {
            names.map(quotedIdentifier).joined(separator: ", ")
        }
        let row = key.isEmpty ? "*" : list(key + columns.filter { !key.contains($0) })
        switch kind {
        case .notNull(let columns):
            let isNull = columns.map { "\(column($0)) IS NULL" }.joined(separator: " OR ")
            return "SELECT \(row) FROM \(source) WHERE \(isNull)"
        case .unique(let columns):
            let isThere = columns.map { "\(column($0)) IS NOT NULL" }.joined(separator: " AND ")
            return """
                SELECT \(list(columns)), count(*) AS "rows" FROM \(source) WHERE \(isThere) \
                GROUP BY \(list(columns)) HAVING count(*) > 1
                """
        case .acceptedValues(let name, let values):
            let literals = values.map(Self.literal).joined(separator: ", ")
            return "SELECT \(row) FROM \(source) WHERE \(column(name)) NOT IN (\(literals))"
        case .relationships(let name, let other, let target):
            return """
                SELECT \(row) FROM \(source) WHERE \(column(name)) IS NOT NULL \
                AND \(column(name)) NOT IN (SELECT \(column(target)) FROM \(Self.quoted(other)) \
                WHERE \(column(target)) IS NOT NULL)
                """
        case .rows(let minimum, let maximum):
            let bounds = [
                minimum.map { "count(*) < \($0)" }, maximum.map { "count(*) > \($0)" },
            ]
            let isOutside = bounds.compactMap(\.self).joined(separator: " OR ")
            return "SELECT count(*) AS \"rows\" FROM \(source) HAVING \(isOutside)"
        case .freshness(let name, let within):
            return """
                SELECT max(\(column(name))) AS newest, as_of() AS as_of FROM \(source) \
                HAVING max(\(column(name))) IS NULL \
                OR max(\(column(name))) < as_of() - INTERVAL \(quotedLiteral(within))
                """
        case .change(let aggregate, let percent):
            let before = "\(quotedIdentifier(Self.previousSchema)).\(column(table.name))"
            return """
                SELECT before, now FROM (SELECT \(aggregate) AS before FROM \(before)) \
                CROSS JOIN (SELECT \(aggregate) AS now FROM \(source)) \
                WHERE before IS DISTINCT FROM now AND (before IS NULL OR now IS NULL \
                OR abs(now - before) * 100 > abs(before) * \(JSONValue.double(percent).serialized()))
                """
        case .sql(let statement):
            return statement
        }
    }

    private static func quoted(_ table: TableName) -> String {
        "\(quotedIdentifier(table.layer)).\(quotedIdentifier(table.name))"
    }

    private static func literal(_ value: JSONValue) -> String {
        if let text = value.string { quotedLiteral(text) } else { value.serialized() }
    }
}

/// A check with what its statement says.
package struct PlannedCheck: Sendable {
    package let check: Check
    /// The SELECT of the rows that break it.
    let statement: String
    /// Tables it reads beside the model's own, sorted.
    package let tables: [TableName]
    /// Digest of what it says: its statement without positions, and the macros it uses.
    let definition: Digest
    /// Whether `as_of()` has a part in it.
    let usesAsOf: Bool

    /// Reads a check's statement.
    ///
    /// - Parameters:
    ///   - check: the check.
    ///   - model: whose it is.
    ///   - analyze: reads a statement.
    /// - Throws: `query.syntax`, `lineage.*` for what may not stand in a model either, at the
    ///   check's place.
    init(
        _ check: Check,
        of model: Model,
        analyze: (String) throws(Failure) -> StatementAnalysis
    ) throws(Failure) {
        self.check = check
        statement = check.statement(on: model.table, key: model.key)
        switch check.kind {
        case .notNull, .unique, .acceptedValues, .rows:
            tables = []
            usesAsOf = false
            definition = .of(statement)
        case .relationships(_, let table, _):
            tables = table == model.table ? [] : [table]
            usesAsOf = false
            definition = .of(statement)
        case .freshness:
            tables = []
            usesAsOf = true
            definition = .of(statement)
        case .change(let aggregate, _):
            let sql = "SELECT \(aggregate) FROM \(model.table)"
            let analysis = try Self.analysis(sql, check, analyze)
            guard analysis.tables == [model.table] else {
                throw Failure(
                    .configValue,
                    "The check '\(check.name)' reads another table.",
                    hint: "'of' is an aggregate of the model's own table, as count(*).",
                    place: check.place
                )
            }
            tables = []
            usesAsOf = analysis.usesAsOf
            definition = .of("\(statement)\n\(analysis.fingerprint.hex)")
        case .sql(let sql):
            let analysis = try Self.analysis(sql, check, analyze)
            tables = analysis.tables.filter { $0 != model.table }
            usesAsOf = analysis.usesAsOf
            definition = analysis.fingerprint
        }
    }

    /// Reads a statement that stands in a header.
    private static func analysis(
        _ sql: String,
        _ check: Check,
        _ analyze: (String) throws(Failure) -> StatementAnalysis
    ) throws(Failure) -> StatementAnalysis {
        do {
            return try analyze(sql)
        } catch {
            throw check.failure(error)
        }
    }
}

extension Check {
    /// A failure of the check's own statement, at the check's place: lines and columns of a
    /// statement within a string of the header lead nowhere.
    func failure(_ failure: Failure) -> Failure {
        Failure(
            failure.code,
            "The check '\(name)' cannot be tried: \(failure.message)",
            hint: failure.hint,
            place: place,
            cause: failure.cause
        )
    }
}
