import Codecs
import Diagnostics

/// What a JSON Schema (draft 2020-12) asks of a value, for the part of it that directories use.
///
/// A keyword that would be passed over is an error: a schema must not promise what nobody checks.
final class JSONSchema: Sendable {
    /// What kind of value it is.
    enum Kind: String, CaseIterable {
        case object, array, string, integer, number
    }

    /// What is asked of one member of an object.
    struct Property: Sendable {
        let name: String
        let bytes: [UInt8]
        let isRequired: Bool
        let schema: JSONSchema
    }

    /// Any if nil.
    let type: Kind?
    let properties: [Property]
    let allowsOthers: Bool
    let items: JSONSchema?
    let leastItems: Int
    let values: [[UInt8]]?

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
        let required = (json["required"]?.array ?? []).compactMap(\.string)
        var type: Kind?
        var properties: [Property] = []
        var allowsOthers = true
        var items: JSONSchema?
        var leastItems = 0
        var values: [[UInt8]]?
        for (key, value) in members {
            switch key {
            case "type":
                guard let kind = value.string.flatMap(Kind.init) else {
                    let names = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw invalid("A \"type\" must be one of \(names).")
                }
                type = kind
            case "properties":
                for (name, schema) in value.object ?? [] {
                    properties.append(
                        Property(
                            name: name,
                            bytes: Array(name.utf8),
                            isRequired: required.contains(name),
                            schema: try nested(schema)
                        )
                    )
                }
            case "additionalProperties":
                guard let flag = value.bool else {
                    throw invalid("\"additionalProperties\" must be true or false.")
                }
                allowsOthers = flag
            case "items": items = try nested(value)
            case "minItems": leastItems = Int(value.int ?? 0)
            case "enum":
                values = (value.array ?? []).compactMap { $0.string.map { Array($0.utf8) } }
            case "format":
                // What a URL of each kind looks like is LinkRule's.
                guard value.string == "uri" else {
                    throw invalid("The only \"format\" that is checked is \"uri\".")
                }
            case "required", "$schema", "$id", "$defs", "$comment", "$ref", "title", "description",
                "examples":
                break
            default:
                throw invalid("Nobody checks \"\(key)\" of a schema here.")
            }
        }
        if let name = required.first(where: { name in !properties.contains { $0.name == name } }) {
            throw invalid("The schema requires \"\(name)\" but does not say what it is.")
        }
        guard properties.count <= 64 else { throw invalid("A mapping may have 64 keys.") }
        self.type = type
        self.properties = properties
        self.allowsOthers = allowsOthers
        self.items = items
        self.leastItems = leastItems
        self.values = values
    }
}
