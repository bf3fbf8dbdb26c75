package import Diagnostics

extension Failure.Code {
    /// A text is not JSON.
    package static let jsonSyntax = Self("json.syntax")
    /// A number is beyond what a double can say.
    package static let jsonNumberRange = Self("json.number-range")
}

/// A parsed JSON text (RFC 8259): a flat list of its values in the order they begin, over the
/// original bytes.
///
/// Nothing is decoded before it is asked for. At most 512 levels deep, 4 GiB long, strict UTF-8.
package struct JSONDocument: Sendable {
    /// The text.
    package private(set) var bytes: [UInt8]
    var tape: [TapeNode]

    /// A document of `null`, to `parse` texts into.
    package init() {
        bytes = Array("null".utf8)
        tape = [TapeNode(kind: .null, start: 0, end: 4, next: 1)]
    }

    /// Parses one value with white space around it.
    /// - Throws: `json.syntax`, naming the offset in bytes, from 0.
    package init(parsing bytes: [UInt8]) throws(Failure) {
        self.bytes = bytes
        tape = []
        try parseBytes()
    }

    /// Parses another text into the memory of this document.
    ///
    /// Nodes got before keep theirs.
    /// - Throws: as `init(parsing:)`; the document is then that of `null`.
    package mutating func parse(_ text: UnsafeRawBufferPointer) throws(Failure) {
        bytes.removeAll(keepingCapacity: true)
        unsafe bytes.append(contentsOf: text)
        tape.removeAll(keepingCapacity: true)
        try parseBytes()
    }

    private mutating func parseBytes() throws(Failure) {
        guard bytes.count < UInt32.max else {
            self = JSONDocument()
            throw Failure(.jsonSyntax, "A JSON text may not be over 4 GiB long.")
        }
        let problem = unsafe bytes.withUnsafeBufferPointer { (bytes) -> JSONProblem? in
            guard let base = bytes.baseAddress, !bytes.isEmpty else {
                return JSONProblem(message: "it is empty", offset: 0)
            }
            var parser = unsafe JSONParser(base, count: bytes.count, tape: take(&tape))
            let problem = parser.parse()
            tape = parser.tape
            return problem
        }
        if let problem {
            self = JSONDocument()
            throw Failure(
                .jsonSyntax,
                "The text is not JSON: \(problem.message) at byte \(problem.offset)."
            )
        }
    }

    /// The value.
    package var root: JSONNode { JSONNode(document: self, index: 0) }
}

/// Moves an array out of a variable, so that it has one owner and its memory is used again.
private func take(_ array: inout [TapeNode]) -> [TapeNode] {
    var taken: [TapeNode] = []
    swap(&taken, &array)
    return taken
}

/// One value of a parsed text.
struct TapeNode: Sendable {
    /// Offsets of its text.
    var start: UInt32
    var end: UInt32
    /// Position in the list of what follows it and all its children.
    var next: UInt32
    var kind: JSONNode.Kind
    /// Of a string: it has an escape.
    ///
    /// Of a number: it has a point or an exponent. Of a bool: true.
    var flag: Bool

    init(kind: JSONNode.Kind, start: Int, end: Int, next: Int, flag: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        self.kind = kind
        self.flag = flag
    }
}

/// A value in a parsed JSON text.
package struct JSONNode: Sendable {
    /// What kind of value it is.
    package enum Kind: UInt8, Sendable {
        case null
        case bool
        case number
        case string
        case array
        case object
    }

    let document: JSONDocument
    let index: Int

    private var tapeNode: TapeNode { document.tape[index] }

    /// What kind of value it is.
    package var kind: Kind { tapeNode.kind }

    /// Where its text is in the document's bytes.
    package var range: Range<Int> {
        let node = tapeNode
        return Int(node.start)..<Int(node.end)
    }

    /// Its text as it stands in the document.
    package var rawBytes: ArraySlice<UInt8> { document.bytes[range] }

    /// Whether it is `null`.
    package var isNull: Bool { kind == .null }

    /// Its value if it is `true` or `false`.
    package var bool: Bool? {
        let node = tapeNode
        return node.kind == .bool ? node.flag : nil
    }

    /// Its value if it is a number without point and exponent that fits.
    package var int64: Int64? {
        let node = tapeNode
        guard node.kind == .number, !node.flag else { return nil }
        return unsafe withRaw { unsafe JSONNumber.int64($0) }
    }

    /// Its value, rounded, if it is a number; infinite beyond a double's range.
    package var double: Double? {
        guard tapeNode.kind == .number else { return nil }
        return JSONNumber.double(rawBytes)
    }

    /// Its text decoded, if it is a string; lone surrogates become U+FFFD.
    package var string: String? {
        stringBytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Its text decoded to UTF-8, if it is a string; lone surrogates become U+FFFD.
    package var stringBytes: [UInt8]? {
        guard kind == .string else { return nil }
        var out: [UInt8] = []
        var replaced = 0
        appendDecoded(to: &out, replacingNull: false, replaced: &replaced)
        return out
    }

    /// Its text as a row may hold it, if it is a string: decoded to UTF-8, lone surrogates and
    /// U+0000 replaced by U+FFFD and counted.
    package func stringBytes(repairs: inout CanonicalJSON.Repairs) -> [UInt8]? {
        guard kind == .string else { return nil }
        var out: [UInt8] = []
        appendDecoded(to: &out, replacingNull: true, replaced: &repairs.replacedCharacters)
        return out
    }

    /// Appends the decoded text of a string.
    func appendDecoded(to out: inout [UInt8], replacingNull: Bool, replaced: inout Int) {
        let node = tapeNode
        unsafe withRaw { raw in
            let inner = unsafe UnsafeBufferPointer(rebasing: raw[1..<(raw.count - 1)])
            if node.flag {
                let count = unsafe JSONString.appendDecoded(
                    inner,
                    to: &out,
                    replacingNull: replacingNull
                )
                replaced += count
            } else {
                unsafe out.append(contentsOf: inner)
            }
        }
    }

    func withRaw<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        let range = range
        return unsafe document.bytes.withUnsafeBufferPointer {
            unsafe body(UnsafeBufferPointer(rebasing: $0[range]))
        }
    }

    /// Whether it is a string that says `text`, byte for byte.
    package func isString(_ text: String) -> Bool {
        let node = tapeNode
        guard node.kind == .string else { return false }
        if node.flag { return stringBytes.map { $0.elementsEqual(text.utf8) } ?? false }
        guard Int(node.end) - Int(node.start) - 2 == text.utf8.count else { return false }
        return unsafe withRaw { raw in
            let inner = unsafe UnsafeBufferPointer(rebasing: raw[1..<(raw.count - 1)])
            // A string's view is compared byte by byte through calls; its memory is not.
            let isEqual = unsafe text.utf8.withContiguousStorageIfAvailable {
                unsafe inner.elementsEqual($0)
            }
            return unsafe isEqual ?? inner.elementsEqual(text.utf8)
        }
    }

    /// The member of an object with this key, the last if there are several; nil if there is none
    /// or this is no object.
    package func member(_ key: String) -> JSONNode? {
        guard kind == .object else { return nil }
        var found: JSONNode?
        var position = index + 1
        let end = Int(tapeNode.next)
        while position < end {
            if JSONNode(document: document, index: position).isString(key) {
                found = JSONNode(document: document, index: position + 1)
            }
            position = Int(document.tape[position + 1].next)
        }
        return found
    }

    /// Elements of an array; empty for other kinds.
    package var elements: [JSONNode] {
        guard kind == .array else { return [] }
        var out: [JSONNode] = []
        var position = index + 1
        let end = Int(tapeNode.next)
        while position < end {
            out.append(JSONNode(document: document, index: position))
            position = Int(document.tape[position].next)
        }
        return out
    }

    /// Members of an object as they stand, duplicates too; empty for other kinds.
    package var members: [(key: String, value: JSONNode)] {
        memberNodes.map { ($0.key.string ?? "", $0.value) }
    }

    /// Calls `body` with each of `memberNodes`, so that no list of them is made.
    package func forEachMember<Problem: Error>(
        _ body: (_ key: JSONNode, _ value: JSONNode) throws(Problem) -> Void
    ) throws(Problem) {
        guard kind == .object else { return }
        var position = index + 1
        let end = Int(tapeNode.next)
        while position < end {
            try body(
                JSONNode(document: document, index: position),
                JSONNode(document: document, index: position + 1)
            )
            position = Int(document.tape[position + 1].next)
        }
    }

    /// As `members`, with keys as nodes, so that no String is made.
    package var memberNodes: [(key: JSONNode, value: JSONNode)] {
        var out: [(key: JSONNode, value: JSONNode)] = []
        forEachMember { out.append(($0, $1)) }
        return out
    }
}
