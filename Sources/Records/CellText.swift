import Codecs

/// Decodes and encodes the text of single cells.
///
/// Texts are without the quotes JSON puts around them, unless a function says otherwise; every
/// parser takes the canonical spelling only.
package enum CellText {
    /// Reads an `int64`: `-?(0|[1-9][0-9]*)`, not `-0`; nil for anything else.
    package static func parseInt64(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard unsafe isCanonicalInteger(text) else { return nil }
        return unsafe JSONNumber.int64(text)
    }

    /// Whether a text is `-?(0|[1-9][0-9]*)` and not `-0`.
    static func isCanonicalInteger(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let count = text.count
        guard count > 0 else { return false }
        let isNegative = unsafe text[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        guard start < count else { return false }
        if unsafe text[start] == UInt8(ascii: "0") { return count == 1 }
        for index in start..<count {
            guard unsafe text[index] &- UInt8(ascii: "0") < 10 else { return false }
        }
        return true
    }

    /// Reads a `double`; nil unless it is spelled as ECMAScript spells it.
    package static func parseDouble(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        guard text.count <= 32, unsafe startsNumber(text) else { return nil }
        guard let value = unsafe JSONNumber.double(text), value.isFinite else { return nil }
        var spelled: [UInt8] = []
        CanonicalJSON.appendDouble(value, to: &spelled)
        return unsafe spelled.elementsEqual(text) ? value : nil
    }

    /// Keeps "nan", "inf" and "+1" from Swift's own parser.
    private static func startsNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = unsafe text.first else { return false }
        return first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10
    }

    /// Reads a decimal with exactly `scale` digits behind the point; gives it times 10^scale.
    ///
    /// Nil for anything else, and for over 38 digits.
    package static func parseDecimal(_ text: UnsafeBufferPointer<UInt8>, scale: Int) -> Int128? {
        let count = text.count
        let isNegative = unsafe count > 0 && text[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        let pointLength = scale > 0 ? 1 : 0
        let whole = count - start - scale - pointLength
        guard whole >= 1 else { return nil }
        if unsafe whole > 1 && text[start] == UInt8(ascii: "0") { return nil }
        // Words as long as they hold it: arithmetic of 128 bits is slow.
        var value: Int128 = 0
        var word: UInt64 = 0
        var wordDigits = 0
        var digits = 0
        for index in start..<count {
            let byte = unsafe text[index]
            if index == start + whole {
                guard byte == UInt8(ascii: ".") else { return nil }
                continue
            }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            if digits > 0 || digit > 0 { digits += 1 }
            guard digits <= 38 else { return nil }
            word = word &* 10 &+ UInt64(digit)
            wordDigits += 1
            if wordDigits == 18 {
                value = value * powersOfTen[18] + Int128(word)
                word = 0
                wordDigits = 0
            }
        }
        value = value == 0 ? Int128(word) : value * powersOfTen[wordDigits] + Int128(word)
        if isNegative && value == 0 { return nil }
        return isNegative ? -value : value
    }

    /// Appends `unscaled` / 10^scale with exactly `scale` digits behind the point.
    package static func appendDecimal(unscaled: Int128, scale: Int, to out: inout [UInt8]) {
        if unscaled < 0 { out.append(UInt8(ascii: "-")) }
        let base = UInt128(10_000_000_000_000_000_000)
        let start = out.count
        var rest = unscaled.magnitude
        // From the low end, nineteen digits at a time: division of 128 bits is slow.
        var digits = 0
        while rest > 0 || digits <= scale {
            var part = UInt64(truncatingIfNeeded: rest)
            var partDigits = 19
            if rest >= base {
                let (quotient, low) = rest.quotientAndRemainder(dividingBy: base)
                part = UInt64(low)
                rest = quotient
            } else {
                rest = 0
                partDigits = 1
                var limit: UInt64 = 10
                while part >= limit && partDigits < 19 {
                    partDigits += 1
                    limit = limit.multipliedReportingOverflow(by: 10).partialValue
                }
                partDigits = max(partDigits, scale + 1 - digits)
            }
            for _ in 0..<partDigits {
                if digits == scale && scale > 0 { out.append(UInt8(ascii: ".")) }
                out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: part % 10))
                part /= 10
                digits += 1
            }
        }
        out[start...].reverse()
    }

    /// 10^0 to 10^38.
    private static let powersOfTen: [Int128] = {
        var powers: [Int128] = [1]
        for _ in 0..<38 { powers.append((powers.last ?? 1) * 10) }
        return powers
    }()

    /// 10^precision: decimals of that precision are below it.
    @inline(__always)
    static func decimalLimit(precision: Int) -> Int128 { powersOfTen[precision] }

    /// 2^256 - 1.
    private static let uint256Maximum = Array(
        "115792089237316195423570985008687907853269984665640564039457584007913129639935".utf8
    )

    /// Whether a text is a `uint256`: digits without a leading zero, below 2^256.
    package static func isUInt256(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let count = text.count
        guard count > 0, count <= 78 else { return false }
        guard unsafe text.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return false }
        if unsafe text[0] == UInt8(ascii: "0") { return count == 1 }
        guard count == 78 else { return true }
        return unsafe !uint256Maximum.lexicographicallyPrecedes(text)
    }

    /// Appends what a canonical JSON string stands for, as UTF-8; `text` has its quotes.
    /// - Returns: false, with `out` in any state, if it is not spelled canonically.
    package static func unescapeString(
        _ text: UnsafeBufferPointer<UInt8>,
        into out: inout [UInt8]
    ) -> Bool {
        let end = text.count - 1
        guard end >= 1, unsafe text[0] == UInt8(ascii: "\""),
            unsafe text[end] == UInt8(ascii: "\"")
        else { return false }
        var index = 1
        while index < end {
            var run = index
            while run < end {
                let byte = unsafe text[run]
                if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") || byte < 0x20 { break }
                run += 1
            }
            if run > index {
                unsafe out.append(contentsOf: UnsafeBufferPointer(rebasing: text[index..<run]))
                index = run
            }
            guard index < end else { break }
            guard let (byte, length) = unsafe canonicalEscape(text, index, end) else {
                return false
            }
            out.append(byte)
            index += length
        }
        return true
    }

    /// The byte an escape at `index` stands for, and its length; nil if it is none, or not the one
    /// RFC 8785 uses for it.
    private static func canonicalEscape(
        _ text: UnsafeBufferPointer<UInt8>,
        _ index: Int,
        _ end: Int
    ) -> (byte: UInt8, length: Int)? {
        guard unsafe text[index] == UInt8(ascii: "\\"), index + 1 < end else { return nil }
        switch unsafe text[index + 1] {
        case UInt8(ascii: "\""): return (UInt8(ascii: "\""), 2)
        case UInt8(ascii: "\\"): return (UInt8(ascii: "\\"), 2)
        case UInt8(ascii: "b"): return (0x08, 2)
        case UInt8(ascii: "t"): return (0x09, 2)
        case UInt8(ascii: "n"): return (0x0a, 2)
        case UInt8(ascii: "f"): return (0x0c, 2)
        case UInt8(ascii: "r"): return (0x0d, 2)
        case UInt8(ascii: "u"):
            guard index + 6 <= end, unsafe text[index + 2] == UInt8(ascii: "0"),
                unsafe text[index + 3] == UInt8(ascii: "0")
            else { return nil }
            let high = unsafe text[index + 4] &- UInt8(ascii: "0")
            let low = unsafe text[index + 5]
            guard high < 2 else { return nil }
            let value: UInt8
            switch low {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = low - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = low - UInt8(ascii: "a") + 10
            default: return nil
            }
            let byte = high << 4 | value
            // U+0000 cannot occur; the others have an escape of their own.
            guard ![0x00, 0x08, 0x09, 0x0a, 0x0c, 0x0d].contains(byte) else { return nil }
            return (byte, 6)
        default: return nil
        }
    }

    /// Whether a text with its quotes is a JSON string as the format spells it.
    static func isCanonicalString(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let end = text.count - 1
        guard end >= 1, unsafe text[0] == UInt8(ascii: "\""),
            unsafe text[end] == UInt8(ascii: "\"")
        else { return false }
        var index = 1
        while index < end {
            let byte = unsafe text[index]
            if byte == UInt8(ascii: "\\") {
                guard let (_, length) = unsafe canonicalEscape(text, index, end) else {
                    return false
                }
                index += length
            } else if byte < 0x20 || byte == UInt8(ascii: "\"") {
                return false
            } else {
                index += 1
            }
        }
        return unsafe UTF8Text.firstInvalid(in: text) == nil
    }
}
