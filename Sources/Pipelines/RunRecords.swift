import Codecs
package import Diagnostics
package import GitStore
import Records
package import Snapshots

/// The records of runs on `refs/osodata/runs`: `meta.runs` and `meta.steps`, bounded.
///
/// They hold clock times, so they are no part of the branch, whose bytes follow from its inputs.
package struct RunRecords: Sendable {
    /// What is recorded.
    package struct Contents: Sendable {
        /// The oldest first.
        package var runs: [RunRecord] = []
        /// By run, then by table.
        package var steps: [StepRecord] = []
    }

    /// Runs that are kept.
    static let runLimit = 1_000
    /// Runs whose steps are kept, and how many steps in all.
    static let stepRunLimit = 100
    static let stepLimit = 10_000

    private let store: SnapshotStore

    /// The records of a repository.
    package init(_ store: SnapshotStore) { self.store = store }

    /// `meta.runs` or `meta.steps`, which no branch has; nil for another table, or if nothing is
    /// recorded.
    package func snapshot(_ table: TableName) throws(Failure) -> Snapshot? {
        guard [RawTables.runs, RawTables.steps].contains(table),
            let tip = try store.repository.readRef(SnapshotStore.records)
        else { return nil }
        return try store.snapshot(table, inTree: try store.repository.commit(tip).tree)
    }

    /// Reads what is recorded.
    ///
    /// Rows of another version of osodata are left out.
    /// - Throws: what reading snapshots throws.
    package func read() throws(Failure) -> Contents {
        let tip = try store.repository.readRef(SnapshotStore.records)
        return try contents(
            tip.map { (tip) throws(Failure) in
                try store.repository.commit(tip).tree
            }
        )
    }

    private func contents(_ root: ObjectID?) throws(Failure) -> Contents {
        func rows(_ table: TableName) throws(Failure) -> [JSONValue] {
            guard let root, let snapshot = try store.snapshot(table, inTree: root) else {
                return []
            }
            let set = try snapshot.rowSet()
            return try (0..<set.count).map { (index) throws(Failure) in
                try JSONValue(parsing: set.row(index))
            }
        }
        return Contents(
            runs: try rows(RawTables.runs).compactMap(RunRecord.init),
            steps: try rows(RawTables.steps).compactMap(StepRecord.init)
        )
    }

    /// Records a run in place of what was recorded of it.
    ///
    /// - Parameters:
    ///   - record: how it stands.
    ///   - steps: its tables.
    ///   - dead: runs that said they were running, whose processes are gone.
    ///   - author: who runs, and when.
    /// - Throws: what git says.
    func write(
        _ record: RunRecord,
        steps: [StepRecord],
        dead: Set<String>,
        by author: Signature
    ) throws(Failure) {
        try edit(by: author, message: "run \(record.run) \(record.state.rawValue)\n") {
            $0.take(record, steps, dead: dead)
        }
    }

    /// Takes in what others recorded.
    ///
    /// - Parameter commit: of records, as the reference leads to.
    /// - Throws: what reading snapshots throws; what git says.
    package func merge(_ commit: ObjectID) throws(Failure) {
        let theirs = try store.repository.commit(commit)
        let others = try contents(theirs.tree)
        try edit(by: theirs.author, message: "records of others\n") { $0.merge(others) }
    }

    private func edit(
        by author: Signature,
        message: String,
        _ change: (inout Contents) -> Void
    ) throws(Failure) {
        try store.record(by: author, message: message) { (root) throws(Failure) in
            var contents = try contents(root)
            change(&contents)
            return try contents.tables()
        }
    }
}

extension RunRecords.Contents {
    /// Puts a run in place of what was known of it, and forgets the oldest.
    mutating func take(_ record: RunRecord, _ steps: [StepRecord], dead: Set<String>) {
        for index in runs.indices
        where dead.contains(runs[index].run) && runs[index].state == .running {
            runs[index].state = .died
        }
        put(record, steps)
        forgetOldest()
    }

    /// Takes in runs that are not known, or not known to have ended.
    mutating func merge(_ others: Self) {
        let ended = Set(runs.filter { $0.finishedAt != nil }.map(\.run))
        for run in others.runs where !ended.contains(run.run) {
            guard run.finishedAt != nil || !runs.contains(where: { $0.run == run.run }) else {
                continue
            }
            put(run, others.steps.filter { $0.run == run.run })
        }
        forgetOldest()
    }

    private mutating func put(_ record: RunRecord, _ steps: [StepRecord]) {
        runs.removeAll { $0.run == record.run }
        runs.append(record)
        self.steps.removeAll { $0.run == record.run }
        self.steps += steps
    }

    private mutating func forgetOldest() {
        runs.sort { ($0.startedAt, $0.run) < ($1.startedAt, $1.run) }
        runs.removeFirst(max(0, runs.count - RunRecords.runLimit))
        let kept = Set(runs.suffix(RunRecords.stepRunLimit).map(\.run))
        self.steps.removeAll { !kept.contains($0.run) }
        self.steps.sort {
            ($0.startedAt, $0.run, $0.table) < ($1.startedAt, $1.run, $1.table)
        }
        self.steps.removeFirst(max(0, self.steps.count - RunRecords.stepLimit))
    }

    fileprivate func tables() throws(Failure) -> [SnapshotStore.RecordTable] {
        var runRows = RowBuilder(schema: try RunRecord.schema())
        for run in runs { try run.append(to: &runRows) }
        var stepRows = RowBuilder(schema: try StepRecord.schema())
        for step in steps { try step.append(to: &stepRows) }
        return [
            .init(RawTables.runs, try runRows.sortedSet(), provenance: Self.provenance),
            .init(RawTables.steps, try stepRows.sortedSet(), provenance: Self.provenance),
        ]
    }

    private static var provenance: JSONValue {
        Provenance(
            kind: .run,
            origin: "runs",
            statement: .of("runs"),
            settings: .of("runs/1"),
            engine: nil,
            asOf: nil,
            inputs: []
        ).json
    }
}
