extension String {
    /// Whether this text of SQL ends in a semicolon, comments aside.
    package var endsStatement: Bool {
        var lexer = SQLLexer(Array(utf8), at: 0)
        var last: String?
        while let word = lexer.word() { last = word }
        return last == ";"
    }

    /// This text of SQL with blanks in place of a leading `EXPLAIN`, what is behind it at its place.
    package var explained: String {
        var text = Array(utf8)
        var lexer = SQLLexer(text, at: 0)
        guard lexer.word() == "EXPLAIN" else { return self }
        var end = lexer.offset
        if lexer.word() == "ANALYZE" { end = lexer.offset }
        lexer = SQLLexer(text, at: end)
        _ = lexer.skipBlank()
        var group = lexer
        if group.word() == "(", ["ANALYZE", "FORMAT"].contains(group.word()), lexer.skipGroup() {
            end = lexer.offset
        }
        for index in 0..<end where text[index] != UInt8(ascii: "\n") {
            text[index] = UInt8(ascii: " ")
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Goes through the words of SQL, as far as finding where a clause ends needs it.
struct SQLLexer {
    private let text: [UInt8]
    private(set) var offset: Int

    init(_ text: [UInt8], at offset: Int) {
        self.text = text
        self.offset = offset
    }

    private var byte: UInt8? { offset < text.count ? text[offset] : nil }

    /// Skips white space and comments; gives the offset behind them.
    mutating func skipBlank() -> Int {
        while let byte {
            if byte == UInt8(ascii: " ") || (9...13).contains(byte) {
                offset += 1
            } else if starts("--") {
                while let byte = self.byte, byte != UInt8(ascii: "\n") { offset += 1 }
            } else if starts("/*") {
                offset += 2
                while offset < text.count, !starts("*/") { offset += 1 }
                offset = min(offset + 2, text.count)
            } else {
                break
            }
        }
        return offset
    }

    private func starts(_ other: String) -> Bool { text[offset...].starts(with: other.utf8) }

    /// Skips white space and then `other`, if it is there.
    mutating func skip(_ other: String) -> Bool {
        _ = skipBlank()
        guard starts(other) else { return false }
        offset += other.utf8.count
        return true
    }

    /// Skips an identifier.
    mutating func skipWord() -> Bool { word() != nil }

    /// The next identifier, or another character by itself, in upper case; nil at the end.
    mutating func word() -> String? {
        _ = skipBlank()
        guard let first = byte else { return nil }
        let start = offset
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            skipQuoted(first)
        } else {
            offset += 1
            while let byte, Self.isWord(first), Self.isWord(byte) { offset += 1 }
        }
        return String(decoding: text[start..<offset], as: UTF8.self).uppercased()
    }

    /// Skips `( … )`, whatever is in it.
    mutating func skipGroup() -> Bool {
        guard byte == UInt8(ascii: "(") else { return false }
        var depth = 0
        while let word = word() {
            if word == "(" { depth += 1 }
            if word == ")" { depth -= 1 }
            if depth == 0 { return true }
        }
        return false
    }

    private mutating func skipQuoted(_ quote: UInt8) {
        offset += 1
        while let byte {
            offset += 1
            if byte == quote {
                guard self.byte == quote else { return }
                offset += 1
            }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & 0xdf)
    }
}
