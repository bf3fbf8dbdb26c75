import Codecs
package import Diagnostics
package import Records
import Synchronization

/// What the sources of one raw table change in it.
///
/// Partitions that are read anew, or that are no longer wanted, lose their rows first; then come the
/// new rows. Of two rows with one key that of the first source and partition stays, wherever the
/// other is; `coverage(of:)` counts what was left out, once the edit was applied.
package final class RawEdit: RowArbiter {
    /// What a row is told by: the source, and the file or repository it is of.
    private struct Origin: Hashable {
        let source: [UInt8]
        let mark: [UInt8]
    }

    private struct Known {
        let rank: Int
        var coverage: CoverageRow
    }

    package let schema: Schema
    /// Rows to take out first; nil for none.
    package let dropping: RowSelection?
    /// Whether nothing changes.
    package let isEmpty: Bool
    /// New rows of each partition.
    private let parts: [SortedRows]
    private let reader: RowReader
    private let originColumns: (source: Int, mark: Int)
    /// Columns in which rows of one key must be equal to count as equal.
    private let compared: [Int]
    private let known: Mutex<[Origin: Known]>

    /// Rows to put in, to be gone through once.
    package var rows: SortedRows { .merging(schema: schema, parts, arbiter: self) }

    /// What some sources change in a table.
    /// - Parameters:
    ///   - table: `raw.github_events` or `raw.git_commits`.
    ///   - results: of the sources, in the order of `pipelines.toml`.
    ///   - gone: names of sources whose rows go.
    package init(table: String, results: [ExtractResult], gone: Set<String> = []) {
        let isArchive = table == GitHubArchive.table
        schema = isArchive ? GitHubArchive.schema : GitHistory.schema
        let markColumn = isArchive ? "source_file" : "repository"
        let origin: Set<String> = isArchive ? GitHubArchive.origin : ["source"]
        reader = RowReader(schema: schema)
        originColumns = (schema.index(of: "source") ?? 0, schema.index(of: markColumn) ?? 0)
        compared = schema.columns.indices.filter { [schema] in
            !origin.contains(schema.columns[$0].name)
        }
        var known: [Origin: Known] = [:]
        var parts: [SortedRows] = []
        var dropped: [[String: Set<String>]] = gone.sorted().map { ["source": [$0]] }
        for result in results {
            var stays: Set<String> = []
            for partition in result.partitions {
                let coverage = partition.coverage
                let place = Origin(
                    source: Self.cell(coverage.source),
                    mark: Self.cell(coverage.mark)
                )
                known[place] = Known(rank: known.count, coverage: coverage)
                if let new = partition.rows {
                    parts.append(new)
                } else if coverage.rows > 0 {
                    stays.insert(coverage.partition)
                }
            }
            let leaving = result.previous.filter { $0.rows > 0 && !stays.contains($0.partition) }
            guard !leaving.isEmpty else { continue }
            dropped.append([
                "source": [result.source], markColumn: Set(leaving.map(\.mark)),
            ])
        }
        self.known = Mutex(known)
        dropping = dropped.isEmpty ? nil : RowSelection(anyOf: dropped, schema: schema)
        isEmpty = parts.isEmpty && dropped.isEmpty
        self.parts = parts
    }

    /// The coverage of a source, as it is once the edit is applied.
    package func coverage(of result: ExtractResult) -> [CoverageRow] {
        known.withLock { known in
            result.coverage.map { row in
                known[Origin(source: Self.cell(row.source), mark: Self.cell(row.mark))]?.coverage
                    ?? row
            }
        }
    }

    /// Decides by source and partition, and counts the row that is left out.
    package func keeps(_ old: [UInt8], insteadOf new: [UInt8]) throws(Failure) -> Bool {
        let oldCells = try cells(of: old)
        let newCells = try cells(of: new)
        let places = [(old, oldCells), (new, newCells)].map { row, cells in
            Origin(
                source: Array(row[cells[originColumns.source]]),
                mark: Array(row[cells[originColumns.mark]])
            )
        }
        let isEqual = compared.allSatisfy { old[oldCells[$0]] == new[newCells[$0]] }
        return known.withLock { known in
            let ranks = places.map { known[$0]?.rank ?? Int.max }
            let keepsOld = ranks[0] <= ranks[1]
            let loser = places[keepsOld ? 1 : 0]
            known[loser]?.coverage.rows -= 1
            if isEqual {
                known[loser]?.coverage.folded += 1
            } else {
                known[loser]?.coverage.conflicting += 1
            }
            return keepsOld
        }
    }

    private func cells(of row: [UInt8]) throws(Failure) -> [Range<Int>] {
        var cells: [Range<Int>] = []
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
        }
        return cells
    }

    private static func cell(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        let utf8 = Array(text.utf8)
        unsafe utf8.withUnsafeBufferPointer { unsafe CanonicalJSON.appendString($0, to: &out) }
        return out
    }
}
