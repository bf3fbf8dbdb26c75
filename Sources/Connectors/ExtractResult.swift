import Records

/// What a connector found of one source.
package struct ExtractResult: Sendable {
    /// What became of one partition.
    struct Partition: Sendable {
        var coverage: CoverageRow
        /// New rows, sorted; nil if those of the last run stay (none, where upstream has none).
        var rows: SortedRows?
        /// What became of a partition that upstream does not have; nil for one it has.
        var absence: Absence?

        enum Absence: CaseIterable {
            /// It was there, and its rows stay.
            case kept
            /// It was there, but what to keep of it has changed since, so its rows go.
            case dropped
            /// It never was there.
            case unknown
        }
    }

    /// Name of the source.
    let source: String
    /// In partition order.
    let partitions: [Partition]
    /// What was known of the source before.
    let previous: [CoverageRow]
    /// Sentences a reader must know: hours that are not there.
    package var notes: [String] = []

    /// One row a partition, in partition order, before rows with keys of others are left out.
    package var coverage: [CoverageRow] { partitions.map(\.coverage) }
}
