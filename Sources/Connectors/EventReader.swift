import Codecs
import Diagnostics
import Records

/// Turns the lines of one file of events into rows.
struct EventReader {
    private let sourceName: [UInt8]
    private let file: String
    private let fileName: [UInt8]
    private let rule: EventFilter
    private let cleaner: TextCleaner
    private var document = JSONDocument()
    private var builder = RowBuilder(schema: GitHubArchive.schema)
    private var repairs = CanonicalJSON.Repairs()
    private var scratch: [UInt8] = []
    private var duplicateKeys: Int64 = 0
    private var dropped: Int64 = 0
    /// The easternmost offset of the times read; nil before the first.
    private(set) var offsetSeconds: Int64?

    /// Makes a reader of a file.
    init(file: String, rule: EventFilter, context: SourceContext) {
        sourceName = Array(context.sourceName.utf8)
        self.file = file
        fileName = Array(file.utf8)
        self.rule = rule
        cleaner = TextCleaner(EmailScrubber(key: context.emailKey))
    }

    /// Reads a line: an event, or several one after another as files of 2012 have them.
    ///
    /// - Throws: `archive.content` with file and line.
    mutating func read(
        _ line: UnsafeBufferPointer<UInt8>,
        number: Int64
    ) throws(Failure) {
        do throws(Failure) {
            unsafe try document.parse(UnsafeRawBufferPointer(line))
        } catch {
            return unsafe try readUnusual(line, number, error)
        }
        unsafe try readEvent(line, number)
    }

    /// The rows, sorted, and what was done to them added to `coverage`.
    consuming func finish(_ coverage: inout CoverageRow) throws(Failure) -> RowSet {
        coverage.replacedCharacters = Int64(repairs.replacedCharacters) + cleaner.replacedCharacters
        coverage.duplicateKeys = Int64(repairs.duplicateKeys) + duplicateKeys
        coverage.scrubbedEmails = cleaner.scrubbedEmails
        coverage.dropped = dropped
        var rows = builder.finish()
        let (equal, conflicting) = try rows.sortKeepingFirst(ignoring: GitHubArchive.origin)
        coverage.folded = Int64(equal)
        coverage.conflicting = Int64(conflicting)
        coverage.rows = Int64(rows.count)
        return rows
    }

    /// A line that is not one JSON value: several, or one that is not quite UTF-8.
    private mutating func readUnusual(
        _ line: UnsafeBufferPointer<UInt8>,
        _ number: Int64,
        _ failure: Failure
    ) throws(Failure) {
        let repaired = cleaner.repair(unsafe Array(line), keepsZero: true)
        let objects = ConcatenatedObjects.ranges(in: repaired)
        for range in objects {
            let outcome = unsafe repaired.withUnsafeBufferPointer { (text) -> Failure? in
                let object = unsafe UnsafeBufferPointer(rebasing: text[range])
                do throws(Failure) {
                    unsafe try document.parse(UnsafeRawBufferPointer(object))
                    unsafe try readEvent(object, number)
                    return nil
                } catch {
                    return error
                }
            }
            if let outcome {
                throw outcome.place != nil ? outcome : noJSON(outcome, number)
            }
        }
        if objects.isEmpty { throw noJSON(failure, number) }
    }

    /// Makes a row of the event in `document`.
    private mutating func readEvent(
        _ text: UnsafeBufferPointer<UInt8>,
        _ number: Int64
    ) throws(Failure) {
        guard let fields = EventFields(document.root) else {
            throw noEvent("it is no JSON object", number)
        }
        guard let type = fields.type else { throw noEvent("it has no \"type\"", number) }
        guard let time = fields.createdAt, CellText.timestampRange.contains(time.micros) else {
            throw noEvent("it has no time in \"created_at\"", number)
        }
        offsetSeconds = max(offsetSeconds ?? time.offsetSeconds, time.offsetSeconds)
        guard rule.keeps(fields.repoName) else {
            dropped += 1
            return
        }
        duplicateKeys += fields.duplicateKeys
        cleaner.addresses = PushAddresses.find(in: fields)
        let scrub: ((inout [UInt8]) -> Void)? =
            unsafe Self.mayHaveAddress(text) ? cleaner.scrub : nil

        do throws(Failure) {
            try builder.timestamp(micros: time.micros)
            if let id = fields.id {
                try builder.string(utf8: cleaner.cleanDecoded(id))
            } else {
                let digest = unsafe Digest.of(UnsafeRawBufferPointer(text))
                try builder.string(digest.hex)
            }
            try builder.string(utf8: cleaner.cleanDecoded(type))
            try append(fields.actorID)
            try append(fields.actorLogin)
            try append(fields.repoID)
            try append(fields.repoName)
            try append(fields.orgID)
            try append(fields.orgLogin)
            if let isPublic = fields.isPublic {
                try builder.bool(isPublic)
            } else {
                try builder.null()
            }
            try appendPayload(fields.payload, scrub)
            try appendOther(fields.other, scrub)
            try builder.string(utf8: sourceName)
            try builder.string(utf8: fileName)
            try builder.int64(number)
            try builder.endRow()
        } catch {
            throw error.at(place(number))
        }
    }

    private mutating func append(_ number: Int64?) throws(Failure) {
        if let number { try builder.int64(number) } else { try builder.null() }
    }

    private mutating func append(_ text: [UInt8]?) throws(Failure) {
        guard let text else { return try builder.null() }
        try builder.string(utf8: cleaner.cleanDecoded(text))
    }

    private mutating func appendPayload(
        _ payload: JSONNode?,
        _ scrub: ((inout [UInt8]) -> Void)?
    ) throws(Failure) {
        guard let payload else { return try builder.null() }
        scratch.removeAll(keepingCapacity: true)
        try CanonicalJSON.append(payload, to: &scratch, repairs: &repairs, transform: scrub)
        try builder.json(canonical: scratch)
    }

    /// The members as an object in canonical form.
    private mutating func appendOther(
        _ members: [(key: [UInt8], value: JSONNode)],
        _ scrub: ((inout [UInt8]) -> Void)?
    ) throws(Failure) {
        guard !members.isEmpty else { return try builder.null() }
        let members = members.map { (key: cleaner.cleanDecoded($0.key), value: $0.value) }
            .sorted { UTF16Order.precedes($0.key, $1.key) }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { scratch.append(UInt8(ascii: ",")) }
            unsafe member.key.withUnsafeBufferPointer {
                unsafe CanonicalJSON.appendString($0, to: &scratch)
            }
            scratch.append(UInt8(ascii: ":"))
            try CanonicalJSON.append(
                member.value,
                to: &scratch,
                repairs: &repairs,
                transform: scrub
            )
        }
        scratch.append(UInt8(ascii: "}"))
        try builder.json(canonical: scratch)
    }

    /// Whether the text of an event has an `@`, plain or escaped.
    ///
    /// Where it has none, strings are copied as they are.
    private static func mayHaveAddress(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if unsafe text.contains(UInt8(ascii: "@")) { return true }
        var rest = unsafe text[...]
        while let slash = unsafe rest.firstIndex(of: UInt8(ascii: "\\")) {
            if unsafe text[slash...].starts(with: "\\u0040".utf8) { return true }
            // Whatever an escape escapes is no start of another.
            unsafe rest = text[min(slash + 2, text.count)...]
        }
        return false
    }

    // MARK: Failures

    private func place(_ number: Int64) -> Place { Place(file: file, line: Int(number)) }

    private func noJSON(_ failure: Failure, _ number: Int64) -> Failure {
        Failure(
            .archiveContent,
            "The line is not JSON.",
            hint: "Fetch the file again; if it stays so, leave its hour out.",
            place: place(number),
            cause: failure.message
        )
    }

    private func noEvent(_ reason: String, _ number: Int64) -> Failure {
        Failure(
            .archiveContent,
            "The line is no event: \(reason).",
            hint: "Fetch the file again; if it stays so, leave its hour out.",
            place: place(number)
        )
    }
}

/// Objects one after another, without line ends between, as in early files.
enum ConcatenatedObjects {
    /// Where each object at the top level lies; empty if the text has anything else there.
    static func ranges(in text: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        var depth = 0
        var isInString = false
        var isEscaped = false
        for (index, byte) in text.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where depth > 0: isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if depth == 0 { start = index }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                guard depth >= 0 else { return [] }
                if depth == 0, let begin = start { ranges.append(begin..<(index + 1)) }
            case 0x20, 0x09, 0x0D, 0x0A: break
            default: if depth == 0 { return [] }
            }
        }
        return depth == 0 && !isInString ? ranges : []
    }
}

/// The author addresses of a push, which are hashed whole, also where the pattern sees none.
enum PushAddresses {
    static func find(in fields: EventFields) -> [[UInt8]] {
        guard fields.type?.elementsEqual("PushEvent".utf8) == true, let payload = fields.payload
        else { return [] }
        var found: [[UInt8]] = []
        func add(_ node: JSONNode?) {
            if let text = node?.stringBytes, text.contains(UInt8(ascii: "@")) { found.append(text) }
        }
        for commit in payload.member("commits")?.elements ?? [] {
            add(commit.member("author")?.member("email"))
        }
        // [sha, address, message, name, …]
        for commit in payload.member("shas")?.elements ?? [] {
            let parts = commit.elements
            if parts.count > 1 { add(parts[1]) }
        }
        return found
    }
}

/// The order of keys in canonical JSON (RFC 8785): by UTF-16 code units.
enum UTF16Order {
    static func precedes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        // Up to here both orders are one.
        if one.allSatisfy({ $0 < 0xEE }) && other.allSatisfy({ $0 < 0xEE }) {
            return one.lexicographicallyPrecedes(other)
        }
        return String(decoding: one, as: UTF8.self).utf16
            .lexicographicallyPrecedes(String(decoding: other, as: UTF8.self).utf16)
    }
}
