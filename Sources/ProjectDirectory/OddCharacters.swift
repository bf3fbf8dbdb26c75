/// Characters that a person does not see, or takes for another.
enum OddCharacters {
    /// The first in a text that means something other than it seems to.
    ///
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - isPlain: whether only ASCII can be meant, as in an address.
    /// - Returns: the character as `U+2011`, and what is probably meant; nil if all is well.
    static func first(
        in text: ArraySlice<UInt8>,
        isPlain: Bool
    ) -> (name: String, meant: String)? {
        guard text.contains(where: { $0 >= 0x80 }) else { return nil }
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars where !scalar.isASCII {
            guard isPlain || isHidden(scalar) else { continue }
            let hex = String(scalar.value, radix: 16, uppercase: true)
            let name = "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
            return (name, meant(by: scalar))
        }
        return nil
    }

    /// Characters without a shape, and those that turn the direction of what follows.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // A joiner makes one emoji of several.
        case .format: scalar.value != 0x200D
        case .control, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func meant(by scalar: Unicode.Scalar) -> String {
        switch scalar.properties.generalCategory {
        case .dashPunctuation: "Write the hyphen of the keyboard: \"-\"."
        case .spaceSeparator: "Write a blank, or nothing."
        case .format, .control, .privateUse, .unassigned: "Remove it: it is not seen."
        case .initialPunctuation, .finalPunctuation: "Write \"'\" or nothing."
        default:
            scalar.value == 0x2212
                ? "Write the hyphen of the keyboard: \"-\"."
                : "Write it without this character; in a URL as its browser copies it (%…)."
        }
    }
}
