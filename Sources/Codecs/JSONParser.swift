/// Why a text is not JSON, and where.
struct JSONProblem {
    let message: String
    let offset: Int
}

/// Makes the list of values of a JSON text.
///
/// No recursion: a hostile text must not end the program by its depth.
@safe
struct JSONParser {
    /// Deeper texts are refused, since readers of the list recurse.
    static let depthLimit = 512

    private let base: UnsafePointer<UInt8>
    private let count: Int
    private var position = 0
    private(set) var tape: [TapeNode]
    private var open: [Int] = []
    private var problem: JSONProblem?

    /// `tape` must be empty; its memory is used.
    init(_ base: UnsafePointer<UInt8>, count: Int, tape: [TapeNode]) {
        unsafe self.base = base
        self.count = count
        self.tape = tape
    }

    /// Parses the text; gives what is wrong with it, or nil.
    mutating func parse() -> JSONProblem? {
        skipSpace()
        guard value() else { return problem }
        while !open.isEmpty {
            guard step() else { return problem }
        }
        skipSpace()
        guard position == count else {
            fail("there is more after the value")
            return problem
        }
        return nil
    }

    @inline(never)
    @discardableResult
    private mutating func fail(_ message: String, at offset: Int? = nil) -> Bool {
        problem = JSONProblem(message: message, offset: offset ?? position)
        return false
    }

    @inline(__always)
    private mutating func skipSpace() {
        while position < count {
            switch unsafe base[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    /// Goes on inside the innermost open array or object: at its next element, or its end.
    @inline(__always)
    private mutating func step() -> Bool {
        let container = open[open.count - 1]
        let isObject = tape[container].kind == .object
        let isFirst = tape.count == container + 1
        skipSpace()
        guard position < count else { return fail("it ends too early") }
        let byte = unsafe base[position]
        // "]" is 0x5d and "}" is 0x7d.
        if byte == (isObject ? 0x7d : 0x5d) {
            position += 1
            tape[container].end = UInt32(truncatingIfNeeded: position)
            tape[container].next = UInt32(truncatingIfNeeded: tape.count)
            open.removeLast()
            return true
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else {
                return fail(isObject ? "no \",\" or \"}\"" : "no \",\" or \"]\"")
            }
            position += 1
            skipSpace()
        }
        if isObject {
            guard position < count, unsafe base[position] == UInt8(ascii: "\"") else {
                return fail("no key of an object")
            }
            guard string() else { return false }
            skipSpace()
            guard position < count, unsafe base[position] == UInt8(ascii: ":") else {
                return fail("no \":\" after a key")
            }
            position += 1
            skipSpace()
        }
        return value()
    }

    /// Takes a value; of an array or object only its beginning, which it opens.
    @inline(__always)
    private mutating func value() -> Bool {
        guard position < count else { return fail("it ends too early") }
        switch unsafe base[position] {
        case UInt8(ascii: "\""):
            return string()
        case UInt8(ascii: "{"):
            return begin(.object)
        case UInt8(ascii: "["):
            return begin(.array)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return number()
        case UInt8(ascii: "t"):
            return literal("true", .bool, flag: true)
        case UInt8(ascii: "f"):
            return literal("false", .bool, flag: false)
        case UInt8(ascii: "n"):
            return literal("null", .null, flag: false)
        default:
            return fail("no value")
        }
    }

    @inline(__always)
    private mutating func begin(_ kind: JSONNode.Kind) -> Bool {
        guard open.count < Self.depthLimit else {
            return fail("it is over \(Self.depthLimit) levels deep")
        }
        open.append(tape.count)
        tape.append(TapeNode(kind: kind, start: position, end: 0, next: 0))
        position += 1
        return true
    }

    private mutating func literal(_ text: StaticString, _ kind: JSONNode.Kind, flag: Bool) -> Bool {
        let length = text.utf8CodeUnitCount
        for index in 0..<length {
            guard position + index < count,
                unsafe base[position + index] == text.utf8Start[index]
            else { return fail("no value") }
        }
        append(kind, length: length, flag: flag)
        return true
    }

    @inline(__always)
    private mutating func append(_ kind: JSONNode.Kind, length: Int, flag: Bool) {
        tape.append(
            TapeNode(
                kind: kind,
                start: position,
                end: position + length,
                next: tape.count + 1,
                flag: flag
            )
        )
        position += length
    }

    /// Takes digits from `index`; gives where they end.
    @inline(__always)
    private func digits(_ index: Int) -> Int {
        var index = index
        while index < count, unsafe base[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        return index
    }

    private mutating func number() -> Bool {
        var index = position
        if unsafe base[index] == UInt8(ascii: "-") { index += 1 }
        let whole = index
        index = digits(index)
        guard index > whole else { return fail("no digit in a number", at: index) }
        if index > whole + 1, unsafe base[whole] == UInt8(ascii: "0") {
            return fail("a number with a leading zero")
        }
        var isInteger = true
        if index < count, unsafe base[index] == UInt8(ascii: ".") {
            isInteger = false
            let start = index + 1
            index = digits(start)
            guard index > start else { return fail("no digit after a point", at: index) }
        }
        if index < count, unsafe base[index] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            var start = index + 1
            if start < count,
                unsafe base[start] == UInt8(ascii: "+") || base[start] == UInt8(ascii: "-")
            {
                start += 1
            }
            index = digits(start)
            guard index > start else { return fail("no digit in an exponent", at: index) }
        }
        append(.number, length: index - position, flag: !isInteger)
        return true
    }

    @inline(__always)
    private mutating func string() -> Bool {
        var index = position + 1
        var hasEscape = false
        while true {
            while index + 8 <= count {
                let word = unsafe UInt64(
                    littleEndian: UnsafeRawPointer(base)
                        .loadUnaligned(fromByteOffset: index, as: UInt64.self)
                )
                let marks = ByteWord.special(word, orHigh: true)
                if marks != 0 {
                    index += marks.trailingZeroBitCount >> 3
                    break
                }
                index += 8
            }
            guard index < count else {
                return fail("a string that does not end", at: position)
            }
            let byte = unsafe base[index]
            if byte == UInt8(ascii: "\"") {
                append(.string, length: index + 1 - position, flag: hasEscape)
                return true
            }
            if byte == UInt8(ascii: "\\") {
                hasEscape = true
                let length = escapeLength(index)
                guard length > 0 else { return fail("no escape after \"\\\"", at: index) }
                index += length
            } else if byte < 0x20 {
                return fail("a control character in a string", at: index)
            } else if byte < 0x80 {
                index += 1
            } else {
                let length = unsafe UTF8Text.sequenceLength(base + index, available: count - index)
                guard length > 0 else { return fail("no UTF-8", at: index) }
                index += length
            }
        }
    }

    /// The length of the escape at `index`; 0 if it is none.
    private func escapeLength(_ index: Int) -> Int {
        guard index + 1 < count else { return 0 }
        switch unsafe base[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard index + 6 <= count else { return 0 }
            for digit in 2..<6 {
                guard unsafe JSONString.hexValue(base[index + digit]) < 16 else { return 0 }
            }
            return 6
        default:
            return 0
        }
    }
}
