/// Numbers of JSON, read and written.
package enum JSONNumber {
    /// The value of `-?digits`; nil if it is anything else or does not fit.
    package static func int64(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let count = text.count
        guard count > 0, count <= 20 else { return nil }
        let isNegative = unsafe text[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        guard index < count else { return nil }
        var value: Int64 = 0
        while index < count {
            let digit = unsafe text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            // Downwards, since the least number has no positive counterpart.
            let (next, more) = tens.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !more else { return nil }
            value = next
            index += 1
        }
        if isNegative { return value }
        return value == Int64.min ? nil : -value
    }

    /// The double nearest to a valid JSON number; infinite beyond the range.
    package static func double(_ text: some Sequence<UInt8>) -> Double? {
        Double(String(decoding: Array(text), as: UTF8.self))
    }

    /// Appends a whole number.
    package static func append(_ value: Int64, to out: inout [UInt8]) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        append(value.magnitude, to: &out)
    }

    /// Appends a whole number.
    package static func append(_ value: UInt64, to out: inout [UInt8]) {
        // At most 20 digits, filled from the low end of a word pair: no allocation.
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &digits) { buffer in
            var position = 24
            var rest = value
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                position -= 1
                unsafe buffer[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                rest = quotient
            } while rest != 0
            unsafe out.append(
                contentsOf: UnsafeRawBufferPointer(rebasing: buffer[position..<24])
            )
        }
    }

    /// Appends a finite double as ECMAScript's Number::toString spells it (RFC 8785, 3.2.2.3):
    /// the shortest digits that read back as the same number.
    static func append(_ value: Double, to out: inout [UInt8]) {
        precondition(value.isFinite, "JSON has no infinities and no NaN")
        if value == value.rounded(.towardZero), abs(value) < 9_007_199_254_740_992 {
            // Also turns -0 into 0.
            append(Int64(value), to: &out)
            return
        }
        // Swift's description has the digits wanted, in another notation: take it apart into
        // digits d1 d2 … dk and the position n of the point, value = 0.d1d2…dk × 10^n.
        var digits: [UInt8] = []
        var pointPosition: Int?
        var exponent = 0
        var text = Array(abs(value).description.utf8)[...]
        if let mark = text.firstIndex(of: UInt8(ascii: "e")) {
            exponent = Int(String(decoding: text[(mark + 1)...], as: UTF8.self)) ?? 0
            text = text[..<mark]
        }
        for byte in text {
            if byte == UInt8(ascii: ".") {
                pointPosition = digits.count
            } else {
                digits.append(byte)
            }
        }
        var n = (pointPosition ?? digits.count) + exponent
        let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(zeros)
        n -= zeros
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if value < 0 { out.append(UInt8(ascii: "-")) }
        let zero = UInt8(ascii: "0")
        let point = UInt8(ascii: ".")
        let k = digits.count
        switch n {
        case k...max(k, 21) where n <= 21:
            out += digits
            out.append(contentsOf: repeatElement(zero, count: n - k))
        case 1...21:
            out += digits[..<n]
            out.append(point)
            out += digits[n...]
        case -5...0:
            out.append(zero)
            out.append(point)
            out.append(contentsOf: repeatElement(zero, count: -n))
            out += digits
        default:
            out.append(digits[0])
            if k > 1 {
                out.append(point)
                out += digits[1...]
            }
            out.append(UInt8(ascii: "e"))
            out.append(n - 1 < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            append(UInt64(abs(n - 1)), to: &out)
        }
    }
}
