package import Codecs
package import Diagnostics
import TOMLKit

/// One table of a TOML file, read key by key; a key nobody asked for is reported with its place.
///
/// The file's text is kept to find the line of a key: the TOML library gives places only for
/// syntax errors.
struct TOMLSettings {
    private let values: [(key: String, value: JSONValue)]
    private let path: [String]
    private let source: TOMLSource

    private init(values: [(key: String, value: JSONValue)], path: [String], source: TOMLSource) {
        self.values = values
        self.path = path
        self.source = source
    }

    /// Parses a TOML text.
    ///
    /// - Parameters:
    ///   - text: the whole text.
    ///   - file: its name, for places.
    ///   - lineOffset: lines of the file before the text (a header comment inside a SQL file).
    /// - Throws: `config.syntax` with line and column.
    init(parsing text: String, file: String, lineOffset: Int = 0) throws(Failure) {
        let source = TOMLSource(text: text, file: file, lineOffset: lineOffset)
        do {
            let table = try TOMLTable(string: text)
            self.init(
                values: Self.members(of: table), path: [], source: source)
        } catch let error as TOMLParseError {
            throw Failure(
                .configSyntax, "This is not TOML: \(error.description).",
                hint: "Strings need quotes; a table starts with [name].",
                place: Place(
                    file: file, line: error.source.begin.line + lineOffset,
                    column: error.source.begin.column))
        } catch {
            throw Failure(wrapping: error).at(Place(file: file))
        }
    }

    /// The keys of this table, sorted.
    var keys: [String] { values.map(\.key) }

    /// Where `key` stands in the file (or, nil, the table itself).
    func place(_ key: String? = nil) -> Place {
        source.place(of: path + (key.map { [$0] } ?? []))
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
                .configMissingKey, "\(name) needs the key '\(key)'.",
                hint: "Add a line: \(key) = \"…\"", place: place())
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
        for element in elements {
            guard case .string(let text) = element else {
                throw wrongType(key, "a list of strings")
            }
            texts.append(text)
        }
        return texts
    }

    /// The table `key`, or nil.
    func table(_ key: String) throws(Failure) -> TOMLSettings? {
        guard let value = value(key) else { return nil }
        guard case .object(let members) = value else { throw wrongType(key, "a table") }
        return TOMLSettings(values: members, path: path + [key], source: source)
    }

    /// The tables of the array `key`.
    func tables(_ key: String) throws(Failure) -> [TOMLSettings]? {
        guard let value = value(key) else { return nil }
        guard case .array(let elements) = value else { throw wrongType(key, "a list of tables") }
        var tables: [TOMLSettings] = []
        for element in elements {
            guard case .object(let members) = element else {
                throw wrongType(key, "a list of tables")
            }
            tables.append(TOMLSettings(values: members, path: path + [key], source: source))
        }
        return tables
    }

    /// Refuses keys that are not among `known`, with the nearest one as a hint.
    func refuseUnknownKeys(_ known: [String]) throws(Failure) {
        for key in keys where !known.contains(key) {
            let near = nearest(to: key, among: known)
            throw Failure(
                .configUnknownKey, "\(name) has no key '\(key)'.",
                hint: near.map { "Did you mean '\($0)'?" }
                    ?? "Known keys: \(known.sorted().joined(separator: ", ")).",
                place: place(key))
        }
    }

    /// A failure of `key`'s value, at its place.
    func failure(_ key: String, _ message: String, hint: String? = nil) -> Failure {
        Failure(.configValue, message, hint: hint, place: place(key))
    }

    private var name: String { path.isEmpty ? "The file" : "[\(path.joined(separator: "."))]" }

    private func wrongType(_ key: String, _ expected: String) -> Failure {
        failure(key, "The key '\(key)' of \(name) must be \(expected).")
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
        return .string(value.debugDescription)
    }
}

/// Finds the line of a key in a TOML text by its headers and `key =` lines.
private struct TOMLSource {
    let text: String
    let file: String
    let lineOffset: Int

    func place(of path: [String]) -> Place {
        var section: [String] = []
        var best: (depth: Int, line: Int, column: Int)?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let content = line.drop { $0 == " " || $0 == "\t" }
            let column = line.count - content.count + 1
            if content.hasPrefix("[") {
                let name = content.drop { $0 == "[" }.prefix { $0 != "]" }
                section = Self.split(name)
                note(section, index, column)
            } else if let equals = content.firstIndex(of: "="), !content.hasPrefix("#") {
                note(section + Self.split(content[..<equals]), index, column)
            }
        }
        func note(_ found: [String], _ index: Int, _ column: Int) {
            guard path.starts(with: found), found.count > (best?.depth ?? 0) else { return }
            best = (found.count, index + 1 + lineOffset, column)
        }
        return Place(file: file, line: best?.line, column: best?.column)
    }

    private static func split(_ dotted: Substring) -> [String] {
        dotted.split(separator: ".").map { part in
            part.filter { $0 != " " && $0 != "\"" && $0 != "'" && $0 != "\t" }
        }
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
