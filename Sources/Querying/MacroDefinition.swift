/// What a macro stands for when it is given so many arguments.
package struct MacroOverload: Sendable {
    /// In lower case, in their order.
    package let parameters: [String]
    /// A SELECT of its expression, or its SELECT if it is a table.
    package let body: StatementTree
}

/// A `CREATE MACRO` statement, without white space and comments.
///
/// DuckDB tells a macro's body and the names of its parameters but not their defaults, so a
/// fingerprint takes the statement itself.
struct MacroDefinition {
    /// In lower case.
    let name: String
    /// The statement from its name on; keywords and unquoted names in lower case.
    let tokens: [String]

    /// The macros that the statements of `sql` make, in their order.
    static func all(in sql: String) -> [MacroDefinition] {
        guard sql.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "m") }) else { return [] }
        return SQLTokens.split(sql).split(separator: ";").compactMap { statement in
            // CREATE [OR REPLACE] [TEMP|TEMPORARY] MACRO|FUNCTION [IF NOT EXISTS] [schema.]name
            var rest = statement[...]
            guard rest.popFirst() == "create" else { return nil }
            if rest.starts(with: ["or", "replace"]) { rest = rest.dropFirst(2) }
            if rest.first == "temp" || rest.first == "temporary" { rest = rest.dropFirst() }
            guard let kind = rest.popFirst(), kind == "macro" || kind == "function" else {
                return nil
            }
            if rest.starts(with: ["if", "not", "exists"]) { rest = rest.dropFirst(3) }
            guard let open = rest.firstIndex(of: "("), open > rest.startIndex else { return nil }
            let name = rest[rest.index(before: open)]
            let bare = name.hasPrefix("\"") ? String(name.dropFirst().dropLast()) : name
            return MacroDefinition(name: bare.lowercased(), tokens: Array(rest))
        }
    }
}

/// The tokens of SQL text, as far as telling apart what is white space, comment, quoted and not.
enum SQLTokens {
    /// Splits text; what is not quoted comes in lower case.
    static func split(_ sql: String) -> [String] {
        let text = Array(sql.utf8)
        var tokens: [String] = []
        var index = 0
        func slice(_ start: Int) -> String { String(decoding: text[start..<index], as: UTF8.self) }
        func starts(_ prefix: StaticString) -> Bool {
            unsafe text[index...].starts(
                with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
            )
        }
        while index < text.count {
            let start = index
            switch text[index] {
            case 0x20, 0x09...0x0d: index += 1
            case UInt8(ascii: "-") where starts("--"):
                while index < text.count, text[index] != 0x0a { index += 1 }
            case UInt8(ascii: "/") where starts("/*"):
                index += 2
                while index < text.count, !starts("*/") { index += 1 }
                index = min(index + 2, text.count)
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                index += 1
                while index < text.count {
                    index += 1
                    guard text[index - 1] == text[start] else { continue }
                    guard index < text.count, text[index] == text[start] else { break }
                    index += 1
                }
                tokens.append(slice(start))
            case UInt8(ascii: "$") where dollarQuote(text, at: index) != nil:
                let tag = text[index..<(dollarQuote(text, at: index) ?? index)]
                index += tag.count
                while index < text.count, !text[index...].starts(with: tag) { index += 1 }
                index = min(index + tag.count, text.count)
                tokens.append(slice(start))
            case let byte where isWord(byte):
                while index < text.count, isWord(text[index]) { index += 1 }
                tokens.append(slice(start).lowercased())
            default:
                index += 1
                tokens.append(slice(start))
            }
        }
        return tokens
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    /// The end of a `$tag$` that starts at `index`; nil if there is none.
    private static func dollarQuote(_ text: [UInt8], at index: Int) -> Int? {
        var end = index + 1
        while end < text.count, isWord(text[end]) { end += 1 }
        return end < text.count && text[end] == UInt8(ascii: "$") ? end + 1 : nil
    }
}
