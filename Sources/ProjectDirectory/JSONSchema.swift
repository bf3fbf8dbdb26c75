import Codecs
import Diagnostics

/// What a JSON Schema (draft 2020-12) asks of a value, for the part of it that directories use.
///
/// A keyword that would be passed over is an error: a schema must not promise what nobody checks.
final class JSONSchema: Sendable {
    /// A type, or any if nil.
    let type: String?
    let properties: [(name: String, bytes: [UInt8], schema: JSONSchema)]
    let required: [String]
    let allowsOthers: Bool
    let items: JSONSchema?
    let leastItems: Int
    let values: [String]?

    /// Reads a schema.
    ///
    /// - Parameters:
    ///   - bytes: the JSON.
    ///   - file: how failures call it.
    /// - Throws: `directory.invalid-schema`.
    convenience init(parsing bytes: [UInt8], file: String) throws(Failure) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw Failure(
                .invalidSchema,
                "The schema is not JSON.",
                place: Place(file: file),
                cause: error.message
            )
        }
        try self.init(json, definitions: json["$defs"], file: file, depth: 0)
    }

    private init(
        _ json: JSONValue,
        definitions: JSONValue?,
        file: String,
        depth: Int
    ) throws(Failure) {
        func invalid(_ message: String) -> Failure {
            Failure(.invalidSchema, message, place: Place(file: file))
        }
        guard depth < 16 else { throw invalid("Definitions of the schema go round in a circle.") }
        var json = json
        if let reference = json["$ref"]?.string {
            let prefix = "#/$defs/"
            guard reference.hasPrefix(prefix),
                let target = definitions?[String(reference.dropFirst(prefix.count))]
            else { throw invalid("The schema's $ref \"\(reference)\" leads nowhere.") }
            json = target
        }
        guard let members = json.object else { throw invalid("A schema must be an object.") }
        func nested(_ json: JSONValue) throws(Failure) -> JSONSchema {
            try JSONSchema(json, definitions: definitions, file: file, depth: depth + 1)
        }
        var type: String?
        var properties: [(name: String, bytes: [UInt8], schema: JSONSchema)] = []
        var required: [String] = []
        var allowsOthers = true
        var items: JSONSchema?
        var leastItems = 0
        var values: [String]?
        for (key, value) in members {
            switch key {
            case "type":
                guard let name = value.string, Self.types.contains(name) else {
                    throw invalid(
                        "A \"type\" must be one of \(Self.types.joined(separator: ", "))."
                    )
                }
                type = name
            case "properties":
                for (name, schema) in value.object ?? [] {
                    properties.append((name, Array(name.utf8), try nested(schema)))
                }
            case "required": required = (value.array ?? []).compactMap(\.string)
            case "additionalProperties":
                guard let flag = value.bool else {
                    throw invalid("\"additionalProperties\" must be true or false.")
                }
                allowsOthers = flag
            case "items": items = try nested(value)
            case "minItems": leastItems = Int(value.int ?? 0)
            case "enum": values = (value.array ?? []).compactMap(\.string)
            case "format":
                // What a URL of each kind looks like is LinkRule's.
                guard value.string == "uri" else {
                    throw invalid("The only \"format\" that is checked is \"uri\".")
                }
            case "$schema", "$id", "$defs", "$comment", "$ref", "title", "description", "examples":
                break
            default:
                throw invalid("Nobody checks \"\(key)\" of a schema here.")
            }
        }
        self.type = type
        self.properties = properties
        self.required = required
        self.allowsOthers = allowsOthers
        self.items = items
        self.leastItems = leastItems
        self.values = values
    }

    private static let types = ["object", "array", "string", "integer", "number"]
}

// MARK: Validation

extension JSONSchema {
    /// Checks a value and all it holds.
    ///
    /// - Parameters:
    ///   - value: which.
    ///   - what: how complaints call it, as `"github"`.
    ///   - complain: called for everything that is wrong, in the order of the file.
    func check(_ value: YAMLValue, _ what: String, _ complain: (Failure) -> Void) {
        guard !value.isNull else {
            return complain(
                value.invalid("\(what) has no value.", hint: "Write one, or remove the key.")
            )
        }
        switch type {
        case "object":
            guard value.kind == .mapping else {
                return complain(
                    value.invalid("\(what) must be a mapping, as in \"name: value\".")
                )
            }
            checkMembers(of: value, what, complain)
        case "array":
            guard value.kind == .sequence else {
                return complain(
                    value.invalid(
                        "\(what) must be a list.",
                        hint: "Write each element on a line of its own that starts with \"- \"."
                    )
                )
            }
            var count = 0
            for element in value.parts {
                count += 1
                items?.check(element, "An element of \(what)", complain)
            }
            if count < leastItems {
                complain(value.invalid("\(what) is empty.", hint: "List at least \(leastItems)."))
            }
        case "integer", "number":
            guard value.kind == .plain, value.isInteger else {
                return complain(
                    value.invalid("\(what) must be a number, not \"\(value.string)\".")
                )
            }
        case "string":
            guard value.isText else {
                return complain(value.invalid("\(what) must be a text."))
            }
            if value.bytes.contains(0) {
                complain(value.invalid("\(what) contains the character U+0000."))
            }
        default: break
        }
        if let values, value.isText, !values.contains(value.string) {
            let near = nearest(to: value.string, among: values)
            complain(
                Failure(
                    .unknownValue,
                    "\(what) may not be \"\(value.string)\".",
                    hint: near.map { "Did you mean \"\($0)\"?" }
                        ?? "It may be \(values.joined(separator: ", ")).",
                    place: value.place
                )
            )
        }
    }

    private func checkMembers(
        of value: YAMLValue,
        _ what: String,
        _ complain: (Failure) -> Void
    ) {
        var seen: Set<String> = []
        var entries = YAMLValue.Entries(of: value)
        while let (key, member) = entries.next() {
            let bytes = key.bytes
            if let property = properties.first(where: { $0.bytes.elementsEqual(bytes) }) {
                seen.insert(property.name)
                property.schema.check(member, "\"\(property.name)\"", complain)
            } else if !allowsOthers {
                let names = properties.map(\.name)
                let near = nearest(to: key.string, among: names)
                complain(
                    Failure(
                        .unknownKey,
                        "\(what) has an unknown key \"\(key.string)\".",
                        hint: near.map { "Did you mean \"\($0)\"?" }
                            ?? "Known are \(names.joined(separator: ", ")).",
                        place: key.place
                    )
                )
            }
        }
        for name in required where !seen.contains(name) {
            complain(
                value.invalid("\(what) has no \"\(name)\".", hint: "Add a line \"\(name): …\".")
            )
        }
    }
}
