package import Diagnostics
package import Lineage
import Querying
package import Snapshots

/// The models of a warehouse with the tables each reads, in an order in which they can run.
package struct Graph: Sendable {
    /// A model with what its statement says.
    package struct Node: Sendable {
        package let model: Model
        package let analysis: StatementAnalysis
        package let checks: [PlannedCheck]

        /// What has to be made before: the tables that the statement and the checks read.
        var predecessors: Set<TableName> {
            checks.reduce(into: Set(analysis.tables)) { $0.formUnion($1.tables) }
        }
    }

    /// Every model after the models it reads; ties by name.
    package let nodes: [Node]
    /// Tables no model makes: from sources, the directory, or imports.
    package let roots: [TableName]
    private let rootsByTable: [TableName: Set<TableName>]

    /// Reads every statement and orders the models.
    ///
    /// - Parameters:
    ///   - models: the models of a warehouse.
    ///   - available: tables that are there or will be without a model (raw, imported).
    ///   - engine: parses the statements; holds the macros.
    ///   - cache: what was found in statements before; nil to read them all.
    /// - Throws: `lineage.*` for a statement that is refused, `model.unknown-table` with a near
    ///   name, `model.cycle` naming the circle.
    init(
        models: [Model],
        available: [TableName],
        engine: EnginePool,
        cache: AnalysisCache? = nil
    ) throws(Failure) {
        func read(_ sql: String, _ file: String) throws(Failure) -> StatementAnalysis {
            if let kept = cache?.kept(of: sql) { return kept }
            let analysis = try engine.using { (engine) throws(Failure) in
                try analyze(sql, connection: engine, file: file)
            }
            cache?.keep(analysis, of: sql)
            return analysis
        }
        var analyses: [TableName: Node] = [:]
        for model in models {
            let analysis = try read(model.sql, model.file)
            try model.partitioning?.check(reads: analysis.tables, of: model)
            var checks: [PlannedCheck] = []
            for check in model.checks {
                checks.append(
                    try PlannedCheck(check, of: model) { (sql) throws(Failure) in
                        try read(sql, model.file)
                    }
                )
            }
            analyses[model.table] = Node(model: model, analysis: analysis, checks: checks)
        }
        let known = Set(available).union(analyses.keys)
        for model in models {
            for table in analyses[model.table]?.analysis.tables ?? [] where !known.contains(table) {
                throw Self.unknown(table, in: model, among: known)
            }
            for check in analyses[model.table]?.checks ?? [] {
                for table in check.tables where !known.contains(table) {
                    throw check.check.failure(
                        Failure(
                            .modelUnknownTable,
                            "nothing makes '\(table)'.",
                            hint: nearest(to: table, among: known).map { "Did you mean '\($0)'?" }
                        )
                    )
                }
            }
        }

        var order: [Node] = []
        var done: Set<TableName> = []
        var path: [TableName] = []
        func isByStatements(_ circle: ArraySlice<TableName>) -> Bool {
            zip(circle, circle.dropFirst()).allSatisfy { reader, read in
                analyses[reader]?.analysis.tables.contains(read) ?? false
            }
        }
        func visit(_ table: TableName) throws(Failure) {
            guard let node = analyses[table], !done.contains(table) else { return }
            if let start = path.firstIndex(of: table) {
                let circle = (path[start...] + [table]).map(\.description)
                throw Failure(
                    .modelCycle,
                    "Models read each other in a circle: \(circle.joined(separator: " reads ")).",
                    hint: isByStatements(path[start...] + [table])
                        ? "Move what both need into a model of its own."
                        : "Checks are tried before a table is published: move the check to the model that is made last.",
                    place: Place(file: node.model.file)
                )
            }
            path.append(table)
            for input in node.predecessors.sorted() { try visit(input) }
            path.removeLast()
            done.insert(table)
            order.append(node)
        }
        for model in models.sorted(by: { $0.table < $1.table }) { try visit(model.table) }
        cache?.save()
        nodes = order
        rootsByTable = Self.roots(of: order)
        roots = known.subtracting(analyses.keys).sorted()
    }

    private static func unknown(
        _ table: TableName,
        in model: Model,
        among known: Set<TableName>
    ) -> Failure {
        let near = nearest(to: table, among: known)
        let way: String? =
            switch table.layer {
            case "raw": "Add a source that writes it, or: osodata import \(table) FILE"
            case "meta": nil
            default: "Add models/\(table.layer)/\(table.name).sql."
            }
        return Failure(
            .modelUnknownTable,
            "The model '\(model.table)' reads '\(table)', which nothing makes.",
            hint: near.map { "Did you mean '\($0)'?" } ?? way,
            place: place(of: table, in: model)
        )
    }

    /// Where a model's statement first names `table`; the file where it does so by a macro.
    private static func place(of table: TableName, in model: Model) -> Place {
        let sql = Array(model.sql.utf8)
        let name = Array(table.description.utf8)
        func isName(at index: Int) -> Bool {
            guard sql.indices.contains(index) else { return false }
            let scalar = Unicode.Scalar(sql[index])
            return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_"
        }
        var index = model.statementOffset
        while index + name.count <= sql.count {
            if sql[index...].starts(with: name), !isName(at: index - 1),
                !isName(at: index + name.count)
            {
                return SourcePosition(byte: index, in: model.sql).place(in: model.file)
            }
            index += 1
        }
        return Place(file: model.file)
    }

    /// The tables of `table`'s inputs and of theirs that no model makes.
    package func roots(of table: TableName) -> Set<TableName> { rootsByTable[table] ?? [table] }

    /// The roots of every model, given in an order in which each comes after those it reads.
    private static func roots(of nodes: [Node]) -> [TableName: Set<TableName>] {
        var found: [TableName: Set<TableName>] = [:]
        for node in nodes {
            found[node.model.table] = node.analysis.tables.reduce(into: []) { roots, input in
                roots.formUnion(found[input] ?? [input])
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
