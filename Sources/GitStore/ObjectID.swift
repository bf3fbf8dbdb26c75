import CLibGit2

/// The id of a git object: 20 bytes, SHA-1 of its header and content.
package struct ObjectID: Hashable, Comparable, Sendable, CustomStringConvertible {
    // Big-endian words: comparing them compares bytes, and hashing takes three of them.
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    /// Twenty zero bytes: no object.
    package static let zero = ObjectID(high: 0, middle: 0, low: 0)

    private init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// Takes 20 bytes from `start` on; nil if `bytes` has fewer.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
        for (place, byte) in bytes.enumerated() {
            switch place {
            case 0..<8: words.0 = words.0 << 8 | UInt64(byte)
            case 8..<16: words.1 = words.1 << 8 | UInt64(byte)
            default: words.2 = words.2 << 8 | UInt32(byte)
            }
        }
        self.init(high: words.0, middle: words.1, low: words.2)
    }

    /// Takes 40 hex digits of either case; nil for anything else.
    package init?(hex: some StringProtocol) {
        var bytes: [UInt8] = []
        var half: UInt8?
        for digit in hex.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let high = half {
                bytes.append(high << 4 | value)
                half = nil
            } else {
                half = value
            }
        }
        guard half == nil else { return nil }
        self.init(bytes: bytes)
    }

    /// The id in libgit2's form.
    init(_ raw: git_oid) {
        var raw = raw
        let bytes = unsafe withUnsafeBytes(of: &raw) { unsafe Array($0.prefix(20)) }
        self = ObjectID(bytes: bytes) ?? .zero
    }

    /// The id in libgit2's form.
    var raw: git_oid {
        var out = git_oid()
        unsafe withUnsafeMutableBytes(of: &out) { unsafe $0.copyBytes(from: bytes) }
        return out
    }

    /// The first of the bytes.
    var firstByte: UInt8 { UInt8(truncatingIfNeeded: high >> 56) }

    /// The 20 bytes.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(20)
        for shift in stride(from: 56, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: middle >> UInt64(shift)))
        }
        for shift in stride(from: 24, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: low >> UInt32(shift)))
        }
        return out
    }

    /// 40 lower-case hex digits.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(40)
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The hex digits.
    package var description: String { hex }

    /// By bytes.
    package static func < (left: ObjectID, right: ObjectID) -> Bool {
        (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
    }
}
