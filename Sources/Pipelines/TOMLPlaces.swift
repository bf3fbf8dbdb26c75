import Diagnostics
import Querying

/// Where the keys of a TOML text stand; the TOML library gives places for syntax errors only.
///
/// The text must have been parsed already: this knows just enough of the grammar to step over
/// values. A key spelled with escapes has the place of the table it is in.
struct TOMLPlaces {
    private let text: String
    private let file: String
    /// Offsets in bytes, by path.
    private let offsets: [[String]: Int]

    /// Finds the keys of `text`, which is the file's or begins as the file does.
    init(text: String, file: String) {
        self.text = text
        self.file = file
        var scanner = TOMLScanner(bytes: Array(text.utf8))
        scanner.readDocument()
        offsets = scanner.offsets
    }

    /// Finds a key.
    ///
    /// - Parameter path: keys from the top; an element of an array is its index, from 0.
    /// - Returns: its place, or else that of the nearest table around it.
    func place(of path: [String]) -> Place {
        for length in stride(from: path.count, to: 0, by: -1) {
            if let offset = offsets[Array(path.prefix(length))] {
                return SourcePosition(byte: offset, in: text).place(in: file)
            }
        }
        return Place(file: file)
    }
}

/// Walks through a TOML text and notes where each key and each element of an array begins.
private struct TOMLScanner {
    let bytes: [UInt8]
    private(set) var offsets: [[String]: Int] = [:]
    private var index = 0
    /// How many tables each array of tables has so far.
    private var tableCounts: [[String]: Int] = [:]

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func readDocument() {
        var section: [String] = []
        while skipBlanks() {
            let start = index
            if take("[") {
                section = readHeader(from: start)
            } else {
                readKeyValue(in: section)
            }
            // A text that is no TOML after all must not hold us up.
            if index == start { index += 1 }
        }
    }

    /// Reads the rest of `[a.b]` or `[[a.b]]`.
    private mutating func readHeader(from start: Int) -> [String] {
        let isArray = take("[")
        let keys = readKeyPath()
        var section: [String] = []
        for (depth, key) in keys.enumerated() {
            section.append(key)
            note(section, start)
            if isArray, depth == keys.count - 1 { tableCounts[section, default: 0] += 1 }
            if let count = tableCounts[section] {
                section.append("\(count - 1)")
                note(section, start)
            }
        }
        skip { $0 != UInt8(ascii: "\n") }
        return section
    }

    private mutating func readKeyValue(in section: [String]) {
        let start = index
        var path = section
        for key in readKeyPath() {
            path.append(key)
            note(path, start)
        }
        if take("=") { readValue(path) }
    }

    private mutating func readValue(_ path: [String]) {
        skipSpaces()
        if isQuote {
            _ = readString()
        } else if take("[") {
            var count = 0
            while skipBlanks(), !take("]") {
                let start = index
                if !take(",") {
                    note(path + ["\(count)"], start)
                    readValue(path + ["\(count)"])
                    count += 1
                }
                if index == start { index += 1 }
            }
        } else if take("{") {
            while skipBlanks(), !take("}") {
                let start = index
                if !take(",") { readKeyValue(in: path) }
                if index == start { index += 1 }
            }
        } else {
            skip { !",]}#\n".utf8.contains($0) }
        }
    }

    private mutating func readKeyPath() -> [String] {
        var keys: [String] = []
        repeat {
            skipSpaces()
            if isQuote {
                keys.append(readString())
            } else {
                let start = index
                skip { !" \t.=]}\r\n".utf8.contains($0) }
                keys.append(String(decoding: bytes[start..<index], as: UTF8.self))
            }
            skipSpaces()
        } while take(".")
        return keys
    }

    /// Reads a string of any of the four kinds.
    ///
    /// - Returns: what is between the quotes, escapes as they are.
    private mutating func readString() -> String {
        let quote = bytes[index]
        let isLong = bytes[index...].starts(with: [quote, quote, quote])
        let width = isLong ? 3 : 1
        index += width
        let start = index
        let escapes = quote == UInt8(ascii: "\"")
        while index < bytes.count, !bytes[index...].starts(with: repeatElement(quote, count: width))
        {
            index += escapes && bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(index, bytes.count)
        index = min(end + width, bytes.count)
        // A long string may end in quotes of its own: `""""` is one, and the three that close.
        if isLong { skip { $0 == quote } }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private mutating func note(_ path: [String], _ offset: Int) {
        if offsets[path] == nil { offsets[path] = offset }
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private var isQuote: Bool { peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skip(while isSkipped: (UInt8) -> Bool) {
        while let byte = peek, isSkipped(byte) { index += 1 }
    }

    private mutating func skipSpaces() { skip { " \t".utf8.contains($0) } }

    /// Skips white space, ends of lines and comments.
    ///
    /// - Returns: whether anything follows.
    private mutating func skipBlanks() -> Bool {
        skip { " \t\r\n".utf8.contains($0) }
        while peek == UInt8(ascii: "#") {
            skip { $0 != UInt8(ascii: "\n") }
            skip { " \t\r\n".utf8.contains($0) }
        }
        return peek != nil
    }
}
