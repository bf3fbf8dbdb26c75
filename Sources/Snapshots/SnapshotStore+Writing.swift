package import Codecs
package import Diagnostics
package import GitStore
package import Records

extension SnapshotStore {
    /// Makes the objects of a new version of `table` from all its rows.
    ///
    /// Segments and chunks that `previous` has are taken from it by digest, neither compressed
    /// nor written again; of `previous` only the lists of chunks are read. The result depends on
    /// rows, schema and `previous`'s column ids alone, not on the number of threads.
    ///
    /// - Parameters:
    ///   - rows: sorted, without two rows of one key.
    ///   - table: its name.
    ///   - provenance: what goes into `provenance.json`; no clock time.
    ///   - previous: the version before, for reuse and column ids.
    ///   - was: new name to old name of columns renamed since.
    ///   - batch: takes the objects.
    ///   - threads: how many hash and compress.
    /// - Returns: the tree of the table's folder and what is new in it.
    /// - Throws: `snapshot.too-many-segments`; what git says.
    package func write(
        _ rows: SortedRows,
        table: TableName,
        provenance: JSONValue,
        previous: Snapshot?,
        was: [String: String] = [:],
        into batch: ObjectBatch,
        threads: Int = 2
    ) throws(Failure) -> PreparedTable {
        let ids = try ColumnIDs(rows.schema, previous: previous?.manifest, was: was)
        var known = KnownPieces(previous, schema: ids.schema)
        known.lookIntoAll()
        var writer = TableWriter(
            table: table,
            schema: ids.schema,
            known: known,
            batch: batch,
            threads: threads,
            groupLimit: groupLimit
        )
        var cutter = ChunkCutter(ids.schema.cutClass)
        try unsafe rows.forEach { (row, _, hash) throws(Failure) in
            let cut = unsafe cutter.add(row, hash: hash)
            try writer.add(cut.before)
            try writer.add(cut.with)
        }
        try writer.add(cutter.finish())
        return try writer.finish(ids: ids, provenance: provenance, previous: previous)
    }

    /// Makes the objects of a version of a table that `edit` makes of `previous`.
    ///
    /// Only chunks that an edit falls into are read, and a few beside them where statistics do not
    /// tell; what no edit touches is taken over as it is. The version is, byte for byte, the one
    /// that `write` would make of all its rows.
    ///
    /// - Parameters:
    ///   - edit: rows to put in and take out, of the layout of `previous`.
    ///   - previous: the version before.
    ///   - provenance: what goes into `provenance.json`; no clock time.
    ///   - batch: takes the objects.
    ///   - threads: how many hash and compress.
    /// - Returns: the tree of the table's folder and what is new in it, and what the edit did.
    /// - Throws: `records.duplicate-key` for a row that is there, if the edit refuses such;
    ///   `snapshot.corrupt-chunk` and `snapshot.missing-object` of chunks that are read; as `write`.
    package func apply(
        _ edit: TableEdit,
        to previous: Snapshot,
        provenance: JSONValue,
        into batch: ObjectBatch,
        threads: Int = 2
    ) throws(Failure) -> (table: PreparedTable, counts: TableEdit.Counts) {
        let ids = try ColumnIDs(previous.schema, previous: previous.manifest, was: [:])
        var splice = TableSplice(
            previous,
            edit: edit,
            writer: TableWriter(
                table: previous.table,
                schema: ids.schema,
                known: KnownPieces(previous, schema: ids.schema),
                batch: batch,
                threads: threads,
                groupLimit: groupLimit
            )
        )
        try unsafe edit.rows?.forEach { (row, key, hash) throws(Failure) in
            try unsafe splice.take(row, key: key, hash: hash)
        }
        try splice.finish()
        let table = try splice.writer.finish(ids: ids, provenance: provenance, previous: previous)
        return (table, splice.counts)
    }
}
