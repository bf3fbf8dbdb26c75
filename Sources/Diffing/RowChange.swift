package import Records

/// One row that differs between two versions of a table.
package struct RowChange: Sendable {
    /// What happened to the row.
    package enum Kind: String, Sendable {
        case added
        case removed
        case changed
    }

    package let kind: Kind
    /// How many equal rows this stands for; above 1 only in tables without a key.
    package let count: Int
    /// The row before, one line of JSON without its newline; nil if it was added.
    package let before: [UInt8]?
    /// The row after, one line of JSON without its newline; nil if it was removed.
    package let after: [UInt8]?
    /// JSON text of the key columns, in key order; of all columns in a table without a key.
    package let key: [[UInt8]]
    /// The cells that differ, in column order; empty unless the row changed.
    package let cells: [CellChange]

    /// Names of the columns that differ, as they are called after.
    package var changedColumns: [String] { cells.map(\.column) }
}

/// One cell that differs.
package struct CellChange: Sendable, Equatable {
    /// The column, as it is called after.
    package let column: String
    /// JSON text.
    package let before: [UInt8]
    /// JSON text.
    package let after: [UInt8]
}

/// What a difference amounts to, and what finding it cost.
package struct DiffSummary: Sendable, Equatable {
    /// Changed cells of one column.
    package struct ColumnCount: Sendable, Equatable {
        package let column: String
        package internal(set) var cells: Int
    }

    package internal(set) var rowsBefore = 0
    package internal(set) var rowsAfter = 0
    package internal(set) var added = 0
    package internal(set) var removed = 0
    package internal(set) var changed = 0
    /// Columns with changed cells, in column order.
    package internal(set) var cellsChanged: [ColumnCount] = []
    package internal(set) var schemaChanges: [SchemaChange] = []
    /// Chunks decompressed, on both sides.
    package internal(set) var chunksRead = 0
    /// Bytes of their text.
    package internal(set) var bytesRead = 0
    /// False if the caller stopped early: the counts are of what was seen until then.
    package internal(set) var isComplete = true

    /// Whether nothing differs, neither rows nor schema.
    package var isEmpty: Bool {
        added == 0 && removed == 0 && changed == 0 && schemaChanges.isEmpty
    }

    /// Makes an empty summary.
    package init() {}
}

extension DiffSummary {
    /// The same without any row, to `count` rows anew: those a condition has let through.
    package func withoutRows() -> DiffSummary {
        var summary = self
        summary.added = 0
        summary.removed = 0
        summary.changed = 0
        summary.cellsChanged = []
        return summary
    }

    /// Counts a row; columns with changed cells come in the order they were first seen.
    package mutating func count(_ change: RowChange) {
        switch change.kind {
        case .added: added &+= change.count
        case .removed: removed &+= change.count
        case .changed: changed += 1
        }
        for cell in change.cells {
            if let index = cellsChanged.firstIndex(where: { $0.column == cell.column }) {
                cellsChanged[index].cells += 1
            } else {
                cellsChanged.append(ColumnCount(column: cell.column, cells: 1))
            }
        }
    }

    /// Takes the counts of rows from `other`, columns in the order of `schema`.
    package mutating func takeRows(of other: DiffSummary, schema: Schema) {
        added = other.added
        removed = other.removed
        changed = other.changed
        cellsChanged = other.cellsChanged.sorted {
            schema.index(of: $0.column) ?? 0 < schema.index(of: $1.column) ?? 0
        }
    }
}
