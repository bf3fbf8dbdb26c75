/// Base64 (RFC 4648, section 4): standard alphabet, padded, and only the canonical spelling.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    /// Values of the letters; 255 for other bytes.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, letter) in alphabet.enumerated() { table[Int(letter)] = UInt8(value) }
        return table
    }()

    /// The text of some bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Appends the text of some bytes.
    package static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        let letters = alphabet
        let count = bytes.count
        out.reserveCapacity(out.count + (count + 2) / 3 * 4)
        var index = 0
        while index + 3 <= count {
            let word =
                unsafe UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8
                | UInt32(bytes[index + 2])
            out.append(letters[Int(word >> 18)])
            out.append(letters[Int(word >> 12 & 63)])
            out.append(letters[Int(word >> 6 & 63)])
            out.append(letters[Int(word & 63)])
            index += 3
        }
        let pad = UInt8(ascii: "=")
        switch count - index {
        case 1:
            let word = unsafe UInt32(bytes[index]) << 16
            out += [letters[Int(word >> 18)], letters[Int(word >> 12 & 63)], pad, pad]
        case 2:
            let word = unsafe UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8
            out += [
                letters[Int(word >> 18)], letters[Int(word >> 12 & 63)],
                letters[Int(word >> 6 & 63)], pad,
            ]
        default: break
        }
    }

    /// The bytes of a text; nil if it is not the one canonical spelling of any bytes.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        let utf8 = Array(text.utf8)
        return unsafe utf8.withUnsafeBufferPointer { unsafe decode($0, into: &out) } ? out : nil
    }

    /// Appends the bytes of a text to `out`; false, with `out` in any state, if the text is not the
    /// one canonical spelling of any bytes.
    package static func decode(
        _ text: UnsafeBufferPointer<UInt8>,
        into out: inout [UInt8]
    ) -> Bool {
        let table = values
        let count = text.count
        guard count % 4 == 0 else { return false }
        guard count > 0 else { return true }
        let pad = UInt8(ascii: "=")
        var pads = 0
        if unsafe text[count - 1] == pad { pads = unsafe text[count - 2] == pad ? 2 : 1 }
        let letters = count - pads
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for index in 0..<letters {
            let value = unsafe table[Int(text[index])]
            guard value < 64 else { return false }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> bits))
                word &= (1 << bits) - 1
            }
        }
        // Left-over bits must be zero, or two texts would stand for the same bytes.
        return word == 0
    }
}
