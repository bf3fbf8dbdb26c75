import Diagnostics

/// A commit, its texts as UTF-8 whatever they were written in.
package struct CommitInfo: Sendable {
    package let id: ObjectID
    package let tree: ObjectID
    /// As the commit states them; a shallow clone may lack them.
    package let parents: [ObjectID]
    package let author: Signature
    package let committer: Signature
    /// UTF-8; bytes that were not are U+FFFD.
    package let message: [UInt8]

    /// The first paragraph of the message, on one line.
    package var summary: String {
        paragraphs.first.map { lines in
            lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        } ?? ""
    }

    /// The `Key: value` lines at the end of the message, in their order.
    ///
    /// As git has it, they are a paragraph of their own, not the first; here, every line of it must
    /// be a trailer or continue one.
    package var trailers: [(key: String, value: String)] {
        let all = paragraphs
        guard all.count > 1, let last = all.last else { return [] }
        var out: [(key: String, value: String)] = []
        for line in last {
            let text = String(decoding: line, as: UTF8.self)
            if line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t") {
                guard let before = out.popLast() else { return [] }
                out.append((before.key, before.value + " " + Self.trimmed(text)))
                continue
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(Self.isTokenByte)
            else { return [] }
            let key = String(decoding: line[..<colon], as: UTF8.self)
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            out.append((key, Self.trimmed(value)))
        }
        return out
    }

    private typealias Line = ArraySlice<UInt8>

    /// Runs of lines between blank lines.
    private var paragraphs: [[Line]] {
        let lines = message.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.split { $0.allSatisfy(Self.isBlank) }.map(Array.init)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 32 || byte == 9 || byte == 13
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func trimmed(_ text: String) -> String {
        var bytes = text.utf8[...]
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension CommitInfo {
    /// Reads the bytes of a commit object: header lines, an empty line, the message.
    ///
    /// - Throws: `git.malformed-object` if the tree is not named. Odd names, dates and encodings
    ///   are real (git imports of the nineties), so they are read as well as may be.
    init(id: ObjectID, parsing bytes: [UInt8]) throws(Failure) {
        let header = CommitHeader(bytes)
        guard let tree = header.tree else {
            throw Failure(
                .malformedObject,
                "The commit '\(id)' names no tree.",
                hint: "Check the repository: git fsck --full"
            )
        }
        self.id = id
        self.tree = tree
        parents = header.parents
        let decode = TextEncoding(named: header.encoding)
        author = SignatureText.parse(header.author, decode)
        committer = SignatureText.parse(header.committer, decode)
        message = decode.utf8(bytes[header.messageStart...])
    }
}

/// The header lines of a commit object that matter here, in place.
struct CommitHeader {
    var tree: ObjectID?
    var parents: [ObjectID] = []
    var author: ArraySlice<UInt8> = []
    var committer: ArraySlice<UInt8> = []
    var encoding: ArraySlice<UInt8> = []
    var messageStart: Int

    init(_ bytes: [UInt8]) {
        var place = 0
        messageStart = bytes.count
        while place < bytes.count {
            let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = bytes[place..<end]
            place = min(end + 1, bytes.count)
            if line.isEmpty {
                messageStart = place
                return
            }
            let space = line.firstIndex(of: UInt8(ascii: " ")) ?? end
            let value = line[min(space + 1, end)...]
            // Lines that start with a blank continue the one before (signatures): no key.
            switch line[..<space] {
            case Self.treeKey: tree = tree ?? Self.id(value)
            case Self.parentKey: if let parent = Self.id(value) { parents.append(parent) }
            case Self.authorKey: author = value
            case Self.committerKey: committer = value
            case Self.encodingKey: encoding = value
            default: break
            }
        }
    }

    private static let treeKey = ArraySlice("tree".utf8)
    private static let parentKey = ArraySlice("parent".utf8)
    private static let authorKey = ArraySlice("author".utf8)
    private static let committerKey = ArraySlice("committer".utf8)
    private static let encodingKey = ArraySlice("encoding".utf8)

    private static func id(_ hex: ArraySlice<UInt8>) -> ObjectID? {
        ObjectID(hex: String(decoding: hex, as: UTF8.self))
    }
}

/// How a commit's texts are encoded.
enum TextEncoding {
    case utf8
    case latin1

    /// Takes the value of a commit's `encoding` header; what is unknown counts as UTF-8.
    init(named name: ArraySlice<UInt8>) {
        let plain = String(decoding: name, as: UTF8.self).lowercased()
            .filter { $0 != "-" && $0 != "_" }
        self = ["latin1", "iso88591", "iso8859-1"].contains(plain) ? .latin1 : .utf8
    }

    /// The text as UTF-8, U+FFFD where it makes no sense.
    func utf8(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .utf8: Array(String(decoding: bytes, as: UTF8.self).utf8)
        case .latin1:
            bytes.flatMap { $0 < 0x80 ? [$0] : [0xC0 | $0 >> 6, 0x80 | $0 & 0x3F] }
        }
    }
}

/// The text of a signature: `Name <email> seconds +hhmm`.
enum SignatureText {
    /// Reads a signature; what is missing is empty or zero.
    static func parse(_ text: ArraySlice<UInt8>, _ encoding: TextEncoding) -> Signature {
        // The last `>`: names and addresses with stray brackets exist.
        let close = text.lastIndex(of: UInt8(ascii: ">")) ?? text.endIndex
        let open = text[..<close].firstIndex(of: UInt8(ascii: "<")) ?? close
        let name = encoding.utf8(text[..<open])
        let email = encoding.utf8(text[min(open + 1, close)..<close])
        let numbers = text[min(close + 1, text.endIndex)...]
            .split(separator: UInt8(ascii: " "))
            .map { String(decoding: $0, as: UTF8.self) }
        return Signature(
            name: trimmed(name),
            email: trimmed(email),
            time: numbers.first.map(seconds) ?? 0,
            offset: numbers.count > 1 ? minutes(numbers[1]) : 0
        )
    }

    /// The bytes git stores; what it does not allow in names is left out, and a name is always there
    /// because `git fsck --strict` asks for one.
    static func serialize(_ signature: Signature) -> String {
        let name = cleaned(signature.name)
        let sign = signature.offset < 0 ? "-" : "+"
        let offset = min(signature.offset.magnitude, 99 * 60 + 59)
        let zone = String(10000 + offset / 60 * 100 + offset % 60).dropFirst()
        return "\(name.isEmpty ? "unknown" : name) <\(cleaned(signature.email))> "
            + "\(max(signature.time, 0)) \(sign)\(zone)"
    }

    private static func cleaned(_ text: String) -> String {
        let kept = text.unicodeScalars.filter { $0.value >= 32 && $0 != "<" && $0 != ">" }
        return trimmed(Array(String(String.UnicodeScalarView(kept)).utf8))
    }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        var slice = bytes[...]
        while let first = slice.first, first <= 32 { slice.removeFirst() }
        while let last = slice.last, last <= 32 { slice.removeLast() }
        return String(decoding: slice, as: UTF8.self)
    }

    /// Seconds; a number past 64 bits is the largest or least there is.
    private static func seconds(_ text: String) -> Int64 {
        if let value = Int64(text) { return value }
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return 0 }
        return text.hasPrefix("-") ? .min : .max
    }

    /// `+hhmm` in minutes.
    private static func minutes(_ text: String) -> Int {
        guard let value = Int(text), value.magnitude <= 9999 else { return 0 }
        return value / 100 * 60 + value % 100
    }
}
