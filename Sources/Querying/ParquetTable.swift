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
    /// Positions of columns of text.
    private let texts: [Int]

    init(_ file: ImportFile, threads: Int, memoryLimit: Int64?) throws(Failure) {
        self.file = file
        var options = Database.Options(threads: threads, memoryLimit: memoryLimit)
        options.files = [file.path]
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
        var texts: [Int] = []
        for (index, column) in found.enumerated() {
            try names.add(column.name, place: Place(file: file.name))
            guard let stored = Self.stored(column.engineType) else {
                throw file.failure(
                    "The column \"\(column.name)\" has the type \(column.duckType), "
                        + "which snapshots do not hold.",
                    hint: Self.hint
                )
            }
            columns.append(Column(id: index + 1, name: names.names[index], type: stored.type))
            expressions.append(Self.expression(column, cast: stored.cast))
            if column.engineType == .varchar { texts.append(index) }
        }
        self.columns = columns
        self.expressions = expressions
        self.texts = texts
        notes = names.notes
    }

    func rows(
        schema: Schema,
        limit: SortLimit?,
        replaced: inout Int
    ) throws(Failure) -> SortedRows {
        do {
            let nulls = try countNulls()
            replaced += nulls
            let list = try schema.dataColumns.map { (column) throws(Failure) in
                let name = " AS \(quotedIdentifier(column.name))"
                guard let index = columns.firstIndex(where: { $0.name == column.name }) else {
                    // DuckDB takes a NULL without type for a number.
                    return "CAST(NULL AS \(column.type.sqlName))" + name
                }
                guard columns[index].type == column.type else {
                    throw file.failure(
                        "The column \"\(column.name)\" is \(columns[index].type), and in the table "
                            + "\(column.type).",
                        hint: Self.hint
                    )
                }
                let expression = expressions[index]
                let isMended = nulls > 0 && texts.contains(index)
                return (isMended ? "replace(\(expression), chr(0), '\u{fffd}')" : expression) + name
            }
            return try connection.materialize(
                "SELECT \(list.joined(separator: ", ")) FROM \(source)",
                schema: schema,
                limit: limit
            )
        } catch {
            throw Self.failure(error, file: file)
        }
    }

    /// How many U+0000 are in columns of text.
    private func countNulls() throws(Failure) -> Int {
        guard !texts.isEmpty else { return 0 }
        let counts = texts.map { index in
            let text = expressions[index]
            return "coalesce(sum(length(\(text)) - length(replace(\(text), chr(0), ''))), 0)"
        }
        let sum = try connection.string(
            "SELECT CAST(\(counts.joined(separator: " + ")) AS VARCHAR) FROM \(source)"
        )
        return Int(String(decoding: sum, as: UTF8.self)) ?? 0
    }

    /// What values are stored as, and DuckDB's type to cast them to first; no cast if they fit.
    private static func stored(_ type: EngineType) -> (type: ColumnType, cast: String?)? {
        if let own = type.columnType { return (own, nil) }
        switch type {
        case .signed, .unsigned: return (.decimal(precision: 38, scale: 0), nil)
        case .timestamp: return (.timestamp, "TIMESTAMP")
        case .time, .interval, .other: return (.string, "VARCHAR")
        case .list(let element), .array(let element, _):
            // Nanoseconds in lists are not looked at, so they are not cut either.
            if case .timestamp = element { return nil }
            return stored(element).map { (.list($0.type), $0.cast.map { "\($0)[]" }) }
        default: return nil
        }
    }

    /// Reads a column; of times in nanoseconds, those a timestamp cannot hold are an error.
    private static func expression(_ column: ResultColumn, cast: String?) -> String {
        let name = quotedIdentifier(column.name)
        guard let cast else { return name }
        guard case .timestamp = column.engineType else { return "CAST(\(name) AS \(cast))" }
        let problem = quotedLiteral(
            "The column \"\(column.name)\" has a time in nanoseconds; snapshots hold microseconds."
        )
        return "CASE WHEN epoch_ns(\(name)) % 1000 <> 0 THEN error(\(problem)) "
            + "ELSE CAST(\(name) AS \(cast)) END"
    }

    private static let hint = "Convert the column and import again."

    /// The failure of the reader, about the file and not about the SQL that reads it.
    private static func failure(_ error: Failure, file: ImportFile) -> Failure {
        guard error.code.description.hasPrefix("query.") else {
            return error.at(Place(file: file.name))
        }
        let hint = error.code == .queryValue ? Self.hint : error.hint
        return file.failure(error.message, hint: hint, cause: error.cause)
    }
}
