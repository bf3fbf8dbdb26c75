package import Diagnostics

/// A statement with some of its parts replaced, which knows where its text stood before.
package struct EditedStatement: Sendable {
    /// As it was written.
    package let original: String
    /// As it is run.
    package private(set) var sql: String
    /// Ranges of both texts that stand for each other, in order.
    private let edits: [(original: Range<Int>, edited: Range<Int>)]

    /// Replaces parts of a text.
    ///
    /// - Parameters:
    ///   - original: the text.
    ///   - replacements: ranges of its bytes, none within another, and what goes there instead.
    package init(_ original: String, replacing replacements: [(range: Range<Int>, text: String)]) {
        self.original = original
        let text = Array(original.utf8)
        var out: [UInt8] = []
        var edits: [(Range<Int>, Range<Int>)] = []
        var end = 0
        for (range, replacement) in replacements.sorted(by: {
            $0.range.lowerBound < $1.range.lowerBound
        }) where range.lowerBound >= end {
            out += text[end..<range.lowerBound]
            let start = out.count
            out += replacement.utf8
            edits.append((range, start..<out.count))
            end = range.upperBound
        }
        out += text[end...]
        sql = String(decoding: out, as: UTF8.self)
        self.edits = edits
    }

    /// The statement within other text; semicolons and comments at its end go.
    package func wrapped(in start: String, _ end: String) -> EditedStatement {
        let text = Array(original.utf8)
        var lexer = SQLLexer(text, at: 0)
        var last = 0
        while let word = lexer.word() {
            if word != ";" { last = lexer.offset }
        }
        let edited = Array(sql.utf8)
        var replacements = edits.map { edit in
            (range: edit.original, text: String(decoding: edited[edit.edited], as: UTF8.self))
        }
        replacements.insert((0..<0, start), at: 0)
        replacements.append((last..<text.count, end))
        return EditedStatement(original, replacing: replacements)
    }

    /// Runs `body`, and says of what it throws where the original text is to blame.
    package func explaining<R>(_ body: () throws(Failure) -> R) throws(Failure) -> R {
        do {
            return try body()
        } catch {
            guard !edits.isEmpty, let place = error.place, let line = place.line,
                let column = place.column, let byte = Self.byte(line: line, column: column, in: sql)
            else { throw error }
            let position = SourcePosition(byte: originalByte(byte), in: original)
            throw Failure(
                error.code,
                error.message,
                hint: error.hint,
                place: Place(file: place.file, line: position.line, column: position.column),
                cause: error.cause
            )
        }
    }

    /// Where a byte of the edited text stood; the beginning of what was replaced for what replaced
    /// it.
    private func originalByte(_ byte: Int) -> Int {
        var shift = 0
        for (original, edited) in edits {
            if byte < edited.lowerBound { break }
            if byte < edited.upperBound { return original.lowerBound }
            shift = original.upperBound - edited.upperBound
        }
        return byte + shift
    }

    private static func byte(line: Int, column: Int, in text: String) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1) else { return nil }
        let before = lines[..<(line - 1)].reduce(0) { $0 + $1.utf8.count + 1 }
        return before + String(lines[line - 1].prefix(column - 1)).utf8.count
    }
}
