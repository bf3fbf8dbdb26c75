package import Diagnostics
package import Records
package import Snapshots

extension Connection {
    /// Makes a snapshot a table of this database, as `layer.name`; one of that name before is
    /// replaced.
    ///
    /// Nothing is read before a statement needs it. Every connection of the database sees it. What
    /// is read is held against its digests.
    package func attach(
        _ snapshot: Snapshot,
        as name: TableName,
        order: ScanOrder = .stored
    ) throws(Failure) {
        try attach(SnapshotSource(snapshot, checksDigests: true), as: name, order: order)
    }

    /// Makes rows in memory a table of this database.
    package func attach(_ rows: RowSet, as name: TableName) throws(Failure) {
        try attach(RowSetSource(rows), as: name)
    }

    /// Makes a snapshot a table of this database under any name, to look at.
    ///
    /// Damage to a chunk is seen by zstd's checksum; digests, a quarter of the time of a scan, are
    /// for `verify` and for what is built from chunks.
    package func attach(_ snapshot: Snapshot, schema: String, name: String) throws(Failure) {
        try attach(SnapshotSource(snapshot, checksDigests: false), schema: schema, name: name)
    }

    /// Makes anything that can be scanned a table of this database.
    package func attach(
        _ source: any ScanSource,
        as name: TableName,
        order: ScanOrder = .stored
    ) throws(Failure) {
        try attach(source, schema: name.layer, name: name.name, order: order)
    }

    /// Makes anything that can be scanned a table of this database, in a schema that is made if it
    /// is not there.
    package func attach(
        _ source: any ScanSource,
        schema: String,
        name: String,
        order: ScanOrder = .stored
    ) throws(Failure) {
        let table = "\(schema).\(name)"
        database.scans[table] = order == .stored ? source : ReversedSource(source)
        let columns = source.schema.dataColumns.map { quotedIdentifier($0.name) }
        try execute("CREATE SCHEMA IF NOT EXISTS \(quotedIdentifier(schema))")
        // Columns by name, because the scan's first one holds nothing.
        try execute(
            """
            CREATE OR REPLACE VIEW \(quotedIdentifier(schema)).\(quotedIdentifier(name)) AS
            SELECT \(columns.joined(separator: ", "))
            FROM \(ScanRegistry.functionName)(\(quotedLiteral(table)))
            """
        )
    }
}

extension Snapshot {
    /// The snapshot as what a model reads: every chunk is held against its digest.
    package var modelSource: any ScanSource { SnapshotSource(self, checksDigests: true) }
}
