/// One row of `meta.coverage`: how far a source is known in one partition, and what was done to
/// the data on its way in.
package struct CoverageRow: Sendable, Equatable {
    /// Whether upstream had the partition.
    package enum State: String, Sendable {
        case covered
        case missing
    }

    /// Name of the source in `pipelines.toml`.
    package var source: String
    /// `2015-01-01-0` or a repository's address.
    package var partition: String
    /// Name and version of the connector, as `github-archive/1`.
    package var connector: String
    /// Where it was read from.
    package var location: String
    package var state: State
    /// Rows of the table that come from this partition.
    package var rows: Int64 = 0
    /// Lines (or commits) read.
    package var lines: Int64 = 0
    /// Bytes as fetched, before they were unpacked.
    package var bytes: Int64 = 0
    /// Rows left out because an equal one was there.
    package var folded: Int64 = 0
    /// Rows left out because one with the same key but other content was there.
    package var conflicting: Int64 = 0
    /// Rows left out by the keep rule, or commits made by osodata's own runs.
    package var dropped: Int64 = 0
    /// Characters no text may hold (U+0000, lone surrogates, invalid UTF-8), now U+FFFD.
    package var replacedCharacters: Int64 = 0
    /// Members of JSON objects left out because a later one had the same name.
    package var duplicateKeys: Int64 = 0
    /// E-mail addresses replaced by a hash.
    package var scrubbedEmails: Int64 = 0
    /// Times outside the years 0001 to 9999, moved to the nearest that can be said.
    package var clampedTimes: Int64 = 0
    /// Everything before this time is known (microseconds since 1970); nil behind a gap, and for
    /// made-up data.
    package var coveredUntil: Int64?
    package var madeUp: Bool
    /// Digest of all that decides what is kept of the content.
    ///
    /// That is the connector's version, the e-mail key and the keep rule. A partition is read again
    /// when it changes.
    package var filter: String?
    /// SHA-256 (hex) of the content as fetched.
    package var contentSHA256: String?
    package var etag: String?
    package var lastModified: String?

    /// The raw table the partition's rows are in.
    package var table: String {
        connector == GitHistory.name ? GitHistory.table : GitHubArchive.table
    }

    /// What rows of the partition have in the column that says where they are from.
    var mark: String { connector == GitHistory.name ? partition : Self.file(partition) }

    /// The file of an hour of the archive.
    static func file(_ hour: String) -> String { hour + ".json.gz" }

    /// Makes a row with all counts zero.
    package init(
        source: String,
        partition: String,
        connector: String,
        location: String,
        state: State,
        madeUp: Bool
    ) {
        self.source = source
        self.partition = partition
        self.connector = connector
        self.location = location
        self.state = state
        self.madeUp = madeUp
    }
}
