/// Strings of JSON, decoded and encoded.
enum JSONString {
    /// The value of a hex digit of either case; 255 for other bytes.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: 255
        }
    }

    /// Appends what the inside of a valid JSON string stands for, as UTF-8.
    ///
    /// Lone surrogates become U+FFFD, and U+0000 too if so asked.
    /// - Returns: how many were replaced.
    static func appendDecoded(
        _ inner: UnsafeBufferPointer<UInt8>,
        to out: inout [UInt8],
        replacingNull: Bool
    ) -> Int {
        var replaced = 0
        var index = 0
        let count = inner.count
        while index < count {
            var run = index
            while run < count, unsafe inner[run] != UInt8(ascii: "\\") { run += 1 }
            if run > index {
                unsafe out.append(contentsOf: UnsafeBufferPointer(rebasing: inner[index..<run]))
                index = run
            }
            guard index < count else { break }
            let escape = unsafe inner[index + 1]
            index += 2
            switch escape {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0c)
            case UInt8(ascii: "n"): out.append(0x0a)
            case UInt8(ascii: "r"): out.append(0x0d)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = unsafe unit(inner, index)
                index += 4
                if scalar & 0xfc00 == 0xd800, index + 6 <= count,
                    unsafe inner[index] == UInt8(ascii: "\\"),
                    unsafe inner[index + 1] == UInt8(ascii: "u")
                {
                    let low = unsafe unit(inner, index + 2)
                    if low & 0xfc00 == 0xdc00 {
                        scalar = 0x10000 + (scalar & 0x3ff) << 10 + (low & 0x3ff)
                        index += 6
                    }
                }
                if scalar & 0xf800 == 0xd800 && scalar < 0x10000 || replacingNull && scalar == 0 {
                    replaced += 1
                    scalar = 0xfffd
                }
                UTF8Text.append(scalar, to: &out)
            default: out.append(escape)  // one of ", \ and / stands for itself
            }
        }
        return replaced
    }

    private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt32 {
        var value: UInt32 = 0
        for digit in 0..<4 { unsafe value = value << 4 | UInt32(hexValue(bytes[index + digit])) }
        return value
    }

    /// Appends a JSON string with its quotes, escaped as RFC 8785, 3.2.2.2.
    static func append(_ utf8: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        let count = utf8.count
        var index = 0
        var start = 0
        while index < count {
            while index + 8 <= count {
                let word = unsafe UInt64(
                    littleEndian: UnsafeRawBufferPointer(utf8)
                        .loadUnaligned(fromByteOffset: index, as: UInt64.self)
                )
                let marks = ByteWord.special(word, orHigh: false)
                if marks != 0 {
                    index += marks.trailingZeroBitCount >> 3
                    break
                }
                index += 8
            }
            guard index < count else { break }
            let byte = unsafe utf8[index]
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
                index += 1
                continue
            }
            unsafe out.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
            out.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x08: out.append(UInt8(ascii: "b"))
            case 0x09: out.append(UInt8(ascii: "t"))
            case 0x0a: out.append(UInt8(ascii: "n"))
            case 0x0c: out.append(UInt8(ascii: "f"))
            case 0x0d: out.append(UInt8(ascii: "r"))
            case 0..<0x20:
                let low = byte & 15
                out.append(UInt8(ascii: "u"))
                out.append(UInt8(ascii: "0"))
                out.append(UInt8(ascii: "0"))
                out.append(UInt8(ascii: "0") + byte >> 4)
                out.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
            default: out.append(byte)
            }
            index += 1
            start = index
        }
        unsafe out.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<count]))
        out.append(UInt8(ascii: "\""))
    }
}
