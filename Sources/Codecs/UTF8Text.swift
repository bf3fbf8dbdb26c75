/// Checks on UTF-8 text as bytes.
package enum UTF8Text {
    /// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7:
    /// no overlong forms, no surrogates, nothing above U+10FFFF); nil if all is well.
    package static func firstInvalid(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let start = bytes.baseAddress else { return nil }
        let count = bytes.count
        var offset = 0
        while offset < count {
            if offset + 8 <= count {
                let word = unsafe UnsafeRawPointer(start)
                    .loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 == 0 {
                    offset += 8
                    continue
                }
            }
            if unsafe start[offset] < 0x80 {
                offset += 1
                continue
            }
            let length = unsafe sequenceLength(start + offset, available: count - offset)
            if length == 0 { return offset }
            offset += length
        }
        return nil
    }

    /// The length of the well-formed sequence of two to four bytes at `bytes`; 0 if there is none.
    @inline(__always)
    static func sequenceLength(_ bytes: UnsafePointer<UInt8>, available: Int) -> Int {
        @inline(__always)
        func isContinuation(_ index: Int) -> Bool { unsafe bytes[index] & 0xc0 == 0x80 }
        let first = unsafe bytes[0]
        switch first {
        case 0xc2...0xdf:
            return available >= 2 && isContinuation(1) ? 2 : 0
        case 0xe0...0xef:
            guard available >= 3, isContinuation(1), isContinuation(2) else { return 0 }
            let second = unsafe bytes[1]
            if first == 0xe0 && second < 0xa0 { return 0 }
            if first == 0xed && second > 0x9f { return 0 }
            return 3
        case 0xf0...0xf4:
            guard available >= 4, isContinuation(1), isContinuation(2), isContinuation(3) else {
                return 0
            }
            let second = unsafe bytes[1]
            if first == 0xf0 && second < 0x90 { return 0 }
            if first == 0xf4 && second > 0x8f { return 0 }
            return 4
        default:
            return 0
        }
    }

    /// Appends the UTF-8 of a scalar value.
    @inline(__always)
    static func append(_ scalar: UInt32, to out: inout [UInt8]) {
        switch scalar {
        case 0..<0x80:
            out.append(UInt8(truncatingIfNeeded: scalar))
        case 0x80..<0x800:
            out.append(UInt8(truncatingIfNeeded: 0xc0 | scalar >> 6))
            out.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
        case 0x800..<0x10000:
            out.append(UInt8(truncatingIfNeeded: 0xe0 | scalar >> 12))
            out.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3f))
            out.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
        default:
            out.append(UInt8(truncatingIfNeeded: 0xf0 | scalar >> 18))
            out.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3f))
            out.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3f))
            out.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
        }
    }

    /// Whether one text comes before another in UTF-16 order, as RFC 8785 sorts keys.
    ///
    /// It is the order of UTF-8 bytes but for U+E000 to U+FFFF, which follow all supplementary
    /// characters (their surrogates are U+D800 to U+DFFF).
    static func precedesInUTF16(
        _ a: UnsafeBufferPointer<UInt8>,
        _ b: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let count = min(a.count, b.count)
        for index in 0..<count {
            let left = unsafe a[index]
            let right = unsafe b[index]
            guard left != right else { continue }
            // Only lead bytes are from 0xee up; 0xf0… lead supplementary characters.
            if left >= 0xee && right >= 0xee && (left >= 0xf0) != (right >= 0xf0) {
                return left >= 0xf0
            }
            return left < right
        }
        return a.count < b.count
    }
}

/// Bytes taken eight at a time.
enum ByteWord {
    /// A mark (0x80) in each byte of `word` up to the first that is `"`, `\`, a control character
    /// or, if `orHigh`, from 0x80 up; 0 if there is none.
    ///
    /// Only the lowest mark counts.
    @inline(__always)
    static func special(_ word: UInt64, orHigh: Bool) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        // The "haszero" and "hasless" of https://graphics.stanford.edu/~seander/bithacks.html:
        // exact up to the first hit, which is all we use.
        let quote = word ^ 0x2222_2222_2222_2222
        let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
        var marks = (quote &- ones) & ~quote
        marks |= (backslash &- ones) & ~backslash
        marks |= (word &- 0x2020_2020_2020_2020) & ~word
        if orHigh { marks |= word }
        return marks & highs
    }
}
