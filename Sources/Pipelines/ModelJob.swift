import Diagnostics
import GitStore
import Lineage
import Querying
import Records
import Snapshots

/// One model to be made, or the checks of its table to be tried: all that takes, so that a thread
/// of its own can do it.
struct ModelJob: Sendable {
    /// What all jobs of a run share.
    struct Context: Sendable {
        let store: SnapshotStore
        let batch: ObjectBatch
        let sortLimit: SortLimit
        let cancellation: Cancellation
        let event: @Sendable (RunEvent) -> Void
    }

    /// What came of it.
    struct Outcome: Sendable {
        /// The table as it was written; nil if it stays and was only looked at.
        var written: PreparedTable?
        /// The version that was made, or stays.
        var state: TableState
        /// Of a table in partitions that was made: all it has now.
        var partitions: [PartitionRow]?
        var checks: [CheckRow] = []
        /// Why it may not be published.
        var failures: [Failure] = []
        var notes: [String] = []
    }

    /// A version that was written.
    struct Made {
        let table: PreparedTable
        let provenance: Provenance
        var partitions: [PartitionRow]?
    }

    let node: Graph.Node
    /// Why it is made; up to date if only checks are to be tried.
    let reason: Reason
    /// How it will have come about.
    let provenance: Provenance
    let asOf: String?
    /// The tables that statement and checks read, and its own, as they are at this point of the run.
    let tables: [TableName: TableState]
    /// The version that HEAD has.
    let committed: Snapshot?
    /// What came of its checks before.
    let recordedChecks: [CheckRow]
    /// What its partitions are made of, if it is in partitions and they are known.
    let recordedPartitions: [PartitionRow]
    /// Where partitions are kept until the table is published; nil to keep none.
    let spool: PartitionSpool?
    let context: Context
    let start = ContinuousClock().now

    var table: TableName { node.model.table }

    /// Whether it can be done without an engine: nothing is made, and every check's outcome is known.
    var needsEngine: Bool { reason != .upToDate || !knowsChecks }

    /// Makes the table and tries its checks.
    ///
    /// - Parameters:
    ///   - threads: for SQL, cutting and compressing.
    ///   - engine: nobody else uses it.
    /// - Returns: the version with what came of its checks.
    /// - Throws: why there is no version; a version that fails its checks is an outcome.
    func run(threads: Int, on engine: Connection) throws(Failure) -> Outcome {
        if reason == .upToDate, let state = tables[table] {
            return try audit(Outcome(state: state), isNew: false, on: engine)
        }
        context.event(.started("\(table)"))
        try engine.setThreads(threads)
        let made: Made
        if let partitioning = node.model.partitioning {
            made = try makePartitions(partitioning, threads: threads, on: engine)
        } else {
            made = try makeWhole(threads: threads, on: engine)
        }
        let state = try TableState(
            made.table,
            made.provenance,
            committed: committed,
            of: context.store,
            in: context.batch
        )
        return try audit(
            Outcome(written: made.table, state: state, partitions: made.partitions),
            isNew: made.table.isChanged,
            on: engine
        )
    }

    /// What is known of the checks of a table that stays, where that is all of it.
    func settled(_ state: TableState) throws(Failure) -> Outcome {
        try audit(Outcome(state: state), isNew: false, on: nil)
    }

    // MARK: Rows

    private func makeWhole(threads: Int, on engine: Connection) throws(Failure) -> Made {
        try attachInputs(order: .stored, to: engine)
        if node.analysis.usesAsOf { try ModelEngine.define(asOf: asOf, on: engine) }
        let rows = try ModelEngine.run(node.model, connection: engine, limit: context.sortLimit)
        if !node.analysis.orderSensitive.isEmpty {
            context.event(.progress("\(table), its inputs backwards"))
            try context.cancellation.check()
            try attachInputs(order: .reversed, to: engine)
            try engine.setThreads(1)
            let again = try ModelEngine.run(
                node.model,
                connection: engine,
                limit: context.sortLimit
            )
            try refuseDifference(rows, again, threads: threads)
        }
        try context.cancellation.check()
        let written = try context.store.write(
            rows,
            table: table,
            provenance: provenance.json,
            previous: committed,
            was: node.model.renames,
            into: context.batch,
            threads: threads
        )
        return Made(table: written, provenance: provenance)
    }

    private func attachInputs(order: ScanOrder, to engine: Connection) throws(Failure) {
        for input in node.analysis.tables {
            guard let snapshot = tables[input]?.snapshot else { continue }
            try engine.attach(snapshot, as: input, order: order)
        }
    }

    /// Refuses a model that is sensitive to the order of rows, if its rows came out different with
    /// inputs backwards and on one thread.
    func refuseDifference(
        _ rows: SortedRows,
        _ again: SortedRows,
        threads: Int
    ) throws(Failure) {
        guard let suspect = node.analysis.orderSensitive.first else { return }
        guard
            try SnapshotStore.digest(of: rows, threads: threads)
                != SnapshotStore.digest(of: again, threads: threads)
        else { return }
        let difference =
            rows.isSpilled ? nil : try rows.rowSet().firstDifference(from: again.rowSet())
        let names = Set(node.analysis.orderSensitive.map(\.name)).sorted()
        throw Failure(
            .modelOrder,
            "The rows of '\(table)' depend on the order in which its inputs are read.",
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
}

extension Failure {
    /// Whether it is one model's own: the others can be made all the same.
    var concernsOneModel: Bool {
        guard code != .queryInterrupted, code != .spillFailed,
            code.kind == .input || code.kind == .difference
        else { return false }
        let area = code.description.prefix { $0 != "." }
        return ["query", "model", "records", "lineage"].contains(area)
    }
}

extension Failure.Code {
    /// A model whose rows depend on the order in which its inputs are read.
    static let modelOrder = Self("model.order")
}
