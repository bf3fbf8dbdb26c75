package import Diagnostics
import Synchronization

/// Where sorted rows go that do not fit into memory; this module does no IO of its own.
package protocol RunStorage: Sendable {
    /// An empty file that goes away by itself.
    func makeFile() throws(Failure) -> any RunFile
}

/// One run's bytes: written once from start to end, then read, several times if need be.
package protocol RunFile: Sendable {
    /// Appends bytes.
    func append(_ bytes: [UInt8]) throws(Failure)
    /// Exactly `count` bytes from `offset` on.
    func read(_ count: Int, at offset: Int) throws(Failure) -> [UInt8]
}

/// How much memory rows may take while they are made and sorted, and where the rest goes.
package struct SortLimit: Sendable {
    /// Bytes of text, keys and places; a sort needs no more than this and one row.
    package let bytes: Int
    package let storage: any RunStorage

    /// Makes a limit.
    package init(bytes: Int, storage: any RunStorage) {
        self.bytes = bytes
        self.storage = storage
    }
}

/// Memory that the rows of several tables share: what no longer fits goes to disk.
///
/// Safe to use from several threads.
package final class RowBudget: Sendable {
    /// What one table may take before it goes to disk by itself; nil for any.
    package let limit: SortLimit?
    private let used = Mutex(0)

    /// - Parameter limit: nil for any.
    package init(_ limit: SortLimit?) { self.limit = limit }

    /// Takes sorted rows into memory, or to disk if they do not fit beside those taken before.
    package func keep(_ sorted: SortedRows) throws(Failure) -> SortedRows {
        guard let limit, let rows = sorted.inMemory else { return sorted }
        let fits = used.withLock { used in
            guard used + rows.memoryUse <= limit.bytes else { return false }
            used += rows.memoryUse
            return true
        }
        if fits { return sorted }
        return SortedRows(
            schema: rows.schema,
            runs: [try SortedRun(rows, to: try limit.storage.makeFile())]
        )
    }
}
