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

    /// What making a model now takes.
    ///
    /// - Throws: what reading `meta` throws.
    func job(of node: Graph.Node) throws(Failure) -> ModelJob {
        let table = node.model.table
        let asOf = try asOf(for: table)
        let provenance = provenance(of: node, asOf: asOf)
        var inputs: [TableName: TableState] = [:]
        for name in node.predecessors.union([table]) { inputs[name] = tables[name] }
        return ModelJob(
            node: node,
            reason: Reason(wanted: provenance, current: tables[table]?.provenance),
            provenance: provenance,
            asOf: asOf,
            tables: inputs,
            committed: committed[table],
            recordedChecks: node.checks.isEmpty
                ? [] : try recordedChecks().filter { $0.table == table },
            recordedPartitions: node.model.partitioning == nil
                ? [] : try recordedPartitions(of: table),
            spool: node.model.partitioning == nil || options.isTrial
                ? nil : PartitionSpool(of: table, in: warehouse.repository),
            context: ModelJob.Context(
                store: warehouse.store,
                batch: batch,
                sortLimit: options.sortLimit(for: warehouse.repository, sharedBy: jobs),
                cancellation: options.cancellation,
                event: event
            )
        )
    }

    /// Makes the tables of models if anything they depend on changed, several at the same time,
    /// and takes those that keep what their checks promise.
    ///
    /// What is told of them comes in the graph's order, whichever was done first.
    ///
    /// - Parameter nodes: in the graph's order.
    /// - Throws: the first failure that concerns more than one model; nothing runs any more then.
    func build(_ nodes: [Graph.Node]) throws(Failure) {
        var order = JobOrder(nodes)
        let results = JobResults<(number: Int, result: Result<ModelJob.Outcome, Failure>)>()
        let watchdog = Watchdog(options.cancellation)
        var running: [Int: ModelJob] = [:]
        var told = [(notes: [String], checks: [CheckRow], failures: [Failure])](
            repeating: ([], [], []),
            count: nodes.count
        )
        func finish(_ number: Int, _ job: ModelJob, _ outcome: ModelJob.Outcome) {
            take(outcome, of: job)
            told[number] = (outcome.notes, outcome.checks, outcome.failures)
            order.finish(number)
        }
        func beginNext() throws(Failure) -> Bool {
            guard running.count < jobs, let number = order.next() else { return false }
            try options.cancellation.check()
            let node = nodes[number]
            guard !staysBehind(node) else {
                order.finish(number)
                return true
            }
            let job = try job(of: node)
            if !job.needsEngine, let state = tables[job.table] {
                finish(number, job, try job.settled(state))
                return true
            }
            let alike = min(jobs, running.count + 1 + order.readyCount)
            let threads = max(1, options.threads / alike)
            let timeout = node.model.timeout ?? configuration.run.timeout
            running[number] = job
            results.start { [engines] in
                let result = Result { () throws(Failure) in
                    try engines.using { (engine) throws(Failure) in
                        watchdog.watch(engine, number: number, timeout: timeout)
                        do throws(Failure) {
                            let outcome = try job.run(threads: threads, on: engine)
                            _ = watchdog.forget(number)
                            return outcome
                        } catch {
                            guard watchdog.forget(number), let timeout,
                                error.code == .queryInterrupted
                            else { throw error }
                            throw job.outOfTime(timeout)
                        }
                    }
                }
                return (number, result)
            }
            return true
        }
        var fatal: Failure?
        while true {
            do throws(Failure) {
                while fatal == nil, try beginNext() {}
            } catch {
                fatal = error
                // The run is over: what still runs has nobody to work for.
                options.cancellation.cancel()
            }
            guard !running.isEmpty else { break }
            let done = results.next { watchdog.look() }
            guard let job = running.removeValue(forKey: done.number) else { continue }
            switch done.result {
            case .success(let outcome): finish(done.number, job, outcome)
            case .failure(let failure) where fatal != nil || !failure.concernsOneModel:
                fatal = fatal ?? failure
                options.cancellation.cancel()
            case .failure(let failure):
                told[done.number].failures = [failure]
                fail(job)
                order.finish(done.number)
            }
        }
        if let fatal { throw fatal }
        for (node, told) in zip(nodes, told) {
            for text in told.notes { note(text) }
            checkRows += told.checks
            guard !told.failures.isEmpty else { continue }
            causes.append(.init(table: node.model.table, failures: told.failures))
        }
    }

    /// Whether a model waits for one that failed; then it is noted as such.
    ///
    /// A check alone that reads a table which failed sees the version that stays published.
    private func staysBehind(_ node: Graph.Node) -> Bool {
        let table = node.model.table
        let failed = node.predecessors.filter {
            heldBack.contains($0) && (node.analysis.tables.contains($0) || tables[$0] == nil)
        }
        guard !failed.isEmpty else { return false }
        heldBack.insert(table)
        reuse(
            table,
            as: tables[table] == nil ? .skipped : .keptLastGood,
            reason: .inputsFailed(failed.sorted()),
            since: ContinuousClock().now
        )
        return true
    }

    /// Takes what was made of a model.
    private func take(_ outcome: ModelJob.Outcome, of job: ModelJob) {
        guard outcome.failures.isEmpty else {
            // A version that is as published takes the new provenance, though it fails.
            if let written = outcome.written, !written.isChanged {
                note(written, outcome.state)
                if let partitions = outcome.partitions { partitionsNow[job.table] = partitions }
            }
            return fail(job)
        }
        if let partitions = outcome.partitions { partitionsNow[job.table] = partitions }
        if let written = outcome.written {
            take(written, outcome.state, reason: job.reason, since: job.start)
        } else {
            reuse(job.table, since: job.start)
        }
    }

    /// Notes that a table is not what it should be now: it stays as published, and so does what is
    /// made from it.
    private func fail(_ job: ModelJob) {
        heldBack.insert(job.table)
        reuse(
            job.table,
            as: .failed,
            reason: job.reason == .upToDate ? .checksChanged : job.reason,
            since: job.start
        )
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

extension ModelJob {
    /// Why a table was given up.
    fileprivate func outOfTime(_ timeout: Duration) -> Failure {
        Failure(
            .modelTimeout,
            "'\(table)' was not made within \(DurationText.text(timeout)).",
            hint:
                "Make it lighter, or give it more: timeout = \"2h\" in its header, or in [run] of pipelines.toml.",
            place: Place(file: node.model.file)
        )
    }
}

extension Failure.Code {
    /// A model whose statement took longer than it may.
    static let modelTimeout = Self("model.timeout")
}

extension Model {
    /// Digest of what the header says about the table.
    var settingsDigest: Digest {
        let docs = columnDocs.sorted { $0.key < $1.key }.map {
            ($0.key, JSONValue.string($0.value))
        }
        let was = renames.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        return .of(
            json: .object(
                [
                    ("class", .string(cutClass.rawValue)), ("key", .array(key.map { .string($0) })),
                    ("columns", .object(docs)), ("was", .object(was)),
                ] + (partitioning.map { [("partition", $0.json)] } ?? [])
            )
        )
    }
}
