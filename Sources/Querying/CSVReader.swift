import Codecs
import Diagnostics
import Foundation

/// Takes a CSV file (RFC 4180) apart into rows of fields.
///
/// Nothing is guessed: fields are separated by the one delimiter and quoted by `"`, which is
/// doubled inside quotes; lines end in LF or CR LF, each as it likes.
struct CSVReader {
    /// A field of the row, as bytes of the text.
    private struct Field {
        let start: Int
        let end: Int
        let isQuoted: Bool
        /// A doubled quote stands in it.
        let hasQuote: Bool
    }

    private enum Scan {
        case row(end: Int, lines: Int)
        case incomplete
        case problem(String, hint: String, lines: Int)
    }

    let delimiter: UInt8
    /// The line the row begins in, from 1.
    private(set) var line = 0
    private var nextLine = 1
    private var text: ImportText
    private var fields: [Field] = []
    /// U+0000 is somewhere in the row.
    private var hasNull = false

    /// Starts before the first row.
    init(_ file: ImportFile, delimiter: UInt8) throws(Failure) {
        text = try ImportText(file)
        self.delimiter = delimiter
    }

    /// Fields of the row.
    var fieldCount: Int { fields.count }

    /// Whether a field has no bytes and no quotes.
    func isEmpty(_ index: Int) -> Bool {
        fields[index].start == fields[index].end && !fields[index].isQuoted
    }

    /// Moves to the next row; false if there is none.
    ///
    /// - Throws: `import.file` with the line.
    /// - Complexity: linear in the bytes of the row.
    mutating func next() throws(Failure) -> Bool {
        while true {
            if text.position == text.bytes.count {
                guard !text.isAtEnd else { return false }
                try text.readOn(line: nextLine)
                if text.position == text.bytes.count { continue }
            }
            switch scan() {
            case .row(let end, let lines):
                line = nextLine
                nextLine += lines
                let start = text.position
                text.position = end
                try check(start..<end)
                return true
            case .incomplete: try text.readOn(line: nextLine)
            case .problem(let problem, let hint, let lines):
                throw text.file.failure(problem, line: nextLine + lines, hint: hint)
            }
        }
    }

    /// Refuses what is not UTF-8 and looks for U+0000.
    private mutating func check(_ range: Range<Int>) throws(Failure) {
        let (invalid, hasNull) = unsafe text.bytes.withUnsafeBufferPointer { bytes in
            let row = unsafe UnsafeBufferPointer(rebasing: bytes[range])
            let hasNull = unsafe row.baseAddress.map { start in
                unsafe memchr(start, 0, row.count) != nil
            }
            return unsafe (UTF8Text.firstInvalid(in: row), hasNull ?? false)
        }
        self.hasNull = hasNull
        guard let invalid else { return }
        let before = text.bytes[range].prefix(invalid)
        throw text.notUTF8(line: line + before.count { $0 == UInt8(ascii: "\n") })
    }

    /// Calls `body` with the text of a field, without quotes around it.
    ///
    /// U+0000, which no row can hold, is U+FFFD there; `replaced` counts them.
    func withField<R>(
        _ index: Int,
        replaced: inout Int,
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> R
    ) throws(Failure) -> R {
        let field = fields[index]
        guard field.hasQuote || hasNull else {
            return try unsafe text.bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
                try unsafe body(UnsafeBufferPointer(rebasing: bytes[field.start..<field.end]))
            }
        }
        var copy: [UInt8] = []
        var position = field.start
        while position < field.end {
            let byte = text.bytes[position]
            // Quotes come in pairs here.
            position += byte == UInt8(ascii: "\"") && field.hasQuote ? 2 : 1
            if byte == 0 {
                copy += [0xef, 0xbf, 0xbd]
                replaced += 1
            } else {
                copy.append(byte)
            }
        }
        return try unsafe copy.withUnsafeBufferPointer { (bytes) throws(Failure) in
            try unsafe body(bytes)
        }
    }

    /// The text of a field.
    func string(_ index: Int) throws(Failure) -> String {
        var replaced = 0
        return try unsafe withField(index, replaced: &replaced) { (bytes) throws(Failure) in
            unsafe String(decoding: bytes, as: UTF8.self)
        }
    }

    private mutating func scan() -> Scan {
        // Moved out, so that the array has one owner while the bytes are lent.
        var found: [Field] = []
        swap(&found, &fields)
        found.removeAll(keepingCapacity: true)
        let start = text.position
        let isLast = text.isAtEnd
        let result = unsafe text.bytes.withUnsafeBufferPointer { bytes in
            unsafe Self.scan(
                bytes,
                from: start,
                delimiter: delimiter,
                isLast: isLast,
                into: &found
            )
        }
        swap(&found, &fields)
        return result
    }

    private static func scan(
        _ bytes: UnsafeBufferPointer<UInt8>,
        from start: Int,
        delimiter: UInt8,
        isLast: Bool,
        into fields: inout [Field]
    ) -> Scan {
        let quote = UInt8(ascii: "\"")
        let lineFeed = UInt8(ascii: "\n")
        let carriageReturn = UInt8(ascii: "\r")
        let count = bytes.count
        var index = start
        var lines = 0
        while true {
            if unsafe index < count && bytes[index] == quote {
                let opening = lines
                var hasQuote = false
                let start = index + 1
                index = start
                while true {
                    guard index < count else {
                        return isLast
                            ? .problem(
                                "A quote is not closed.",
                                hint: "Close it; inside quotes, write a quote twice.",
                                lines: opening
                            ) : .incomplete
                    }
                    let byte = unsafe bytes[index]
                    if byte == lineFeed { lines += 1 }
                    guard byte == quote else {
                        index += 1
                        continue
                    }
                    guard index + 1 < count || isLast else { return .incomplete }
                    guard unsafe index + 1 < count && bytes[index + 1] == quote else { break }
                    hasQuote = true
                    index += 2
                }
                fields.append(Field(start: start, end: index, isQuoted: true, hasQuote: hasQuote))
                index += 1
                if index < count {
                    let byte = unsafe bytes[index]
                    guard byte == delimiter || byte == lineFeed || byte == carriageReturn else {
                        return .problem(
                            "Text follows a closed quote.",
                            hint: "Inside quotes, write a quote twice.",
                            lines: lines
                        )
                    }
                }
            } else {
                let start = index
                while index < count {
                    let byte = unsafe bytes[index]
                    if byte == delimiter || byte == lineFeed || byte == carriageReturn { break }
                    index += 1
                }
                fields.append(Field(start: start, end: index, isQuoted: false, hasQuote: false))
            }
            guard index < count else {
                return isLast ? .row(end: index, lines: lines) : .incomplete
            }
            switch unsafe bytes[index] {
            case delimiter: index += 1
            case lineFeed: return .row(end: index + 1, lines: lines + 1)
            default:
                guard index + 1 < count else {
                    return isLast ? .row(end: index + 1, lines: lines + 1) : .incomplete
                }
                guard unsafe bytes[index + 1] == lineFeed else {
                    return .problem(
                        "A carriage return stands without a line feed.",
                        hint: "Quote the value, or convert the line ends to LF.",
                        lines: lines
                    )
                }
                return .row(end: index + 2, lines: lines + 1)
            }
        }
    }
}
