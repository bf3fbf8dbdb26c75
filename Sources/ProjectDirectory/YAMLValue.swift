import Codecs
import Diagnostics
import Foundation
import Yams

/// A value in a YAML file that knows where it stands, so that every complaint can say so.
struct YAMLValue {
    private let node: Node
    let file: String

    /// Files above this many bytes are refused: the largest real one has 200 kB.
    static let sizeLimit = 4 << 20
    /// A document that grows past this many values by its aliases is refused: the largest real
    /// one has 30,000.
    static let valueLimit = 200_000

    private init(node: Node, file: String) {
        self.node = node
        self.file = file
    }

    /// Parses the one document of a file.
    ///
    /// - Parameters:
    ///   - text: the file's content.
    ///   - file: how failures call the file.
    /// - Throws: `directory.broken-yaml` with line and column.
    init(parsing text: String, file: String) throws(Failure) {
        // A document's tags are not resolved: YAML would read an unquoted address as a number.
        let root: Node?
        do {
            root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw Self.failure(error, file: file)
        } catch {
            throw Failure(
                .brokenYAML,
                "The file is not YAML.",
                place: Place(file: file),
                cause: "\(error)"
            )
        }
        guard let root else {
            throw Failure(.brokenYAML, "The file is empty.", place: Place(file: file, line: 1))
        }
        self.init(node: root, file: file)
    }

    /// Where the value starts.
    var place: Place {
        Place(file: file, line: node.mark?.line, column: node.mark?.column)
    }

    /// The line the value starts on, from 1.
    var line: Int { node.mark?.line ?? 1 }

    /// The entries of a mapping in the order of the file.
    ///
    /// - Throws: `directory.invalid-document` if the value is no mapping of strings.
    func entries(_ what: String) throws(Failure) -> [(key: YAMLValue, value: YAMLValue)] {
        guard case .mapping(let mapping) = node else {
            throw invalid("\(what) must be a mapping, as in \"name: value\".")
        }
        var result: [(key: YAMLValue, value: YAMLValue)] = []
        for (key, value) in mapping {
            result.append((YAMLValue(node: key, file: file), YAMLValue(node: value, file: file)))
        }
        return result
    }

    /// The elements of a sequence.
    ///
    /// - Throws: `directory.invalid-document` if the value is no sequence.
    func elements(_ what: String) throws(Failure) -> [YAMLValue] {
        guard case .sequence(let sequence) = node else {
            throw invalid("\(what) must be a list, each element on a line that starts with \"-\".")
        }
        return sequence.map { YAMLValue(node: $0, file: file) }
    }

    /// The text of a scalar that is meant as a string, quoted or not.
    ///
    /// - Throws: `directory.invalid-document` if the value is null, a mapping or a sequence.
    func text(_ what: String) throws(Failure) -> String {
        guard case .scalar(let scalar) = node, !isNull else {
            throw invalid("\(what) must be a string.")
        }
        guard !scalar.string.utf8.contains(0) else {
            throw invalid("\(what) contains the character U+0000.")
        }
        return scalar.string
    }

    /// Whether the value is absent: `name:` with nothing behind it, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any
        else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// A failure at this value.
    func invalid(_ message: String, hint: String? = nil) -> Failure {
        Failure(.invalidDocument, message, hint: hint, place: place)
    }

    // MARK: JSON

    /// The value as canonical JSON (RFC 8785).
    ///
    /// Plain `true`, `false`, `null` and decimal integers become what they say; every other scalar
    /// is a string, so that no address and no date is taken for a number.
    ///
    /// - Throws: `directory.invalid-document` for keys that are no strings, and for documents
    ///   whose aliases multiply.
    func canonicalJSON() throws(Failure) -> [UInt8] {
        var out: [UInt8] = []
        var budget = Self.valueLimit
        try appendJSON(to: &out, budget: &budget)
        return out
    }

    private func appendJSON(to out: inout [UInt8], budget: inout Int) throws(Failure) {
        budget -= 1
        guard budget > 0 else {
            throw invalid("The document has more than \(Self.valueLimit) values.")
        }
        switch node {
        case .scalar(let scalar):
            try appendScalar(scalar, to: &out)
        case .sequence(let sequence):
            out.append(UInt8(ascii: "["))
            for (index, element) in sequence.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                try YAMLValue(node: element, file: file).appendJSON(to: &out, budget: &budget)
            }
            out.append(UInt8(ascii: "]"))
        case .mapping(let mapping):
            var members: [(key: String, value: Node)] = []
            for (key, value) in mapping {
                let key = YAMLValue(node: key, file: file)
                members.append((try key.text("A key"), value))
            }
            // RFC 8785 sorts by UTF-16 code units.
            members.sort { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                appendJSONString(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                try YAMLValue(node: member.value, file: file).appendJSON(to: &out, budget: &budget)
            }
            out.append(UInt8(ascii: "}"))
        case .alias:
            throw invalid("An alias points to nothing.")
        }
    }

    private func appendScalar(_ scalar: Node.Scalar, to out: inout [UInt8]) throws(Failure) {
        guard !isNull else {
            out.append(contentsOf: "null".utf8)
            return
        }
        let text = try text("A value")
        if scalar.style == .plain, text == "true" || text == "false" || isInteger(text) {
            out.append(contentsOf: text.utf8)
        } else {
            appendJSONString(text, to: &out)
        }
    }

    private func isInteger(_ text: String) -> Bool {
        // Only the one spelling JSON has, within int64.
        Int64(text).map { String($0) == text } ?? false
    }

    // MARK: Failures of the parser

    private static func failure(_ error: YamlError, file: String) -> Failure {
        func broken(_ problem: String, _ line: Int?, _ column: Int?) -> Failure {
            Failure(
                .brokenYAML,
                "The file is not valid YAML: \(problem).",
                place: Place(file: file, line: line, column: column)
            )
        }
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return broken((context.map { "\($0.text) " } ?? "") + problem, mark.line, mark.column)
        case .reader(let problem, let offset, _, let yaml):
            guard let offset else { return broken(problem, nil, nil) }
            let lines = yaml.prefix(offset).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            return broken(problem, lines.count, (lines.last?.count ?? 0) + 1)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            return broken("the key \(names) occurs twice", context.mark.line, context.mark.column)
        default:
            return Failure(
                .brokenYAML,
                "The file is not valid YAML.",
                place: Place(file: file),
                cause: "\(error)"
            )
        }
    }
}

/// Appends a text as a canonical JSON string, quotes included.
private func appendJSONString(_ text: String, to out: inout [UInt8]) {
    var text = text
    text.withUTF8 { utf8 in
        unsafe CanonicalJSON.appendString(utf8, to: &out)
    }
}
