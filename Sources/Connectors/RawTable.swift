import Diagnostics
import Records

/// Makes schemas of tables whose columns are written down in this module.
enum RawTable {
    /// A schema; that it is valid is checked by the tests of each connector.
    static func schema(
        _ columns: [(name: String, type: ColumnType, isNullable: Bool, doc: String)],
        key: [String],
        cutClass: CutClass
    ) -> Schema {
        do throws(Failure) {
            return try Schema(
                columns: columns.enumerated().map { index, column in
                    Column(
                        id: index + 1,
                        name: column.name,
                        type: column.type,
                        isNullable: column.isNullable,
                        doc: column.doc
                    )
                },
                key: key,
                cutClass: cutClass
            )
        } catch {
            preconditionFailure("a schema written in the code is wrong: \(error)")
        }
    }
}
