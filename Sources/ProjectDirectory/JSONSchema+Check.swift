import Diagnostics

extension JSONSchema {
    /// Checks a value and all it holds.
    ///
    /// - Parameters:
    ///   - value: which.
    ///   - what: how complaints call it, as `"github"`.
    ///   - complain: called for everything that is wrong, in the order of the file.
    func check(_ value: YAMLValue, _ what: () -> String, _ complain: (Failure) -> Void) {
        guard !value.isNull else {
            return complain(
                value.invalid("\(what()) has no value.", hint: "Write one, or remove the key.")
            )
        }
        switch type {
        case .object:
            guard value.kind == .mapping else {
                return complain(
                    value.invalid("\(what()) must be a mapping, as in \"name: value\".")
                )
            }
            checkMembers(of: value, what, complain)
        case .array:
            guard value.kind == .sequence else {
                return complain(
                    value.invalid(
                        "\(what()) must be a list.",
                        hint: "Write each element on a line of its own that starts with \"- \"."
                    )
                )
            }
            var count = 0
            for element in value.parts {
                count += 1
                items?.check(element, { "An element of \(what())" }, complain)
            }
            if count < leastItems {
                complain(
                    value.invalid("\(what()) is empty.", hint: "List at least \(leastItems).")
                )
            }
        case .integer, .number:
            guard value.kind == .plain, value.isInteger else {
                return complain(
                    value.invalid("\(what()) must be a number, not \"\(value.string)\".")
                )
            }
        case .string:
            guard value.isText else {
                return complain(value.invalid("\(what()) must be a text."))
            }
            if value.bytes.contains(0) {
                complain(value.invalid("\(what()) contains the character U+0000."))
            }
        case nil: break
        }
        if let values, value.isText {
            let bytes = value.bytes
            guard !values.contains(where: { $0.elementsEqual(bytes) }) else { return }
            complain(unknown(value, what(), among: values))
        }
    }

    private func unknown(_ value: YAMLValue, _ what: String, among values: [[UInt8]]) -> Failure {
        let names = values.map { String(decoding: $0, as: UTF8.self) }
        return Failure(
            .unknownValue,
            "\(what) may not be \"\(value.string)\".",
            hint: nearest(to: value.string, among: names).map { "Did you mean \"\($0)\"?" }
                ?? "It may be \(names.joined(separator: ", ")).",
            place: value.place
        )
    }

    private func checkMembers(
        of value: YAMLValue,
        _ what: () -> String,
        _ complain: (Failure) -> Void
    ) {
        // A bit for each property.
        var seen: UInt64 = 0
        var entries = YAMLValue.Entries(of: value)
        while let (key, member) = entries.next() {
            let bytes = key.bytes
            let index = properties.firstIndex {
                $0.bytes.count == bytes.count && $0.bytes.elementsEqual(bytes)
            }
            if let index {
                seen |= 1 << UInt64(index)
                let property = properties[index]
                property.schema.check(member, { "\"\(property.name)\"" }, complain)
            } else if !allowsOthers {
                complain(unknownKey(key, what()))
            }
        }
        for (index, property) in properties.enumerated()
        where property.isRequired && seen & 1 << UInt64(index) == 0 {
            complain(
                value.invalid(
                    "\(what()) has no \"\(property.name)\".",
                    hint: "Add a line \"\(property.name): …\"."
                )
            )
        }
    }

    private func unknownKey(_ key: YAMLValue, _ what: String) -> Failure {
        let names = properties.map(\.name)
        return Failure(
            .unknownKey,
            "\(what) has an unknown key \"\(key.string)\".",
            hint: nearest(to: key.string, among: names).map { "Did you mean \"\($0)\"?" }
                ?? "Known are \(names.joined(separator: ", ")).",
            place: key.place
        )
    }
}
