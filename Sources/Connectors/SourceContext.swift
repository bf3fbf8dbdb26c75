import Codecs
import Diagnostics
package import Records

/// What a connector is told about the run it is part of; it reads no clock and no environment.
package struct SourceContext: Sendable {
    /// The name of the source in `pipelines.toml`; it is in every raw row.
    package var sourceName: String
    /// The secret that e-mail addresses are hashed with.
    package var emailKey: [UInt8]
    /// What `meta.coverage` says of this source; rows of other sources are passed over.
    ///
    /// Empty if the table is not there, or not as the coverage says.
    package var previousCoverage: [CoverageRow]
    /// Whether the data was made up by us; then it states no time it is covered until.
    package var madeUp: Bool
    /// The time of the run, microseconds since 1970.
    package var now: Int64
    /// How many partitions are read at the same time, at least 1.
    package var threads: Int
    /// Memory for the rows of all sources together.
    package var memory: RowBudget
    /// Told a line of text at a time what is being done; called from several threads.
    package var progress: @Sendable (String) -> Void

    /// Makes a context.
    package init(
        sourceName: String,
        emailKey: [UInt8],
        previousCoverage: [CoverageRow] = [],
        madeUp: Bool = false,
        now: Int64,
        threads: Int = 1,
        memory: RowBudget = RowBudget(nil),
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.sourceName = sourceName
        self.emailKey = emailKey
        self.previousCoverage = previousCoverage
        self.madeUp = madeUp
        self.now = now
        self.threads = max(1, threads)
        self.memory = memory
        self.progress = progress
    }
}

extension SourceContext {
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
