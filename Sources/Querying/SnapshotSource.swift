import Diagnostics
import Records
import Snapshots
import Synchronization

/// A snapshot as something to scan.
final class SnapshotSource: ScanSource {
    private let snapshot: Snapshot
    private let chunks = Mutex<[ChunkInfo]?>(nil)
    private let isFetched = Atomic<Bool>(false)

    var schema: Schema { snapshot.manifest.schema }

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    func chunkRows() throws(Failure) -> [Int] { try allChunks().map(\.rows) }

    /// - Throws: `snapshot.corrupt-chunk` and what git says.
    func text(ofChunk index: Int) throws(Failure) -> [UInt8] {
        let chunks = try allChunks()
        // A scan reads them all; a filtered clone gets them at once. Counting reads none.
        if !isFetched.exchange(true, ordering: .relaxed) { try snapshot.require(chunks) }
        return try snapshot.text(of: chunks[index])
    }

    private func allChunks() throws(Failure) -> [ChunkInfo] {
        if let known = chunks.withLock({ $0 }) { return known }
        let read = try snapshot.allChunks()
        chunks.withLock { $0 = read }
        return read
    }
}
