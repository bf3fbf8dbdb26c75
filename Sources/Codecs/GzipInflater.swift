import CZlib
package import Diagnostics

/// Unpacks a gzip file (RFC 1952) of one or more members that comes in pieces.
@safe
package struct GzipInflater: ~Copyable {
    /// zlib keeps a pointer to it, so it has an address of its own.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isInsideMember = false
    private var hasMember = false

    /// Makes an inflater at the start of a file.
    package init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 bits of window, + 16: gzip only.
        let result = unsafe inflateInit2_(
            stream,
            15 + 16,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(result == Z_OK, "zlib has no memory for an inflater")
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Unpacks the next bytes of the file and appends what comes out.
    /// - Throws: `codec.corrupt-stream`. After that the inflater must not be used.
    package mutating func inflate(
        _ input: UnsafeRawBufferPointer,
        into out: inout [UInt8]
    ) throws(Failure) {
        guard let start = unsafe input.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return
        }
        var offset = 0
        while offset < input.count {
            if !isInsideMember {
                let result = unsafe inflateReset(stream)
                precondition(result == Z_OK, "zlib could not start over")
                isInsideMember = true
                hasMember = true
            }
            let piece = min(1 << 30, input.count - offset)
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: start + offset)
            unsafe stream.pointee.avail_in = uInt(piece)
            var ended = false
            repeat {
                let room = max(1 << 16, min(1 << 20, piece * 4))
                var status = Z_OK
                unsafe out.appendUninitialized(room) { target in
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = uInt(room)
                    status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                    return unsafe room - Int(stream.pointee.avail_out)
                }
                switch status {
                case Z_OK: break
                case Z_BUF_ERROR: break  // no progress possible: more input is needed
                case Z_STREAM_END: ended = true
                default:
                    throw Failure(
                        .corruptStream,
                        "Gzip data is damaged.",
                        hint: "Fetch the file again.",
                        cause: unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
                    )
                }
            } while unsafe !ended
                && (stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0)
            offset += unsafe piece - Int(stream.pointee.avail_in)
            if ended { isInsideMember = false }
        }
    }

    /// Unpacks the next bytes of the file and appends what comes out.
    /// - Throws: `codec.corrupt-stream`.
    package mutating func inflate(_ input: [UInt8], into out: inout [UInt8]) throws(Failure) {
        try unsafe input.withUnsafeBufferPointer { (bytes) throws(Failure) in
            try unsafe inflate(UnsafeRawBufferPointer(bytes), into: &out)
        }
    }

    /// Says that the file has ended.
    /// - Throws: `codec.truncated` if it ended inside a member or before the first.
    package mutating func finish() throws(Failure) {
        guard hasMember, !isInsideMember else {
            throw Failure(
                .truncated,
                "Gzip data ends in the middle.",
                hint: "Fetch the file again."
            )
        }
    }
}

extension Array where Element == UInt8 {
    /// Appends up to `count` bytes that `body` writes; it gives how many.
    mutating func appendUninitialized(
        _ count: Int,
        _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int
    ) {
        let start = self.count
        append(contentsOf: repeatElement(0, count: count))
        let written = unsafe withUnsafeMutableBufferPointer { all in
            unsafe body(UnsafeMutableBufferPointer(rebasing: all[start...]))
        }
        removeLast(count - written)
    }
}
