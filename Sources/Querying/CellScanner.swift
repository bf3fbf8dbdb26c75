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
        guard count &- offset > length, unsafe memcmp(base + offset, expected, length) == 0 else {
            return false
        }
        offset &+= length
        return true
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
            // Eight bytes at a time while none of them is a quote, a backslash or a control
            // character (the usual bit tricks: a byte is less than n, or equal to one).
            while offset &+ 8 <= count {
                let word = unsafe UnsafeRawPointer(base + offset)
                    .loadUnaligned(as: UInt64.self)
                let ones: UInt64 = 0x0101_0101_0101_0101
                let tops: UInt64 = 0x8080_8080_8080_8080
                let quotes = word ^ (ones &* 0x22)
                let slashes = word ^ (ones &* 0x5c)
                let found =
                    ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
                    | ((word &- ones &* 0x20) & ~word)
                if found & tops != 0 { break }
                if word & tops != 0 { facts.insert(.isNotASCII) }
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
