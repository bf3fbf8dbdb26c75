import Codecs
package import Diagnostics
import Connectors
import Fetching
import Foundation
import GitStore
import Lineage
import Querying
import Records
import Snapshots

/// Runs a warehouse's pipeline: reads sources and the directory, runs models whose inputs changed,
/// and publishes what came out different as one commit.
package final class Runner {
    let warehouse: Warehouse
    let root: String
    let files: WorkTreeFiles
    let configuration: Configuration
    let options: Options
    let event: @Sendable (RunEvent) -> Void
    let pending: Pending
    let batch: ObjectBatch
    let engines: EnginePool
    /// How many models are made at the same time.
    let jobs: Int
    let graph: Graph
    let flow: TableFlow
    /// Which tables the run is about; nil for all.
    let selection: Selection?

    /// Tables as they are at this point of the run.
    var tables: [TableName: TableState] = [:]
    /// Tables as HEAD has them.
    var committed: [TableName: Snapshot] = [:]
    var outcomes: [RunReport.Table] = []
    var prepared: [PreparedTable] = []
    var notes: [String] = []
    /// Digests of files that people wrote, by path.
    var fileDigests: [String: Digest] = [:]
    /// Rows of the tables of `meta` that this run wrote.
    var metaRows: [TableName: RowSet] = [:]
    var coverageNow: [CoverageRow]?
    /// What the directory lists, once a source was read by it.
    var listed: EventFilter?
    /// What came of the checks in this run, and what the runs before recorded.
    var checkRows: [CheckRow] = []
    var checksBefore: [CheckRow]?
    /// The partitions of tables that were made in this run, and what the runs before recorded.
    var partitionsNow: [TableName: [PartitionRow]] = [:]
    var partitionsBefore: [TableName: [PartitionRow]]?
    /// Tables that were made again just as they are committed, provenance and all: what waited for
    /// a commit is no more.
    var asCommitted: Set<TableName> = []
    /// Why tables failed.
    var causes: [RunReport.Cause] = []
    /// The last lines of what the run told.
    let log: RunLog
    /// Tables that failed or stay behind for one that did.
    var heldBack: Set<TableName> = []

    /// So many models are made at the same time if nobody says, on so many cores: more share them
    /// no better.
    private static let mostJobs = 4

    /// Reads configuration and models; nothing is written.
    package init(
        _ warehouse: Warehouse,
        selecting selection: Selection? = nil,
        options: Options,
        event: @escaping @Sendable (RunEvent) -> Void
    ) throws(Failure) {
        self.warehouse = warehouse
        self.options = options
        self.selection = selection
        let log = RunLog()
        self.log = log
        self.event = { told in
            log.take(told)
            event(told)
        }
        root = try warehouse.requiredRoot()
        files = WorkTreeFiles(root: root)
        pending = Pending(root: root)
        configuration = try Configuration(files: files)
        batch = ObjectBatch(repository: warehouse.repository)
        jobs = max(
            1,
            // Memory that somebody bounded is not divided unasked.
            options.jobs ?? configuration.run.jobs
                ?? (options.memoryLimit == nil ? min(options.threads, Self.mostJobs) : 1)
        )
        let engines = EnginePool(
            files: files,
            repository: warehouse.repository,
            options: options,
            count: jobs
        )
        self.engines = engines
        if let tree = try warehouse.tree("HEAD") {
            try warehouse.store.require(.manifest, inTree: tree)
            let threads = options.threads
            let snapshots = try warehouse.store.snapshots(inTree: tree, threads: threads)
            let states = try parallelMap(snapshots.count, threads: threads, state: { () }) {
                [pending] (index, _) throws(Failure) -> TableState in
                try TableState(snapshot: snapshots[index], pending: pending)
            }
            for (snapshot, state) in zip(snapshots, states) {
                committed[snapshot.table] = snapshot
                tables[snapshot.table] = state
            }
        }
        graph = try Graph(
            models: Model.load(files, threads: options.threads),
            available: RawTables.all + tables.keys.filter { $0.layer == "raw" },
            engine: engines,
            cache: AnalysisCache(of: warehouse.repository, files: files, version: options.version)
        )
        flow = TableFlow(graph, configuration)
    }

    /// Names of the sources whose data is invented.
    package var madeUpSources: [String] { configuration.sources.filter(\.isMadeUp).map(\.name) }

    /// Makes the plan: what a run would do now, as far as that is known before asking upstream.
    ///
    /// - Throws: `select.nothing`, `select.missing-input` for what is selected.
    package func plan() throws(Failure) -> Plan {
        let rawSteps = [try configurationStep(), try directoryStep()] + extractSteps()
        let selected = try selectedTables(rawSteps)
        func isSelected(_ table: TableName) -> Bool { selected?.contains(table) ?? true }
        var steps = rawSteps.filter { $0.tables.contains(where: isSelected) }
        var uncertain = Set(steps.filter { $0.reason != .upToDate }.flatMap(\.tables))
        for node in graph.nodes where isSelected(node.model.table) {
            let table = node.model.table
            if let selected { try requireInputs(of: node, selected) }
            let asOf = try asOf(for: table)
            let reason = Reason(
                wanted: provenance(of: node, asOf: asOf),
                current: tables[table]?.provenance
            )
            let waiting = node.analysis.tables.filter { uncertain.contains($0) }.sorted()
            let isSure = reason != .upToDate
            var step = Plan.Step(
                kind: .build(node),
                tables: [table],
                reason: isSure || waiting.isEmpty
                    ? try sureReason(reason, node) : .inputsMayChange(waiting)
            )
            if isSure, waiting.isEmpty, node.model.partitioning != nil {
                step.partitions = try stalePartitions(of: job(of: node))
            }
            steps.append(step)
            if isSure || !waiting.isEmpty { uncertain.insert(table) }
        }
        return Plan(steps: steps, sinks: try sinkSteps(uncertain: uncertain))
    }

    /// The tables the run is about; nil for all.
    private func selectedTables(_ rawSteps: [Plan.Step]) throws(Failure) -> Set<TableName>? {
        guard let selection else { return nil }
        return try selection.tables(in: flow) { (table) throws(Failure) in
            if let step = rawSteps.first(where: { $0.tables.contains(table) }) {
                return step.reason.isByPeople
            }
            guard let node = graph.nodes.first(where: { $0.model.table == table }) else {
                return false
            }
            return Reason(
                wanted: provenance(of: node, asOf: try asOf(for: table)),
                current: tables[table]?.provenance
            ).isByPeople
        }
    }

    /// Refuses a selected model that reads what was never made and will not be now.
    private func requireInputs(
        of node: Graph.Node,
        _ selected: Set<TableName>
    ) throws(Failure) {
        for input in node.analysis.tables where tables[input] == nil && !selected.contains(input) {
            throw Failure(
                .selectMissingInput,
                "'\(node.model.table)' reads '\(input)', which was never made and is not selected.",
                hint: "Select what it is made of, too: +\(node.model.table)",
                place: Place(file: node.model.file)
            )
        }
    }

    /// The reason for a step whose inputs are sure; of one that makes no rows, the checks.
    private func sureReason(_ reason: Reason, _ node: Graph.Node) throws(Failure) -> Reason {
        guard reason == .upToDate, try !job(of: node).knowsChecks else { return reason }
        return .checksChanged
    }

    /// Executes the plan and publishes.
    ///
    /// A model that fails, or whose table fails a check, keeps its table and what is made from it at
    /// the last good version; the rest goes on.
    ///
    /// - Returns: what became of every table and why, and the commit if there is one.
    /// - Throws: the first failure that concerns more than one model, `run.cancelled`; the
    ///   repository is then as it was.
    package func run() throws(Failure) -> RunReport {
        let start = ContinuousClock().now
        if !options.isTrial {
            try Self.refuseDirtySnapshots(warehouse.repository)
            try refuseUncommitted()
        }
        // A trial leaves no trace.
        let recorder =
            options.isTrial
            ? nil
            : try RunRecorder(warehouse, selection: selection, options: options) { [event] in
                event(.note($0))
            }
        let notifier =
            options.isTrial
            ? nil : Notifier(options, name: configuration.name, root: root, log: log, event: event)
        do {
            let plan = try plan()
            let locks = try TableLocks.acquire(
                options.isTrial
                    ? []
                    : plan.pending.flatMap(\.tables)
                        + [RawTables.coverage, RawTables.checks, RawTables.partitions],
                in: warehouse.repository
            )
            defer { locks.release() }
            if !plan.pending.isEmpty { recorder?.begin() }
            var report = try execute(plan)
            report.seconds = (ContinuousClock().now - start).seconds
            recorder?.end(report)
            notifier?.tell(report, run: recorder?.run)
            return report
        } catch {
            let failure = inWordsOfItsOwn(error)
            if !failure.isRefusal {
                recorder?.end(failure, tables: outcomes)
                notifier?.tell(failure, run: recorder?.run)
            }
            throw failure
        }
    }

    /// Records and tells of a run that could not begin, because what is committed makes no sense.
    ///
    /// Nothing is told of files that somebody is still writing.
    ///
    /// - Parameters:
    ///   - failure: what `init` threw.
    ///   - warehouse: where.
    ///   - selection: what the run was about.
    ///   - options: of the run.
    ///   - configuration: what `pipelines.toml` says.
    ///   - event: told what went wrong in telling.
    package static func couldNotBegin(
        _ failure: Failure,
        _ warehouse: Warehouse,
        selecting selection: Selection?,
        options: Options,
        configuration: Configuration,
        event: @escaping @Sendable (RunEvent) -> Void
    ) {
        guard !options.isTrial, !failure.isRefusal, let root = warehouse.root else { return }
        let edited = configuration.inputs.contains { folder in
            (try? warehouse.repository.dirtyPaths(under: folder).isEmpty) != true
        }
        guard !edited else { return }
        let recorder = try? RunRecorder(warehouse, selection: selection, options: options) {
            event(.note($0))
        }
        recorder?.end(failure, tables: [])
        Notifier(options, name: configuration.name, root: root, log: RunLog(), event: event)?
            .tell(failure, run: recorder?.run)
    }

    /// What was stopped because the run is cancelled says so.
    private func inWordsOfItsOwn(_ failure: Failure) -> Failure {
        do throws(Failure) {
            if [.fetchCancelled, .queryInterrupted].contains(failure.code) {
                try options.cancellation.check()
            }
            return failure
        } catch {
            return error
        }
    }

    private func execute(_ plan: Plan) throws(Failure) -> RunReport {
        event(.planned(tables: plan.steps.reduce(0) { $0 + $1.tables.count }))
        var models: [Graph.Node] = []
        for step in plan.steps {
            try options.cancellation.check()
            switch step.kind {
            case .configuration: try writeSources()
            case .directory: try readDirectory(step)
            case .extract(let sources): try extract(sources, into: step.tables[0])
            case .build(let node): models.append(node)
            }
        }
        try build(models)
        try options.cancellation.check()
        try writeCoverage()
        try writeChecks()
        try writePartitions()
        for stale in try staleTables(now: options.now) { note(stale.text) }
        var report = RunReport(
            tables: outcomes.sorted { $0.table < $1.table },
            checks: checkRows,
            causes: causes,
            asOf: try overallAsOf(),
            notes: notes,
            seconds: 0
        )
        try publish(&report)
        if !options.isTrial { try giveSinks(&report) }
        for table in partitionsNow.keys {
            PartitionSpool(of: table, in: warehouse.repository).clear()
        }
        return report
    }

    /// Refuses to run where snapshots are not as committed, or git is in the middle of something.
    static func refuseDirtySnapshots(_ repository: Repository) throws(Failure) {
        try repository.refuseDuringOperation()
        let dirty = try repository.dirtyFiles(under: "snapshots")
        let edited = dirty.filter { !$0.isUntracked }
        guard let first = edited.first ?? dirty.first else { return }
        let more = dirty.count > 1 ? " and \(dirty.count - 1) more files" : ""
        var ways: [String] = []
        // A plain checkout would keep files that were added.
        if !edited.isEmpty {
            ways.append("git restore --source=HEAD --staged --worktree snapshots")
        }
        if dirty.count > edited.count { ways.append("git clean -fd snapshots") }
        throw Failure(
            .runDirtySnapshots,
            edited.isEmpty
                ? "No commit has '\(first.path)'\(more) of snapshots/."
                : "The work tree differs from the commit in '\(first.path)'\(more) of snapshots/.",
            hint:
                "Snapshots are written by runs only. \(edited.isEmpty ? "Remove it" : "Undo it"): "
                + ways.joined(separator: " && ")
        )
    }

    /// Files that people wrote and did not commit.
    func uncommittedInputs() throws(Failure) -> [String] {
        var paths: [String] = []
        for folder in configuration.inputs {
            paths += try warehouse.repository.dirtyPaths(under: folder)
        }
        return paths
    }

    /// Refuses a run that nobody else could rebuild, since its clone lacks what it was made by.
    private func refuseUncommitted() throws(Failure) {
        let paths = try uncommittedInputs()
        guard let first = paths.first else { return }
        let others = paths.count > 1 ? " and \(paths.count - 1) more" : ""
        throw Failure(
            .runUncommitted,
            "'\(first)'\(others) \(paths.count > 1 ? "are" : "is") not committed, so nobody else could "
                + "rebuild this run.",
            hint: "Try it out: osodata run --scratch. Or commit: git add "
                + "\(configuration.inputs.joined(separator: " ")) && git commit"
        )
    }

    /// Notes the outcome of a table whose rows were made.
    ///
    /// Equal content writes nothing: its new provenance waits for the next commit.
    func finish(
        _ table: TableName,
        rows: SortedRows,
        provenance: Provenance,
        reason: Reason,
        since start: ContinuousClock.Instant
    ) throws(Failure) {
        let written = try warehouse.store.write(
            rows,
            table: table,
            provenance: provenance.json,
            previous: committed[table],
            into: batch,
            threads: options.threads
        )
        try finish(written, provenance: provenance, reason: reason, since: start)
    }

    /// Notes the outcome of a table that is written.
    func finish(
        _ written: PreparedTable,
        provenance: Provenance,
        reason: Reason,
        since start: ContinuousClock.Instant
    ) throws(Failure) {
        take(
            written,
            try TableState(
                written,
                provenance,
                committed: committed[written.table],
                of: warehouse.store,
                in: batch
            ),
            reason: reason,
            since: start
        )
    }

    /// Makes a written table the one that later steps see and the run publishes.
    func note(_ written: PreparedTable, _ state: TableState) {
        if written.isTreeChanged {
            prepared.append(written)
        } else {
            asCommitted.insert(written.table)
        }
        tables[written.table] = state
    }

    /// Takes a written table, and tells.
    func take(
        _ written: PreparedTable,
        _ state: TableState,
        reason: Reason,
        since start: ContinuousClock.Instant
    ) {
        let before = tables[written.table]
        note(written, state)
        report(
            written.table,
            written.isChanged ? .built : .equal,
            rowsBefore: before?.rows,
            rows: written.rows,
            reason: reason,
            since: start
        )
    }

    /// How much memory the rows of a table may take while they are made.
    var sortLimit: SortLimit { options.sortLimit(for: warehouse.repository) }

    /// Notes the outcome of a table that stays as it is.
    func reuse(
        _ table: TableName,
        as state: RunReport.State = .reused,
        reason: Reason = .upToDate,
        since start: ContinuousClock.Instant
    ) {
        report(
            table,
            state,
            rowsBefore: tables[table]?.rows,
            rows: tables[table]?.rows ?? 0,
            reason: reason,
            since: start
        )
    }

    private func report(
        _ table: TableName,
        _ state: RunReport.State,
        rowsBefore: Int?,
        rows: Int,
        reason: Reason,
        since start: ContinuousClock.Instant
    ) {
        let outcome = RunReport.Table(
            table: table,
            state: state,
            rowsBefore: rowsBefore,
            rows: rows,
            digest: tables[table]?.digest,
            seconds: (ContinuousClock().now - start).seconds,
            reason: reason
        )
        outcomes.append(outcome)
        event(.finished(outcome))
    }

    func note(_ text: String) {
        notes.append(text)
        event(.note(text))
    }
}

extension Failure {
    /// Whether a run was not begun for what whoever called it can see: no run to record.
    fileprivate var isRefusal: Bool {
        code == .locked || code.description.hasPrefix("select.")
    }
}

extension Failure.Code {
    /// Somebody edited snapshots by hand.
    package static let runDirtySnapshots = Self("run.dirty-snapshots")
    /// Models, configuration or directory are not as committed.
    package static let runUncommitted = Self("run.uncommitted-inputs")
}
