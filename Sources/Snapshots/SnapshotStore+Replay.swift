import Codecs
package import Diagnostics
package import GitStore
import Records

extension SnapshotStore {
    /// Makes the commit of a run again on top of another commit, if it would be the same run there.
    ///
    /// That is so if what the run read (pipelines.toml, models, directory) and the tables it wrote
    /// are there as they were before the run. No reference is moved.
    ///
    /// - Parameters:
    ///   - run: the commit of a run; it has one parent.
    ///   - tip: what it shall stand on.
    ///   - inputs: paths of what people write.
    /// - Returns: the new commit, or `tip` if that has all of it; nil if the run has to be made anew.
    /// - Throws: what git says.
    package func replay(
        _ run: ObjectID,
        onto tip: ObjectID,
        inputs: [String]
    ) throws(Failure) -> ObjectID? {
        let commit = try repository.commit(run)
        guard commit.parents.count == 1 else { return nil }
        let before = try repository.commit(commit.parents[0]).tree
        let there = try repository.commit(tip).tree
        for path in inputs where try id(path, before) != id(path, there) { return nil }
        let old = try trees(before)
        let new = try trees(commit.tree)
        let theirs = try trees(there)
        let batch = ObjectBatch(repository: repository)
        var editor = TreeEditor(repository: repository, batch: batch, base: there)
        var edited = theirs
        for table in Set(old.keys).union(new.keys).sorted() where old[table] != new[table] {
            guard theirs[table] == old[table] || theirs[table] == new[table] else { return nil }
            edited[table] = new[table]
            if let tree = new[table] {
                try editor.setTree(table.path, tree)
            } else {
                try editor.remove(table.path)
            }
        }
        let tree = try editor.finish()
        // The others made the same.
        if tree == there { return tip }
        var digests: [(table: String, digest: Digest)] = []
        for (table, tree) in edited.sorted(by: { $0.key < $1.key }) where !table.isMeta {
            guard let digest = try snapshot(table, tree: tree)?.manifest.digest else { continue }
            digests.append((table.description, digest))
        }
        let made = try batch.addCommit(
            tree: tree,
            parents: [tip],
            author: commit.author,
            committer: commit.committer,
            message: Self.message(commit, warehouse: SnapshotDigests.warehouse(digests))
        )
        try batch.write().release()
        return made
    }

    private func trees(_ root: ObjectID) throws(Failure) -> [TableName: ObjectID] {
        Dictionary(uniqueKeysWithValues: try tableTrees(inTree: root).map { ($0.table, $0.tree) })
    }

    /// The message with the digest of the tables as they are now.
    private static func message(_ commit: CommitInfo, warehouse: Digest) -> String {
        let key = RunCommit.warehouseTrailer + ": "
        return String(decoding: commit.message, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(key) ? key + warehouse.hex : String($0) }
            .joined(separator: "\n")
    }
}
