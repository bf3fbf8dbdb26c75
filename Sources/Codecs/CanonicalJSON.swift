package import Diagnostics

/// Writes JSON in the one spelling the format has for it: RFC 8785, but integers keep all their
/// digits.
package enum CanonicalJSON {
    /// What was mended on the way.
    package struct Repairs: Hashable, Sendable {
        /// U+0000 and lone surrogates, now U+FFFD.
        package var replacedCharacters = 0
        /// Members left out because a later one had the same key.
        package var duplicateKeys = 0

        /// None.
        package init() {}
    }

    /// Appends the canonical text of a value.
    ///
    /// Keys are sorted by UTF-16 code units, of equal keys the last wins. U+0000 and lone
    /// surrogates become U+FFFD. `transform` may change the UTF-8 of every string, keys too, before
    /// it is written or sorted; it must leave well-formed UTF-8.
    /// - Throws: `json.number-range` with the number's path, for one beyond a double's range that
    ///   is not an integer. `out` then ends in a part of the value.
    package static func append(
        _ node: JSONNode,
        to out: inout [UInt8],
        repairs: inout Repairs,
        transform: ((inout [UInt8]) -> Void)? = nil
    ) throws(Failure) {
        var writer = CanonicalWriter(document: node.document, transform: transform)
        writer.repairs = repairs
        let culprit = writer.append(node.index, to: &out)
        repairs = writer.repairs
        if let culprit { throw outOfRange(culprit, under: node) }
    }

    /// Appends a string with its quotes, escaped as RFC 8785 does.
    ///
    /// `utf8` must be well-formed.
    package static func appendString(
        _ utf8: UnsafeBufferPointer<UInt8>,
        to out: inout [UInt8]
    ) {
        unsafe JSONString.append(utf8, to: &out)
    }

    /// Appends a string with its quotes, escaped as RFC 8785 does.
    package static func appendString(_ text: String, to out: inout [UInt8]) {
        var text = text
        text.withUTF8 { unsafe JSONString.append($0, to: &out) }
    }

    /// Appends a finite double as ECMAScript spells it; -0 is `0`.
    package static func appendDouble(_ value: Double, to out: inout [UInt8]) {
        JSONNumber.append(value, to: &out)
    }

    /// The canonical text of a JSON text.
    /// - Throws: `json.syntax`, `json.number-range`.
    package static func format(parsing bytes: [UInt8]) throws(Failure) -> [UInt8] {
        let document = try JSONDocument(parsing: bytes)
        var out: [UInt8] = []
        var repairs = Repairs()
        try append(document.root, to: &out, repairs: &repairs)
        return out
    }

    private static func outOfRange(_ culprit: Int, under root: JSONNode) -> Failure {
        let number = JSONNode(document: root.document, index: culprit)
        return Failure(
            .jsonNumberRange,
            "The number \"\(String(decoding: number.rawBytes.prefix(64), as: UTF8.self))\" at "
                + "\(path(to: culprit, under: root)) is beyond the range of a double."
        )
    }

    /// `$.payload.sizes[3]`: from `root` down to the node at `target`.
    private static func path(to target: Int, under root: JSONNode) -> String {
        var path = "$"
        var node = root
        let tape = root.document.tape
        while node.index != target {
            if node.kind == .object {
                guard
                    let (key, value) = node.members.first(where: {
                        target < Int(tape[$0.value.index].next)
                    })
                else { break }
                path += ".\(key)"
                node = value
            } else {
                let elements = node.elements
                guard
                    let index = elements.firstIndex(where: { target < Int(tape[$0.index].next) })
                else { break }
                path += "[\(index)]"
                node = elements[index]
            }
        }
        return path
    }
}

/// The writer of one value; recursion is bounded by the parser's depth limit.
private struct CanonicalWriter {
    private struct Member {
        /// Where its key is in `keys`.
        var key: Range<Int>
        var value: Int
        /// The `n`th of its object, so that of equal keys the last can be told.
        var order: Int
    }

    let document: JSONDocument
    let transform: ((inout [UInt8]) -> Void)?
    var repairs = CanonicalJSON.Repairs()
    /// Decoded keys and members of all open objects, innermost last.
    private var keys: [UInt8] = []
    private var members: [Member] = []
    private var scratch: [UInt8] = []

    init(document: JSONDocument, transform: ((inout [UInt8]) -> Void)?) {
        self.document = document
        self.transform = transform
    }

    /// Appends a value; gives the index of a number out of range, if it met one.
    mutating func append(_ index: Int, to out: inout [UInt8]) -> Int? {
        let node = document.tape[index]
        switch node.kind {
        case .null, .bool:
            out += document.bytes[Int(node.start)..<Int(node.end)]
        case .number:
            return number(index, node, to: &out)
        case .string:
            string(index, node, to: &out)
        case .array:
            out.append(UInt8(ascii: "["))
            var position = index + 1
            while position < Int(node.next) {
                if position > index + 1 { out.append(UInt8(ascii: ",")) }
                if let culprit = append(position, to: &out) { return culprit }
                position = Int(document.tape[position].next)
            }
            out.append(UInt8(ascii: "]"))
        case .object:
            return object(index, node, to: &out)
        }
        return nil
    }

    private func number(_ index: Int, _ node: TapeNode, to out: inout [UInt8]) -> Int? {
        let text = document.bytes[Int(node.start)..<Int(node.end)]
        guard node.flag else {
            let isMinusZero =
                text.count == 2 && text.first == UInt8(ascii: "-")
                && text.last == UInt8(ascii: "0")
            if isMinusZero { out.append(UInt8(ascii: "0")) } else { out += text }
            return nil
        }
        guard let value = JSONNumber.double(text), value.isFinite else { return index }
        JSONNumber.append(value, to: &out)
        return nil
    }

    private mutating func string(_ index: Int, _ node: TapeNode, to out: inout [UInt8]) {
        guard node.flag || transform != nil else {
            // Without an escape it is spelled canonically already.
            out += document.bytes[Int(node.start)..<Int(node.end)]
            return
        }
        decode(index)
        unsafe scratch.withUnsafeBufferPointer { unsafe JSONString.append($0, to: &out) }
    }

    /// Puts the decoded and transformed text of a string into `scratch`.
    private mutating func decode(_ index: Int) {
        scratch.removeAll(keepingCapacity: true)
        JSONNode(document: document, index: index).appendDecoded(
            to: &scratch,
            replacingNull: true,
            replaced: &repairs.replacedCharacters
        )
        if let transform { transform(&scratch) }
    }

    private mutating func object(_ index: Int, _ node: TapeNode, to out: inout [UInt8]) -> Int? {
        let firstKey = keys.count
        let firstMember = members.count
        defer {
            keys.removeLast(keys.count - firstKey)
            members.removeLast(members.count - firstMember)
        }
        var position = index + 1
        while position < Int(node.next) {
            let start = keys.count
            let key = document.tape[position]
            if key.flag || transform != nil {
                decode(position)
                keys += scratch
            } else {
                keys += document.bytes[Int(key.start) + 1..<Int(key.end) - 1]
            }
            members.append(
                Member(key: start..<keys.count, value: position + 1, order: members.count)
            )
            position = Int(document.tape[position + 1].next)
        }
        sortMembers(from: firstMember)
        out.append(UInt8(ascii: "{"))
        let end = members.count
        var isFirst = true
        for current in firstMember..<end {
            let member = members[current]
            if current + 1 < end, keys[member.key] == keys[members[current + 1].key] {
                repairs.duplicateKeys += 1
                continue
            }
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            unsafe keys.withUnsafeBufferPointer {
                unsafe JSONString.append(UnsafeBufferPointer(rebasing: $0[member.key]), to: &out)
            }
            out.append(UInt8(ascii: ":"))
            if let culprit = append(member.value, to: &out) { return culprit }
        }
        out.append(UInt8(ascii: "}"))
        return nil
    }

    private mutating func sortMembers(from first: Int) {
        unsafe keys.withUnsafeBufferPointer { keys in
            members[first...].sort { a, b in
                let left = unsafe UnsafeBufferPointer(rebasing: keys[a.key])
                let right = unsafe UnsafeBufferPointer(rebasing: keys[b.key])
                if unsafe UTF8Text.precedesInUTF16(left, right) { return true }
                if unsafe UTF8Text.precedesInUTF16(right, left) { return false }
                return a.order < b.order
            }
        }
    }
}
