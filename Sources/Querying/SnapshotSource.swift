import Diagnostics
import Records
import Snapshots

/// A snapshot as something to scan.
final class SnapshotSource: ScanSource {
    private let snapshot: Snapshot
    private let checksDigests: Bool

    var schema: Schema { snapshot.manifest.schema }
    var rows: Int { snapshot.manifest.rows }

    /// - Parameters:
    ///   - snapshot: the snapshot.
    ///   - checksDigests: whether to hold the text of each chunk against its SHA-256.
    init(_ snapshot: Snapshot, checksDigests: Bool) {
        self.snapshot = snapshot
        self.checksDigests = checksDigests
    }

    func chunks(matching filter: RowFilter) throws(Failure) -> ScanSelection {
        let found = try snapshot.chunks(matching: filter)
        var selection = ScanSelection(found.chunks.map { $0.segment << 32 | $0.index })
        selection.segments = found.segments
        selection.skippedSegments = found.skippedSegments
        selection.skippedChunks = found.skippedChunks
        return selection
    }

    /// - Throws: `snapshot.corrupt-chunk` and what git says.
    func text(ofChunk chunk: Int) throws(Failure) -> [UInt8] {
        let segment = try snapshot.chunks(inSegment: chunk >> 32)
        return try snapshot.text(
            of: segment[chunk & (1 << 32 - 1)],
            checksDigest: checksDigests
        )
    }
}
