import Codecs
import Diagnostics
import Foundation
import Records

/// An NDJSON file as a table: one object a line, whose members are the columns.
struct JSONLinesTable: ImportTable {
    let columns: [Column]
    let notes: [String]
    private let file: ImportFile
    /// What the file calls the columns.
    private let members: [String]

    /// Reads the file once, so that types hang on all rows.
    init(_ file: ImportFile) throws(Failure) {
        self.file = file
        let (gathered, failure) = try forEachBlock(of: file, .lines, state: MemberShapes.init) {
            (block, shapes) throws(Failure) in
            try JSONLines.forEach(of: block, file) { (root, line) throws(Failure) in
                try shapes.add(root, line: line, of: file)
            }
        }
        // A clash of names that two threads have met is found only here, and may come first.
        let names = try MemberShapes.names(gathered, before: failure, of: file)
        if let failure { throw failure }
        guard !names.members.isEmpty else {
            throw file.failure(
                "The file has no columns.",
                hint: "Write one object a line: {\"column\": value}."
            )
        }
        columns = names.columns.names.enumerated().map { index, name in
            var shape = ValueShape()
            for more in gathered { more.shape(of: names.members[index]).map { shape.merge($0) } }
            return Column(id: index + 1, name: name, type: shape.jsonType)
        }
        notes = names.columns.notes
        members = names.members
    }

    func rows(
        schema: Schema,
        limit: SortLimit?,
        replaced: inout Int
    ) throws(Failure) -> SortedRows {
        let index = MemberIndex(members)
        let order = schema.dataColumns.map { column in
            columns.firstIndex { $0.name == column.name } ?? -1
        }
        let types = schema.dataColumns.map(\.type)
        return try sortedRows(of: file, .lines, schema: schema, limit: limit, replaced: &replaced) {
            (block, builder, replaced) throws(Failure) in
            var repairs = CanonicalJSON.Repairs()
            var values: [JSONNode?] = []
            try JSONLines.forEach(of: block, file) { (root, line) throws(Failure) in
                values.append(contentsOf: repeatElement(nil, count: members.count))
                var expected = 0
                // Of a name that is there twice, the last value counts (format section 3).
                try root.forEachMember { (key, value) throws(Failure) in
                    guard let column = index.find(key, expected: expected) else {
                        throw file.changed
                    }
                    values[column] = value
                    expected = column + 1
                }
                do throws(Failure) {
                    for column in order.indices {
                        guard order[column] >= 0, let value = values[order[column]] else {
                            try builder.null()
                            continue
                        }
                        let type = types[column]
                        guard try append(value, as: type, to: &builder, repairs: &repairs) else {
                            let text = String(decoding: value.rawBytes, as: UTF8.self)
                            throw file.misfit(text, schema.dataColumns[column], line: line)
                        }
                    }
                    try builder.endRow(order: UInt64(line))
                } catch {
                    throw error.at(Place(file: file.name, line: line))
                }
                // They hold the line's text, whose memory the next line uses.
                values.removeAll(keepingCapacity: true)
            }
            replaced += repairs.replacedCharacters
        }
    }

    /// Appends a value; false if it is none of the type.
    private func append(
        _ node: JSONNode,
        as type: ColumnType,
        to builder: inout RowBuilder,
        repairs: inout CanonicalJSON.Repairs
    ) throws(Failure) -> Bool {
        guard !node.isNull else {
            try builder.null()
            return true
        }
        switch type {
        case .bool:
            guard let value = node.bool else { return false }
            try builder.bool(value)
        case .string:
            guard let text = node.stringBytes(repairs: &repairs) else { return false }
            try builder.string(utf8: text)
        case .date, .timestamp:
            return try unsafe (node.stringBytes ?? []).withBytes { (text) throws(Failure) in
                if type == .date, let days = unsafe CellText.parseDate(text) {
                    try builder.date(days: days)
                } else if type == .timestamp, let micros = unsafe ValueShape.timestamp(text) {
                    try builder.timestamp(micros: micros)
                } else {
                    return false
                }
                return true
            }
        case .list(let element):
            guard node.kind == .array else { return false }
            try builder.beginList()
            for value in node.elements {
                guard try append(value, as: element, to: &builder, repairs: &repairs) else {
                    return false
                }
            }
            try builder.endList()
        case .json:
            var text: [UInt8] = []
            try CanonicalJSON.append(node, to: &text, repairs: &repairs)
            try builder.json(canonical: text)
        case .decimal, .uint256, .bytes:
            // Snapshots write these as strings.
            return try unsafe (node.stringBytes ?? Array(node.rawBytes)).withBytes {
                (text) throws(Failure) in
                try unsafe builder.plain(text, as: type)
            }
        case .int64, .double:
            return try unsafe Array(node.rawBytes).withBytes { (text) throws(Failure) in
                try unsafe builder.plain(text, as: type)
            }
        }
        return true
    }
}

extension [UInt8] {
    fileprivate func withBytes<R>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> R
    ) throws(Failure) -> R {
        try unsafe withUnsafeBufferPointer { (bytes) throws(Failure) in try unsafe body(bytes) }
    }
}

/// Reads the lines of NDJSON; those with white space only are passed over.
private enum JSONLines {
    private static let hint =
        "Write one object a line; jq -c '.[]' FILE makes them of an array."

    /// Calls `body` with each line's object.
    ///
    /// - Throws: `import.file` with the line; what `body` throws.
    static func forEach(
        of block: ImportBlock,
        _ file: ImportFile,
        _ body: (JSONNode, _ line: Int) throws(Failure) -> Void
    ) throws(Failure) {
        try unsafe block.bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
            let bytes = UnsafeRawBufferPointer(bytes)
            guard let base = bytes.baseAddress else { return }
            guard block.isWhole else { throw file.tooLong(line: block.line) }
            var document = JSONDocument()
            var line = block.line
            var start = 0
            while start < bytes.count {
                let found = unsafe memchr(base + start, 0x0a, bytes.count - start)
                let end = unsafe found.map { unsafe UnsafeRawPointer($0) - base } ?? bytes.count
                let text = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                if unsafe try parse(text, into: &document, line: line, of: file) {
                    try body(document.root, line)
                }
                start = end + 1
                line += 1
            }
        }
    }

    /// Parses a line; false if there is nothing in it.
    private static func parse(
        _ text: UnsafeRawBufferPointer,
        into document: inout JSONDocument,
        line: Int,
        of file: ImportFile
    ) throws(Failure) -> Bool {
        if unsafe text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { return false }
        do throws(Failure) { try unsafe document.parse(text) } catch {
            let bytes = unsafe text.bindMemory(to: UInt8.self)
            let isText = unsafe UTF8Text.firstInvalid(in: bytes) == nil
            guard isText else { throw file.notUTF8(line: line) }
            throw file.failure(
                error.message.replacing("The text", with: "The line"),
                line: line,
                hint: unsafe text.first == UInt8(ascii: "[")
                    ? hint : "Correct the line and import again."
            )
        }
        guard document.root.kind == .object else {
            throw file.failure("The line is no JSON object.", line: line, hint: hint)
        }
        return true
    }
}
