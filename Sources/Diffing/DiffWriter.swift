package import Diagnostics
package import Records

/// One table of a difference, as far as it is known before its rows are.
package struct DiffTable: Sendable {
    /// As `layer.name`.
    package let name: String
    /// "new" or "removed" for a table that is on one side only.
    package let note: String?
    /// The columns shown of rows before and after.
    package let before: Schema
    package let after: Schema
    package let rowsBefore: Int
    package let rowsAfter: Int
    package let schemaChanges: [SchemaChange]

    /// Makes a table.
    package init(
        name: String,
        note: String? = nil,
        from before: Schema,
        to after: Schema,
        rowsBefore: Int = 0,
        rowsAfter: Int = 0,
        schemaChanges: [SchemaChange] = []
    ) {
        self.name = name
        self.note = note
        self.before = before
        self.after = after
        self.rowsBefore = rowsBefore
        self.rowsAfter = rowsAfter
        self.schemaChanges = schemaChanges
    }

    /// Names of the columns in `change.key`.
    func keyNames(of change: RowChange) -> [String] {
        (change.after == nil ? before : after).dataKeyNames
    }
}

/// Writes the difference of several tables in one format, as it comes.
///
/// The order of calls is `start`, then for each table `begin`, `row`s and `end`, then `finish`.
/// Each gives the text to print next.
package protocol DiffWriter {
    /// What opens the document.
    mutating func start() -> String
    /// What opens a table.
    mutating func begin(_ table: DiffTable) -> String
    /// A row of the table begun.
    mutating func row(_ change: RowChange) throws(Failure) -> String
    /// What closes the table; `leftOut` rows of it were not given.
    mutating func end(_ summary: DiffSummary, leftOut: Int) -> String
    /// What closes the document.
    mutating func finish() -> String
}

extension DiffWriter {
    /// Nothing.
    package mutating func start() -> String { "" }
    /// Nothing.
    package mutating func finish() -> String { "" }
}

extension Schema {
    /// Names of the columns that say which row is which: the key, or all but the count.
    var dataKeyNames: [String] { columns.prefix(orderCount).map(\.name) }
}

/// Takes rows of one schema apart.
struct RowCells {
    private let reader: RowReader

    init(_ schema: Schema) { reader = RowReader(schema: schema) }

    /// JSON text of every stored column.
    func callAsFunction(_ row: [UInt8]) throws(Failure) -> [[UInt8]] {
        var cells: [Range<Int>] = []
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
        }
        return cells.map { Array(row[$0]) }
    }
}

/// The texts of a cell.
enum CellDisplay {
    /// A string without quotes and escapes, anything else as JSON; nil for NULL.
    static func plain(_ json: [UInt8]) -> String? {
        guard json != Array("null".utf8) else { return nil }
        var out: [UInt8] = []
        let isString = unsafe json.withUnsafeBufferPointer {
            unsafe CellText.unescapeString($0, into: &out)
        }
        return String(decoding: isString ? out : json, as: UTF8.self)
    }

    /// `1 row`, `2 rows`, `1,234 rows`.
    static func counted(_ count: Int, _ noun: String) -> String {
        "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    /// Whether a column's cells stand to the right.
    static func isNumber(_ type: ColumnType) -> Bool {
        switch type {
        case .int64, .double, .decimal, .uint256: true
        default: false
        }
    }
}
