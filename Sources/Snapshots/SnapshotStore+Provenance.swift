package import Codecs
package import Diagnostics
package import GitStore

extension SnapshotStore {
    /// Makes the objects of a version of `snapshot` that differs in its provenance alone.
    ///
    /// - Parameters:
    ///   - snapshot: the version whose content stays.
    ///   - provenance: what goes into `provenance.json`.
    ///   - batch: takes the objects.
    /// - Returns: the table with its new folder.
    /// - Throws: what git says.
    package func prepare(
        _ snapshot: Snapshot,
        provenance: JSONValue,
        into batch: ObjectBatch
    ) throws(Failure) -> PreparedTable {
        var entries = snapshot.entries
        let text = Array(provenance.serialized(pretty: true).utf8) + [UInt8(ascii: "\n")]
        let blob = try batch.addBlob(text, deflate: true)
        entries[SnapshotFiles.provenance] = TreeEntry(
            name: SnapshotFiles.provenance,
            mode: TreeEntry.fileMode,
            id: blob
        )
        let tree = try batch.addTree(entries.values.sorted { $0.name < $1.name })
        let manifest = snapshot.manifest
        return PreparedTable(
            table: snapshot.table,
            schema: manifest.schema,
            digest: manifest.digest,
            rows: manifest.rows,
            bytes: manifest.bytes,
            tree: tree,
            previousDigest: manifest.digest,
            previousRows: manifest.rows,
            previousTree: snapshot.tree,
            segmentCount: manifest.segments.count,
            chunkCount: manifest.segments.reduce(0) { $0 + $1.chunkCount },
            newChunks: 0,
            newTextBytes: 0,
            newBytes: 0,
            manifest: manifest
        )
    }
}
