import Codecs
package import Diagnostics

/// What DuckDB says when it refuses or fails, taken apart.
///
/// With `errors_as_json` the text is `Binder Error: {"exception_type":…,"exception_message":…,
/// "position":"20","candidates":…}`; `position` counts bytes of the statement from 0.
struct EngineError {
    private let kind: String
    private let message: String
    private let details: [String]
    private let position: Int?

    init(_ text: String) {
        guard let brace = text.firstIndex(of: "{"),
            let json = try? JSONValue(parsing: [UInt8](text[brace...].utf8)),
            let message = json["exception_message"]?.string
        else {
            kind = ""
            let lines = Self.lines(text)
            self.message = lines.first ?? "DuckDB gave no reason"
            details = Array(lines.dropFirst())
            position = nil
            return
        }
        kind = json["exception_type"]?.string ?? ""
        var lines = Self.lines(message)
        if lines.first?.hasPrefix("CSV Error") == true {
            // What follows is advice about options nobody here can set.
            let facts = lines.prefix { !$0.hasPrefix("Possible") }
                .filter { !$0.hasPrefix("Original Line") }
            lines = [facts.joined(separator: ", ")]
        }
        self.message = lines.first ?? "DuckDB gave no reason"
        details = Array(lines.dropFirst())
        position = json["position"]?.string.flatMap(Int.init)
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            String(line.drop { $0 == " " || $0 == "\t" })
        }.filter { !$0.isEmpty }
    }

    private var code: Failure.Code {
        switch kind.lowercased() {
        case "parser", "syntax": .querySyntax
        case "binder", "catalog", "parameter not resolved", "parameter not allowed",
            "mismatch type":
            .queryInvalid
        case "interrupt": .queryInterrupted
        case "out of memory": .queryMemory
        case "permission", "missing extension", "autoload": .queryForbidden
        case "internal", "fatal": .engineBug
        default: .queryFailed
        }
    }

    /// The failure of a statement.
    ///
    /// - Parameters:
    ///   - sql: the whole text given to DuckDB.
    ///   - file: the file it is from; nil for one that was typed.
    /// - Returns: it with message, hint and place.
    func failure(in sql: String, file: String?) -> Failure {
        Failure(
            code,
            Self.sentence(message),
            hint: hint,
            place: position.map { SourcePosition(byte: $0, in: sql).place(in: file) }
                ?? file.map { Place(file: $0) },
            cause: details.first?.hasPrefix("Candidate functions") == true
                ? details.joined(separator: " ") : nil
        )
    }

    private var hint: String? {
        switch code {
        case .queryInterrupted: return nil
        case .queryMemory:
            return "Give it more memory, or a folder to spill to."
        case .queryForbidden:
            return "Statements see the tables of the warehouse only; bring a file in with "
                + "osodata import."
        case .engineBug: return "Report it with the statement: it is a bug in DuckDB or osodata."
        default:
            guard let first = details.first, !first.hasPrefix("Candidate functions") else {
                return message.hasPrefix("Could not choose a best candidate function")
                    ? "Cast the arguments to the types the function takes." : nil
            }
            return details.joined(separator: " ")
        }
    }

    private static func sentence(_ text: String) -> String {
        var text = Substring(text)
        while let last = text.last, last == "!" || last == ":" || last == " " { text.removeLast() }
        return text.hasSuffix(".") || text.hasSuffix("?") ? String(text) : "\(text)."
    }
}

/// A line and a column, both from 1, the column in characters.
package struct SourcePosition: Hashable, Sendable {
    package let line: Int
    package let column: Int

    /// The position of a byte of a text; one past its end counts as its end.
    package init(byte: Int, in text: String) {
        let utf8 = text.utf8
        let end = utf8.index(utf8.startIndex, offsetBy: byte, limitedBy: utf8.endIndex)
        // A position inside a character counts as that character's.
        let prefix = String(decoding: utf8[..<(end ?? utf8.endIndex)], as: UTF8.self)
        // Scalars, because a carriage return and a line feed are one Character.
        line = 1 + prefix.unicodeScalars.count { $0 == "\n" }
        let lineStart = prefix.unicodeScalars.lastIndex(of: "\n")
            .map(prefix.unicodeScalars.index(after:))
        column = 1 + prefix[(lineStart ?? prefix.startIndex)...].count
    }

    /// The place in a file; nil for a statement that was typed.
    package func place(in file: String?) -> Place {
        Place(file: file ?? "sql", line: line, column: column)
    }
}
