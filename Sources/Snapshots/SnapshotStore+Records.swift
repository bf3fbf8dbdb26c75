package import Codecs
package import Diagnostics
package import GitStore
package import Records

extension SnapshotStore {
    /// The reference of what is recorded of runs: a commit without parents, with tables of `meta`.
    package static let records = "refs/osodata/runs"
    /// Tries to move the reference before giving up; each loss means that somebody else recorded.
    private static let recordAttempts = 50

    /// A table of records.
    package struct RecordTable {
        package let table: TableName
        package let rows: RowSet
        package let provenance: JSONValue

        /// Makes one; the rows are sorted.
        package init(_ table: TableName, _ rows: RowSet, provenance: JSONValue) {
            self.table = table
            self.rows = rows
            self.provenance = provenance
        }
    }

    /// Puts other tables in the place of those that are recorded.
    ///
    /// Records have no history of their own: the commit before is left to be forgotten. Whether
    /// anybody keeps it, by a branch or in a tree, only git can tell, so its objects are left to
    /// `git gc`.
    ///
    /// - Parameters:
    ///   - author: of the commit, with the time.
    ///   - message: of the commit.
    ///   - edit: gives the tables, of the root tree there is now; called again if somebody else was
    ///     first.
    /// - Throws: `snapshot.publish-contended`, what `edit` and git say.
    package func record(
        by author: Signature,
        message: String,
        edit: (_ root: ObjectID?) throws(Failure) -> [RecordTable]
    ) throws(Failure) {
        for _ in 1...Self.recordAttempts {
            let tip = try repository.readRef(Self.records)
            let root = try tip.map { (tip) throws(Failure) in try repository.commit(tip).tree }
            let batch = ObjectBatch(repository: repository)
            var editor = TreeEditor(repository: repository, batch: batch, base: nil)
            for record in try edit(root) {
                let written = try write(
                    SortedRows(record.rows),
                    table: record.table,
                    provenance: record.provenance,
                    previous: nil,
                    into: batch,
                    threads: 1
                )
                try editor.setTree(record.table.path, written.tree)
            }
            let commit = try batch.addCommit(
                tree: try editor.finish(),
                parents: [],
                author: author,
                committer: author,
                message: message
            )
            let written = try batch.write()
            let isMoved = try moveRecords(from: tip, to: commit, message)
            written.release()
            if isMoved || tip == commit { return }
        }
        throw Failure(
            .publishContended,
            "\"\(Self.records)\" was moved by others \(Self.recordAttempts) times in a row."
        )
    }

    /// Moves the reference; who dies here leaves a lock of git's, which the journal tells of.
    private func moveRecords(
        from tip: ObjectID?,
        to commit: ObjectID,
        _ message: String
    ) throws(Failure) -> Bool {
        let journal = try Journal.begin(
            repository,
            ref: Self.records,
            from: tip,
            to: commit,
            prefixes: []
        )
        let isMoved: Bool
        do throws(Failure) {
            isMoved = try repository.updateRef(
                Self.records,
                to: commit,
                expecting: tip,
                message: message
            )
        } catch {
            try journal.finish()
            throw error
        }
        try journal.finish()
        return isMoved
    }
}
