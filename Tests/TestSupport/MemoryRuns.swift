package import Records
import Synchronization

/// A place for sorted runs that is memory.
package struct MemoryRuns: RunStorage {
    private final class File: RunFile {
        private let bytes = Mutex<[UInt8]>([])

        func append(_ more: [UInt8]) { bytes.withLock { $0 += more } }

        func read(_ count: Int, at offset: Int) -> [UInt8] {
            bytes.withLock { Array($0[offset..<offset + count]) }
        }
    }

    /// No files yet.
    package init() {}

    /// An empty file.
    package func makeFile() -> any RunFile { File() }
}
