import Codecs
import Diagnostics
import Records
import Snapshots

/// Tables of `meta`: what a run tells of itself. Too small for a commit of their own, their rows
/// wait for the next.
extension Runner {
    /// The rows of such a table: those that wait, else those committed; nil if there are none.
    func metaRowSet(_ table: TableName, schema: Schema) throws(Failure) -> RowSet? {
        let committed = tables[table]
        guard let waiting = pending.rows(table, digest: committed?.digest) else {
            return try committed?.rowSet()
        }
        var rows = RowSet(schema: schema)
        for line in waiting.split(separator: UInt8(ascii: "\n")) {
            try rows.append(row: Array(line) + [UInt8(ascii: "\n")])
        }
        return rows
    }

    /// Makes such a table.
    func writeMeta(
        _ table: TableName,
        _ rows: RowSet,
        by kind: Provenance.Kind,
        origin: String,
        reason: Reason,
        since start: ContinuousClock.Instant
    ) throws(Failure) {
        metaRows[table] = rows
        let provenance = Provenance(
            kind: kind,
            origin: origin,
            statement: .of(table.description),
            settings: .of("\(table)/1"),
            engine: nil,
            asOf: nil,
            inputs: []
        )
        try finish(
            table,
            rows: SortedRows(rows),
            provenance: provenance,
            reason: reason,
            since: start
        )
    }
}
