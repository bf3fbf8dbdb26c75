import Codecs
import Connectors
import Diagnostics
import Lineage
import Querying
import Records
import Snapshots

extension Runner {
    /// How a model's table would be made now, given the tables as they are.
    func provenance(of node: Graph.Node, asOf: String?) -> Provenance {
        Provenance(
            kind: .model,
            origin: node.model.file,
            statement: node.analysis.fingerprint,
            settings: node.model.settingsDigest,
            engine: ModelEngine.name,
            asOf: node.analysis.usesAsOf ? asOf : nil,
            inputs: node.analysis.tables.sorted().compactMap { table in
                tables[table].map { Provenance.Input(table: table, digest: $0.digest) }
            }
        )
    }

    /// Makes a model's table if anything it depends on changed.
    func build(_ node: Graph.Node) throws(Failure) {
        let start = ContinuousClock().now
        let table = node.model.table
        let asOf = try asOf(for: table)
        let wanted = provenance(of: node, asOf: asOf)
        let reason = Reason(wanted: wanted, current: tables[table]?.provenance)
        guard reason != .upToDate else { return reuse(table, since: start) }
        event(.started("\(table)"))
        try attachInputs(of: node, order: .stored)
        if node.analysis.usesAsOf { try ModelEngine.define(asOf: asOf, on: connection) }
        let rows = try ModelEngine.run(node.model, connection: connection, limit: sortLimit)
        try refuseOrder(node, rows)
        try finish(
            table,
            rows: rows,
            provenance: wanted,
            reason: reason,
            columnRenames: node.model.renames,
            since: start
        )
    }

    private func attachInputs(of node: Graph.Node, order: ScanOrder) throws(Failure) {
        for input in node.analysis.tables {
            guard let snapshot = tables[input]?.snapshot else { continue }
            try connection.attach(snapshot, as: input, order: order)
        }
    }

    /// Runs a model that is sensitive to the order of rows again, over its inputs backwards and on
    /// one thread, and refuses it if the rows come out different.
    private func refuseOrder(_ node: Graph.Node, _ rows: SortedRows) throws(Failure) {
        guard let suspect = node.analysis.orderSensitive.first else { return }
        event(.progress("\(node.model.table), its inputs backwards"))
        try attachInputs(of: node, order: .reversed)
        try connection.setThreads(1)
        let again = try ModelEngine.run(node.model, connection: connection, limit: sortLimit)
        try connection.setThreads(options.threads)
        guard
            try SnapshotStore.digest(of: rows, threads: options.threads)
                != SnapshotStore.digest(of: again, threads: options.threads)
        else { return }
        let difference =
            rows.isSpilled ? nil : try rows.rowSet().firstDifference(from: again.rowSet())
        let names = Set(node.analysis.orderSensitive.map(\.name)).sorted()
        throw Failure(
            .modelOrder,
            "The rows of '\(node.model.table)' depend on the order in which its inputs are read.",
            hint:
                "Let every ORDER BY of \(names.joined(separator: ", ")) end in columns that tell all rows apart.",
            place: Place(file: node.model.file, line: suspect.line, column: suspect.column),
            cause: difference.map {
                "once \(Self.brief($0.mine)), once \(Self.brief($0.other))"
            }
        )
    }

    private static func brief(_ row: [UInt8]?) -> String {
        guard let row else { return "no such row" }
        let text = String(decoding: row, as: UTF8.self).filter { $0 != "\n" }
        return text.count > 200 ? text.prefix(200) + "…" : text
    }

    /// `as_of()` for a model: the least time that the sources it reads from have stated to cover.
    ///
    /// - Returns: a timestamp's canonical text, or nil if none has stated any.
    func asOf(for table: TableName) throws(Failure) -> String? {
        let roots = graph.roots(of: table).map(\.description)
        let sources = configuration.sources.filter { roots.contains($0.connector.table) }
        return try leastCoverage(of: sources)
    }

    /// The least time over all sources: the run's trailer.
    func overallAsOf() throws(Failure) -> String? { try leastCoverage(of: configuration.sources) }

    private func leastCoverage(of sources: [Configuration.Source]) throws(Failure) -> String? {
        let rows = try coverage()
        let stated = sources.compactMap { source -> Int64? in
            let times = rows.filter { $0.source == source.name }.compactMap(\.coveredUntil)
            // An archive's hours follow each other, repositories stand side by side.
            return switch source.connector {
            case .git: times.min()
            case .githubArchive: times.max()
            }
        }
        return stated.min().map { CellText.timestampText(micros: $0) }
    }
}

extension Failure.Code {
    /// A model whose rows depend on the order in which its inputs are read.
    static let modelOrder = Self("model.order")
}

extension Model {
    /// Digest of what the header says about the table.
    var settingsDigest: Digest {
        let docs = columnDocs.sorted { $0.key < $1.key }.map {
            ($0.key, JSONValue.string($0.value))
        }
        let was = renames.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        return .of(
            json: .object([
                ("class", .string(cutClass.rawValue)), ("key", .array(key.map { .string($0) })),
                ("columns", .object(docs)), ("was", .object(was)),
            ])
        )
    }
}
