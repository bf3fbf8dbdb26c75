import Codecs

/// Makes text of upstream fit to be stored: no addresses, nothing a row cannot hold.
///
/// Counts what it did. A class, because the JSON writer calls back into it.
final class TextCleaner {
    private let scrubber: EmailScrubber
    /// Strings that are hashed whole, although the pattern does not match them: author addresses
    /// of a push event like `joe@laptop`.
    var addresses: [[UInt8]] = []
    private(set) var scrubbedEmails: Int64 = 0
    var replacedCharacters: Int64 = 0

    init(_ scrubber: EmailScrubber) {
        self.scrubber = scrubber
    }

    /// Replaces addresses in a text.
    func scrub(_ text: inout [UInt8]) {
        guard text.contains(UInt8(ascii: "@")) else { return }
        if addresses.contains(text) {
            text = scrubber.hash(text)
            scrubbedEmails += 1
        } else {
            scrubbedEmails += Int64(scrubber.scrub(&text))
        }
    }

    /// The hash of an address that stands alone, whatever it looks like; nil if there is none.
    func hash(wholeAddress text: String) -> [UInt8]? {
        let email = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !email.isEmpty else { return nil }
        scrubbedEmails += 1
        return scrubber.hash(Array(email.utf8))
    }

    /// Replaces addresses, U+0000 and what is not UTF-8.
    func clean(_ text: [UInt8]) -> [UInt8] {
        var text = repair(text)
        scrub(&text)
        return text
    }

    /// Replaces addresses and U+0000 in text that is UTF-8 already.
    func cleanDecoded(_ text: [UInt8]) -> [UInt8] {
        var text = text.contains(0) ? repair(text) : text
        scrub(&text)
        return text
    }

    /// Replaces what is not UTF-8 by U+FFFD, and U+0000 too, unless `keepsZero` because the text is
    /// JSON and may not have one anyway.
    func repair(_ text: [UInt8], keepsZero: Bool = false) -> [UInt8] {
        let isWhole = String(validating: text, as: UTF8.self) != nil
        guard !isWhole || (!keepsZero && text.contains(0)) else { return text }
        var scalars = ""
        var decoder = UTF8()
        var iterator = text.makeIterator()
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar) where scalar != "\0" || keepsZero:
                scalars.unicodeScalars.append(scalar)
            case .scalarValue, .error:
                scalars.unicodeScalars.append("\u{FFFD}")
                replacedCharacters += 1
            case .emptyInput:
                break decoding
            }
        }
        return Array(scalars.utf8)
    }
}
