package import Codecs
package import Diagnostics
import Foundation
package import Records

/// Kinds of files `osodata import` reads.
package enum ImportFormat: String, Sendable, CaseIterable {
    /// One JSON object a line.
    case ndjson
    /// With a header line.
    case csv
    case parquet

    /// The kind a file's name tells; nil if it tells none.
    package init?(path: String) {
        var name = path.lowercased()
        for packed in [".gz", ".zst"] where name.hasSuffix(packed) {
            name.removeLast(packed.count)
        }
        switch name.split(separator: ".").last {
        case "ndjson", "jsonl", "json": self = .ndjson
        case "csv", "tsv": self = .csv
        case "parquet": self = .parquet
        default: return nil
        }
    }
}

/// Reads one file into rows, with DuckDB's readers, in an engine of its own that may read this
/// file and nothing else.
package final class FileImporter {
    /// The columns, in the file's order; none is not null.
    package let columns: [Column]
    /// SHA-256 of the file.
    package let contentDigest: Digest

    private let connection: Connection
    private let select: String
    private let path: String

    /// Looks at a file: all of it, so that its types do not hang on the first rows.
    ///
    /// - Parameters:
    ///   - path: the file; `.gz` and `.zst` are unpacked.
    ///   - format: its kind; nil to go by its name.
    ///   - threads: threads to read with.
    ///   - memoryLimit: bytes the reader may hold.
    /// - Throws: `import.file`, `query.*`.
    package init(
        path: String,
        format: ImportFormat?,
        threads: Int,
        memoryLimit: Int64? = nil
    ) throws(Failure) {
        guard let format = format ?? ImportFormat(path: path) else {
            throw Failure(
                .importFile,
                "The name \"\(path)\" does not tell what kind of file it is.",
                hint: "Say it: --format ndjson, csv or parquet."
            )
        }
        let file = URL(fileURLWithPath: path).standardizedFileURL.path
        contentDigest = try Self.digest(of: file, as: path)
        guard contentDigest != Digest.of("") else {
            throw Failure(
                .importFile,
                "The file \"\(path)\" is empty.",
                hint: format == .csv ? "Write the names of the columns in its first line." : nil,
                place: Place(file: path)
            )
        }
        var csvOptions = ""
        var options = Database.Options(threads: threads, memoryLimit: memoryLimit)
        options.readableFile = file
        connection = try Database(options: options).connect()
        self.path = path

        let source: String
        switch format {
        case .ndjson:
            source =
                "read_json(\(quotedLiteral(file)), format = 'newline_delimited', "
                + "records = 'true', sample_size = -1)"
        case .csv:
            // Told and not guessed: the guess reads a broken file as one column.
            let delimiter = path.lowercased().contains(".tsv") ? "\t" : ","
            csvOptions =
                "header = true, delim = \(quotedLiteral(delimiter)), quote = '\"', "
                + "escape = '\"', comment = '', strict_mode = true"
            source = "read_csv(\(quotedLiteral(file)), \(csvOptions), sample_size = -1)"
        case .parquet: source = "read_parquet(\(quotedLiteral(file)))"
        }
        let found: [ResultColumn]
        do {
            found = try connection.describe("SELECT * FROM \(source)")
        } catch {
            let located =
                format == .csv
                ? Self.locate(error, file: file, options: csvOptions, connection: connection)
                : error
            throw Self.failure(located, path: path)
        }
        var columns: [Column] = []
        var expressions: [String] = []
        for (index, column) in found.enumerated() {
            let name = Self.columnName(column.name)
            let read = quotedIdentifier(column.name)
            let stored = try Self.stored(column, path: path)
            columns.append(Column(id: index + 1, name: name, type: stored.type))
            expressions.append(
                (stored.cast.map { "CAST(\(read) AS \($0))" } ?? read)
                    + " AS \(quotedIdentifier(name))"
            )
        }
        self.columns = columns
        select = "SELECT \(expressions.joined(separator: ", ")) FROM \(source)"
    }

    /// Reads the rows.
    ///
    /// - Parameter schema: made of `columns`.
    /// - Returns: the rows, sorted.
    /// - Throws: `query.*` naming the line where DuckDB does, `records.*`.
    package func rows(schema: Schema) throws(Failure) -> RowSet {
        do {
            return try connection.materialize(select, schema: schema)
        } catch {
            throw Self.failure(error, path: path)
        }
    }

    /// What a column is stored as, and DuckDB's type to cast it to first; no cast if it fits.
    private static func stored(
        _ column: ResultColumn,
        path: String
    ) throws(Failure) -> (type: ColumnType, cast: String?) {
        if let type = column.type { return (type, nil) }
        switch column.engineType {
        case .signed, .unsigned: return (.decimal(precision: 38, scale: 0), nil)
        case .timestamp: return (.timestamp, "TIMESTAMP")
        case .time, .interval, .other: return (.string, "VARCHAR")
        default:
            throw Failure(
                .importFile,
                "The column \"\(column.name)\" of \"\(path)\" has the type \(column.duckType), "
                    + "which snapshots do not hold.",
                hint: "Convert the column and import again."
            )
        }
    }

    /// A name that a column of a table can have: characters that cannot be become `_`.
    private static func columnName(_ name: String) -> String {
        var out = String(
            name.unicodeScalars.map { scalar in
                let isWord =
                    scalar.isASCII
                    && (scalar.properties.isAlphabetic
                        || ("0"..."9").contains(scalar))
                return isWord || scalar == "_" ? Character(scalar) : "_"
            }
        )
        if out.first.map({ ("0"..."9").contains($0) }) ?? true { out = "_" + out }
        return out
    }

    /// Reads a CSV file that has no types all rows agree on as text: that error names its line.
    private static func locate(
        _ error: Failure,
        file: String,
        options: String,
        connection: Connection
    ) -> Failure {
        guard let data = FileHandle(forReadingAtPath: file)?.readData(ofLength: 1 << 16) else {
            return error
        }
        // Commas of the header that stand between an even number of quotes.
        var commas = 0
        var isQuoted = false
        let delimiter = options.contains("\t") ? UInt8(ascii: "\t") : UInt8(ascii: ",")
        for byte in data {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: "\n"), !isQuoted { break }
            if byte == delimiter, !isQuoted { commas += 1 }
        }
        let columns = (0...commas).map { "'c\($0)': 'VARCHAR'" }.joined(separator: ", ")
        do {
            let result = try connection.query(
                "SELECT count(*) FROM read_csv(\(quotedLiteral(file)), \(options), "
                    + "auto_detect = false, columns = {\(columns)})"
            )
            while try result.nextVectors() != nil {}
            return error
        } catch {
            return error
        }
    }

    /// The failure of a reader, about the file and not about the SQL that reads it.
    private static func failure(_ error: Failure, path: String) -> Failure {
        guard error.code.description.hasPrefix("query.") else { return error }
        var message = error.message
        var line: Int?
        if let found = message.firstMatch(of: /at byte ([0-9]+) in line ([0-9]+): (.*)/) {
            // DuckDB 2.0.0 counts lines of JSON from 2.
            line = Int(found.2).map { $0 - 1 }
            message = "Malformed JSON at byte \(found.1) of the line: \(found.3)"
        } else if message.contains("non-record JSON") {
            return Failure(
                .importFile,
                "A line of the file is no JSON object.",
                hint: "Write one object a line: {\"column\": value}.",
                place: Place(file: path)
            )
        } else if let found = message.firstMatch(of: /CSV Error on Line: ([0-9]+)/) {
            line = Int(found.1)
        }
        return Failure(
            .importFile,
            message,
            hint: line == nil ? error.hint : "Correct the line and import again.",
            place: Place(file: path, line: line),
            cause: error.cause
        )
    }

    private static func digest(of file: String, as path: String) throws(Failure) -> Digest {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: file, isDirectory: &isFolder),
            !isFolder.boolValue, let handle = FileHandle(forReadingAtPath: file)
        else {
            throw Failure(
                .importFile,
                "There is no file \"\(path)\" that can be read.",
                hint: "Check the path and its permissions."
            )
        }
        var hash = SHA256()
        // Swift 6.3 crashes where a hash is dropped unfinished in optimised code of another
        // module ("Global is external"), so it is finished in any case.
        var pieces = FilePieces(handle: handle)
        while let piece = pieces.next() { hash.update(piece) }
        let digest = hash.finalize()
        if let error = pieces.error {
            throw Failure(.importFile, "Reading \"\(path)\" failed.", cause: error)
        }
        return digest
    }
}

/// A file, a megabyte at a time; an error ends it.
private struct FilePieces {
    let handle: FileHandle
    private(set) var error: String?

    init(handle: FileHandle) { self.handle = handle }

    mutating func next() -> [UInt8]? {
        do {
            let data = try handle.read(upToCount: 1 << 20)
            return data.flatMap { $0.isEmpty ? nil : [UInt8]($0) }
        } catch {
            self.error = "\(error)"
            return nil
        }
    }
}
