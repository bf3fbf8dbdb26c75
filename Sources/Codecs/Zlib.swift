import CZlib
package import Diagnostics

/// zlib streams (RFC 1950), as git stores objects, and its checksum.
package enum Zlib {
    /// The bytes, deflated.
    package static func deflate(_ bytes: UnsafeRawBufferPointer, level: Int32 = 6) -> [UInt8] {
        let bound = compressBound(uLong(bytes.count))
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(bound)) { out, written in
            var length = bound
            // zlib refuses a null address even for no bytes.
            var nothing: UInt8 = 0
            let result = unsafe withUnsafePointer(to: &nothing) { empty in
                let start =
                    unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty
                return unsafe compress2(
                    out.baseAddress,
                    &length,
                    start,
                    uLong(bytes.count),
                    level
                )
            }
            precondition(result == Z_OK, "zlib could not compress")
            written = Int(length)
        }
    }

    /// The bytes, deflated.
    package static func deflate(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe deflate($0, level: level) }
    }

    /// The bytes that a zlib stream holds.
    ///
    /// - Parameters:
    ///   - stream: the whole stream.
    ///   - size: how many bytes it holds.
    /// - Returns: the bytes.
    /// - Throws: `codec.corrupt-stream` if it is no stream of that many bytes.
    package static func inflate(_ stream: [UInt8], size: Int) throws(Failure) -> [UInt8] {
        var status = Z_OK
        let out = unsafe [UInt8](unsafeUninitializedCapacity: max(size, 1)) { out, written in
            var length = uLong(size)
            status = unsafe uncompress(out.baseAddress, &length, stream, uLong(stream.count))
            written = Int(length)
        }
        guard status == Z_OK, out.count == size else {
            throw Failure(.corruptStream, "A zlib stream of \(stream.count) bytes is damaged.")
        }
        return out
    }

    /// A valid zlib stream that stores the bytes as they are: for what is compressed already.
    package static func stored(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let count = bytes.count
        // RFC 1951, 3.2.4: a stored block has a byte of type, its length twice, at most 65,535.
        let blockLimit = 65_535
        let blocks = max(1, (count + blockLimit - 1) / blockLimit)
        var out: [UInt8] = []
        out.reserveCapacity(2 + count + 5 * blocks + 4)
        // 32 kB window, fastest; 0x7801 is a multiple of 31 as RFC 1950 asks.
        out += [0x78, 0x01]
        for block in 0..<blocks {
            let start = block * blockLimit
            let length = min(blockLimit, count - start)
            let size = UInt16(length)
            out.append(block == blocks - 1 ? 1 : 0)
            out += [UInt8(size & 0xff), UInt8(size >> 8), UInt8(~size & 0xff), UInt8(~size >> 8)]
            unsafe out.append(contentsOf: bytes[start..<start + length])
        }
        var adler = adler32(0, nil, 0)
        unsafe eachPiece(of: bytes) { piece, length in
            unsafe adler = adler32(adler, piece, length)
        }
        for shift in [24, 16, 8, 0] { out.append(UInt8(truncatingIfNeeded: adler >> UInt(shift))) }
        return out
    }

    /// A valid zlib stream that stores the bytes as they are.
    package static func stored(_ bytes: [UInt8]) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe stored($0) }
    }

    /// The CRC-32 (as in gzip and pack indexes) of what `crc` covers followed by `bytes`; 0 starts.
    package static func crc32(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var value = uLong(crc)
        unsafe eachPiece(of: bytes) { piece, length in
            unsafe value = CZlib.crc32(value, piece, length)
        }
        return UInt32(truncatingIfNeeded: value)
    }

    /// The CRC-32 of what `crc` covers followed by `bytes`; 0 starts.
    package static func crc32(_ crc: UInt32, _ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe crc32(crc, $0) }
    }

    /// Lends the bytes in pieces whose length fits zlib's 32-bit `uInt`.
    private static func eachPiece(
        of bytes: UnsafeRawBufferPointer,
        _ body: (UnsafePointer<UInt8>, uInt) -> Void
    ) {
        guard let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return
        }
        var offset = 0
        while offset < bytes.count {
            let length = min(1 << 30, bytes.count - offset)
            unsafe body(start + offset, uInt(length))
            offset += length
        }
    }
}
