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
        /// The commit it was rebuilt in: the one that made a version which was kept since; nil for
        /// the one that is verified.
        package var madeIn: ObjectID?

        /// Whether the rebuild gave the same bytes.
        package var isEqual: Bool { committed == rebuilt }
    }

    /// Runs every model of a commit whose table is there.
    ///
    /// A table that is not what the commit's models and tables would make, since a check failed or
    /// nobody has run them yet, is made again in the commit that brought it.
    ///
    /// - Parameters:
    ///   - warehouse: the repository; may be bare.
    ///   - commit: models, macros and tables are read from its tree.
    ///   - only: tables to rebuild; nil for all.
    ///   - options: threads and memory.
    ///   - each: told every outcome as it is known.
    /// - Throws: the first model that fails.
    package static func run(
        _ warehouse: Warehouse,
        commit: ObjectID,
        only: Set<TableName>?,
        options: Runner.Options,
        each: (Outcome) -> Void
    ) throws(Failure) {
        let rebuild = try Rebuild(warehouse, commit: commit, options: options)
        var rebuilt: Set<TableName> = []
        for node in rebuild.graph.nodes where only?.contains(node.model.table) ?? true {
            let table = node.model.table
            guard let snapshot = rebuild.snapshots[table] else { continue }
            rebuilt.insert(table)
            if try !rebuild.isCurrent(node, snapshot),
                let origin = try warehouse.commitThatMade(table, from: commit), origin != commit
            {
                try rebuildKept(table, in: origin, warehouse, options: options, each: each)
            } else {
                each(try rebuild.outcome(of: node, snapshot))
            }
        }
        for (table, snapshot) in rebuild.snapshots.sorted(by: { $0.key < $1.key })
        where !rebuilt.contains(table) && only?.contains(table) ?? true {
            guard let provenance = Provenance(json: try snapshot.provenance()),
                provenance.kind == .model
            else { continue }
            each(noModel(table, snapshot, provenance))
        }
    }

    private static func rebuildKept(
        _ table: TableName,
        in origin: ObjectID,
        _ warehouse: Warehouse,
        options: Runner.Options,
        each: (Outcome) -> Void
    ) throws(Failure) {
        let rebuild = try Rebuild(warehouse, commit: origin, options: options)
        guard let snapshot = rebuild.snapshots[table] else { return }
        guard let node = rebuild.graph.nodes.first(where: { $0.model.table == table }) else {
            guard let provenance = Provenance(json: try snapshot.provenance()) else { return }
            return each(noModel(table, snapshot, provenance))
        }
        var outcome = try rebuild.outcome(of: node, snapshot)
        outcome.madeIn = origin
        each(outcome)
    }

    private static func noModel(
        _ table: TableName,
        _ snapshot: Snapshot,
        _ provenance: Provenance
    ) -> Outcome {
        Outcome(
            table: table,
            committed: snapshot.manifest.digest,
            rebuilt: nil,
            caveat: "'\(provenance.origin)' is not in the commit"
        )
    }

    private let warehouse: Warehouse
    private let commit: ObjectID
    private let options: Runner.Options
    private let connection: Connection
    private let snapshots: [TableName: Snapshot]
    private let graph: Graph

    /// Reads models and tables of a commit.
    private init(
        _ warehouse: Warehouse,
        commit: ObjectID,
        options: Runner.Options
    ) throws(Failure) {
        self.warehouse = warehouse
        self.commit = commit
        self.options = options
        let tree = try warehouse.repository.commit(commit).tree
        let paths = [Configuration.fileName, "models", "directory"]
        try warehouse.store.require(paths: paths, inTree: tree)
        try warehouse.store.require(.manifest, inTree: tree)
        let files = CommitFiles(repository: warehouse.repository, tree: tree)
        let engines = EnginePool(files: files, repository: warehouse.repository, options: options)
        var snapshots: [TableName: Snapshot] = [:]
        for snapshot in try warehouse.store.snapshots(inTree: tree) {
            snapshots[snapshot.table] = snapshot
        }
        self.snapshots = snapshots
        graph = try Graph(
            models: Model.load(files),
            available: RawTables.all + snapshots.keys,
            engine: engines
        )
        connection = try engines.take()
    }

    /// Whether a table says to be made by the commit's model of the commit's tables.
    private func isCurrent(_ node: Graph.Node, _ snapshot: Snapshot) throws(Failure) -> Bool {
        guard let provenance = Provenance(json: try snapshot.provenance()) else { return true }
        return provenance.statement == node.analysis.fingerprint
            && provenance.settings == node.model.settingsDigest
            && provenance.inputs.allSatisfy { snapshots[$0.table]?.manifest.digest == $0.digest }
    }

    /// Runs one model and compares.
    private func outcome(
        of node: Graph.Node,
        _ snapshot: Snapshot
    ) throws(Failure) -> Outcome {
        let provenance = Provenance(json: try snapshot.provenance())
        let limit = options.sortLimit(for: warehouse.repository)
        if node.analysis.usesAsOf {
            try ModelEngine.define(asOf: provenance?.asOf, on: connection)
        }
        // Backwards, so that a result that depends on the order of rows is found out.
        let rows: SortedRows
        if let partitioning = node.model.partitioning {
            var states: [TableName: TableState] = [:]
            for input in node.analysis.tables {
                states[input] = snapshots[input].map(TableState.init(committed:))
            }
            let maker = try PartitionMaker(
                of: node.model,
                partitioning,
                inputs: states.compactMapValues { $0.snapshot?.modelSource },
                on: connection,
                limit: limit,
                order: .reversed
            )
            let plan = try PartitionPlan(
                of: node,
                partitioning,
                tables: states,
                asOf: provenance?.asOf
            )
            rows = try maker.rows(of: plan.partitions.map(\.partition))
        } else {
            for input in node.analysis.tables {
                guard let snapshot = snapshots[input] else { continue }
                try connection.attach(snapshot, as: input, order: .reversed)
            }
            rows = try ModelEngine.run(node.model, connection: connection, limit: limit)
        }
        let engine = provenance?.engine
        return Outcome(
            table: node.model.table,
            committed: snapshot.manifest.digest,
            rebuilt: try SnapshotStore.digest(of: rows, threads: options.threads),
            caveat: engine == ModelEngine.name
                ? nil : "made by \(engine ?? "an unknown engine"), not \(ModelEngine.name)"
        )
    }
}
