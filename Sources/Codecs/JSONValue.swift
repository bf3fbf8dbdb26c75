package import Diagnostics

/// A JSON value as a tree, for small documents: keeps the order of members.
package indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// Parses a text.
    /// - Throws: `json.syntax`; `json.number-range` for a number beyond a double's range.
    package init(parsing bytes: [UInt8]) throws(Failure) {
        self = try JSONValue(JSONDocument(parsing: bytes).root)
    }

    /// The tree of a parsed value.
    ///
    /// Integers that do not fit `int` become doubles.
    /// - Throws: `json.number-range` for a number beyond a double's range.
    package init(_ node: JSONNode) throws(Failure) {
        switch node.kind {
        case .null: self = .null
        case .bool: self = .bool(node.bool ?? false)
        case .number:
            if let value = node.int64 {
                self = .int(value)
            } else if let value = node.double, value.isFinite {
                self = .double(value)
            } else {
                let text = String(decoding: node.rawBytes.prefix(64), as: UTF8.self)
                throw Failure(
                    .jsonNumberRange,
                    "The number \"\(text)\" is beyond the range of a double."
                )
            }
        case .string: self = .string(node.string ?? "")
        case .array:
            var elements: [JSONValue] = []
            for element in node.elements { elements.append(try JSONValue(element)) }
            self = .array(elements)
        case .object:
            var members: [(key: String, value: JSONValue)] = []
            for (key, value) in node.members { members.append((key, try JSONValue(value))) }
            self = .object(members)
        }
    }

    /// The text: strings and numbers in canonical spelling, members in their order; `pretty` puts
    /// each on a line of its own, indented by two.
    ///
    /// A double that is not finite is `null`.
    package func serialized(pretty: Bool = false) -> String {
        var out: [UInt8] = []
        append(to: &out, indent: pretty ? 0 : nil)
        return String(decoding: out, as: UTF8.self)
    }

    private func append(to out: inout [UInt8], indent: Int?) {
        switch self {
        case .null: out += Array("null".utf8)
        case .bool(let value): out += Array((value ? "true" : "false").utf8)
        case .int(let value): JSONNumber.append(value, to: &out)
        case .double(let value):
            if value.isFinite {
                JSONNumber.append(value, to: &out)
            } else {
                out += Array("null".utf8)
            }
        case .string(let value): CanonicalJSON.appendString(value, to: &out)
        case .array(let elements):
            Self.append("[", "]", elements, to: &out, indent: indent) { element, out, indent in
                element.append(to: &out, indent: indent)
            }
        case .object(let members):
            Self.append("{", "}", members, to: &out, indent: indent) { member, out, indent in
                CanonicalJSON.appendString(member.key, to: &out)
                out += Array((indent == nil ? ":" : ": ").utf8)
                member.value.append(to: &out, indent: indent)
            }
        }
    }

    private static func append<Item>(
        _ open: String,
        _ close: String,
        _ items: [Item],
        to out: inout [UInt8],
        indent: Int?,
        _ body: (Item, inout [UInt8], Int?) -> Void
    ) {
        func newLine(_ depth: Int?) -> [UInt8] {
            depth.map { [UInt8(ascii: "\n")] + [UInt8](repeating: 0x20, count: $0 * 2) } ?? []
        }
        out += Array(open.utf8)
        let inner = indent.map { $0 + 1 }
        for (index, item) in items.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += newLine(inner)
            body(item, &out, inner)
        }
        if !items.isEmpty { out += newLine(indent) }
        out += Array(close.utf8)
    }

    /// The value of a member; the last if there are several, nil if there is none.
    package subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    /// Its value if it is a string.
    package var string: String? { if case .string(let value) = self { value } else { nil } }

    /// Its value if it is a whole number.
    package var int: Int64? { if case .int(let value) = self { value } else { nil } }

    /// Its value if it is a number.
    package var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    /// Its value if it is `true` or `false`.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// Its elements if it is an array.
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    /// Its members if it is an object.
    package var object: [(key: String, value: JSONValue)]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Whether it is `null`.
    package var isNull: Bool { if case .null = self { true } else { false } }
}

extension JSONValue: Equatable {
    /// Equal texts: strings byte for byte, members in the same order.
    package static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let x), .bool(let y)): x == y
        case (.int(let x), .int(let y)): x == y
        case (.double(let x), .double(let y)): x == y
        case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
        case (.array(let x), .array(let y)): x == y
        case (.object(let x), .object(let y)):
            x.elementsEqual(y) { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
        default: false
        }
    }
}
