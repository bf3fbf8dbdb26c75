/// Text made safe and short for a terminal or a document.
package enum TerminalText {
    /// `json` as text, with control and direction characters escaped, so that data can neither
    /// steer the terminal nor hide what it says. (JSON itself escapes only those below U+0020.)
    package static func safe(_ json: some Sequence<UInt8>) -> String {
        var text = ""
        for scalar in String(decoding: Array(json), as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
            default:
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Columns a terminal gives to a character.
    ///
    /// 2 for East Asian wide ones and emoji, 0 for combining marks: an approximation of Unicode's
    /// UAX 11.
    package static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        // A sign made an emoji by U+FE0F is as wide as one.
        if first.value >= 0x2000, character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.value {
        case 0x300...0x36F: return 0
        case 0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x23F0, 0x23F3, 0x25FD...0x25FE,
            0x2614...0x2615, 0x2648...0x2653, 0x267F, 0x2693, 0x26A1, 0x26AA...0x26AB,
            0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE, 0x26D4, 0x26EA, 0x26F2...0x26F3, 0x26F5,
            0x26FA, 0x26FD, 0x2705, 0x270A...0x270B, 0x2728, 0x274C, 0x274E, 0x2753...0x2755,
            0x2757, 0x2795...0x2797, 0x27B0, 0x27BF, 0x2B1B...0x2B1C, 0x2B50, 0x2B55,
            0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F004, 0x1F0CF, 0x1F18E,
            0x1F191...0x1F19A, 0x1F1E6...0x1F202, 0x1F210...0x1F23B, 0x1F240...0x1F248,
            0x1F250...0x1F251, 0x1F260...0x1F265, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// Columns a terminal gives to a text.
    package static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

    /// `text` cut to `limit` columns; `…` says that something is missing.
    package static func fit(_ text: String, _ limit: Int) -> String {
        guard width(text) > limit else { return text }
        guard limit > 1 else { return limit == 1 ? "…" : "" }
        var used = 0
        var out = ""
        for character in text {
            let next = width(character)
            if used + next > limit - 1 { break }
            used += next
            out.append(character)
        }
        return out + "…"
    }

    /// `text` with spaces up to `width` columns, before it if `isRight`.
    package static func pad(_ text: String, _ width: Int, isRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - Self.width(text)))
        return isRight ? space + text : text + space
    }
}

/// A whole number with commas between thousands, whatever the locale: `1,234,567`.
package func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var out = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { out.append(",") }
        out.append(digit)
    }
    return out
}
