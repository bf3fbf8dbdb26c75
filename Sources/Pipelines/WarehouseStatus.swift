import Codecs
package import Diagnostics
package import GitStore
package import Snapshots

/// Where a warehouse stands.
package struct WarehouseStatus: Sendable {
    /// The branch's short name, or nil where HEAD is detached.
    package let branch: String?
    package let head: ObjectID?
    /// The last runs, newest first.
    package let runs: [CommitSize]
    package let tables: Int
    package let rows: Int
    /// Bytes of all text, uncompressed.
    package let bytes: Int
    package let storage: ObjectStorage
    /// Files that people write and that are not committed.
    package let uncommitted: [String]
    /// Files under `snapshots/` that are not as committed.
    package let edited: [String]
    /// Changes that wait for the next commit: `.osodata/pending`.
    package let waiting: Int
    /// Tables that a process is writing now, and which.
    package let locks: [(table: String, process: Int)]
    package let forecast: Forecast

    /// So many runs tell how fast a repository grows.
    package static let runLimit = 30

    /// Looks at a warehouse; writes nothing.
    ///
    /// - Throws: what git says; `snapshot.malformed-manifest`.
    package init(_ warehouse: Warehouse) throws(Failure) {
        let repository = warehouse.repository
        switch try repository.head() {
        case .branch(let name, let commit):
            branch = name.hasPrefix("refs/heads/") ? String(name.dropFirst(11)) : name
            head = commit
        case .detached(let commit):
            branch = nil
            head = commit
        }
        storage = try repository.objectStorage()
        let growth = try Growth(warehouse, head: head, storage: storage)
        runs = growth.runs
        tables = growth.snapshots.count
        rows = growth.snapshots.reduce(0) { $0 + $1.manifest.rows }
        bytes = growth.snapshots.reduce(0) { $0 + $1.manifest.bytes }
        forecast = Forecast(growth.measures)
        var paths: [String] = []
        for folder in try Self.inputs(warehouse) {
            paths += try repository.dirtyPaths(under: folder)
        }
        uncommitted = paths
        edited = try repository.dirtyPaths(under: "snapshots")
        waiting = warehouse.root.map { Pending(root: $0).count } ?? 0
        locks = try TableLocks.held(in: repository)
    }

    /// Removes what waits in `.osodata/pending` for tables that are not those of `tree`.
    ///
    /// - Returns: how many files.
    package static func forgetPending(
        _ store: SnapshotStore,
        root: String,
        tree: ObjectID?
    ) throws(Failure) -> Int {
        var digests: [TableName: Digest] = [:]
        if let tree {
            for table in try store.tables(inTree: tree) {
                digests[table] = try store.snapshot(table, inTree: tree)?.manifest.digest
            }
        }
        return Pending(root: root).clear(except: digests)
    }

    /// The files and folders that say what a run does.
    private static func inputs(_ warehouse: Warehouse) throws(Failure) -> [String] {
        guard let root = warehouse.root else { return [] }
        // A configuration that makes no sense is the doctor's to report.
        return (try? Configuration(files: WorkTreeFiles(root: root)))?.inputs
            ?? [Configuration.fileName, "models"]
    }
}

/// What history says of a repository's growth.
struct Growth {
    private(set) var runs: [CommitSize] = []
    private(set) var snapshots: [Snapshot] = []
    private(set) var measures = Forecast.Measures()

    init(_ warehouse: Warehouse, head: ObjectID?, storage: ObjectStorage) throws(Failure) {
        measures.repositoryBytes = storage.bytes
        measures.pushBytes = storage.bytes
        guard let head else { return }
        let store = warehouse.store
        let repository = warehouse.repository
        let root = try repository.commit(head).tree
        for table in try store.tables(inTree: root) {
            if let snapshot = try store.snapshot(table, inTree: root) { snapshots.append(snapshot) }
        }
        let sizes = try ObjectSizes(repository)
        runs = try store.recentRuns(
            from: head,
            limit: WarehouseStatus.runLimit,
            sizes: sizes
        )
        let later = runs.filter { !$0.isFirst }
        measures.runs = later.map { ($0.commit.committer.time, $0.bytes) }
        measures.largestFolder = Self.largestFolder(snapshots)
        measures.largestFolderBefore =
            try runs.last.map { (run) throws(Failure) in
                var old: [Snapshot] = []
                for table in try store.tables(inTree: run.commit.tree) {
                    if let snapshot = try store.snapshot(table, inTree: run.commit.tree) {
                        old.append(snapshot)
                    }
                }
                return Self.largestFolder(old)
            } ?? measures.largestFolder
        // No file of a snapshot can come near the limit: a chunk has 16 MiB of text at most.
        measures.largestFile = try repository.largestFile(inTree: root, except: "snapshots")
        if let upstream = try? repository.resolve("@{upstream}") {
            measures.pushBytes = try store.bytes(from: head, downTo: upstream, sizes: sizes)
        }
    }

    /// Entries of the largest folder that tables have: segments or groups of a table, segments of a
    /// group, chunks of a segment.
    private static func largestFolder(_ snapshots: [Snapshot]) -> Int {
        snapshots.map(\.manifest.largestFolder).max() ?? 0
    }
}
