import Codecs
package import Diagnostics
import Querying
import TOMLKit

/// One table of a TOML file, read key by key; a key nobody asked for is reported with its place.
///
/// The file's text is kept to find the place of a key (`TOMLPlaces`).
struct TOMLSettings {
    private let values: [(key: String, value: JSONValue)]
    /// The table's keys from the top, for messages.
    private let keyPath: [String]
    /// The same with the indexes of arrays, for places.
    private let path: [String]
    private let places: TOMLPlaces

    private init(
        values: [(key: String, value: JSONValue)],
        keyPath: [String] = [],
        path: [String] = [],
        places: TOMLPlaces
    ) {
        self.values = values
        self.keyPath = keyPath
        self.path = path
        self.places = places
    }

    /// Parses a TOML text.
    ///
    /// - Parameters:
    ///   - text: the whole text.
    ///   - file: its name, for places.
    ///   - hint: what to do about a text that is not TOML.
    /// - Throws: `config.syntax` with line and column.
    init(
        parsing text: String,
        file: String,
        hint: String = "Strings need quotes; a table starts with [name]."
    ) throws(Failure) {
        // The TOML library takes a C string and would read no further.
        if let nul = text.utf8.firstIndex(of: 0) {
            let offset = text.utf8.distance(from: text.startIndex, to: nul)
            throw Failure(
                .configSyntax,
                "This is not TOML: there is a NUL character.",
                hint: hint,
                place: SourcePosition(byte: offset, in: text).place(in: file)
            )
        }
        do {
            let table = try TOMLTable(string: text)
            self.init(
                values: Self.members(of: table),
                places: TOMLPlaces(text: text, file: file)
            )
        } catch let error as TOMLParseError {
            throw Failure(
                .configSyntax,
                "This is not TOML: \(error.description).",
                hint: hint,
                place: Place(
                    file: file,
                    line: error.source.begin.line,
                    column: error.source.begin.column
                )
            )
        } catch {
            throw Failure(wrapping: error).at(Place(file: file))
        }
    }

    /// The keys of this table, sorted.
    var keys: [String] { values.map(\.key) }

    /// Where `key` stands in the file (or, nil, the table itself).
    func place(_ key: String? = nil) -> Place {
        places.place(of: path + (key.map { [$0] } ?? []))
    }

    /// The value of `key`, if any.
    func value(_ key: String) -> JSONValue? { values.first { $0.key == key }?.value }

    /// The text of `key`.
    func string(_ key: String) throws(Failure) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value else { throw wrongType(key, "a string") }
        return text
    }

    /// The text of `key`, which must be there.
    func requiredString(_ key: String) throws(Failure) -> String {
        guard let text = try string(key) else {
            throw Failure(
                .configMissingKey,
                "\(name) needs the key '\(key)'.",
                hint: "Add \(key) = \"…\".",
                place: place()
            )
        }
        return text
    }

    /// The truth value of `key`.
    func bool(_ key: String) throws(Failure) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .bool(let flag) = value else { throw wrongType(key, "true or false") }
        return flag
    }

    /// The whole number of `key`.
    func int(_ key: String) throws(Failure) -> Int64? {
        guard let value = value(key) else { return nil }
        guard case .int(let number) = value else { throw wrongType(key, "a whole number") }
        return number
    }

    /// The texts of the array `key`.
    func strings(_ key: String) throws(Failure) -> [String]? {
        guard let value = value(key) else { return nil }
        guard case .array(let elements) = value else { throw wrongType(key, "a list of strings") }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element else {
                throw wrongType(key, "a list of strings", element: index)
            }
            texts.append(text)
        }
        return texts
    }

    /// The table `key`, or nil.
    func table(_ key: String) throws(Failure) -> TOMLSettings? {
        guard let value = value(key) else { return nil }
        guard case .object(let members) = value else { throw wrongType(key, "a table") }
        return TOMLSettings(
            values: members,
            keyPath: keyPath + [key],
            path: path + [key],
            places: places
        )
    }

    /// The tables of the array `key`.
    func tables(_ key: String) throws(Failure) -> [TOMLSettings]? {
        guard let value = value(key) else { return nil }
        guard case .array(let elements) = value else { throw wrongType(key, "a list of tables") }
        var tables: [TOMLSettings] = []
        for (index, element) in elements.enumerated() {
            guard case .object(let members) = element else {
                throw wrongType(key, "a list of tables", element: index)
            }
            tables.append(
                TOMLSettings(
                    values: members,
                    keyPath: keyPath + [key],
                    path: path + [key, "\(index)"],
                    places: places
                )
            )
        }
        return tables
    }

    /// Refuses keys that are not among `known`, with the nearest one as a hint.
    func refuseUnknownKeys(_ known: [String]) throws(Failure) {
        for key in keys where !known.contains(key) {
            let near = nearest(to: key, among: known)
            throw Failure(
                .configUnknownKey,
                "\(name) has no key '\(key)'.",
                hint: near.map { "Did you mean '\($0)'?" }
                    ?? "Known keys: \(Set(known).sorted().joined(separator: ", ")).",
                place: place(key)
            )
        }
    }

    /// A failure of `key`'s value, at its place.
    func failure(_ key: String, _ message: String, hint: String? = nil) -> Failure {
        Failure(.configValue, message, hint: hint, place: place(key))
    }

    private var name: String {
        keyPath.isEmpty ? "The file" : "[\(keyPath.joined(separator: "."))]"
    }

    private func wrongType(_ key: String, _ expected: String, element: Int? = nil) -> Failure {
        let owner = keyPath.isEmpty ? "" : " of \(name)"
        let path = path + [key] + (element.map { ["\($0)"] } ?? [])
        return Failure(
            .configValue,
            "The key '\(key)'\(owner) must be \(expected).",
            place: places.place(of: path)
        )
    }

    private static func members(of table: TOMLTable) -> [(key: String, value: JSONValue)] {
        table.keys.sorted().compactMap { key in
            table[key].map { (key, convert($0)) }
        }
    }

    private static func convert(_ value: any TOMLValueConvertible) -> JSONValue {
        if let table = value.table { return .object(members(of: table)) }
        if let array = value.array { return .array(array.map { convert($0) }) }
        if let text = value.string { return .string(text) }
        if let flag = value.bool { return .bool(flag) }
        if let number = value.int { return .int(Int64(number)) }
        if let number = value.double { return .double(number) }
        // A date or a time: no key takes one.
        return .null
    }
}

extension Failure.Code {
    /// A TOML text that does not parse.
    package static let configSyntax = Self("config.syntax")
    /// A key that must be there is not.
    package static let configMissingKey = Self("config.missing-key")
    /// A key nobody knows.
    package static let configUnknownKey = Self("config.unknown-key")
    /// A value that makes no sense.
    package static let configValue = Self("config.value")
}
