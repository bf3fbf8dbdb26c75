import Codecs
import Records

/// Writes row changes as JSON, one object a line, for programs.
///
///     {"table":"marts.a","change":"changed","count":1,"key":{…},"columns":["n"],"before":{…},"after":{…}}
///
/// `before` and `after` are the rows as stored (null where there is none), so that applying the
/// lines to the table before gives the table after. A table that is on one side only, and a
/// change of the schema, have a line of their own.
package struct JSONLinesRenderer: DiffWriter, Sendable {
    private var table: DiffTable?

    /// Makes a renderer.
    package init() {}

    /// Lines of what is not about rows.
    package mutating func begin(_ table: DiffTable) -> String {
        self.table = table
        var lines: [JSONValue] = []
        if let note = table.note {
            lines.append(
                .object([
                    ("table", .string(table.name)), ("change", .string("table")),
                    ("description", .string(note)),
                ])
            )
        }
        for change in table.schemaChanges {
            let start: [(String, JSONValue)] = [
                ("table", .string(table.name)), ("change", .string("schema")),
            ]
            lines.append(.object(start + Self.members(of: change)))
        }
        return lines.map { $0.serialized() + "\n" }.joined()
    }

    /// The line of one change.
    package func row(_ change: RowChange) -> String { Self.object(change, of: table) + "\n" }

    /// Nothing.
    package func end(_ summary: DiffSummary, leftOut: Int) -> String { "" }

    /// A change of the schema as members of an object.
    static func members(of change: SchemaChange) -> [(String, JSONValue)] {
        let parts = change.parts
        return [
            ("kind", .string(parts.kind)), ("column", parts.column.map { .string($0) } ?? .null),
            ("before", parts.before.map { .string($0) } ?? .null),
            ("after", parts.after.map { .string($0) } ?? .null),
            ("description", .string(change.description)),
        ]
    }

    /// A changed row as an object, without a newline.
    static func object(_ change: RowChange, of table: DiffTable?) -> String {
        var out = Array("{\"table\":\"\(table?.name ?? "")\",\"change\":\"".utf8)
        out += Array("\(change.kind.rawValue)\",\"count\":\(change.count),\"key\":{".utf8)
        let names = table?.keyNames(of: change) ?? []
        for (index, (name, cell)) in zip(names, change.key).enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += Array("\"\(name)\":".utf8)
            out += cell
        }
        out += Array("},\"columns\":[".utf8)
        out += Array(change.changedColumns.map { "\"\($0)\"" }.joined(separator: ",").utf8)
        out += Array("],\"before\":".utf8)
        out += change.before ?? Array("null".utf8)
        out += Array(",\"after\":".utf8)
        out += change.after ?? Array("null".utf8)
        out.append(UInt8(ascii: "}"))
        return String(decoding: out, as: UTF8.self)
    }
}

/// Writes a difference as one JSON document: an object with the tables in a list, each with its
/// rows (the objects of `JSONLinesRenderer`, a line each) and then its counts.
package struct JSONRenderer: DiffWriter, Sendable {
    private let revisions: (before: String, after: String)
    private var table: DiffTable?
    private var tables = 0
    private var rows = 0

    /// Makes a renderer for the difference of two revisions.
    package init(from before: String, to after: String) { revisions = (before, after) }

    /// The document's head.
    package func start() -> String {
        let before = JSONValue.string(revisions.before).serialized()
        let after = JSONValue.string(revisions.after).serialized()
        return "{\"before\":\(before),\"after\":\(after),\"tables\":["
    }

    /// The table's name and what is not about rows.
    package mutating func begin(_ table: DiffTable) -> String {
        self.table = table
        tables += 1
        rows = 0
        let note = table.note.map { JSONValue.string($0) } ?? .null
        let schema = JSONValue.array(
            table.schemaChanges.map { .object(JSONLinesRenderer.members(of: $0)) }
        )
        return (tables > 1 ? ",\n" : "\n")
            + "{\"table\":\"\(table.name)\",\"note\":\(note.serialized()),"
            + "\"schema_changes\":\(schema.serialized()),\"rows\":["
    }

    /// One change.
    package mutating func row(_ change: RowChange) -> String {
        rows += 1
        return (rows > 1 ? ",\n" : "\n") + JSONLinesRenderer.object(change, of: table)
    }

    /// The counts.
    package func end(_ summary: DiffSummary, leftOut: Int) -> String {
        let counts = JSONValue.object(
            [("rows_left_out", .int(Int64(leftOut)))] + StatRenderer.counts(summary)
        ).serialized()
        return (rows > 0 ? "\n" : "") + "]," + counts.dropFirst()
    }

    /// The document's end.
    package func finish() -> String { tables > 0 ? "\n]}\n" : "]}\n" }
}
