import Codecs

/// Writes one JSON object in the spelling of manifests.
///
/// That is canonical JSON (RFC 8785, keys sorted) with line breaks where a person or a delta
/// wants them. Without its line breaks the text is RFC 8785 to the byte.
struct CanonicalObject {
    private var members: [(key: String, value: [UInt8])] = []

    /// An object that starts with the members a newer writer put there and we do not know.
    init(unknown: UnknownMembers = UnknownMembers()) {
        members = unknown.members
    }

    mutating func set(_ key: String, json value: [UInt8]) { members.append((key, value)) }

    mutating func set(_ key: String, _ value: Int) { set(key, json: Array(String(value).utf8)) }

    mutating func set(_ key: String, _ value: Bool) {
        set(key, json: Array((value ? "true" : "false").utf8))
    }

    mutating func set(_ key: String, _ value: String) { set(key, json: Self.quoted(value)) }

    mutating func set(_ key: String, _ values: [String]) {
        var out: [UInt8] = [UInt8(ascii: "[")]
        for (index, value) in values.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += Self.quoted(value)
        }
        out.append(UInt8(ascii: "]"))
        set(key, json: out)
    }

    /// Sets a list with one element a line.
    mutating func set(_ key: String, lines: [[UInt8]]) {
        var out = Array("[".utf8)
        for (index, line) in lines.enumerated() {
            out += Array((index > 0 ? ",\n" : "\n").utf8)
            out += line
        }
        out += Array((lines.isEmpty ? "]" : "\n]").utf8)
        set(key, json: out)
    }

    /// The object; with `lineBreaks`, one member a line and a newline at the end.
    func bytes(lineBreaks: Bool = false) -> [UInt8] {
        let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
        var out: [UInt8] = [UInt8(ascii: "{")]
        for (index, member) in sorted.enumerated() {
            if index > 0 { out += Array((lineBreaks ? ",\n" : ",").utf8) }
            out += Self.quoted(member.key)
            out.append(UInt8(ascii: ":"))
            out += member.value
        }
        out += Array((lineBreaks ? "}\n" : "}").utf8)
        return out
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        let utf8 = Array(text.utf8)
        unsafe utf8.withUnsafeBufferPointer { bytes in
            unsafe CanonicalJSON.appendString(bytes, to: &out)
        }
        return out
    }
}

/// Members of an object that this version of the format does not know: kept, so that an older
/// program rewriting a table loses nothing of a newer one's.
struct UnknownMembers: Sendable {
    fileprivate(set) var members: [(key: String, value: [UInt8])] = []

    /// None.
    init() {}

    var isEmpty: Bool { members.isEmpty }

    /// Keeps one; `value` is canonical JSON.
    mutating func keep(_ key: String, _ value: [UInt8]) { members.append((key, value)) }
}
