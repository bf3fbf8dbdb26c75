package import Codecs
package import Diagnostics
import GitStore
package import Querying
package import Records
package import Snapshots

/// Makes a table of a file, or edits one by a file: NDJSON, CSV or Parquet.
package struct Import: Sendable {
    /// What a file does to its table.
    package enum Mode: Sendable {
        /// The table is the file's rows: `key` are the key columns, in order, empty for a table
        /// without key; `cutClass` is nil for that of the layer.
        case replace(key: [String], cutClass: CutClass?)
        /// Its rows are added; one whose key is there is a failure.
        case append
        /// Its rows take the place of those with their keys; the others are added.
        case update
        /// The rows with its keys go; other columns of the file do not matter.
        case delete
    }

    /// What an import did.
    package struct Result: Sendable {
        package let table: TableName
        package let rows: Int
        package let digest: Digest
        /// What an edit did; nil for a table that was made whole.
        package let counts: TableEdit.Counts?
        /// The commit; nil if the table was like that already.
        package let commit: String?
        /// What the user should know of the file, a sentence each.
        package let notes: [String]
    }

    /// What to read and how.
    package struct Source: Sendable {
        /// Path of a regular file.
        package let path: String
        /// What failures call it.
        package let name: String
        /// Its kind; nil to go by its extension.
        package let format: ImportFormat?
        /// What separates the values of CSV; nil to go by its extension.
        package let delimiter: UInt8?

        /// A file; `name` is `path` unless given.
        package init(
            path: String,
            name: String? = nil,
            format: ImportFormat? = nil,
            delimiter: UInt8? = nil
        ) {
            self.path = path
            self.name = name ?? path
            self.format = format
            self.delimiter = delimiter
        }
    }

    /// Reads a file and commits what becomes of `table`.
    ///
    /// An edit reads and rewrites only the chunks of the table that its rows fall into.
    /// - Parameters:
    ///   - warehouse: where to commit it.
    ///   - table: the table, new or imported before.
    ///   - source: the file.
    ///   - mode: what the file does to the table.
    ///   - options: threads, memory and author.
    /// - Returns: what became of the table.
    /// - Throws: `import.file` for a file that does not parse, `import.table` for a table that
    ///   runs write, `import.columns` for an edit whose columns are not the table's,
    ///   `snapshot.unknown-table` for one of no table, `records.duplicate-key`.
    package static func run(
        _ warehouse: Warehouse,
        table: TableName,
        source: Source,
        mode: Mode,
        options: Runner.Options
    ) throws(Failure) -> Result {
        try refuseOwned(table, in: warehouse)
        try Runner.refuseDirtySnapshots(warehouse.repository)
        let locks = try TableLocks.acquire([table], in: warehouse.repository)
        defer { locks.release() }
        let previous =
            try warehouse.tree("HEAD").map { (tree) throws(Failure) in
                try warehouse.store.snapshot(table, inTree: tree)
            } ?? nil
        let base =
            if case .replace = mode { previous } else {
                try requireTable(previous, table, mode)
            }
        let importer = try FileImporter(
            path: source.path,
            name: source.name,
            format: source.format,
            delimiter: source.delimiter,
            threads: options.threads,
            memoryLimit: options.memoryLimit
        )
        let batch = ObjectBatch(repository: warehouse.repository)
        let written: PreparedTable
        var counts: TableEdit.Counts?
        if let base, let edit = try edit(mode, of: base, importer, source, warehouse, options) {
            let (table, made) = try warehouse.store.apply(
                edit,
                to: base,
                provenance: provenance(source, importer, mode, base: base),
                into: batch,
                threads: options.threads
            )
            written = table
            counts = made
        } else {
            let schema = try schema(importer, table, source, mode)
            written = try warehouse.store.write(
                importer.rows(schema: schema, limit: options.sortLimit(for: warehouse.repository)),
                table: table,
                provenance: provenance(source, importer, mode, base: nil),
                previous: previous,
                into: batch,
                threads: options.threads
            )
        }
        guard written.digest != previous?.manifest.digest else {
            return Result(
                table: table,
                rows: written.rows,
                digest: written.digest,
                counts: counts,
                commit: nil,
                notes: importer.notes
            )
        }
        let author = try Runner.author(options, warehouse)
        let published = try warehouse.store.publish(
            RunCommit(
                tables: [written],
                subject: "import: \(table), \(written.rows) rows",
                trailers: [
                    ("Osodata-Run", String(written.digest.hex.prefix(16))),
                    (RunCommit.warehouseTrailer, ""), ("Osodata-Version", options.version),
                ],
                author: author,
                committer: author,
                base: try warehouse.headCommit()
            ),
            batch: batch
        )
        return Result(
            table: table,
            rows: written.rows,
            digest: written.digest,
            counts: counts,
            commit: published.commit.hex,
            notes: importer.notes
                + [
                    published.scratchReason.map {
                        "The import went to \(published.reference): \($0)"
                    },
                    published.leftAloneReason.map {
                        "\(published.reference) moved; index and work tree stay as they are: \($0)."
                    },
                ].compactMap { $0 }
        )
    }

    // MARK: Rows

    /// The schema of a table that is made of a file.
    private static func schema(
        _ importer: FileImporter,
        _ table: TableName,
        _ source: Source,
        _ mode: Mode
    ) throws(Failure) -> Schema {
        var key: [String] = []
        var cutClass: CutClass?
        if case .replace(let columns, let chosen) = mode { (key, cutClass) = (columns, chosen) }
        do {
            return try Schema(
                columns: importer.columns,
                key: key,
                cutClass: cutClass ?? .standard(forLayer: table.layer)
            )
        } catch {
            let names = importer.columns.map(\.name).joined(separator: ", ")
            throw Failure(
                error.code,
                error.message,
                hint: error.hint ?? "The file's columns are here: \(names).",
                place: Place(file: source.name)
            )
        }
    }

    /// What a file does to a table; nil if it makes it whole.
    private static func edit(
        _ mode: Mode,
        of base: Snapshot,
        _ importer: FileImporter,
        _ source: Source,
        _ warehouse: Warehouse,
        _ options: Runner.Options
    ) throws(Failure) -> TableEdit? {
        let limit = options.sortLimit(for: warehouse.repository)
        switch mode {
        case .replace: return nil
        case .append, .update:
            try checkColumns(importer, of: base, wanted: base.schema.dataColumns, source)
            let given = Set(importer.columns.map(\.name))
            let extra = given.subtracting(base.schema.dataColumns.map(\.name)).sorted()
            guard extra.isEmpty else {
                throw columns(
                    "The table \(base.table) has no column \(quoted(extra)).",
                    base,
                    source
                )
            }
            let collision: TableEdit.Collision
            if case .append = mode { collision = .refused } else { collision = .replaces }
            return TableEdit(
                putting: try importer.rows(schema: base.schema, limit: limit),
                collision: collision
            )
        case .delete:
            let key = base.schema.columns.prefix(base.schema.keyCount)
            try checkColumns(importer, of: base, wanted: key, source)
            return TableEdit(
                putting: try importer.rows(
                    schema: try Schema(
                        columns: Array(key),
                        key: base.schema.key,
                        cutClass: base.schema.cutClass
                    ),
                    limit: limit
                ),
                collision: .removes
            )
        }
    }

    /// Checks that a file has the columns that may not be null.
    private static func checkColumns(
        _ importer: FileImporter,
        of base: Snapshot,
        wanted: ArraySlice<Column>,
        _ source: Source
    ) throws(Failure) {
        let given = Set(importer.columns.map(\.name))
        let missing = wanted.filter { !$0.isNullable && !given.contains($0.name) }.map(\.name)
        guard missing.isEmpty else {
            throw columns("The file has no column \(quoted(missing)).", base, source)
        }
    }

    private static func columns(_ message: String, _ base: Snapshot, _ source: Source) -> Failure {
        let names = base.schema.dataColumns.map(\.name).joined(separator: ", ")
        let key =
            base.schema.key.isEmpty ? "no key" : "key " + base.schema.key.joined(separator: ", ")
        return Failure(
            .importColumns,
            message,
            hint: "The table's columns are \(names) (\(key)). To change them, import it whole.",
            place: Place(file: source.name)
        )
    }

    private static func quoted(_ names: [String]) -> String {
        names.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    /// The table to edit.
    private static func requireTable(
        _ table: Snapshot?,
        _ name: TableName,
        _ mode: Mode
    ) throws(Failure) -> Snapshot {
        guard let table else {
            throw Failure(
                .unknownTable,
                "There is no table \"\(name)\" to edit.",
                hint: "Make it first: osodata import \(name) FILE --key COLUMNS"
            )
        }
        if case .append = mode { return table }
        guard !table.schema.isMultiset else {
            throw Failure(
                .importTable,
                "The table \"\(name)\" has no key, so no row of it can be told from another.",
                hint: "Add rows with --append, or import it whole."
            )
        }
        return table
    }

    private static func provenance(
        _ source: Source,
        _ importer: FileImporter,
        _ mode: Mode,
        base: Snapshot?
    ) -> JSONValue {
        let settings: String
        switch mode {
        case .replace(let key, _): settings = key.joined(separator: ",")
        case .append: settings = "append to \(base?.manifest.digest.hex ?? "")"
        case .update: settings = "update of \(base?.manifest.digest.hex ?? "")"
        case .delete: settings = "delete from \(base?.manifest.digest.hex ?? "")"
        }
        return Provenance(
            kind: .imported,
            origin: source.name.split(separator: "/").last.map(String.init) ?? source.name,
            statement: importer.contentDigest,
            settings: .of(settings),
            engine: ModelEngine.name,
            asOf: nil,
            inputs: []
        ).json
    }

    // MARK: Checks

    /// Refuses tables that runs write: the next run would replace them, or fail over them.
    private static func refuseOwned(_ table: TableName, in warehouse: Warehouse) throws(Failure) {
        let root = try warehouse.requiredRoot()
        let hint = "Import it under another name: osodata import raw.my_\(table.name) FILE"
        if table.layer == "meta" {
            throw Failure(
                .importTable,
                "The layer 'meta' is for what osodata itself writes, such as '\(table)'.",
                hint: hint
            )
        }
        if RawTables.all.contains(table) {
            throw Failure(
                .importTable,
                "Runs write '\(table)', from the sources and the directory of pipelines.toml.",
                hint: hint
            )
        }
        let model = "models/\(table.layer)/\(table.name).sql"
        var isModel = try WorkTreeFiles(root: root).read(model) != nil
        if !isModel, let tree = try warehouse.tree("HEAD") {
            isModel =
                try CommitFiles(repository: warehouse.repository, tree: tree).read(model) != nil
        }
        guard isModel else { return }
        throw Failure(
            .importTable,
            "The model '\(model)' makes '\(table)'.",
            hint: "Import it under another name, or remove the model and commit that first."
        )
    }
}

extension Failure.Code {
    /// A table that is not for imports.
    package static let importTable = Self("import.table")
    /// A file whose columns are not those of the table it edits.
    package static let importColumns = Self("import.columns")
}
