package import Diagnostics
package import Lineage
package import Querying
package import Snapshots

/// The models of a warehouse with the tables each reads, in an order in which they can run.
package struct Graph: Sendable {
    /// A model with what its statement says.
    package struct Node: Sendable {
        package let model: Model
        package let analysis: StatementAnalysis
    }

    /// Every model after the models it reads; ties by name.
    package let nodes: [Node]
    /// Tables no model makes: from sources, the directory, or imports.
    package let roots: [TableName]

    /// Reads every statement and orders the models.
    ///
    /// - Parameters:
    ///   - models: the models of a warehouse.
    ///   - available: tables that are there or will be without a model (raw, imported).
    ///   - connection: parses the statements; holds the macros.
    /// - Throws: `lineage.*` for a statement that is refused, `model.unknown-table` with a near
    ///   name, `model.cycle` naming the circle.
    package init(
        models: [Model], available: [TableName], connection: Connection
    ) throws(Failure) {
        var analyses: [TableName: Node] = [:]
        for model in models {
            analyses[model.table] = Node(
                model: model,
                analysis: try analyze(model.sql, connection: connection, file: model.file))
        }
        let known = Set(available).union(analyses.keys)
        for model in models {
            for table in analyses[model.table]?.analysis.tables ?? [] where !known.contains(table) {
                throw Self.unknown(table, in: model, among: known)
            }
        }

        var order: [Node] = []
        var done: Set<TableName> = []
        var path: [TableName] = []
        func visit(_ table: TableName) throws(Failure) {
            guard let node = analyses[table], !done.contains(table) else { return }
            if let start = path.firstIndex(of: table) {
                let circle = (path[start...] + [table]).map(\.description)
                throw Failure(
                    .modelCycle, "Models read each other in a circle: \(circle.joined(separator: " reads ")).",
                    hint: "Move what both need into a model of its own.",
                    place: Place(file: node.model.file))
            }
            path.append(table)
            for input in node.analysis.tables.sorted() { try visit(input) }
            path.removeLast()
            done.insert(table)
            order.append(node)
        }
        for model in models.sorted(by: { $0.table < $1.table }) { try visit(model.table) }
        nodes = order
        roots = known.subtracting(analyses.keys).sorted()
    }

    private static func unknown(
        _ table: TableName, in model: Model, among known: Set<TableName>
    ) -> Failure {
        let near = nearest(to: table.description, among: known.map(\.description))
        let lines = model.sql.split(separator: "\n", omittingEmptySubsequences: false)
        let index = lines.firstIndex { $0.contains(table.description) }
        return Failure(
            .modelUnknownTable, "The model '\(model.table)' reads '\(table)', which nothing makes.",
            hint: near.map { "Did you mean '\($0)'?" }
                ?? "Add models/\(table.layer)/\(table.name).sql, or a source that writes it.",
            place: Place(file: model.file, line: index.map { $0 + 1 }))
    }

    /// The tables of `table`'s inputs and of theirs that no model makes.
    package func roots(of table: TableName) -> Set<TableName> {
        var found: Set<TableName> = []
        var pending = [table]
        var seen: Set<TableName> = []
        while let next = pending.popLast() {
            guard seen.insert(next).inserted else { continue }
            if let node = nodes.first(where: { $0.model.table == next }) {
                pending += node.analysis.tables
            } else {
                found.insert(next)
            }
        }
        return found
    }
}

extension Failure.Code {
    /// A model reads a table nothing makes.
    package static let modelUnknownTable = Self("model.unknown-table")
    /// Models that read each other.
    package static let modelCycle = Self("model.cycle")
}
