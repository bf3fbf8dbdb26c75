package import Diagnostics
import Records

/// Writes a difference as CSV: a line a cell.
///
/// The columns are `change`, `table`, those that name a row (of all tables together), `column`,
/// `before` and `after`. A row added or removed has a line for each of its other columns; a row of
/// a table without a key one line, for its count `_n`. NULL is nothing, empty text is `""`.
package struct CSVRenderer: DiffWriter {
    private let keys: [String]
    private var table: DiffTable?
    private var cellsBefore: RowCells?
    private var cellsAfter: RowCells?

    /// Makes a renderer for these tables: those that may follow.
    package init(tables: [DiffTable]) {
        var keys: [String] = []
        for table in tables {
            for name in table.after.dataKeyNames + table.before.dataKeyNames
            where !keys.contains(name) {
                keys.append(name)
            }
        }
        self.keys = keys
    }

    /// The names of the columns.
    package func start() -> String {
        line(["change", "table"] + keys + ["column", "before", "after"])
    }

    /// Lines of what is not about rows.
    package mutating func begin(_ table: DiffTable) -> String {
        self.table = table
        cellsBefore = RowCells(table.before)
        cellsAfter = RowCells(table.after)
        let none = [String?](repeating: nil, count: keys.count)
        var text = ""
        if let note = table.note {
            text += line(["table_\(note)", table.name] + none + [nil, nil, nil])
        }
        for change in table.schemaChanges {
            let parts = change.parts
            text += line(
                [parts.kind, table.name] + none + [parts.column, parts.before, parts.after]
            )
        }
        return text
    }

    /// The lines of one change.
    package func row(_ change: RowChange) throws(Failure) -> String {
        guard let table else { return "" }
        let names = table.keyNames(of: change)
        let start =
            [change.kind.rawValue, table.name]
            + keys.map { name in
                names.firstIndex(of: name).flatMap { CellDisplay.plain(change.key[$0]) }
            }
        if change.kind == .changed {
            return change.cells.map { cell in
                line(
                    start + [
                        cell.column, CellDisplay.plain(cell.before), CellDisplay.plain(cell.after),
                    ]
                )
            }.joined()
        }
        let schema = change.after == nil ? table.before : table.after
        let old = try change.before.flatMap { (row) throws(Failure) in try cellsBefore?(row) }
        let new = try change.after.flatMap { (row) throws(Failure) in try cellsAfter?(row) }
        let rest = schema.columns.indices.dropFirst(schema.orderCount)
        guard !rest.isEmpty else { return line(start + [nil, nil, nil]) }
        return rest.map { index in
            line(
                start + [
                    schema.columns[index].name, old.flatMap { CellDisplay.plain($0[index]) },
                    new.flatMap { CellDisplay.plain($0[index]) },
                ]
            )
        }.joined()
    }

    /// Nothing.
    package func end(_ summary: DiffSummary, leftOut: Int) -> String { "" }

    private func line(_ fields: [String?]) -> String { Self.line(fields) }

    /// A line of fields, quoted where they must be; nil is nothing.
    static func line(_ fields: [String?]) -> String {
        fields.map { field in
            guard let field else { return "" }
            let isPlain = field.utf8.allSatisfy { byte in
                byte != UInt8(ascii: ",") && byte != UInt8(ascii: "\"")
                    && byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r")
            }
            guard field.isEmpty || !isPlain else { return field }
            let doubled = field.split(separator: "\"", omittingEmptySubsequences: false)
            return "\"" + doubled.joined(separator: "\"\"") + "\""
        }.joined(separator: ",") + "\n"
    }
}
