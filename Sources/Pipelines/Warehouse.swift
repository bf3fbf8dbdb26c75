package import Diagnostics
import Foundation
package import GitStore
package import Snapshots

/// A repository used as a warehouse, with its work tree.
package struct Warehouse: Sendable {
    package let repository: Repository
    package let store: SnapshotStore
    /// The top of the work tree; nil in a bare repository.
    package let root: String?

    /// Opens the warehouse around `path`, finishing what a crashed run left undone.
    ///
    /// - Parameters:
    ///   - path: a folder.
    ///   - missing: gets what a filtered clone lacks.
    /// - Throws: `git.*` if there is no repository that can be used.
    package init(
        discovering path: String,
        missing: (any MissingObjects)? = nil
    ) throws(Failure) {
        repository = try Repository(discovering: path)
        store = SnapshotStore(repository: repository, missing: missing)
        root = repository.workTree
        _ = try Journal.recover(repository)
    }

    /// The work tree, for commands that need one.
    package func requiredRoot() throws(Failure) -> String {
        guard let root else {
            throw Failure(
                .warehouseBare,
                "'\(repository.gitDirectory)' is a bare repository: there are no files to run.",
                hint: "Clone it: git clone '\(repository.gitDirectory)' warehouse && cd warehouse"
            )
        }
        return root
    }

    /// The commit HEAD stands on; nil for an unborn branch.
    package func headCommit() throws(Failure) -> ObjectID? {
        switch try repository.head() {
        case .branch(_, let commit): commit
        case .detached(let commit): commit
        }
    }

    /// The tree of a revision as `commit(_:)` takes it; nil for an unborn branch.
    package func tree(_ revision: String) throws(Failure) -> ObjectID? {
        if revision == "HEAD", case .branch(_, nil) = try repository.head() { return nil }
        return try repository.commit(commit(revision)).tree
    }

    /// The commit that brought the version of a table that a commit has.
    ///
    /// - Parameters:
    ///   - table: the table.
    ///   - commit: where to begin; its parents are followed as long as they have that version.
    /// - Returns: nil if history that is not here (a shallow clone's) could tell.
    /// - Throws: what git says.
    package func commitThatMade(
        _ table: TableName,
        from commit: ObjectID
    ) throws(Failure) -> ObjectID? {
        func version(in commit: CommitInfo) throws(Failure) -> ObjectID? {
            try repository.entry(path: table.path, inTree: commit.tree)?.id
        }
        var current = try repository.commit(commit)
        let wanted = try version(in: current)
        search: while true {
            for parent in current.parents {
                guard repository.contains(parent) else { return nil }
                let before = try repository.commit(parent)
                if try version(in: before) == wanted {
                    current = before
                    continue search
                }
            }
            return current.id
        }
    }

    /// Fetches what a filtered clone lacks to compare tables of two trees, in one exchange.
    package func requireDifferences(
        of tables: Set<TableName>,
        between before: ObjectID?,
        and after: ObjectID?
    ) throws(Failure) {
        guard store.fetchesObjects else { return }
        func folder(_ table: TableName, _ tree: ObjectID?) throws(Failure) -> ObjectID? {
            guard let tree else { return nil }
            return try repository.entry(path: table.path, inTree: tree)?.id
        }
        var pairs: [(before: ObjectID?, after: ObjectID?)] = []
        for table in tables.sorted() {
            pairs.append((try folder(table, before), try folder(table, after)))
        }
        try store.requireDifferences(ofTables: pairs)
    }
}

extension Failure.Code {
    /// A command that needs files, in a bare repository.
    package static let warehouseBare = Self("warehouse.bare")
}
