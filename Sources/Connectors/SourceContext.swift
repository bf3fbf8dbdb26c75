import Codecs
package import Diagnostics
package import Records

/// What a connector is told about the run it is part of; it reads no clock and no environment.
package struct SourceContext: Sendable {
    /// The name of the source in `pipelines.toml`; it is in every raw row.
    package var sourceName: String
    /// The secret that e-mail addresses are hashed with.
    package var emailKey: [UInt8]
    /// What `meta.coverage` says of this source; rows of other sources are passed over.
    package var previousCoverage: [CoverageRow]
    /// Reads a table as it is now; nil if there is none.
    ///
    /// Called only when something changed.
    package var previousRows: @Sendable (_ table: String) throws(Failure) -> RowSet?
    /// Whether the data was made up by us; then it states no time it is covered until.
    package var madeUp: Bool
    /// The time of the run, microseconds since 1970.
    package var now: Int64
    /// How many partitions are read at the same time, at least 1.
    package var threads: Int
    /// Told a line of text at a time what is being done; called from several threads.
    package var progress: @Sendable (String) -> Void

    /// Makes a context.
    package init(
        sourceName: String,
        emailKey: [UInt8],
        previousCoverage: [CoverageRow] = [],
        previousRows: @escaping @Sendable (_ table: String) throws(Failure) -> RowSet? = {
            (_) throws(Failure) in nil
        },
        madeUp: Bool = false,
        now: Int64,
        threads: Int = 1,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.sourceName = sourceName
        self.emailKey = emailKey
        self.previousCoverage = previousCoverage
        self.previousRows = previousRows
        self.madeUp = madeUp
        self.now = now
        self.threads = max(1, threads)
        self.progress = progress
    }
}

/// What an extraction gave.
package struct ExtractResult: Sendable {
    /// Each table as it must be now, sorted, with the rows other sources have in it; nil if none
    /// changed.
    package let tables: [(table: String, rows: RowSet)]?
    /// One row a partition of this source, in partition order.
    package let coverage: [CoverageRow]
    /// Sentences a reader must know: hours that are not there.
    package var notes: [String] = []
    /// Whether a row may have changed.
    ///
    /// Coverage may differ (an ETag) while this is false.
    package var changed: Bool { tables != nil }
}

extension SourceContext {
    /// This source's rows of a table as it is now; nil if there is no such table, or one with other
    /// columns than this version writes.
    package func ownRows(of table: String, schema: Schema) throws(Failure) -> RowSet? {
        guard let rows = try previousRows(table), rows.schema.hasLayout(of: schema) else {
            return nil
        }
        return try RawRows.rows(of: rows, source: sourceName)
    }

    /// What is known of this source's partitions, if the same connector read them.
    func coverageByPartition(connector: String) -> [String: CoverageRow] {
        var rows: [String: CoverageRow] = [:]
        for row in previousCoverage where row.source == sourceName && row.connector == connector {
            rows[row.partition] = row
        }
        return rows
    }

    /// Digest of all that decides, besides the content, which rows a partition gives.
    ///
    /// `rule` is the keep rule in any one spelling; nil if there is none.
    func filterDigest(connector: String, version: Int, rule: String?) -> String {
        // The key itself must not show, nor its plain hash.
        let key = hmacSHA256(key: emailKey, Array("osodata e-mail key".utf8)).short
        let rule = rule ?? "all"
        return Digest.of("connector \(connector)/\(version)\nkey \(key)\nkeep \(rule)\n").hex
    }
}
