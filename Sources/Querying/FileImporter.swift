package import Codecs
package import Diagnostics
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

/// One file's reader.
protocol ImportTable: Sendable {
    /// The columns, in the file's order; none is not null.
    var columns: [Column] { get }
    /// What the user should know of them, a sentence each.
    var notes: [String] { get }
    /// Makes the rows, sorted; `replaced` counts U+0000 and lone surrogates that became U+FFFD.
    func rows(
        schema: Schema,
        limit: SortLimit?,
        replaced: inout Int
    ) throws(Failure) -> SortedRows
}

/// Reads one file into rows: text with readers of its own, Parquet with DuckDB.
package final class FileImporter {
    /// The columns, in the file's order; none is not null.
    package let columns: [Column]
    /// SHA-256 of the file.
    package let contentDigest: Digest
    /// What the user should know, a sentence each: columns called otherwise than in the file, and
    /// once the rows are read, characters that were replaced.
    package private(set) var notes: [String]

    private let table: any ImportTable

    /// Looks at a file: all of it, so that its types do not hang on the first rows.
    ///
    /// - Parameters:
    ///   - path: the file; gzip and zstd are unpacked.
    ///   - name: what failures call it; nil for `path`.
    ///   - format: its kind; nil to go by its name.
    ///   - delimiter: what separates the values of CSV; nil to go by its name, `,` but for `.tsv`.
    ///   - threads: threads to read with.
    ///   - memoryLimit: bytes the reader may hold.
    /// - Throws: `import.file`.
    package convenience init(
        path: String,
        name: String? = nil,
        format: ImportFormat?,
        delimiter: UInt8? = nil,
        threads: Int,
        memoryLimit: Int64? = nil
    ) throws(Failure) {
        try self.init(
            path: path,
            name: name,
            format: format,
            delimiter: delimiter,
            threads: threads,
            memoryLimit: memoryLimit,
            blockSize: 1 << 20
        )
    }

    /// As the other one; `blockSize` is how many bytes of text a thread gets at a time.
    init(
        path: String,
        name: String? = nil,
        format: ImportFormat?,
        delimiter: UInt8? = nil,
        threads: Int,
        memoryLimit: Int64? = nil,
        blockSize: Int
    ) throws(Failure) {
        guard let format = format ?? ImportFormat(path: path) else {
            throw Failure(
                .importFile,
                "The name \"\(name ?? path)\" does not tell what kind of file it is.",
                hint: "Say it: --format ndjson, csv or parquet."
            )
        }
        guard delimiter == nil || format == .csv else {
            throw Failure(.importFile, "A delimiter is for CSV and not for \(format.rawValue).")
        }
        let file = try ImportFile(
            path: path,
            name: name ?? path,
            threads: threads,
            blockSize: blockSize
        )
        contentDigest = file.digest
        switch format {
        case .ndjson: table = try JSONLinesTable(file)
        case .csv:
            let isTabs = path.lowercased().contains(".tsv")
            table = try CSVTable(file, delimiter: delimiter ?? (isTabs ? UInt8(ascii: "\t") : nil))
        case .parquet:
            table = try ParquetTable(file, threads: threads, memoryLimit: memoryLimit)
        }
        columns = table.columns
        notes = table.notes
    }

    /// Reads the rows.
    ///
    /// - Parameters:
    ///   - schema: of columns with names of `columns`; those the file has not are null.
    ///   - limit: how much memory they may take before they go to disk; nil for any.
    /// - Returns: the rows, sorted.
    /// - Throws: `import.file` naming the line or the column, `records.*`.
    package func rows(
        schema: Schema,
        limit: SortLimit? = nil
    ) throws(Failure) -> SortedRows {
        var replaced = 0
        let rows = try table.rows(schema: schema, limit: limit, replaced: &replaced)
        if replaced > 0 {
            notes.append(
                "\(replaced) character\(replaced == 1 ? "" : "s") that no table can hold (U+0000, "
                    + "half a surrogate pair) became U+FFFD."
            )
        }
        return rows
    }
}

extension ImportFile {
    /// The failure of a file that is not what it was when it was looked at.
    var changed: Failure {
        failure("The file changed while it was read.", hint: "Import it again.")
    }

    /// The failure of a value that is none of its column's type.
    func misfit(_ text: String, _ column: Column, line: Int) -> Failure {
        let shown = text.count > 80 ? text.prefix(80) + "…" : text
        return failure(
            "\"\(shown)\" is no \(column.type), which the column \"\(column.name)\" is.",
            line: line,
            hint: "Correct the value, or import the whole table to change its columns."
        )
    }
}
