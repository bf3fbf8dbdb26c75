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
    /// - Throws: `git.*` if there is no repository that can be used.
    package init(discovering path: String) throws(Failure) {
        repository = try Repository(discovering: path)
        store = SnapshotStore(repository: repository)
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

    /// The tree of a revision; nil for an unborn branch.
    package func tree(_ revision: String) throws(Failure) -> ObjectID? {
        if revision == "HEAD", case .branch(_, nil) = try repository.head() { return nil }
        return try repository.commit(repository.resolve(revision)).tree
    }
}

extension Failure.Code {
    /// A command that needs files, in a bare repository.
    package static let warehouseBare = Self("warehouse.bare")
}
