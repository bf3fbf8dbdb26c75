package import Codecs
package import Diagnostics
package import GitStore
import Lineage
import Querying
import Records
package import Snapshots

/// Runs the models of a commit again, over the tables of that commit, and compares digests.
package struct Rebuild: Sendable {
    /// One model's result.
    package struct Outcome: Sendable {
        package let table: TableName
        /// The digest in the commit.
        package let committed: Digest
        /// The digest the rebuild gave; nil if the commit has no model to run.
        package let rebuilt: Digest?
        /// Why the two cannot be expected to agree (another engine made the table), or nil.
        package let caveat: String?

        /// Whether the rebuild gave the same bytes.
        package var isEqual: Bool { committed == rebuilt }
    }

    /// Runs every model of a commit whose table is there.
    ///
    /// - Parameters:
    ///   - warehouse: the repository; may be bare.
    ///   - tree: the commit's tree: models, macros and tables are read from it.
    ///   - only: tables to rebuild; nil for all.
    ///   - options: threads and memory.
    ///   - each: told every outcome as it is known.
    /// - Throws: the first model that fails.
    package static func run(
        _ warehouse: Warehouse,
        tree: ObjectID,
        only: Set<TableName>?,
        options: Runner.Options,
        each: (Outcome) -> Void
    ) throws(Failure) {
        let paths = [Configuration.fileName, "models", "directory"]
        try warehouse.store.require(paths: paths, inTree: tree)
        try warehouse.store.require(.manifest, inTree: tree)
        let files = CommitFiles(repository: warehouse.repository, tree: tree)
        let connection = try ModelEngine.connect(
            files: files,
            repository: warehouse.repository,
            options: options
        )
        var snapshots: [TableName: Snapshot] = [:]
        for table in try warehouse.store.tables(inTree: tree) {
            snapshots[table] = try warehouse.store.snapshot(table, inTree: tree)
        }
        let graph = try Graph(
            models: Model.load(files),
            available: RawTables.all + snapshots.keys,
            connection: connection
        )
        var rebuilt: Set<TableName> = []
        for node in graph.nodes where only?.contains(node.model.table) ?? true {
            guard let snapshot = snapshots[node.model.table] else { continue }
            let provenance = Provenance(json: try snapshot.provenance())
            for input in node.analysis.tables {
                guard let snapshot = snapshots[input] else { continue }
                // Backwards, so that a result that depends on the order of rows is found out.
                try connection.attach(snapshot, as: input, order: .reversed)
            }
            if node.analysis.usesAsOf {
                try ModelEngine.define(asOf: provenance?.asOf, on: connection)
            }
            let rows = try ModelEngine.run(
                node.model,
                connection: connection,
                limit: options.sortLimit(for: warehouse.repository)
            )
            rebuilt.insert(node.model.table)
            let engine = provenance?.engine
            each(
                Outcome(
                    table: node.model.table,
                    committed: snapshot.manifest.digest,
                    rebuilt: try SnapshotStore.digest(of: rows, threads: options.threads),
                    caveat: engine == ModelEngine.name
                        ? nil : "made by \(engine ?? "an unknown engine"), not \(ModelEngine.name)"
                )
            )
        }
        for (table, snapshot) in snapshots.sorted(by: { $0.key < $1.key })
        where !rebuilt.contains(table) && only?.contains(table) ?? true {
            guard let provenance = Provenance(json: try snapshot.provenance()),
                provenance.kind == .model
            else { continue }
            each(
                Outcome(
                    table: table,
                    committed: snapshot.manifest.digest,
                    rebuilt: nil,
                    caveat: "'\(provenance.origin)' is not in the commit"
                )
            )
        }
    }
}
