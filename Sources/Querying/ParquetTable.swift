import Codecs
import Diagnostics
import Records

/// A Parquet file as a table, read by an engine of its own that may read this file only.
struct ParquetTable: ImportTable {
    let columns: [Column]
    let notes: [String]
    private let file: ImportFile
    private let connection: Connection
    private let source: String
    /// One expression a column, in the columns' order.
    private let expressions: [String]

    init(_ file: ImportFile, threads: Int, memoryLimit: Int64?) throws(Failure) {
        self.file = file
        var options = Database.Options(threads: threads, memoryLimit: memoryLimit)
        options.readableFile = file.path
        connection = try Database(options: options).connect()
        source = "read_parquet(\(quotedLiteral(file.path)))"
        let found: [ResultColumn]
        do {
            found = try connection.describe("SELECT * FROM \(source)")
        } catch {
            throw Self.failure(error, file: file)
        }
        var names = ColumnNames()
        var columns: [Column] = []
        var expressions: [String] = []
        for (index, column) in found.enumerated() {
            try names.add(column.name, place: Place(file: file.name))
            let stored = try Self.stored(column, file: file)
            columns.append(Column(id: index + 1, name: names.names[index], type: stored.type))
            let read = quotedIdentifier(column.name)
            expressions.append(stored.cast.map { "CAST(\(read) AS \($0))" } ?? read)
        }
        self.columns = columns
        self.expressions = expressions
        notes = names.notes
    }

    func rows(schema: Schema, replaced: inout Int) throws(Failure) -> RowSet {
        do {
            let list = zip(expressions, columns).map { expression, column in
                "\(expression) AS \(quotedIdentifier(column.name))"
            }
            return try connection.materialize(
                "SELECT \(list.joined(separator: ", ")) FROM \(source)",
                schema: schema
            )
        } catch {
            throw Self.failure(error, file: file)
        }
    }

    /// What a column is stored as, and DuckDB's type to cast it to first; no cast if it fits.
    private static func stored(
        _ column: ResultColumn,
        file: ImportFile
    ) throws(Failure) -> (type: ColumnType, cast: String?) {
        if let type = column.type { return (type, nil) }
        switch column.engineType {
        case .signed, .unsigned: return (.decimal(precision: 38, scale: 0), nil)
        case .timestamp: return (.timestamp, "TIMESTAMP")
        case .time, .interval, .other: return (.string, "VARCHAR")
        default:
            throw file.failure(
                "The column \"\(column.name)\" has the type \(column.duckType), "
                    + "which snapshots do not hold.",
                hint: "Convert the column and import again."
            )
        }
    }

    /// The failure of the reader, about the file and not about the SQL that reads it.
    private static func failure(_ error: Failure, file: ImportFile) -> Failure {
        guard error.code.description.hasPrefix("query.") else {
            return error.at(Place(file: file.name))
        }
        return file.failure(error.message, hint: error.hint, cause: error.cause)
    }
}
