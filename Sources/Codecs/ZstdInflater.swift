import CZstd
package import Diagnostics

/// Unpacks zstd of one or more frames that comes in pieces; `ZstdDecompressor` is for one frame in
/// memory.
@safe
package final class ZstdInflater {
    private let context: OpaquePointer
    private var isInsideFrame = false
    private var hasFrame = false

    /// Makes an inflater at the start of a file.
    package init() {
        guard let context = unsafe ZSTD_createDCtx() else {
            preconditionFailure("zstd has no memory for a decompressor")
        }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// Unpacks the next bytes of the file and appends what comes out.
    /// - Throws: `codec.corrupt-stream`. After that the inflater must not be used.
    package func inflate(_ input: [UInt8], into out: inout [UInt8]) throws(Failure) {
        try unsafe input.withUnsafeBufferPointer { (bytes) throws(Failure) in
            var source = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            var isFull = false
            while unsafe source.pos < source.size || isFull {
                let room = 1 << 17
                var result = 0
                unsafe out.appendUninitialized(room) { target in
                    var sink = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: room, pos: 0)
                    result = unsafe ZSTD_decompressStream(context, &sink, &source)
                    isFull = unsafe sink.pos == room
                    return unsafe sink.pos
                }
                guard ZSTD_isError(result) == 0 else {
                    throw Failure(
                        .corruptStream,
                        "Zstd data is damaged.",
                        hint: "Fetch the file again.",
                        cause: unsafe String(cString: ZSTD_getErrorName(result))
                    )
                }
                hasFrame = true
                // 0: the frame is finished, and all of it is out.
                isInsideFrame = result != 0
                if result == 0 { isFull = false }
            }
        }
    }

    /// Says that the file has ended.
    /// - Throws: `codec.truncated` if it ended inside a frame or before the first.
    package func finish() throws(Failure) {
        guard hasFrame, !isInsideFrame else {
            throw Failure(
                .truncated,
                "Zstd data ends in the middle.",
                hint: "Fetch the file again."
            )
        }
    }
}
