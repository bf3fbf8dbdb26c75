import Codecs
import Diagnostics
import Foundation

/// A file from its start on, a piece at a time; an error ends it.
final class FilePieces {
    private let descriptor: Int32
    private(set) var error: String?

    /// Opens a file; nil if it cannot be read.
    init?(path: String) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Reads the next bytes.
    ///
    /// - Parameters:
    ///   - before: what the result begins with.
    ///   - count: how many bytes to read; fewer only at the end.
    /// - Returns: `before` and what was read.
    func next(behind before: [UInt8] = [], upTo count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: before.count + count) { out, written in
            unsafe before.withUnsafeBufferPointer { before in
                _ = unsafe out.update(fromContentsOf: before)
            }
            written = before.count
            guard error == nil, let base = out.baseAddress else { return }
            while written < before.count + count {
                let got = unsafe read(descriptor, base + written, before.count + count - written)
                if got < 0, errno == EINTR { continue }
                if got < 0 {
                    error =
                        POSIXError.Code(rawValue: errno)
                        .map { POSIXError($0).localizedDescription } ?? "error \(errno)"
                }
                guard got > 0 else { return }
                written += got
            }
        }
    }
}

/// Unpacks a file that comes in pieces.
protocol Unpacker: AnyObject {
    /// Unpacks the next bytes and appends what comes out.
    func unpack(_ piece: [UInt8], into out: inout [UInt8]) throws(Failure)
    /// Ends the file.
    func finish() throws(Failure)
}

/// The unpacker of a file that is gzip or zstd, as its first bytes tell: no UTF-8 text starts like
/// those.
func unpacker(for start: [UInt8]) -> (any Unpacker)? {
    if start.starts(with: [0x1f, 0x8b]) { return GzipUnpacker() }
    if start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return ZstdInflater() }
    return nil
}

private final class GzipUnpacker: Unpacker {
    private var inflater = GzipInflater()

    func unpack(_ piece: [UInt8], into out: inout [UInt8]) throws(Failure) {
        try inflater.inflate(piece, into: &out)
    }

    func finish() throws(Failure) { try inflater.finish() }
}

extension ZstdInflater: Unpacker {
    func unpack(_ piece: [UInt8], into out: inout [UInt8]) throws(Failure) {
        try inflate(piece, into: &out)
    }
}
