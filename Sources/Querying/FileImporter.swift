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
        var options = Database.Options(threads: threads, memoryLimit: memoryLimit)
        options.readableFile = file
        connection = try Database(options: options).connect()
        self.path = path

        let source =
            switch format {
            case .ndjson:
                "read_json(\(quotedLiteral(file)), format = 'newline_delimited', "
                    + "sample_size = -1)"
            case .csv: "read_csv(\(quotedLiteral(file)), header = true, sample_size = -1)"
            case .parquet: "read_parquet(\(quotedLiteral(file)))"
            }
        let found: [ResultColumn]
        do {
            found = try connection.describe("SELECT * FROM \(source)")
        } catch {
            throw Self.failure(error, path: path)
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

    /// The failure of a reader, about the file and not about the SQL that reads it.
    private static func failure(_ error: Failure, path: String) -> Failure {
        guard error.code.description.hasPrefix("query.") else { return error }
        let hint = error.hint.map { " \($0)" } ?? ""
        return Failure(
            .importFile,
            error.message,
            hint: "Look at the file." + hint,
            place: Place(file: path, line: line(in: error.message)),
            cause: error.cause
        )
    }

    /// The line DuckDB's text names: `… Line: 3`, `… in line 3`.
    private static func line(in message: String) -> Int? {
        guard let found = message.firstMatch(of: /[Ll]ine:? ([0-9]+)/) else { return nil }
        return Int(found.1)
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
