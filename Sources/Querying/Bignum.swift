/// Whole numbers below 2^256 as decimal digits and as DuckDB's BIGNUM bytes.
///
/// A BIGNUM is three bytes of header, the number of bytes that follow with the top bit set, then
/// the magnitude, most significant byte first; of a negative number every bit is turned over.
/// (duckdb/duckdb src/common/types/bignum.cpp.)
enum Bignum {
    /// Digits of 2^256 - 1.
    private static let digitLimit = 78

    /// Appends the BIGNUM of decimal digits; false if they are none or the number takes more than
    /// 32 bytes.
    static func append(digits: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) -> Bool {
        guard !digits.isEmpty, digits.count <= digitLimit else { return false }
        var limbs: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for position in digits.indices {
            let digit = unsafe digits[position]
            guard digit &- UInt8(ascii: "0") < 10 else { return false }
            var carry = UInt64(digit - UInt8(ascii: "0"))
            func step(_ limb: inout UInt64) {
                let product = limb.multipliedFullWidth(by: 10)
                let (low, overflow) = product.low.addingReportingOverflow(carry)
                limb = low
                carry = product.high + (overflow ? 1 : 0)
            }
            step(&limbs.0)
            step(&limbs.1)
            step(&limbs.2)
            step(&limbs.3)
            guard carry == 0 else { return false }
        }
        let start = out.count
        out.append(contentsOf: [0x80, 0, 0])
        for limb in [limbs.3, limbs.2, limbs.1, limbs.0] {
            for shift in stride(from: 56, through: 0, by: -8) {
                let byte = UInt8(truncatingIfNeeded: limb >> UInt64(shift))
                if byte != 0 || out.count > start + 3 { out.append(byte) }
            }
        }
        // Zero is one byte.
        if out.count == start + 3 { out.append(0) }
        out[start + 2] = UInt8(out.count - start - 3)
        return true
    }

    /// Appends the decimal digits of a BIGNUM; false if it is negative or has over 32 bytes.
    static func appendDigits(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) -> Bool {
        guard bytes.count > 3, unsafe bytes[0] & 0x80 != 0 else { return false }
        let magnitude = unsafe bytes[3...].drop { $0 == 0 }
        guard unsafe magnitude.count <= 32 else { return false }
        var limbs: [UInt32] = []
        for position in unsafe magnitude.indices {
            let byte = unsafe magnitude[position]
            var carry = UInt64(byte)
            for index in limbs.indices {
                carry += UInt64(limbs[index]) << 8
                limbs[index] = UInt32(carry % 1_000_000_000)
                carry /= 1_000_000_000
            }
            if carry > 0 { limbs.append(UInt32(carry)) }
        }
        out.append(contentsOf: String(limbs.last ?? 0).utf8)
        for limb in limbs.dropLast().reversed() {
            let digits = String(limb)
            out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 9 - digits.utf8.count))
            out.append(contentsOf: digits.utf8)
        }
        return true
    }
}
