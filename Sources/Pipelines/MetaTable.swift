import Diagnostics
import Records

/// Schemas of the tables of `meta`.
enum MetaTable {
    /// A column: name, type, whether it may be null, documentation.
    typealias Definition = (String, ColumnType, Bool, String)

    /// The schema of columns that are written in the program.
    ///
    /// - Throws: nothing for columns that make a table; tests hold them to it.
    static func schema(
        _ columns: [Definition],
        key: [String]
    ) throws(Failure) -> Schema {
        try Schema(
            columns: columns.enumerated().map { index, column in
                Column(
                    id: index + 1,
                    name: column.0,
                    type: column.1,
                    isNullable: column.2,
                    doc: column.3
                )
            },
            key: key,
            cutClass: .small
        )
    }
}

extension RowBuilder {
    /// The rows, sorted in memory.
    consuming func sortedSet() throws(Failure) -> RowSet {
        var rows = finish()
        try rows.sort()
        return rows
    }
}
