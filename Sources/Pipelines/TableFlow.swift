package import Diagnostics
import GitStore
import Lineage
package import Snapshots

/// Which table is made of which: those of models, and those that sources and the directory give.
package struct TableFlow: Sendable {
    /// Which way to go along the edges.
    package enum Direction: Sendable {
        /// To what a table is made of.
        case upstream
        /// To what is made of a table.
        case downstream
    }

    /// Every table, sorted.
    package let tables: [TableName]
    /// The models by table.
    package let models: [TableName: Model]
    /// Where tables go when they are published.
    package let sinks: [Sink]
    private let inputs: [TableName: [TableName]]
    private let outputs: [TableName: [TableName]]

    /// Joins models and sources.
    package init(_ graph: Graph, _ configuration: Configuration) {
        var inputs: [TableName: [TableName]] = [:]
        for root in graph.roots { inputs[root] = [] }
        for node in graph.nodes { inputs[node.model.table] = node.analysis.tables.sorted() }
        for source in configuration.sources {
            // What the directory lists decides which events are kept.
            guard case .githubArchive(_, _, _, keepsAll: false) = source.connector,
                let table = try? TableName(parsing: source.connector.table)
            else { continue }
            inputs[table] = [RawTables.directory[2]]
        }
        var outputs: [TableName: [TableName]] = [:]
        for (table, read) in inputs.sorted(by: { $0.key < $1.key }) {
            for input in read { outputs[input, default: []].append(table) }
        }
        tables = inputs.keys.sorted()
        models = Dictionary(
            uniqueKeysWithValues: graph.nodes.map { ($0.model.table, $0.model) }
        )
        sinks = configuration.sinks
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Reads the models of a warehouse.
    ///
    /// - Parameters:
    ///   - warehouse: the repository; may be bare.
    ///   - revision: whose files; nil for those of the work tree, or of HEAD in a bare repository.
    ///   - options: threads and memory.
    /// - Throws: as a plan.
    package init(_ warehouse: Warehouse, revision: String?, options: Runner.Options) throws(Failure)
    {
        let tree = try warehouse.tree(revision ?? "HEAD")
        if revision == nil, let root = warehouse.root {
            let files = WorkTreeFiles(root: root)
            let cache = try AnalysisCache(
                of: warehouse.repository,
                files: files,
                version: options.version
            )
            try self.init(warehouse, tree, files, cache, options)
        } else if let tree {
            try warehouse.store.require(
                paths: [Configuration.fileName, "models"],
                inTree: tree
            )
            let files = CommitFiles(repository: warehouse.repository, tree: tree)
            // What is kept is of the statements that a run sees.
            try self.init(warehouse, tree, files, nil, options)
        } else {
            throw Failure(
                .warehouseEmpty,
                "There is no commit yet, and no work tree to read models from.",
                hint: "Commit pipelines.toml and models first."
            )
        }
    }

    private init(
        _ warehouse: Warehouse,
        _ tree: ObjectID?,
        _ files: some WarehouseFiles,
        _ cache: AnalysisCache?,
        _ options: Runner.Options
    ) throws(Failure) {
        let there = try tree.map { (tree) throws(Failure) in
            try warehouse.store.tables(inTree: tree)
        }
        let graph = try Graph(
            models: Model.load(files),
            available: RawTables.all + (there ?? []).filter { $0.layer == "raw" },
            engine: EnginePool(
                files: files,
                repository: warehouse.repository,
                options: options
            ),
            cache: cache
        )
        self.init(graph, try Configuration(files: files))
    }

    /// The tables one step away, sorted.
    package func neighbours(of table: TableName, _ direction: Direction) -> [TableName] {
        (direction == .upstream ? inputs : outputs)[table] ?? []
    }

    /// The tables of a sink, sorted.
    ///
    /// - Throws: `select.nothing` at the sink's place.
    package func tables(of sink: Sink) throws(Failure) -> [TableName] {
        // What is pushed has everything.
        guard case .export(let export) = sink.kind else { return tables }
        do {
            return try export.selection.tables(in: self) { _ in false }.sorted()
        } catch {
            throw error.at(sink.place)
        }
    }

    /// The tables that are reached from some, with them.
    package func reach(from start: Set<TableName>, _ direction: Direction) -> Set<TableName> {
        var found = start
        var pending = Array(start)
        while let table = pending.popLast() {
            for next in neighbours(of: table, direction) where found.insert(next).inserted {
                pending.append(next)
            }
        }
        return found
    }
}

extension Failure.Code {
    /// A repository without a commit, where one is needed.
    static let warehouseEmpty = Self("warehouse.empty")
}
