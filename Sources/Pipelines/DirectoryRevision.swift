package import Diagnostics
import Foundation
import GitStore
package import ProjectDirectory

extension Warehouse {
    /// The directory before an edit, to hold the edit against.
    ///
    /// - Parameters:
    ///   - revision: what the edit goes to; where its history and HEAD's part is taken, as
    ///     `git diff REVISION...` does, or itself if that cannot be told.
    ///   - folder: the directory's folder on disk, in the work tree.
    /// - Returns: its files there.
    /// - Throws: `git.unknown-revision`, `directory.outside-repository`.
    package func directoryBase(
        at revision: String,
        folder: String
    ) throws(Failure) -> DirectoryCheck.Base {
        let path = try pathInRepository(folder)
        var commit = try commit(revision)
        if let head = try headCommit() {
            commit = repository.mergeBase(of: commit, head) ?? commit
        }
        let repository = repository
        let tree = try repository.commit(commit).tree
        var blobs: [String: ObjectID] = [:]
        for name in ["projects", "collections"] {
            let full = path.isEmpty ? name : "\(path)/\(name)"
            guard let entry = try repository.entry(path: full, inTree: tree), entry.isTree else {
                continue
            }
            try Self.collect(entry.id, name, repository, into: &blobs)
        }
        let files = blobs
        return DirectoryCheck.Base(blobs: files.mapValues(\.bytes)) { (path) throws(Failure) in
            guard let id = files[path] else { return [] }
            return try repository.blob(id)
        }
    }

    private static func collect(
        _ tree: ObjectID,
        _ folder: String,
        _ repository: Repository,
        into blobs: inout [String: ObjectID]
    ) throws(Failure) {
        for entry in try repository.tree(tree) where !entry.name.hasPrefix(".") {
            let path = "\(folder)/\(entry.name)"
            if entry.isTree {
                try collect(entry.id, path, repository, into: &blobs)
            } else if path.hasSuffix(".yaml") {
                blobs[path] = entry.id
            }
        }
    }

    /// A folder's path below the top of the work tree, empty for the top.
    private func pathInRepository(_ folder: String) throws(Failure) -> String {
        let top = URL(filePath: try requiredRoot()).resolvingSymlinksInPath().path()
        let path = URL(filePath: folder).resolvingSymlinksInPath().path()
        let (trimmed, prefix) = (Self.trimmed(path), Self.trimmed(top))
        if trimmed == prefix { return "" }
        guard trimmed.hasPrefix(prefix + "/") else {
            throw Failure(
                .directoryOutside,
                "'\(folder)' is not in the repository '\(prefix)'.",
                hint: "Run it in the directory's own repository, or without --since."
            )
        }
        return String(trimmed.dropFirst(prefix.count + 1))
    }

    private static func trimmed(_ path: String) -> String {
        path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

extension Failure.Code {
    /// A directory is in no work tree of the repository.
    static let directoryOutside = Self("directory.outside-repository")
}
