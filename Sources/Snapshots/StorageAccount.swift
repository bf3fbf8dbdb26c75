package import Diagnostics
package import GitStore

/// What each table takes of a repository, on disk, and what each of its versions brought.
package struct StorageAccount: Sendable {
    /// One version of a table.
    package struct Version: Sendable {
        package let commit: ObjectID
        /// Of the commit, in seconds since 1970.
        package let time: Int64
        /// Bytes of objects that no version of the table before had.
        package internal(set) var bytes = 0
    }

    /// One table, whether it is still there or was removed.
    package struct Table: Sendable {
        package let table: TableName
        /// Bytes of objects that no other table has.
        package internal(set) var bytes = 0
        /// Those of them that the newest revision has.
        package internal(set) var currentBytes = 0
        /// Newest first.
        package internal(set) var versions: [Version] = []

        /// Those that are there for older versions alone.
        package var historyBytes: Int { bytes - currentBytes }
    }

    /// By name.
    package internal(set) var tables: [Table] = []
    /// Bytes of objects that several tables have.
    package internal(set) var sharedBytes = 0
    /// Objects that this clone does not have (`git clone --filter`); they count as nothing.
    package internal(set) var missingObjects = 0

    /// Bytes of all tables together.
    package var bytes: Int { tables.reduce(sharedBytes) { $0 + $1.bytes } }
}

extension SnapshotStore {
    /// Counts what the versions of every table take that lie along first parents of `commit`.
    ///
    /// Reads commits and trees, each tree once; no file's content.
    /// - Throws: what git says, also of trees that a filtered clone lacks.
    package func storageAccount(from commit: ObjectID) throws(Failure) -> StorageAccount {
        var commits: [CommitInfo] = []
        try repository.walk(from: commit, firstParent: true) { (commit) in
            commits.append(commit)
            return true
        }
        var counter = try StorageCounter(repository)
        for commit in commits.reversed() { try counter.add(commit) }
        return try counter.finish()
    }
}

/// Goes through history, oldest first, and notes who brought each object.
private struct StorageCounter {
    private struct Owner {
        /// A place in `tables`; -1 if several have it.
        var table: Int
        let bytes: Int
    }

    private let repository: Repository
    private let sizes: ObjectSizes
    private var account = StorageAccount()
    private var owners: [ObjectID: Owner] = [:]
    private var places: [TableName: Int] = [:]
    private var folders: TableFolders

    init(_ repository: Repository) throws(Failure) {
        self.repository = repository
        sizes = try ObjectSizes(repository)
        folders = TableFolders(repository)
    }

    mutating func add(_ commit: CommitInfo) throws(Failure) {
        for (table, _) in try folders.move(to: commit.tree) {
            if let tree = folders.trees[table] { try addVersion(table, tree, commit) }
        }
    }

    private mutating func addVersion(
        _ table: TableName,
        _ tree: ObjectID,
        _ commit: CommitInfo
    ) throws(Failure) {
        let place = places[table] ?? account.tables.count
        if place == account.tables.count {
            places[table] = place
            account.tables.append(.init(table: table))
        }
        account.tables[place].versions.append(
            .init(commit: commit.id, time: commit.committer.time)
        )
        try visit(tree, isTree: true, place)
    }

    private mutating func visit(
        _ id: ObjectID,
        isTree: Bool,
        _ table: Int
    ) throws(Failure) {
        if var owner = owners[id] {
            guard owner.table != table, owner.table >= 0 else { return }
            account.tables[owner.table].bytes -= owner.bytes
            account.sharedBytes += owner.bytes
            owner.table = -1
            owners[id] = owner
        } else {
            let bytes = try sizes.bytes(id)
            if bytes == nil { account.missingObjects += 1 }
            owners[id] = Owner(table: table, bytes: bytes ?? 0)
            account.tables[table].bytes += bytes ?? 0
            let last = account.tables[table].versions.count - 1
            account.tables[table].versions[last].bytes += bytes ?? 0
        }
        guard isTree else { return }
        for entry in try repository.tree(id) { try visit(entry.id, isTree: entry.isTree, table) }
    }

    mutating func finish() throws(Failure) -> StorageAccount {
        for (table, tree) in folders.trees {
            guard let place = places[table] else { continue }
            var seen: Set<ObjectID> = []
            account.tables[place].currentBytes = try ownBytes(tree, isTree: true, place, &seen)
        }
        account.tables.sort { $0.table < $1.table }
        for place in account.tables.indices { account.tables[place].versions.reverse() }
        return account
    }

    /// Bytes of what lies at `id` and is of this table alone.
    private func ownBytes(
        _ id: ObjectID,
        isTree: Bool,
        _ table: Int,
        _ seen: inout Set<ObjectID>
    ) throws(Failure) -> Int {
        guard seen.insert(id).inserted, let owner = owners[id] else { return 0 }
        var bytes = owner.table == table ? owner.bytes : 0
        guard isTree else { return bytes }
        for entry in try repository.tree(id) {
            bytes += try ownBytes(entry.id, isTree: entry.isTree, table, &seen)
        }
        return bytes
    }
}
