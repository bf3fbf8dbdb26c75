package import Diagnostics
package import Records
package import Snapshots

extension Connection {
    /// Makes a snapshot a table of this database, as `layer.name`; one of that name before is
    /// replaced.
    ///
    /// Nothing is read before a statement needs it. Every connection of the database sees it.
    package func attach(
        _ snapshot: Snapshot,
        as name: TableName,
        order: ScanOrder = .stored
    ) throws(Failure) {
        try attach(SnapshotSource(snapshot), as: name, order: order)
    }

    /// Makes rows in memory a table of this database.
    package func attach(_ rows: RowSet, as name: TableName) throws(Failure) {
        try attach(RowSetSource(rows), as: name)
    }

    /// Makes anything that can be scanned a table of this database.
    package func attach(
        _ source: any ScanSource,
        as name: TableName,
        order: ScanOrder = .stored
    ) throws(Failure) {
        database.scans[name.description] =
            order == .stored ? source : try ReversedSource(source)
        let columns = source.schema.dataColumns.map { quotedIdentifier($0.name) }
        try execute("CREATE SCHEMA IF NOT EXISTS \(quotedIdentifier(name.layer))")
        // Columns by name, because the scan's first one holds nothing.
        try execute(
            """
            CREATE OR REPLACE VIEW \(quotedIdentifier(name.layer)).\(quotedIdentifier(name.name)) AS
            SELECT \(columns.joined(separator: ", "))
            FROM \(ScanRegistry.functionName)(\(quotedLiteral(name.description)))
            """
        )
    }
}
