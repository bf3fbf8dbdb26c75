import Glibc

/// Where a cell's JSON text lies, and what kind of text it is.
struct CellPlace: BitwiseCopyable {
    /// Offsets into the chunk, which has less than 4 GiB.
    var start: UInt32
    var end: UInt32
    var facts: CellFacts
}

/// What the scan of a string noticed.
struct CellFacts: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    static let hasEscapes = CellFacts(rawValue: 1)
    static let isNotASCII = CellFacts(rawValue: 2)
}

/// A place in canonical text that ends with a newline.
///
/// No canonical text has a control character but the newline between rows, so loops that stop at
/// control characters stop within the text.
@safe
struct CellScanner {
    private let base: UnsafePointer<UInt8>
    private let count: Int
    private(set) var offset: Int

    /// Starts at `offset` of a text that is not empty.
    init(_ base: UnsafePointer<UInt8>, count: Int, at offset: Int) {
        unsafe self.base = unsafe base
        self.count = count
        self.offset = offset
    }

    /// The byte here.
    var byte: UInt8 { unsafe base[offset] }

    /// Goes on by one byte; never past the last newline, since that is no value's.
    mutating func advance() { offset &+= 1 }

    /// Skips `expected` if it is here.
    mutating func skip(_ expected: UnsafePointer<UInt8>, count length: Int) -> Bool {
        guard count &- offset > length, unsafe isEqual(base + offset, expected, length) else {
            return false
        }
        offset &+= length
        return true
    }

    /// As `memcmp`, which is slow to call for so few bytes: two overlapping words of each size.
    @inline(__always)
    private func isEqual(
        _ one: UnsafePointer<UInt8>,
        _ other: UnsafePointer<UInt8>,
        _ length: Int
    ) -> Bool {
        let (a, b) = unsafe (UnsafeRawPointer(one), UnsafeRawPointer(other))
        @inline(__always)
        func difference<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ at: Int) -> T {
            unsafe a.loadUnaligned(fromByteOffset: at, as: T.self)
                ^ b.loadUnaligned(fromByteOffset: at, as: T.self)
        }
        switch length {
        case 8...16: return difference(UInt64.self, 0) | difference(UInt64.self, length &- 8) == 0
        case 4..<8: return difference(UInt32.self, 0) | difference(UInt32.self, length &- 4) == 0
        default: return unsafe memcmp(one, other, length) == 0
        }
    }

    /// Skips a value of any kind; nil if there is none.
    mutating func skipValue() -> CellFacts? {
        switch byte {
        case UInt8(ascii: "\""): skipString()
        case UInt8(ascii: "["), UInt8(ascii: "{"): skipNested()
        default: skipScalar()
        }
    }

    /// Skips `true`, `false`, `null` or a number: what stands before `,`, `]`, `}` or a control
    /// character.
    private mutating func skipScalar() -> CellFacts? {
        let start = offset
        while offset &+ 8 <= count {
            let word = word()
            let found =
                Self.zeros(word ^ Self.ones &* 0x2c) | Self.zeros(word ^ Self.ones &* 0x7d)
                | Self.zeros(word ^ Self.ones &* 0x5d) | Self.controls(word)
            guard found == 0 else {
                offset &+= found.trailingZeroBitCount >> 3
                return offset > start ? [] : nil
            }
            offset &+= 8
        }
        while true {
            let byte = unsafe base[offset]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
                || byte < 0x20
            {
                return offset > start ? [] : nil
            }
            offset &+= 1
        }
    }

    private mutating func skipString() -> CellFacts? {
        offset &+= 1
        var facts: CellFacts = []
        while true {
            // Eight bytes at a time up to the first that is a quote, a backslash or a control
            // character.
            while offset &+ 8 <= count {
                let word = word()
                let found =
                    Self.zeros(word ^ Self.ones &* 0x22) | Self.zeros(word ^ Self.ones &* 0x5c)
                    | Self.controls(word)
                guard found == 0 else {
                    let bits = found.trailingZeroBitCount & ~7
                    if word & Self.tops & ((1 << UInt64(bits)) &- 1) != 0 {
                        facts.insert(.isNotASCII)
                    }
                    offset &+= bits >> 3
                    break
                }
                if word & Self.tops != 0 { facts.insert(.isNotASCII) }
                offset &+= 8
            }
            let byte = unsafe base[offset]
            if byte == UInt8(ascii: "\"") {
                offset &+= 1
                return facts
            }
            if byte < 0x20 { return nil }
            if byte >= 0x80 { facts.insert(.isNotASCII) }
            if byte == UInt8(ascii: "\\") {
                facts.insert(.hasEscapes)
                offset &+= 1
                // An escaped byte is no end; a newline would be the end of the text.
                if unsafe base[offset] < 0x20 { return nil }
            }
            offset &+= 1
        }
    }

    // The usual tricks on the bytes of a word: the top bit of a byte in what they give is set if
    // the byte is looked for. Above the lowest one found, others may be by mistake.

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    private func word() -> UInt64 {
        unsafe UInt64(
            littleEndian: UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self)
        )
    }

    /// Bytes that are zero.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & tops }

    /// Bytes below 0x20.
    @inline(__always)
    private static func controls(_ word: UInt64) -> UInt64 {
        (word &- ones &* 0x20) & ~word & tops
    }

    private mutating func skipNested() -> CellFacts? {
        var depth = 0
        var facts: CellFacts = []
        while true {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 {
                    offset &+= 1
                    return facts
                }
            case UInt8(ascii: "\""):
                guard let inner = skipString() else { return nil }
                facts.formUnion(inner)
                continue
            case 0..<0x20: return nil
            default: break
            }
            offset &+= 1
        }
    }

    /// The offset behind the newline that ends the row; nil if what follows here cannot be the
    /// rest of a row.
    mutating func endOfRow() -> Int? {
        let next = byte
        guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") || next == UInt8(ascii: "{")
        else { return nil }
        guard let end = unsafe memchr(base + offset, 0x0a, count - offset) else { return nil }
        offset = unsafe UnsafeRawPointer(end) - UnsafeRawPointer(base) + 1
        return offset
    }
}
