package import Diagnostics
package import GitStore

/// A commit and what it added to the repository.
package struct CommitSize: Sendable {
    package let commit: CommitInfo
    /// Bytes on disk of the commit and of what its tree has and the tree of its first parent has
    /// not.
    package let bytes: Int
    /// Whether it is the first with snapshots: what it brought says nothing of the next runs.
    package let isFirst: Bool
}

extension CommitInfo {
    /// Whether a run made it.
    package var isRun: Bool { trailers.contains { $0.key == "Osodata-Run" } }
}

extension SnapshotStore {
    /// The last `limit` runs along first parents of `commit`, newest first.
    package func recentRuns(
        from commit: ObjectID,
        limit: Int,
        sizes: ObjectSizes
    ) throws(Failure) -> [CommitSize] {
        var runs: [CommitSize] = []
        guard limit > 0 else { return runs }
        try repository.walk(from: commit, firstParent: true) { (commit) throws(Failure) -> Bool in
            if commit.isRun { runs.append(try size(of: commit, sizes: sizes)) }
            return runs.count < limit
        }
        return runs
    }

    /// Bytes that the commits from `commit` back to `end`, without it, brought.
    package func bytes(
        from commit: ObjectID,
        downTo end: ObjectID,
        sizes: ObjectSizes
    ) throws(Failure) -> Int {
        var bytes = 0
        try repository.walk(from: commit, firstParent: true) { (commit) throws(Failure) -> Bool in
            guard commit.id != end else { return false }
            bytes += try size(of: commit, sizes: sizes).bytes
            return true
        }
        return bytes
    }

    private func size(
        of commit: CommitInfo,
        sizes: ObjectSizes
    ) throws(Failure) -> CommitSize {
        var old: ObjectID?
        // A shallow clone lacks the parents of its oldest commits.
        if let parent = commit.parents.first, repository.contains(parent) {
            old = try repository.commit(parent).tree
        }
        let before = try old.flatMap { (root) throws(Failure) in
            try repository.entry(path: "snapshots", inTree: root)
        }
        var new: Set<ObjectID> = [commit.id]
        try collect(from: old, to: commit.tree, into: &new)
        var bytes = 0
        for id in new { bytes += try sizes.bytes(id) ?? 0 }
        return CommitSize(commit: commit, bytes: bytes, isFirst: before == nil)
    }

    /// Adds what a tree has and another has not.
    ///
    /// Folders of one name are compared with each other. A folder that is new, as that of a segment
    /// whose rows changed, is compared with all that went from beside it.
    private func collect(
        from old: ObjectID?,
        to new: ObjectID,
        into found: inout Set<ObjectID>
    ) throws(Failure) {
        guard old != new, found.insert(new).inserted else { return }
        var before: [[UInt8]: TreeEntry] = [:]
        if let old { for entry in try repository.tree(old) { before[entry.nameBytes] = entry } }
        var added: [TreeEntry] = []
        for entry in try repository.tree(new) {
            let was = before.removeValue(forKey: entry.nameBytes)
            if was?.id == entry.id { continue }
            if let was, was.isTree, entry.isTree {
                try collect(from: was.id, to: entry.id, into: &found)
            } else {
                added.append(entry)
            }
        }
        guard !added.isEmpty else { return }
        var gone: Set<ObjectID> = []
        for entry in before.values { try collectAll(entry, except: [], into: &gone) }
        for entry in added { try collectAll(entry, except: gone, into: &found) }
    }

    /// Adds an object and all that it leads to, but what is in `known`.
    private func collectAll(
        _ entry: TreeEntry,
        except known: Set<ObjectID>,
        into found: inout Set<ObjectID>
    ) throws(Failure) {
        guard !known.contains(entry.id), found.insert(entry.id).inserted, entry.isTree else {
            return
        }
        for child in try repository.tree(entry.id) {
            try collectAll(child, except: known, into: &found)
        }
    }
}
