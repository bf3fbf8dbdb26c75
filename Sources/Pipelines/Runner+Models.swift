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

    /// Makes a model's table if anything it depends on changed, and publishes it if it keeps what
    /// its checks promise.
    func build(_ node: Graph.Node) throws(Failure) {
        let start = ContinuousClock().now
        let table = node.model.table
        // A check alone that reads a table which failed sees the version that stays published.
        let failed = node.predecessors.filter {
            heldBack.contains($0) && (node.analysis.tables.contains($0) || tables[$0] == nil)
        }
        guard failed.isEmpty else {
            heldBack.insert(table)
            return reuse(
                table,
                as: tables[table] == nil ? .skipped : .keptLastGood,
                reason: .inputsFailed(failed.sorted()),
                since: start
            )
        }
        let asOf = try asOf(for: table)
        let wanted = provenance(of: node, asOf: asOf)
        let reason = Reason(wanted: wanted, current: tables[table]?.provenance)
        if reason == .upToDate, let state = tables[table] {
            let failures = try audit(node, state, isNew: false)
            return failures.isEmpty
                ? reuse(table, since: start)
                : fail(table, failures, reason: .checksChanged, since: start)
        }
        event(.started("\(table)"))
        try attachInputs(of: node, order: .stored)
        if node.analysis.usesAsOf { try ModelEngine.define(asOf: asOf, on: connection) }
        let rows: SortedRows
        do {
            rows = try ModelEngine.run(node.model, connection: connection, limit: sortLimit)
            try refuseOrder(node, rows)
        } catch {
            guard error.concernsOneModel else { throw error }
            return fail(table, [error], reason: reason, since: start)
        }
        let written = try warehouse.store.write(
            rows,
            table: table,
            provenance: wanted.json,
            previous: committed[table],
            was: node.model.renames,
            into: batch,
            threads: options.threads
        )
        let state = try state(of: written, wanted)
        let failures = try audit(node, state, isNew: written.isChanged)
        if failures.isEmpty { return take(written, state, reason: reason, since: start) }
        // A version that is as published takes the new provenance, though it fails.
        if !written.isChanged { note(written, state) }
        fail(table, failures, reason: reason, since: start)
    }

    /// Notes that a table is not what it should be now: it stays as published, and so does what is
    /// made from it.
    private func fail(
        _ table: TableName,
        _ failures: [Failure],
        reason: Reason,
        since start: ContinuousClock.Instant
    ) {
        self.failures += failures
        heldBack.insert(table)
        reuse(table, as: .failed, reason: reason, since: start)
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
        let again: SortedRows
        do throws(Failure) {
            again = try ModelEngine.run(node.model, connection: connection, limit: sortLimit)
        } catch {
            try connection.setThreads(options.threads)
            throw error
        }
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

extension Failure {
    /// Whether it is one model's own: the others can be made all the same.
    var concernsOneModel: Bool {
        guard code != .queryInterrupted, code != .spillFailed, code.kind != .internal else {
            return false
        }
        let area = code.description.prefix { $0 != "." }
        return ["query", "model", "records", "lineage"].contains(area)
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
