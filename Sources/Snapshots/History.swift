package import Diagnostics
package import GitStore

/// One commit that changed a table.
package struct TableVersion: Sendable {
    package let commit: CommitInfo
    /// The table's folder after the commit; nil if the commit removed it.
    package let tree: ObjectID?
    /// The table's folder before; nil if the commit added it, or if history was cut there.
    package let previousTree: ObjectID?
}

extension SnapshotStore {
    /// Walks the commits along first parents that changed `table`, newest first.
    ///
    /// Commits whose tree has the table unchanged are passed over by comparing ids: nothing of
    /// the table is read. `body` says whether to go on.
    /// - Throws: what git says, what `body` throws.
    package func history(
        of table: TableName,
        from commit: ObjectID,
        _ body: (TableVersion) throws(Failure) -> Bool
    ) throws(Failure) {
        var newer: (commit: CommitInfo, tree: ObjectID?)?
        var stopped = false
        var lastTop: ObjectID?
        var lastTree: ObjectID?
        try repository.walk(from: commit, firstParent: true) { (commit) throws(Failure) -> Bool in
            // Most commits touch no snapshot at all: one look-up tells.
            let top = try repository.entry(path: "snapshots", inTree: commit.tree)?.id
            let tree: ObjectID?
            if newer != nil, top == lastTop {
                tree = lastTree
            } else {
                tree = try repository.entry(path: table.path, inTree: commit.tree)?.id
            }
            (lastTop, lastTree) = (top, tree)
            if let newer, newer.tree != tree {
                let version = TableVersion(
                    commit: newer.commit,
                    tree: newer.tree,
                    previousTree: tree
                )
                guard try body(version) else {
                    stopped = true
                    return false
                }
            }
            newer = (commit, tree)
            return true
        }
        if !stopped, let newer, newer.tree != nil {
            _ = try body(
                TableVersion(commit: newer.commit, tree: newer.tree, previousTree: nil)
            )
        }
    }

    /// The last `limit` versions of `table`, newest first.
    package func history(
        of table: TableName,
        from commit: ObjectID,
        limit: Int = .max
    ) throws(Failure) -> [TableVersion] {
        var versions: [TableVersion] = []
        guard limit > 0 else { return [] }
        try history(of: table, from: commit) { (version) throws(Failure) -> Bool in
            versions.append(version)
            return versions.count < limit
        }
        return versions
    }
}
