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
    }

    /// Reads `file` and commits it as `table`.
    ///
    /// - Parameters:
    ///   - file: path of the file; its kind is told by its extension unless `format` names it.
    ///   - key: the key columns, in order; empty for a table without key.
    /// - Throws: `query.*` for a file that does not parse, `records.duplicate-key`.
    package static func run(
        _ warehouse: Warehouse,
        table: TableName,
        file: String,
        format: ImportFormat?,
        key: [String],
        options: Runner.Options
    ) throws(Failure) -> Result {
        try refuseOwned(table, in: warehouse)
        let locks = try TableLocks.acquire([table], in: warehouse.repository)
        defer { locks.release() }
        let importer = try FileImporter(
            path: file,
            format: format,
            threads: options.threads,
            memoryLimit: options.memoryLimit
        )
        let schema = try Schema(
            columns: importer.columns,
            key: key,
            cutClass: .standard(forLayer: table.layer)
        )
        let rows = try importer.rows(schema: schema)
        let tree = try warehouse.tree("HEAD")
        let previous =
            try tree.map { (tree) throws(Failure) in
                try warehouse.store.snapshot(table, inTree: tree)
            } ?? nil
        let batch = ObjectBatch(repository: warehouse.repository)
        let provenance = Provenance(
            kind: .imported,
            origin: file.split(separator: "/").last.map(String.init) ?? file,
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
            return Result(table: table, rows: written.rows, digest: written.digest, commit: nil)
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
            commit: published.commit.hex
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
