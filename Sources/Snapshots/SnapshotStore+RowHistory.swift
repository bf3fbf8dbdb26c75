package import Diagnostics
package import GitStore
import Records

extension SnapshotStore {
    /// Follows one row through the versions of its table along first parents, newest first.
    ///
    /// - Parameters:
    ///   - arguments: the key, as `RowKey` reads it with the newest schema there is.
    ///   - table: the table.
    ///   - commit: where to start.
    ///   - body: called for every commit that added, changed or removed the row; says whether to
    ///     go on.
    /// - Returns: the counts, and what was read to find them; nil if no version has the table.
    /// - Throws: `records.invalid-key`, what reading and `body` throw.
    package func rowHistory(
        _ arguments: [String],
        of table: TableName,
        from commit: ObjectID,
        _ body: (RowVersion) throws(Failure) -> Bool
    ) throws(Failure) -> RowHistorySummary? {
        var walk = RowHistoryWalk(store: self, table: table, arguments: arguments)
        try history(of: table, from: commit) { (version) throws(Failure) -> Bool in
            try walk.take(version, body)
        }
        try walk.finish(body)
        return walk.tracker?.summary
    }
}

/// Goes through the versions as they come.
///
/// Of a filtered clone they come in growing groups, and what may be read of a group is fetched
/// before it is gone through.
private struct RowHistoryWalk {
    let store: SnapshotStore
    let table: TableName
    let arguments: [String]
    private(set) var tracker: RowTracker?
    private var newer: (version: TableVersion, state: RowTracker.State)?
    private var waiting: [TableVersion] = []
    private var groupSize = 8
    private var isDone = false

    init(store: SnapshotStore, table: TableName, arguments: [String]) {
        self.store = store
        self.table = table
        self.arguments = arguments
    }

    /// Takes the next older version; gives whether to go on.
    mutating func take(
        _ version: TableVersion,
        _ body: (RowVersion) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        guard store.fetchesObjects else { return try step(version, body) }
        waiting.append(version)
        guard waiting.count >= groupSize else { return true }
        groupSize = min(groupSize * 8, 4096)
        return try stepAll(body)
    }

    /// There is no older version.
    mutating func finish(_ body: (RowVersion) throws(Failure) -> Bool) throws(Failure) {
        guard try stepAll(body), !isDone, let newer else { return }
        isDone = true
        if newer.version.isCut {
            tracker?.summary.end = .cut(newer.version.commit, wasThere: newer.state.row != nil)
            return
        }
        tracker?.summary.end = .beginning
        _ = try give(from: .noTable, to: newer, body)
    }

    private mutating func stepAll(
        _ body: (RowVersion) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        guard !waiting.isEmpty else { return true }
        let group = waiting
        waiting = []
        try fetch(group)
        for version in group {
            guard try step(version, body) else { return false }
        }
        return true
    }

    private mutating func step(
        _ version: TableVersion,
        _ body: (RowVersion) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        guard !isDone else { return false }
        try start(with: version)
        tracker?.summary.versions += 1
        let after = newer.map { (tree: $0.version.tree, state: $0.state) }
        let found = try tracker?.state(in: version.tree, after: after)
        let state = found ?? .noTable
        if case .rekeyed(let key) = state, let newer {
            isDone = true
            let names = tracker?.key.columns.map(\.name) ?? []
            tracker?.summary.end = .rekeyed(newer.version.commit, from: key, to: names)
            return false
        }
        let previous = newer
        newer = (version, state)
        guard let previous, try !give(from: state, to: previous, body) else { return true }
        isDone = true
        return false
    }

    /// Tells what a version did to the row.
    private mutating func give(
        from before: RowTracker.State,
        to after: (version: TableVersion, state: RowTracker.State),
        _ body: (RowVersion) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        let step = try RowVersion.step(
            from: before.row,
            to: after.state.row,
            at: after.version.commit
        )
        guard let step else { return true }
        tracker?.summary.changes += 1
        return try body(step)
    }

    /// Reads the key by the newest schema there is.
    private mutating func start(with version: TableVersion) throws(Failure) {
        guard tracker == nil, let tree = version.tree,
            let snapshot = try store.snapshot(table, tree: tree)
        else { return }
        let key = try RowKey(arguments, schema: snapshot.schema, table: table.description)
        tracker = RowTracker(store, table, key: key, schema: snapshot.schema)
    }

    /// Fetches, in three exchanges, what a filtered clone lacks of all manifests of some versions,
    /// of the lists of the segments that may hold the row, and of the chunks that may.
    private mutating func fetch(_ group: [TableVersion]) throws(Failure) {
        let trees = group.compactMap(\.tree)
        try store.require(.manifest, ofTables: trees)
        for version in group where tracker == nil { try start(with: version) }
        guard var tracker else { return }
        var snapshots: [(snapshot: Snapshot, segments: [Int])] = []
        for tree in trees {
            guard let snapshot = try store.snapshot(table, tree: tree) else { continue }
            // Versions of another key are not gone through.
            guard snapshot.schema.key.count == tracker.key.columns.count else { break }
            snapshots.append((snapshot, tracker.candidates(in: snapshot)))
        }
        var lists: [ObjectID] = []
        for (snapshot, segments) in snapshots {
            for index in segments {
                lists += try snapshot.list(ofSegment: index).map { [$0] } ?? []
            }
        }
        try store.supply.require(lists)
        var chunks: [ObjectID] = []
        for (snapshot, segments) in snapshots {
            for index in segments {
                chunks += try tracker.chunks(in: snapshot, segment: index).map(\.chunk.blob)
            }
        }
        try store.supply.require(chunks)
    }
}
