package import Codecs
import Diagnostics
import Records
import Snapshots

/// What is kept of a run, while it goes on and after: a row of `meta.runs`.
package struct RunRecord: Sendable {
    /// How a run stands.
    package enum State: String, Sendable {
        case running
        /// It ended, and no table failed.
        case succeeded
        /// It ended, or was given up, and something failed.
        case failed
        /// Somebody ended it.
        case cancelled
        /// Its process is gone, and it did not say how it ended.
        case died
    }

    /// Sixteen hex digits.
    package let run: String
    /// Microseconds since 1970.
    package let startedAt: Int64
    package var finishedAt: Int64?
    package var state: State
    /// The selectors it was given; nil for everything.
    package let selection: String?
    /// The commit it began on.
    package let base: String?
    /// The commit it made; nil if there was nothing new, or it made none.
    package var commit: String?
    package var asOf: String?
    /// How many tables came out in each state.
    package var counts: [RunReport.State: Int] = [:]
    /// Why it failed, and how often; the first is told.
    package var errors: Int = 0
    package var error: String?
    package let version: String
}

/// What is kept of a table of a run: a row of `meta.steps`.
package struct StepRecord: Sendable {
    /// Of the run.
    package let run: String
    package let startedAt: Int64
    package let table: String
    package let state: String
    package let reason: String
    package let rowsBefore: Int64?
    package let rows: Int64
    package let seconds: Double
    package let digest: String?
}

extension RunRecord {
    /// States that have a column each, in its order.
    private static let counted: [RunReport.State] = [
        .built, .equal, .reused, .keptLastGood, .skipped, .failed, .removed,
    ]

    /// The columns of `meta.runs`.
    ///
    /// - Throws: nothing, since they are written here and tested.
    static func schema() throws(Failure) -> Schema {
        let columns: [MetaTable.Definition] =
            [
                ("started_at", .timestamp, false, "When it began."),
                ("run", .string, false, "Names it."),
                ("state", .string, false, "running, succeeded, failed, cancelled or died."),
                ("finished_at", .timestamp, true, "When it ended."),
                ("selection", .string, true, "Its selectors; null for everything."),
                ("base_commit", .string, true, "The commit it began on."),
                ("commit", .string, true, "The commit it made; null if nothing was new."),
                ("as_of", .string, true, "How far the sources were known."),
            ]
            + counted.map {
                let name = "tables_" + $0.rawValue.replacing("-", with: "_")
                return (name, .int64, false, "Tables that came out so.")
            } + [
                ("errors", .int64, false, "How many things failed."),
                ("error", .string, true, "The first of them."),
                ("version", .string, false, "Of osodata."),
            ]
        return try MetaTable.schema(columns, key: ["started_at", "run"])
    }

    /// Appends the row.
    func append(to builder: inout RowBuilder) throws(Failure) {
        try builder.timestamp(micros: startedAt)
        try builder.string(run)
        try builder.string(state.rawValue)
        if let finishedAt { try builder.timestamp(micros: finishedAt) } else { try builder.null() }
        for text in [selection, base, commit, asOf] { try builder.optional(text) }
        for state in Self.counted { try builder.int64(Int64(counts[state] ?? 0)) }
        try builder.int64(Int64(errors))
        try builder.optional(error)
        try builder.string(version)
        try builder.endRow()
    }

    /// Reads a row; nil for one of another version of osodata.
    package init?(_ row: JSONValue) {
        guard let run = row["run"]?.string, let state = row["state"]?.string.flatMap(State.init),
            let started = row["started_at"]?.string.flatMap(CellText.micros(ofTimestamp:)),
            let errors = row["errors"]?.int, let version = row["version"]?.string
        else { return nil }
        self.init(
            run: run,
            startedAt: started,
            finishedAt: row["finished_at"]?.string.flatMap(CellText.micros(ofTimestamp:)),
            state: state,
            selection: row["selection"]?.string,
            base: row["base_commit"]?.string,
            commit: row["commit"]?.string,
            asOf: row["as_of"]?.string,
            errors: Int(errors),
            error: row["error"]?.string,
            version: version
        )
        for state in Self.counted {
            let name = "tables_" + state.rawValue.replacing("-", with: "_")
            counts[state] = row[name]?.int.map { Int($0) }
        }
    }
}

extension StepRecord {
    /// The columns of `meta.steps`.
    ///
    /// - Throws: nothing, since they are written here and tested.
    static func schema() throws(Failure) -> Schema {
        try MetaTable.schema(
            [
                ("started_at", .timestamp, false, "When the run began."),
                ("run", .string, false, "The run of meta.runs."),
                ("table_name", .string, false, "The table."),
                (
                    "state", .string, false,
                    "What became of it; tables that were reused are left out."
                ),
                ("reason", .string, false, "Why it was looked at."),
                ("rows_before", .int64, true, "Rows it had."),
                ("rows", .int64, false, "Rows it has."),
                ("seconds", .double, false, "How long it took."),
                ("digest", .string, true, "Of its content."),
            ],
            key: ["started_at", "run", "table_name"]
        )
    }

    /// Appends the row.
    func append(to builder: inout RowBuilder) throws(Failure) {
        try builder.timestamp(micros: startedAt)
        for text in [run, table, state, reason] { try builder.string(text) }
        if let rowsBefore { try builder.int64(rowsBefore) } else { try builder.null() }
        try builder.int64(rows)
        try builder.double(seconds)
        try builder.optional(digest)
        try builder.endRow()
    }

    /// Reads a row; nil for one of another version of osodata.
    package init?(_ row: JSONValue) {
        guard let run = row["run"]?.string, let table = row["table_name"]?.string,
            let started = row["started_at"]?.string.flatMap(CellText.micros(ofTimestamp:)),
            let state = row["state"]?.string, let reason = row["reason"]?.string,
            let rows = row["rows"]?.int, let seconds = row["seconds"]?.double
        else { return nil }
        self.init(
            run: run,
            startedAt: started,
            table: table,
            state: state,
            reason: reason,
            rowsBefore: row["rows_before"]?.int,
            rows: rows,
            seconds: seconds,
            digest: row["digest"]?.string
        )
    }
}
