import Codecs

/// Replaces e-mail addresses by a keyed hash, `email-` and 32 hex digits, so that one person's
/// contributions can be joined and the address cannot be read.
///
/// The pattern, as a regular expression over UTF-8 in which `U` is any byte over 0x7F:
///
///     (?:[A-Za-z0-9._%+-U]+ | [A-Za-z0-9._%+-U!"#$&'*/=?^`{|}~]+)     the longest before the @
///     @ [A-Za-z0-9-U] [A-Za-z0-9.-U]*
///     (?: \.[A-Za-z]{2,} | \.xn--[A-Za-z0-9-]+ | \.U{2,} | \.\(none\) )     the last that fits
///
/// The second set counts only where the first has nothing (`'joe'@example.org`), so that quotes and
/// `email=` before an address stay text. `(none)` is what git writes for a machine without a domain.
/// Exempt are `git@host` before `:` or `/`: addresses of repositories. A hash never matches.
package struct EmailScrubber: Sendable {
    private let key: [UInt8]

    /// Makes a scrubber that hashes with `key`.
    package init(key: [UInt8]) {
        self.key = key
    }

    /// The hash that stands for an address: HMAC-SHA-256 of the address in lower case (ASCII).
    package func hash(_ email: [UInt8]) -> [UInt8] {
        let lower = email.map { isUpper($0) ? $0 | 0x20 : $0 }
        return Array("email-\(hmacSHA256(key: key, lower).short)".utf8)
    }

    /// The hash that stands for an address.
    package func hash(_ email: String) -> String {
        String(decoding: hash(Array(email.utf8)), as: UTF8.self)
    }

    /// Replaces every address in a text, and gives how many there were.
    ///
    /// - Complexity: linear in the text; without an `@` nothing is copied.
    package func scrub(_ utf8: inout [UInt8]) -> Int {
        var count = 0
        // What stays beside a hash can be an address only in made-up cases; then it goes too.
        while true {
            let replaced = replaceOnce(&utf8)
            guard replaced > 0 else { return count }
            count += replaced
        }
    }

    /// Whether an address is left, for tests and checks.
    package func containsAddress(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        unsafe Self.firstAddress(in: utf8, from: 0, notBefore: 0) != nil
    }

    private func replaceOnce(_ utf8: inout [UInt8]) -> Int {
        var output: [UInt8] = []
        var count = 0
        unsafe utf8.withUnsafeBufferPointer { text in
            var done = 0
            while let found = unsafe Self.firstAddress(in: text, from: done, notBefore: done) {
                unsafe output.append(contentsOf: text[done..<found.lowerBound])
                output.append(contentsOf: hash(unsafe Array(text[found])))
                done = found.upperBound
                count += 1
            }
            if count > 0 { unsafe output.append(contentsOf: text[done...]) }
        }
        if count > 0 { utf8 = output }
        return count
    }

    private static func firstAddress(
        in text: UnsafeBufferPointer<UInt8>,
        from start: Int,
        notBefore: Int
    ) -> Range<Int>? {
        var next = start
        while next < text.count, let at = unsafe text[next...].firstIndex(of: UInt8(ascii: "@")) {
            if let end = unsafe domainEnd(in: text, after: at),
                let begin = unsafe localStart(in: text, before: at, notBefore: notBefore),
                unsafe !isRepository(text, begin, at, end)
            {
                return begin..<end
            }
            next = at + 1
        }
        return nil
    }

    /// Where the domain that starts behind `at` ends; nil if there is none.
    private static func domainEnd(in text: UnsafeBufferPointer<UInt8>, after at: Int) -> Int? {
        let start = at + 1
        var end = start
        while end < text.count, unsafe isDomain(text[end]) { end += 1 }
        guard end - start >= 2, unsafe text[start] != UInt8(ascii: ".") else { return nil }
        if unsafe text[end - 1] == UInt8(ascii: "."),
            unsafe text[end...].starts(with: "(none)".utf8)
        {
            return end + 6
        }
        var dot = end - 1
        while dot > start {
            if unsafe text[dot] == UInt8(ascii: "."),
                let tail = unsafe topLevelEnd(in: text, after: dot, before: end)
            {
                return tail
            }
            dot -= 1
        }
        return nil
    }

    private static func topLevelEnd(
        in text: UnsafeBufferPointer<UInt8>,
        after dot: Int,
        before end: Int
    ) -> Int? {
        let start = dot + 1
        func run(_ isPart: (UInt8) -> Bool) -> Int {
            var next = start
            while next < end, unsafe isPart(text[next]) { next += 1 }
            return next
        }
        if unsafe text[start..<end].starts(with: "xn--".utf8) {
            return run { isDomain($0) && $0 < 0x80 && $0 != UInt8(ascii: ".") }
        }
        let letters = run(isLetter)
        if letters - start >= 2 { return letters }
        let others = run { $0 >= 0x80 }
        return others - start >= 2 ? others : nil
    }

    private static func localStart(
        in text: UnsafeBufferPointer<UInt8>,
        before at: Int,
        notBefore: Int
    ) -> Int? {
        var start = at
        while start > notBefore, unsafe isLocal(text[start - 1]) { start -= 1 }
        if start < at { return start }
        while start > notBefore, unsafe isOddLocal(text[start - 1]) { start -= 1 }
        return start < at ? start : nil
    }

    private static func isRepository(
        _ text: UnsafeBufferPointer<UInt8>,
        _ start: Int,
        _ at: Int,
        _ end: Int
    ) -> Bool {
        guard at - start == 3, end < text.count,
            unsafe text[end] == UInt8(ascii: ":") || text[end] == UInt8(ascii: "/")
        else { return false }
        return unsafe text[start..<at].elementsEqual("git".utf8)
    }
}

// MARK: Classes of bytes

private func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }

private func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= 0x61 && lower <= 0x7A
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

private func isDomain(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        || byte >= 0x80
}

private func isLocal(_ byte: UInt8) -> Bool {
    if isDomain(byte) { return true }
    return switch byte {
    case UInt8(ascii: "_"), UInt8(ascii: "%"), UInt8(ascii: "+"): true
    default: false
    }
}

private func isOddLocal(_ byte: UInt8) -> Bool {
    if isLocal(byte) { return true }
    return switch byte {
    case UInt8(ascii: "!"), UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "$"),
        UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "/"),
        UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^"), UInt8(ascii: "`"),
        UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
        true
    default: false
    }
}
