import Codecs
import Diagnostics
import Foundation

/// Takes whole records of a CSV file (RFC 4180) apart into fields.
///
/// Nothing is guessed: fields are separated by the one delimiter and quoted by `"`, which is
/// doubled inside quotes; lines end in LF or CR LF, each as it likes.
@safe
struct CSVReader {
    /// A field of the row, as bytes of the text.
    private struct Field: BitwiseCopyable {
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

    private let file: ImportFile
    private let delimiter: UInt8
    private let bytes: UnsafeBufferPointer<UInt8>
    private let isWhole: Bool
    /// All of the text is UTF-8, as nearly every text is: then no row needs a look.
    private let isUTF8: Bool
    /// U+0000 is somewhere in the text.
    private let hasNull: Bool
    /// The line the row begins in, from 1.
    private(set) var line: Int
    private var nextLine: Int
    /// Where the next row begins.
    private var position = 0
    private var fields: [Field] = []

    /// Starts before the first row of a block whose `bytes` are lent as long as this lives.
    init(
        _ block: ImportBlock,
        _ bytes: UnsafeBufferPointer<UInt8>,
        of file: ImportFile,
        delimiter: UInt8
    ) {
        self.file = file
        self.delimiter = delimiter
        unsafe self.bytes = unsafe bytes
        isWhole = block.isWhole
        isUTF8 = unsafe UTF8Text.firstInvalid(in: bytes) == nil
        hasNull = unsafe bytes.baseAddress.map { unsafe memchr($0, 0, bytes.count) != nil } ?? false
        line = block.line
        nextLine = block.line
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
        let start = position
        guard unsafe start < bytes.count else { return false }
        switch scan() {
        case .row(let end, let lines):
            line = nextLine
            nextLine += lines
            position = end
            if !isUTF8 { try check(start..<end) }
            return true
        case .incomplete: throw file.tooLong(line: nextLine)
        case .problem(let problem, let hint, let lines):
            throw file.failure(problem, line: nextLine + lines, hint: hint)
        }
    }

    /// Refuses what is not UTF-8.
    private func check(_ range: Range<Int>) throws(Failure) {
        let row = unsafe UnsafeBufferPointer(rebasing: bytes[range])
        guard let invalid = unsafe UTF8Text.firstInvalid(in: row) else { return }
        let before = unsafe row.prefix(invalid)
        throw unsafe file.notUTF8(line: line + before.count { $0 == UInt8(ascii: "\n") })
    }

    /// Calls `body` with the text of a field, without quotes around it.
    ///
    /// U+0000, which no row can hold, is U+FFFD there; `replaced` counts them.
    @inline(__always)
    func withField<R>(
        _ index: Int,
        replaced: inout Int,
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> R
    ) throws(Failure) -> R {
        let field = fields[index]
        guard field.hasQuote || hasNull else {
            return try unsafe body(UnsafeBufferPointer(rebasing: bytes[field.start..<field.end]))
        }
        return try unsafe copy(of: field, replaced: &replaced).withUnsafeBufferPointer {
            (bytes) throws(Failure) in
            try unsafe body(bytes)
        }
    }

    private func copy(of field: Field, replaced: inout Int) -> [UInt8] {
        var copy: [UInt8] = []
        var position = field.start
        while position < field.end {
            let byte = unsafe bytes[position]
            // Quotes come in pairs here.
            position += byte == UInt8(ascii: "\"") && field.hasQuote ? 2 : 1
            if byte == 0 {
                copy += [0xef, 0xbf, 0xbd]
                replaced += 1
            } else {
                copy.append(byte)
            }
        }
        return copy
    }

    /// The text of a field.
    func string(_ index: Int) throws(Failure) -> String {
        var replaced = 0
        return try unsafe withField(index, replaced: &replaced) { (bytes) throws(Failure) in
            unsafe String(decoding: bytes, as: UTF8.self)
        }
    }

    private mutating func scan() -> Scan {
        // Moved out, so that the array has one owner.
        var found: [Field] = []
        swap(&found, &fields)
        found.removeAll(keepingCapacity: true)
        let result = unsafe Self.scan(
            bytes,
            from: position,
            delimiter: delimiter,
            isLast: isWhole,
            into: &found
        )
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
                index = unsafe fieldEnd(bytes, start, delimiter)
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

    /// Where a field without quotes ends: at a delimiter, a line end or the end of the text.
    @inline(__always)
    private static func fieldEnd(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ start: Int,
        _ delimiter: UInt8
    ) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawBufferPointer(bytes)
        var index = start
        // Eight bytes at a time: a byte of a word that is made zero is found by the usual trick,
        // which is right about the lowest one.
        while index &+ 8 <= raw.count {
            let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
            let delimiters = word ^ (ones &* UInt64(delimiter))
            let lineFeeds = word ^ (ones &* 0x0a)
            let returns = word ^ (ones &* 0x0d)
            let found =
                ((delimiters &- ones) & ~delimiters) | ((lineFeeds &- ones) & ~lineFeeds)
                | ((returns &- ones) & ~returns)
            if found & tops != 0 { return index &+ (found & tops).trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count {
            let byte = unsafe bytes[index]
            if byte == delimiter || byte == 0x0a || byte == 0x0d { break }
            index &+= 1
        }
        return index
    }
}
