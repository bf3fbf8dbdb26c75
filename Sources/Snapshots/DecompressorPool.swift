import Codecs
import Diagnostics
import GitStore
import Synchronization

/// Decompression contexts that wait to be used again; making one for each chunk is slow.
final class DecompressorPool: Sendable {
    static let shared = DecompressorPool()

    /// Contexts kept; more threads than this make their own and let them go.
    private static let limit = 16

    private let idle = Mutex<[Lent]>([])

    // @unchecked Sendable: a context is either in the pool or lent to one caller.
    private struct Lent: @unchecked Sendable {
        let decompressor: ZstdDecompressor
    }

    /// The content of a blob that is one zstd frame of at most `limit` bytes.
    func decompress(
        blob: ObjectID,
        of objects: any ObjectSource,
        limit: Int
    ) throws(Failure) -> [UInt8] {
        let lent = idle.withLock { $0.popLast() } ?? Lent(decompressor: ZstdDecompressor())
        defer {
            idle.withLock { idle in
                if idle.count < Self.limit { idle.append(lent) }
            }
        }
        return try unsafe objects.withBlob(blob) { (frame) throws(Failure) -> [UInt8] in
            try unsafe lent.decompressor.decompress(frame, limit: limit)
        }
    }
}
