import Codecs
import Diagnostics
import GitStore
import Records
import Snapshots

/// A table at some point of a run.
struct TableState: Sendable {
    var digest: Digest
    var rows: Int
    var provenance: Provenance?
    /// What the engine and later steps read: from the repository, or from the run's batch.
    var snapshot: Snapshot?

    init(digest: Digest, rows: Int, provenance: Provenance?, snapshot: Snapshot?) {
        self.digest = digest
        self.rows = rows
        self.provenance = provenance
        self.snapshot = snapshot
    }

    /// A table that is written, as later steps would see it.
    ///
    /// - Parameters:
    ///   - written: the table.
    ///   - provenance: how it came about.
    ///   - committed: the version before, which it is if nothing changed.
    ///   - store: reads it.
    ///   - batch: what it was written to.
    /// - Throws: what reading its manifest throws.
    init(
        _ written: PreparedTable,
        _ provenance: Provenance,
        committed: Snapshot?,
        of store: SnapshotStore,
        in batch: ObjectBatch
    ) throws(Failure) {
        self.init(
            digest: written.digest,
            rows: written.rows,
            provenance: provenance,
            snapshot: written.isChanged ? try store.snapshot(written, in: batch) : committed
        )
    }

    /// A table as a commit has it; how it came about does not matter.
    init(committed snapshot: Snapshot) {
        self.init(
            digest: snapshot.manifest.digest,
            rows: snapshot.manifest.rows,
            provenance: nil,
            snapshot: snapshot
        )
    }

    /// All rows in memory.
    func rowSet() throws(Failure) -> RowSet? { try snapshot?.rowSet() }

    /// A committed table, with a provenance that waits for a commit if there is one.
    init(snapshot: Snapshot, pending: Pending) throws(Failure) {
        digest = snapshot.manifest.digest
        rows = snapshot.manifest.rows
        self.snapshot = snapshot
        let waiting = pending.provenance(snapshot.table, digest: snapshot.manifest.digest)
        let json = if let waiting { waiting } else { try snapshot.provenance() }
        provenance = Provenance(json: json)
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
