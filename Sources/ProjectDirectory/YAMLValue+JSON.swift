import Codecs
import Diagnostics

extension YAMLValue {
    /// The value as canonical JSON (RFC 8785).
    ///
    /// Plain `true`, `false`, `null` and decimal integers become what they say; every other scalar
    /// is a string, so that no address and no date is taken for a number.
    ///
    /// - Returns: UTF-8.
    /// - Throws: `directory.invalid-document` for keys that are null, and for U+0000.
    func canonicalJSON() throws(Failure) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(document.text.count + 16)
        try appendJSON(to: &out)
        return out
    }

    private func appendJSON(to out: inout [UInt8]) throws(Failure) {
        switch kind {
        case .plain, .quoted:
            try appendScalar(to: &out)
        case .sequence:
            var separator = UInt8(ascii: "[")
            for element in parts {
                out.append(separator)
                separator = UInt8(ascii: ",")
                try element.appendJSON(to: &out)
            }
            if separator == UInt8(ascii: "[") { out.append(separator) }
            out.append(UInt8(ascii: "]"))
        case .mapping:
            var members: [(key: YAMLValue, value: YAMLValue)] = []
            for (key, value) in try entries("A value") {
                guard key.isText, !key.bytes.contains(0) else {
                    _ = try key.text("A key")
                    continue
                }
                members.append((key, value))
            }
            members.sort { $0.key.precedesInJSON($1.key) }
            var separator = UInt8(ascii: "{")
            for (key, value) in members {
                out.append(separator)
                separator = UInt8(ascii: ",")
                key.appendString(to: &out)
                out.append(UInt8(ascii: ":"))
                try value.appendJSON(to: &out)
            }
            if separator == UInt8(ascii: "{") { out.append(separator) }
            out.append(UInt8(ascii: "}"))
        }
    }

    /// RFC 8785 sorts by UTF-16 code units: where both are ASCII, by bytes.
    private func precedesInJSON(_ other: YAMLValue) -> Bool {
        if bytes.allSatisfy({ $0 < 0x80 }), other.bytes.allSatisfy({ $0 < 0x80 }) {
            return bytes.lexicographicallyPrecedes(other.bytes)
        }
        return string.utf16.lexicographicallyPrecedes(other.string.utf16)
    }

    private func appendScalar(to out: inout [UInt8]) throws(Failure) {
        guard !isNull else {
            out.append(contentsOf: "null".utf8)
            return
        }
        guard !bytes.contains(0) else {
            throw invalid("A value contains the character U+0000.")
        }
        if kind == .plain, self.is("true") || self.is("false") || isInteger {
            out.append(contentsOf: bytes)
        } else {
            appendString(to: &out)
        }
    }

    private func appendString(to out: inout [UInt8]) {
        let bytes = bytes
        unsafe bytes.withUnsafeBufferPointer { utf8 in
            unsafe CanonicalJSON.appendString(utf8, to: &out)
        }
    }

    /// Whether it is an integer in the one spelling JSON has, within int64.
    var isInteger: Bool {
        guard let first = bytes.first, bytes.count <= 20,
            first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return false }
        let text = string
        return Int64(text).map { String($0) == text } ?? false
    }
}
