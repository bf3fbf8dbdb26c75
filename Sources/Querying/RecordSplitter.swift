import Foundation

/// Finds where the last record ends in the beginning of a text that begins with one.
///
/// It takes nothing apart and refuses nothing: up to the first thing that is wrong in a text it
/// finds record ends, and who takes that block apart finds what is wrong.
struct RecordSplitter {
    /// What ends a record.
    enum Syntax {
        /// Each line end.
        case lines
        /// A line end outside quotes, which open only where a field begins.
        case csv(delimiter: UInt8)
    }

    private let syntax: Syntax
    /// Bytes looked at.
    private var scanned = 0
    /// The quote that opened last is not closed.
    private var isInQuotes = false

    init(_ syntax: Syntax) { self.syntax = syntax }

    /// Begins another text.
    mutating func begin() {
        scanned = 0
        isInQuotes = false
    }

    /// Finds the end of the last record.
    ///
    /// - Parameter bytes: the text, longer than in the call before if that found no end.
    /// - Returns: the offset behind it; nil if no record ends.
    /// - Complexity: linear in the bytes that are new.
    mutating func lastEnd(in bytes: [UInt8]) -> Int? {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            switch syntax {
            case .lines:
                defer { scanned = bytes.count }
                return unsafe Self.lastLineEnd(bytes, scanned, bytes.count)
            case .csv(let delimiter): return unsafe lastEnd(bytes, delimiter: delimiter)
            }
        }
    }

    private mutating func lastEnd(
        _ bytes: UnsafeBufferPointer<UInt8>,
        delimiter: UInt8
    ) -> Int? {
        let count = bytes.count
        var end: Int?
        while scanned < count {
            let quote = unsafe Self.quote(in: bytes, from: scanned)
            if isInQuotes {
                // Whether the last byte closes the quotes, the next one tells.
                guard let quote, quote + 1 < count else {
                    scanned = quote ?? count
                    return end
                }
                let isDoubled = unsafe bytes[quote + 1] == UInt8(ascii: "\"")
                isInQuotes = isDoubled
                scanned = quote + (isDoubled ? 2 : 1)
            } else {
                let stop = quote ?? count
                end = unsafe Self.lastLineEnd(bytes, scanned, stop) ?? end
                if let quote {
                    isInQuotes =
                        unsafe quote == 0 || bytes[quote - 1] == delimiter
                        || bytes[quote - 1] == UInt8(ascii: "\n")
                    scanned = quote + 1
                } else {
                    scanned = count
                }
            }
        }
        return end
    }

    private static func quote(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard let base = unsafe UnsafeRawPointer(bytes.baseAddress),
            let found = unsafe memchr(base + start, 0x22, bytes.count - start)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - base
    }

    /// Behind the last line end of a range; nil if there is none.
    private static func lastLineEnd(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ start: Int,
        _ end: Int
    ) -> Int? {
        var index = end
        while index > start {
            if unsafe bytes[index - 1] == UInt8(ascii: "\n") { return index }
            index -= 1
        }
        return nil
    }
}
