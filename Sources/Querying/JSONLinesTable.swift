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
        var lines = try JSONLines(file)
        var names = ColumnNames()
        var index = MemberIndex()
        var shapes: [ValueShape] = []
        while try lines.next() {
            var expected = 0
            for (key, value) in lines.root.memberNodes {
                let column: Int
                if let known = index.find(key, expected: expected) {
                    column = known
                } else {
                    let name = key.string ?? ""
                    try names.add(name, place: Place(file: file.name, line: lines.line))
                    column = index.add(name)
                    shapes.append(ValueShape())
                }
                shapes[column].add(value)
                expected = column + 1
            }
        }
        guard !shapes.isEmpty else {
            throw file.failure(
                "The file has no columns.",
                hint: "Write one object a line: {\"column\": value}."
            )
        }
        columns = names.names.enumerated().map { index, name in
            Column(id: index + 1, name: name, type: shapes[index].jsonType)
        }
        notes = names.notes
        members = index.members
    }

    func rows(
        schema: Schema,
        limit: SortLimit?,
        replaced: inout Int
    ) throws(Failure) -> SortedRows {
        var lines = try JSONLines(file)
        let index = MemberIndex(members)
        let order = schema.dataColumns.map { column in
            (index: columns.firstIndex { $0.name == column.name }, column: column)
        }
        var builder = RowBuilder(schema: schema, limit: limit)
        var repairs = CanonicalJSON.Repairs()
        var values: [JSONNode?] = []
        while try lines.next() {
            values = Array(repeating: nil, count: columns.count)
            var expected = 0
            // Of a name that is there twice, the last value counts (format section 3).
            for (key, value) in lines.root.memberNodes {
                guard let column = index.find(key, expected: expected) else { throw file.changed }
                values[column] = value
                expected = column + 1
            }
            do throws(Failure) {
                for (index, column) in order {
                    guard let value = index.flatMap({ values[$0] }) else {
                        try builder.null()
                        continue
                    }
                    guard try append(value, as: column.type, to: &builder, repairs: &repairs)
                    else {
                        let text = String(decoding: value.rawBytes, as: UTF8.self)
                        throw file.misfit(text, column, line: lines.line)
                    }
                }
                try builder.endRow()
            } catch {
                throw error.at(Place(file: file.name, line: lines.line))
            }
            // They hold the line's text, whose memory the next line uses.
            values.removeAll(keepingCapacity: true)
        }
        replaced += repairs.replacedCharacters
        return try builder.finishSorted()
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

/// Which member of an object is which column.
private struct MemberIndex {
    private(set) var members: [String] = []
    private var positions: [String: Int] = [:]

    init(_ members: [String] = []) {
        for member in members { _ = add(member) }
    }

    /// Adds a column; gives its position.
    mutating func add(_ member: String) -> Int {
        positions[member] = members.count
        members.append(member)
        return members.count - 1
    }

    /// The column of a member, nil for a new one; `expected` is the one it has if objects have
    /// their members in one order.
    func find(_ key: JSONNode, expected: Int) -> Int? {
        if expected < members.count, key.isString(members[expected]) { return expected }
        return positions[key.string ?? ""]
    }
}

/// Reads the lines of an NDJSON file; those with white space only are passed over.
private struct JSONLines {
    private var text: ImportText
    private var document = JSONDocument()
    /// The line read last, from 1.
    private(set) var line = 0

    private static let hint =
        "Write one object a line; jq -c '.[]' FILE makes them of an array."

    init(_ file: ImportFile) throws(Failure) { text = try ImportText(file) }

    /// The object of the line.
    var root: JSONNode { document.root }

    /// Moves to the next object; false if there is none.
    ///
    /// - Throws: `import.file` with the line.
    mutating func next() throws(Failure) -> Bool {
        while let range = try nextLine() {
            let bytes = text.bytes
            if bytes[range].allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            do throws(Failure) {
                try unsafe bytes.withBytes { (bytes) throws(Failure) in
                    try unsafe document.parse(
                        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[range])
                    )
                }
            } catch {
                let isText = unsafe bytes.withUnsafeBufferPointer {
                    unsafe UTF8Text.firstInvalid(in: UnsafeBufferPointer(rebasing: $0[range]))
                        == nil
                }
                guard isText else { throw text.notUTF8(line: line) }
                throw text.file.failure(
                    error.message.replacing("The text", with: "The line"),
                    line: line,
                    hint: bytes[range].first == UInt8(ascii: "[")
                        ? Self.hint : "Correct the line and import again."
                )
            }
            guard document.root.kind == .object else {
                throw text.file.failure(
                    "The line is no JSON object.",
                    line: line,
                    hint: Self.hint
                )
            }
            return true
        }
        return false
    }

    private mutating func nextLine() throws(Failure) -> Range<Int>? {
        // Where no line end has been found before.
        var searched = text.position
        while true {
            let start = text.position
            let count = text.bytes.count
            let end = unsafe text.bytes.withUnsafeBytes { bytes in
                unsafe bytes.baseAddress.flatMap { base in
                    unsafe memchr(base + searched, 0x0a, count - searched).map {
                        unsafe $0 - UnsafeMutableRawPointer(mutating: base)
                    }
                }
            }
            if let end {
                text.position = end + 1
                line += 1
                return start..<end
            }
            if text.isAtEnd {
                guard start < count else { return nil }
                text.position = count
                line += 1
                return start..<count
            }
            let length = count - start
            try text.readOn(line: line + 1)
            searched = text.position + length
        }
    }
}
