package import Diagnostics
package import Lineage
import Querying
import Records
package import Snapshots

/// Which column is made of which, as the models' statements say.
package struct ColumnFlow: Sendable {
    /// What the models' statements say of their columns, as far as was asked for.
    package let lineages: [TableName: ColumnLineage]
    private let columns: [TableName: [String]]
    private let outputs: [ColumnName: [ColumnName]]
    private let filtered: [ColumnName: [TableName]]

    /// Reads the statements of the models that have to do with a table.
    ///
    /// - Parameters:
    ///   - flow: the tables.
    ///   - table: one of them. What it is made of is read, and what is made of it.
    ///   - warehouse: the repository that `flow` is of; may be bare.
    ///   - revision: whose files, as for `flow`.
    ///   - options: threads and memory.
    /// - Throws: as a plan.
    package init(
        _ flow: TableFlow,
        around table: TableName,
        of warehouse: Warehouse,
        revision: String?,
        options: Runner.Options
    ) throws(Failure) {
        let tree = try warehouse.tree(revision ?? "HEAD")
        var schemas: [TableName: Schema] = [:]
        if let tree {
            for snapshot in try warehouse.store.snapshots(inTree: tree) {
                schemas[snapshot.table] = snapshot.schema
            }
        }
        for table in RawTables.all { schemas[table] = try RawTables.schema(of: table) }
        let connection: Connection
        if revision == nil, let root = warehouse.root {
            let files = WorkTreeFiles(root: root)
            connection = try Self.connect(files, warehouse, options)
        } else if let tree {
            let files = CommitFiles(repository: warehouse.repository, tree: tree)
            connection = try Self.connect(files, warehouse, options)
        } else {
            preconditionFailure("a flow of tables has a tree or a work tree")
        }
        try self.init(flow, around: table, schemas, connection)
    }

    private static func connect(
        _ files: some WarehouseFiles,
        _ warehouse: Warehouse,
        _ options: Runner.Options
    ) throws(Failure) -> Connection {
        try ModelEngine.connect(files: files, repository: warehouse.repository, options: options)
    }

    private init(
        _ flow: TableFlow,
        around table: TableName,
        _ schemas: [TableName: Schema],
        _ connection: Connection
    ) throws(Failure) {
        var lineages: [TableName: ColumnLineage] = [:]
        var columns: [TableName: [String]] = [:]
        func read(_ table: TableName) throws(Failure) {
            guard columns[table] == nil, lineages[table] == nil else { return }
            let committed = schemas[table]?.dataColumns.map(\.name)
            guard let model = flow.models[table] else {
                columns[table] = committed
                return
            }
            for input in flow.neighbours(of: table, .upstream) { try read(input) }
            let known = columns
            let lineage = try columnLineage(
                model.sql,
                connection: connection,
                file: model.file,
                columns: { known[$0] }
            )
            lineages[table] = lineage
            // A table has the columns of its key first.
            let names = lineage.outputs.map(\.name)
            columns[table] =
                lineage.unknownOutputs == nil
                ? model.key + names.filter { !model.key.contains($0) } : committed
        }
        let below = flow.reach(from: [table], .downstream)
        for table in flow.reach(from: below, .upstream).sorted() { try read(table) }
        self.lineages = lineages
        self.columns = columns

        var outputs: [ColumnName: [ColumnName]] = [:]
        var filtered: [ColumnName: [TableName]] = [:]
        for (table, lineage) in lineages.sorted(by: { $0.key < $1.key }) {
            for column in columns[table] ?? lineage.outputs.map(\.name) {
                for source in lineage.output(named: column)?.sources ?? [] {
                    outputs[source, default: []].append(ColumnName(table, column))
                }
            }
            for filter in lineage.filters { filtered[filter, default: []].append(table) }
        }
        self.outputs = outputs.mapValues { $0.sorted() }
        self.filtered = filtered
    }

    /// The columns of a table as SQL has them.
    ///
    /// - Parameter table: one that has to do with the table this was made around.
    /// - Returns: their names in order; nil if they are not known.
    package func columns(of table: TableName) -> [String]? { columns[table] }

    /// What a model's statement says of a column.
    ///
    /// - Parameter column: one of a table, spelled as that does.
    /// - Returns: nil if no model makes the table, or the statement does not give the column.
    package func made(_ column: ColumnName) -> ColumnLineage.Output? {
        lineages[column.table]?.output(named: column.column)
    }

    /// The columns one step away.
    ///
    /// - Parameters:
    ///   - column: one of a table.
    ///   - direction: which way to go.
    /// - Returns: each once, sorted.
    package func neighbours(
        of column: ColumnName,
        _ direction: TableFlow.Direction
    ) -> [ColumnName] {
        direction == .upstream ? made(column)?.sources ?? [] : outputs[column] ?? []
    }

    /// The tables whose rows a column has a part in choosing.
    ///
    /// - Parameter column: one of a table.
    /// - Returns: those of models that name it in WHERE, ON, GROUP BY and the like; sorted.
    package func tables(filteredBy column: ColumnName) -> [TableName] { filtered[column] ?? [] }

    /// The columns that are reached from one, with it.
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - direction: which way to go.
    /// - Returns: what it is made of, or what is made of it, through any number of tables.
    package func reach(
        from start: ColumnName,
        _ direction: TableFlow.Direction
    ) -> Set<ColumnName> {
        var found: Set = [start]
        var pending = [start]
        while let column = pending.popLast() {
            for next in neighbours(of: column, direction) where found.insert(next).inserted {
                pending.append(next)
            }
        }
        return found
    }
}
