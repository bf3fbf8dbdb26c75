import CZstd
package import Diagnostics

extension Failure.Code {
    /// A zstd frame is damaged, or not one of ours.
    package static let corruptFrame = Self("codec.corrupt-frame")
    /// Compressed data ends too early.
    package static let truncated = Self("codec.truncated")
    /// Compressed data is damaged.
    package static let corruptStream = Self("codec.corrupt-stream")
    /// Data unpacks to more than is allowed.
    package static let tooLarge = Self("codec.too-large")
}

/// A reusable zstd compressor; one per thread.
///
/// Level 3 if not said otherwise, one frame, content size and checksum in the frame, single-threaded.
@safe
package final class ZstdCompressor {
    private let context: OpaquePointer

    /// Makes a compressor.
    ///
    /// - Parameter level: zstd's, 1 to 19.
    package init(level: Int32 = 3) {
        guard let context = unsafe ZSTD_createCCtx() else {
            preconditionFailure("zstd has no memory for a compressor")
        }
        unsafe self.context = context
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, level), (ZSTD_c_contentSizeFlag, 1),
            (ZSTD_c_checksumFlag, 1),
        ] {
            let result = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
            precondition(ZSTD_isError(result) == 0, "zstd refused a parameter")
        }
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    /// One frame of the bytes.
    package func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { out, written in
            let result = unsafe ZSTD_compress2(
                context,
                out.baseAddress,
                out.count,
                bytes.baseAddress,
                bytes.count
            )
            precondition(ZSTD_isError(result) == 0, "zstd could not compress")
            written = result
        }
    }

    /// One frame of the bytes.
    package func compress(_ bytes: [UInt8]) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe compress($0) }
    }
}

/// A reusable zstd decompressor; one per thread.
@safe
package final class ZstdDecompressor {
    private let context: OpaquePointer

    /// Makes a decompressor.
    package init() {
        guard let context = unsafe ZSTD_createDCtx() else {
            preconditionFailure("zstd has no memory for a decompressor")
        }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// The content of exactly one frame.
    /// - Throws: `codec.corrupt-frame` if the frame is damaged, does not state its size, fails its
    ///   checksum or has bytes behind it; `codec.too-large` if it holds more than `limit` bytes.
    package func decompress(
        _ frame: UnsafeRawBufferPointer,
        limit: Int
    ) throws(Failure) -> [UInt8] {
        let stated = unsafe ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
        // The two highest values mean "not stated" and "no frame" (zstd.h).
        guard stated < UInt64.max - 1 else {
            throw corrupt("it is not a zstd frame that states its size")
        }
        guard stated <= UInt64(limit) else {
            throw Failure(
                .tooLarge,
                "A zstd frame of \(stated) bytes is over the limit of \(limit)."
            )
        }
        let length = unsafe ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
        guard ZSTD_isError(length) == 0, length == frame.count else {
            throw corrupt("it does not end where its frame ends")
        }
        let size = Int(stated)
        var problem: String?
        let out = unsafe [UInt8](unsafeUninitializedCapacity: size) { out, written in
            let result = unsafe ZSTD_decompressDCtx(
                context,
                out.baseAddress,
                size,
                frame.baseAddress,
                frame.count
            )
            if ZSTD_isError(result) != 0 {
                problem = unsafe String(cString: ZSTD_getErrorName(result))
            } else {
                written = result
            }
        }
        if let problem { throw corrupt("it cannot be unpacked", cause: problem) }
        guard out.count == size else { throw corrupt("it is shorter than it states") }
        return out
    }

    /// The content of exactly one frame.
    /// - Throws: as the other overload.
    package func decompress(_ frame: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        try unsafe frame.withUnsafeBufferPointer { (bytes) throws(Failure) in
            try unsafe decompress(UnsafeRawBufferPointer(bytes), limit: limit)
        }
    }

    private func corrupt(_ problem: String, cause: String? = nil) -> Failure {
        Failure(.corruptFrame, "Compressed data is damaged: \(problem).", cause: cause)
    }
}
