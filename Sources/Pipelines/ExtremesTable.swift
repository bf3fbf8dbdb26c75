import Codecs
import Diagnostics
import Querying
import Records
import Snapshots

/// Two rows that have the least and the greatest values of a table's columns, from its manifest.
enum ExtremesTable {
    /// The rows.
    ///
    /// - Parameters:
    ///   - snapshot: the table.
    ///   - columns: names in lower case; one that is not there is for DuckDB to refuse.
    ///   - limit: where rows are collected; two need none of it.
    /// - Returns: the rows, NULL in all other columns; nil if the manifest does not tell a value
    ///   exactly, as of long strings, or at all, as of lists.
    /// - Throws: nothing that two rows could be the reason of.
    static func rows(
        of snapshot: Snapshot,
        columns: Set<String>,
        limit: SortLimit
    ) throws(Failure) -> CollectedRows? {
        let schema = snapshot.schema
        var lines: [[UInt8]] = [[], []]
        for (index, column) in schema.columns.enumerated() {
            var values = (least: null, greatest: null)
            if columns.contains(column.name.lowercased()) {
                let statistics = snapshot.manifest.statistics[index]
                guard
                    let exact = exact(statistics, column.type, rows: snapshot.manifest.rows)
                else { return nil }
                values = exact
            }
            let isCount = schema.isMultiset && index == schema.columns.count - 1
            let name = "\(index == 0 ? "{" : ",")\"\(column.name)\":"
            lines[0] += Array(name.utf8) + (isCount ? one : values.least)
            lines[1] += Array(name.utf8) + (isCount ? one : values.greatest)
        }
        var collector = RowCollector(schema: schema, limit: limit)
        for line in lines where snapshot.manifest.rows > 0 {
            try collector.append(line + Array("}\n".utf8))
        }
        return try collector.finish()
    }

    private static let null = Array("null".utf8)
    private static let one = Array("1".utf8)

    /// The least and the greatest cell; nil if they are not known exactly.
    private static func exact(
        _ statistics: ColumnStatistics,
        _ type: ColumnType,
        rows: Int
    ) -> (least: [UInt8], greatest: [UInt8])? {
        if statistics.nulls == rows { return (null, null) }
        if let set = statistics.set, let first = set.first, let last = set.last {
            return (first, last)
        }
        // Bounds of strings may be cut.
        guard type != .string, let least = statistics.minimum, let greatest = statistics.maximum
        else { return nil }
        return (least, greatest)
    }
}
