import Glibc

/// A place in canonical text that ends with a newline.
///
/// No canonical text has a control character but the newline between rows, so loops that stop at
/// control characters stop within the text.
@safe
struct CellScanner {
    private let text: UnsafeBufferPointer<UInt8>
    private(set) var offset: Int

    init(_ text: UnsafeBufferPointer<UInt8>, _ offset: Int) {
        unsafe self.text = unsafe text
        self.offset = offset
    }

    /// The byte here.
    var byte: UInt8 { unsafe text[offset] }

    /// Goes on by one byte; never past the last newline, since that is no value's.
    mutating func advance() { offset += 1 }

    /// Skips `expected` if it is here.
    mutating func skip(_ expected: [UInt8]) -> Bool {
        guard unsafe text.count - offset > expected.count else { return false }
        for index in expected.indices where unsafe text[offset &+ index] != expected[index] {
            return false
        }
        offset += expected.count
        return true
    }

    /// Skips `null` if it is here.
    mutating func skipNull() -> Bool {
        guard byte == UInt8(ascii: "n") else { return false }
        guard unsafe text.count - offset > 4, unsafe text[offset + 1] == UInt8(ascii: "u"),
            unsafe text[offset + 2] == UInt8(ascii: "l"),
            unsafe text[offset + 3] == UInt8(ascii: "l")
        else { return false }
        offset += 4
        return true
    }

    /// Reads `true`, `false` or a number: what stands before `,`, `]`, `}` or a control
    /// character.
    mutating func scalar() -> UnsafeBufferPointer<UInt8> {
        let start = offset
        while true {
            let byte = unsafe text[offset]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
                || byte < 0x20
            {
                break
            }
            offset &+= 1
        }
        return unsafe UnsafeBufferPointer(rebasing: text[start..<offset])
    }

    /// What a string holds.
    struct StringFacts {
        var hasEscapes = false
        var isASCII = true
    }

    /// Reads a string without its quotes, escapes as they are; nil if there is none.
    mutating func string(_ facts: inout StringFacts) -> UnsafeBufferPointer<UInt8>? {
        guard byte == UInt8(ascii: "\"") else { return nil }
        offset += 1
        let start = offset
        let base = unsafe UnsafeRawPointer(text.baseAddress.unsafelyUnwrapped)
        while true {
            // Eight bytes at a time while none of them is a quote, a backslash or a control
            // character (the usual bit tricks: a byte is less than n, or equal to one).
            while unsafe offset &+ 8 <= text.count {
                let word = unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                let ones: UInt64 = 0x0101_0101_0101_0101
                let tops: UInt64 = 0x8080_8080_8080_8080
                let quotes = word ^ (ones &* 0x22)
                let slashes = word ^ (ones &* 0x5c)
                let found =
                    ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
                    | ((word &- ones &* 0x20) & ~word)
                if found & tops != 0 { break }
                if word & tops != 0 { facts.isASCII = false }
                offset &+= 8
            }
            let byte = unsafe text[offset]
            if byte == UInt8(ascii: "\"") {
                defer { offset += 1 }
                return unsafe UnsafeBufferPointer(rebasing: text[start..<offset])
            }
            if byte < 0x20 { return nil }
            if byte >= 0x80 { facts.isASCII = false }
            if byte == UInt8(ascii: "\\") {
                facts.hasEscapes = true
                offset &+= 1
                // An escaped byte is no end; a newline would be the end of the text.
                if unsafe text[offset] < 0x20 { return nil }
            }
            offset &+= 1
        }
    }

    /// Skips a value of any kind; false if there is none.
    mutating func skipValue() -> Bool {
        switch byte {
        case UInt8(ascii: "\""):
            var facts = StringFacts()
            return unsafe string(&facts) != nil
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            return skipNested()
        default: return unsafe !scalar().isEmpty
        }
    }

    private mutating func skipNested() -> Bool {
        var depth = 0
        var facts = StringFacts()
        while true {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 {
                    offset += 1
                    return true
                }
            case UInt8(ascii: "\""):
                guard unsafe string(&facts) != nil else { return false }
                continue
            case 0..<0x20: return false
            default: break
            }
            offset += 1
        }
    }

    /// The text from `start` to here.
    func text(from start: Int) -> UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(rebasing: text[start..<offset])
    }

    /// The offset behind the newline that ends the row; nil if what follows here cannot be the
    /// rest of a row.
    mutating func endOfRow() -> Int? {
        guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "{")
        else { return nil }
        let base = unsafe UnsafeRawPointer(text.baseAddress.unsafelyUnwrapped)
        guard let end = unsafe memchr(base + offset, 0x0a, text.count - offset) else { return nil }
        offset = unsafe UnsafeRawPointer(end) - base + 1
        return offset
    }
}
