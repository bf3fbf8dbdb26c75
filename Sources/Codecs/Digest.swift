/// A SHA-256 digest: 32 bytes, ordered as bytes.
package struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
    // Four words, big-endian, so that digests compare and hash without an allocation.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Takes 32 bytes; another count is a programming error.
    package init(bytes: [UInt8]) {
        precondition(bytes.count == 32, "a digest has 32 bytes")
        func word(_ start: Int) -> UInt64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// Reads 64 lower-case hex digits; nil for anything else.
    package init?(hex: some StringProtocol) {
        // Manifests are full of them: no array is made, and digits are read from memory.
        var text = String(hex)
        let read = text.withUTF8 { digits -> (UInt64, UInt64, UInt64, UInt64)? in
            func word(_ start: Int) -> UInt64? {
                var word: UInt64 = 0
                for place in start..<start + 16 {
                    guard let value = unsafe Hex.value(of: digits[place]) else { return nil }
                    word = word << 4 | UInt64(value)
                }
                return word
            }
            guard digits.count == 64, let first = word(0), let second = word(16),
                let third = word(32), let fourth = word(48)
            else { return nil }
            return (first, second, third, fourth)
        }
        guard let read else { return nil }
        words = read
    }

    /// The first eight bytes, as a number.
    package var prefix: UInt64 { words.0 }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(32)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return out
    }

    /// 64 lower-case hex digits.
    package var hex: String { Hex.encode(bytes) }

    /// The first 32 hex digits: how chunks and segments are named.
    package var short: String { String(hex.prefix(32)) }

    package var description: String { hex }

    package static func == (a: Digest, b: Digest) -> Bool { a.words == b.words }

    package static func < (a: Digest, b: Digest) -> Bool { a.words < b.words }

    package func hash(into hasher: inout Hasher) {
        // One word of a SHA-256 is as good as all.
        hasher.combine(words.0)
    }
}

/// Lower-case hexadecimal.
package enum Hex {
    /// Two digits a byte.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of an even number of lower-case digits; nil for anything else.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            guard let value = value(of: digit) else { return nil }
            if let first = high {
                out.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? out : nil
    }

    /// What a lower-case digit stands for.
    fileprivate static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
