package import Snapshots

/// A column of a table, `marts.projects_v1.project_name`.
package struct ColumnName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let table: TableName
    /// As the table spells it.
    package let column: String

    /// Names a column of a table.
    package init(_ table: TableName, _ column: String) {
        self.table = table
        self.column = column
    }

    /// `layer.table.column`.
    package var description: String { "\(table).\(column)" }

    /// By table, then by column, as bytes.
    package static func < (left: ColumnName, right: ColumnName) -> Bool {
        guard left.table == right.table else { return left.table < right.table }
        return left.column.utf8.lexicographicallyPrecedes(right.column.utf8)
    }
}
