package import Diagnostics
package import GitStore

/// One commit that changed a table.
package struct TableVersion: Sendable {
    package let commit: CommitInfo
    /// The table's folder after the commit; nil if the commit removed it.
    package let tree: ObjectID?
    /// The table's folder before; nil if the commit added it, or if history was cut there.
    package let previousTree: ObjectID?
    /// Whether the history of a shallow clone ends here, so that nothing is known of before.
    package let isCut: Bool
}

extension SnapshotStore {
    /// Walks the commits along first parents that changed `table`, newest first.
    ///
    /// Of a commit that did not, two lines and as few trees are read as tell: equal trees are not
    /// gone into. `body` says whether to go on.
    /// - Throws: what git says, what `body` throws.
    package func history(
        of table: TableName,
        from commit: ObjectID,
        _ body: (TableVersion) throws(Failure) -> Bool
    ) throws(Failure) {
        var trees = TreePath(table.path)
        var newer: (commit: ObjectID, tree: ObjectID?, isCut: Bool)?
        var stopped = false
        try repository.walkFirstParents(from: commit) { (link) throws(Failure) -> Bool in
            let tree = try trees.last(inTree: link.tree, of: repository)
            if let newer, newer.tree != tree {
                let version = TableVersion(
                    commit: try repository.commit(newer.commit),
                    tree: newer.tree,
                    previousTree: tree,
                    isCut: false
                )
                guard try body(version) else {
                    stopped = true
                    return false
                }
            }
            newer = (link.id, tree, link.isCut)
            return true
        }
        if !stopped, let newer, newer.tree != nil {
            let commit = try repository.commit(newer.commit)
            _ = try body(
                TableVersion(
                    commit: commit,
                    tree: newer.tree,
                    previousTree: nil,
                    isCut: newer.isCut
                )
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

extension SnapshotStore {
    /// The last `versions` versions of each of some tables, newest first, from one walk along first
    /// parents that looks back no further than `commits` commits.
    ///
    /// What came before that is not known: a table that did not change since is not in the answer,
    /// and where history begins, the version it begins with is none.
    /// - Throws: what git says.
    package func recentVersions(
        of tables: Set<TableName>,
        from commit: ObjectID,
        commits: Int,
        versions: Int
    ) throws(Failure) -> [TableName: [TableVersion]] {
        var found: [TableName: [TableVersion]] = [:]
        var wanted = versions > 0 ? tables : []
        var folders = TableFolders(repository)
        var newer: ObjectID?
        var left = commits
        try repository.walkFirstParents(from: commit) { (link) throws(Failure) -> Bool in
            // Going back, what a folder was before is what it became by the newer commit.
            for (table, tree) in try folders.move(to: link.tree) where wanted.contains(table) {
                guard let newer else { break }
                let version = TableVersion(
                    commit: try repository.commit(newer),
                    tree: tree,
                    previousTree: folders.trees[table],
                    isCut: false
                )
                found[table, default: []].append(version)
                if found[table]?.count == versions { wanted.remove(table) }
            }
            newer = link.id
            left -= 1
            return left >= 0 && !wanted.isEmpty
        }
        return found
    }
}

/// Finds one path in tree after tree, most of which have most of it alike.
private struct TreePath {
    private let names: [[UInt8]]
    /// The trees on the way of the last time; what was found stands at the end.
    private var trees: [ObjectID?]

    init(_ path: String) {
        names = path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        trees = Array(repeating: nil, count: names.count + 1)
    }

    /// The id of what lies at the path; nil if nothing does.
    mutating func last(inTree root: ObjectID, of repository: Repository) throws(Failure)
        -> ObjectID?
    {
        var tree: ObjectID? = root
        for (level, name) in names.enumerated() {
            if let tree, tree == trees[level] { return trees[names.count] }
            trees[level] = tree
            guard let folder = tree else { continue }
            let entry = try repository.entry(named: name, inTree: folder)
            let isLast = level == names.count - 1
            tree = entry.flatMap { isLast || $0.isTree ? $0.id : nil }
        }
        trees[names.count] = tree
        return tree
    }
}
