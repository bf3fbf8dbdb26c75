package import Codecs
package import Diagnostics
import GitStore
package import Querying
import Records
package import Snapshots

/// Makes a table of a file: NDJSON, CSV or Parquet.
package struct Import: Sendable {
    /// What an import did.
    package struct Result: Sendable {
        package let table: TableName
        package let rows: Int
        package let digest: Digest
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

    /// Reads a file and commits it as `table`.
    ///
    /// - Parameters:
    ///   - warehouse: where to commit it.
    ///   - table: the table, new or imported before.
    ///   - source: the file.
    ///   - key: the key columns, in order; empty for a table without key.
    ///   - options: threads, memory and author.
    /// - Returns: what became of the table.
    /// - Throws: `import.file` for a file that does not parse, `import.table` for a table that
    ///   runs write, `records.duplicate-key`.
    package static func run(
        _ warehouse: Warehouse,
        table: TableName,
        source: Source,
        key: [String],
        options: Runner.Options
    ) throws(Failure) -> Result {
        try refuseOwned(table, in: warehouse)
        try Runner.refuseDirtySnapshots(warehouse.repository)
        let locks = try TableLocks.acquire([table], in: warehouse.repository)
        defer { locks.release() }
        let importer = try FileImporter(
            path: source.path,
            name: source.name,
            format: source.format,
            delimiter: source.delimiter,
            threads: options.threads,
            memoryLimit: options.memoryLimit
        )
        let schema: Schema
        do {
            schema = try Schema(
                columns: importer.columns,
                key: key,
                cutClass: .standard(forLayer: table.layer)
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
        let rows = try importer.rows(
            schema: schema,
            limit: options.sortLimit(for: warehouse.repository)
        )
        let tree = try warehouse.tree("HEAD")
        let previous =
            try tree.map { (tree) throws(Failure) in
                try warehouse.store.snapshot(table, inTree: tree)
            } ?? nil
        let batch = ObjectBatch(repository: warehouse.repository)
        let provenance = Provenance(
            kind: .imported,
            origin: source.name.split(separator: "/").last.map(String.init) ?? source.name,
            statement: importer.contentDigest,
            settings: .of(key.joined(separator: ",")),
            engine: ModelEngine.name,
            asOf: nil,
            inputs: []
        )
        let written = try warehouse.store.write(
            rows,
            table: table,
            provenance: provenance.json,
            previous: previous,
            into: batch,
            threads: options.threads
        )
        guard written.digest != previous?.manifest.digest else {
            return Result(
                table: table,
                rows: written.rows,
                digest: written.digest,
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
}
