package import Codecs
import Diagnostics
import Records
package import Snapshots

/// One row of `meta.checks`: what came of a check when it was tried last.
///
/// It holds no clock time, so that equal data gives equal rows.
package struct CheckRow: Sendable, Equatable {
    /// What came of it.
    package enum State: String, Sendable {
        case passed
        case failed
        /// There was nothing to hold it against.
        case skipped
    }

    /// The model's table.
    package var table: TableName
    /// The check's name.
    package var check: String
    /// The kind's key in a header.
    package var kind: String
    package var severity: Check.Severity
    package var state: State
    /// Rows that break it.
    package var failingRows: Int64
    /// The first of them as JSON objects, by key; nil if there is none.
    package var sample: JSONValue?
    /// The version that was tried; not the published one if it failed.
    package var tableDigest: Digest
    /// Digest of all the outcome follows from: if it is the same, the check need not be tried.
    package var fingerprint: Digest

    /// Whether it keeps its table from being published.
    package var isBlocking: Bool { state == .failed && severity == .error }
}

/// Checks as a table.
extension CheckRow {
    /// The columns of `meta.checks`.
    ///
    /// - Throws: nothing, since they are written here and tested.
    static func schema() throws(Failure) -> Schema {
        let columns: [MetaTable.Definition] = [
            ("table_name", .string, false, "The model's table."),
            ("check_name", .string, false, "The check's name in the model's header."),
            ("kind", .string, false, "not_null, unique, … or sql."),
            ("severity", .string, false, "error keeps the table at its last good version; warn."),
            ("state", .string, false, "passed, failed, or skipped: nothing to hold it against."),
            ("failing_rows", .int64, false, "Rows that break it."),
            ("sample", .json, true, "The first of them, by key."),
            ("table_sha256", .string, false, "Digest of the version tried."),
            ("fingerprint", .string, false, "Digest of all the outcome follows from."),
        ]
        return try MetaTable.schema(columns, key: ["table_name", "check_name"])
    }

    /// The rows as a sorted table.
    ///
    /// - Throws: `records.duplicate-key` if a table has a check twice.
    static func rowSet(_ rows: [CheckRow]) throws(Failure) -> RowSet {
        var builder = RowBuilder(schema: try schema())
        for row in rows {
            for text in [
                row.table.description, row.check, row.kind, row.severity.rawValue,
                row.state.rawValue,
            ] {
                try builder.string(text)
            }
            try builder.int64(row.failingRows)
            if let sample = row.sample {
                try builder.json(canonical: CanonicalJSON.format(parsing: sample.utf8))
            } else {
                try builder.null()
            }
            try builder.string(row.tableDigest.hex)
            try builder.string(row.fingerprint.hex)
            try builder.endRow()
        }
        return try builder.sortedSet()
    }

    /// Reads a table that `rowSet(_:)` made.
    ///
    /// A row of another version of osodata is left out: its check is tried again.
    static func rows(of set: RowSet) throws(Failure) -> [CheckRow] {
        var rows: [CheckRow] = []
        for index in 0..<set.count {
            let text = unsafe set.withRow(index) { unsafe Array($0) }
            if let row = CheckRow(try JSONValue(parsing: text)) { rows.append(row) }
        }
        return rows
    }

    private init?(_ value: JSONValue) {
        guard let name = value["table_name"]?.string, let table = try? TableName(parsing: name),
            let check = value["check_name"]?.string, let kind = value["kind"]?.string,
            let severity = (value["severity"]?.string).flatMap(Check.Severity.init(rawValue:)),
            let state = (value["state"]?.string).flatMap(State.init(rawValue:)),
            let failing = value["failing_rows"]?.int,
            let digest = (value["table_sha256"]?.string).flatMap({ Digest(hex: $0) }),
            let fingerprint = (value["fingerprint"]?.string).flatMap({ Digest(hex: $0) })
        else { return nil }
        let sample = value["sample"]
        self.init(
            table: table,
            check: check,
            kind: kind,
            severity: severity,
            state: state,
            failingRows: failing,
            sample: sample?.isNull ?? true ? nil : sample,
            tableDigest: digest,
            fingerprint: fingerprint
        )
    }
}

extension JSONValue {
    fileprivate var utf8: [UInt8] { Array(serialized().utf8) }
}
