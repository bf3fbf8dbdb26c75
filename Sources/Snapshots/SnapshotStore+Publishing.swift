import Codecs
package import Diagnostics
package import GitStore
import Records

extension SnapshotStore {
    /// The reference of runs that may not move a branch.
    package static let scratch = "refs/osodata/scratch"
    /// The rule for chunks: without `-delta` a repack takes ten times as long, and `binary`
    /// alone would hide the diff.
    package static let attributes = "*.ndjson.zst binary -delta diff=osodata"

    /// Tries to move the branch before giving up; each loss means that another run got through.
    private static let attemptLimit = 50

    /// Publishes a run: edits the tree of the branch as it is now, commits, writes all objects,
    /// moves the branch by compare-and-swap, and brings index and work tree's `snapshots/` along.
    ///
    /// If somebody else moved the branch, the tree is built again on what is there now, unless
    /// the run's inputs or its tables changed there. If nothing would change, nothing is written.
    /// If somebody switched to another branch, only the branch that was meant is moved.
    /// - Parameters:
    ///   - run: what to publish.
    ///   - batch: the batch that `write` put the tables' objects into.
    /// - Returns: the commit, where it went, and what the way there was like.
    /// - Throws: `snapshot.inputs-moved`, `snapshot.table-moved`, `snapshot.publish-contended`;
    ///   what git says.
    package func publish(
        _ run: RunCommit,
        batch: ObjectBatch
    ) throws(Failure) -> PublishResult {
        try publish(run, batch: batch, beforeMoving: {})
    }

    /// Publishes; `beforeMoving` is called each time everything is written and nothing is locked
    /// yet, for tests of what others may do there.
    func publish(
        _ run: RunCommit,
        batch: ObjectBatch,
        beforeMoving: () -> Void
    ) throws(Failure) -> PublishResult {
        let target = try PublishTarget(run.destination, repository: repository)
        var written: [WrittenObjects] = []
        defer { for objects in written { objects.release() } }
        var batch = batch
        for attempt in 1...Self.attemptLimit {
            let tip = try target.tip(repository)
            let parent = target.isScratch ? target.head : tip
            try checkUnmoved(run, since: parent)
            let oldRoot = try parent.map { (id) throws(Failure) in try repository.commit(id).tree }
            let warehouse = try warehouseDigest(after: run, on: oldRoot)
            let root = try editedTree(run, base: oldRoot, batch: batch)
            if root == oldRoot, let parent {
                if target.reference == Self.scratch, tip != parent {
                    // It would keep what was tried before.
                    guard
                        try repository.updateRef(
                            target.reference,
                            to: parent,
                            expecting: tip,
                            message: run.subject
                        )
                    else { continue }
                }
                return result(
                    target,
                    commit: parent,
                    warehouse: warehouse,
                    attempts: attempt,
                    written: written,
                    isNew: false
                )
            }
            let commit = try batch.addCommit(
                tree: root,
                parents: parent.map { [$0] } ?? [],
                author: run.author,
                committer: run.committer,
                message: run.message(warehouse: warehouse)
            )
            written.append(try batch.write())
            beforeMoving()
            guard
                let moved = try move(
                    target,
                    from: (commit: tip, root: oldRoot),
                    to: (commit: commit, root: root),
                    message: run.subject
                )
            else {
                // The objects are on disk already; what is new is a few trees and a commit.
                batch = ObjectBatch(repository: repository)
                continue
            }
            return result(
                target,
                commit: commit,
                warehouse: warehouse,
                attempts: attempt,
                written: written,
                isNew: true,
                moved: moved
            )
        }
        throw Failure(
            .publishContended,
            "\"\(target.reference)\" was moved by others \(Self.attemptLimit) times in a row.",
            hint: "Run again when the other runs have finished."
        )
    }

    /// What became of index and work tree when a reference moved.
    private struct Moved {
        var skipped: [String] = []
        var leftAloneReason: String?
    }

    /// Moves the target by compare-and-swap, and index and work tree along if they show it.
    ///
    /// - Returns: nil if the reference was elsewhere.
    private func move(
        _ target: PublishTarget,
        from old: (commit: ObjectID?, root: ObjectID?),
        to new: (commit: ObjectID, root: ObjectID),
        message: String
    ) throws(Failure) -> Moved? {
        let paths = [Self.folder, Self.attributesFile]
        let isShownNow = target.isShown(by: try repository.head())
        let isShown = target.isCheckedOut || isShownNow
        let journal = try Journal.begin(
            repository,
            ref: target.reference,
            from: old.commit,
            to: new.commit,
            prefixes: isShown ? paths : []
        )
        var moved = Moved()
        var lock: WorkTreeLock?
        let isShownStill: Bool
        let isMoved: Bool
        do throws(Failure) {
            lock = isShown ? try repository.lockWorkTree() : nil
            // Until the lock is gone, nobody can switch branches.
            let head = try repository.head()
            isShownStill = target.isShown(by: head)
            if isShownStill { try repository.refuseDuringOperation() }
            if target.isCheckedOut { moved.leftAloneReason = target.switchedAway(to: head) }
            isMoved = try repository.updateRef(
                target.reference,
                to: new.commit,
                expecting: old.commit,
                message: message
            )
        } catch {
            lock = nil
            try journal.finish()
            throw error
        }
        if isMoved, isShownStill {
            for path in paths {
                moved.skipped +=
                    try lock?.checkout(prefix: path, from: old.root, to: new.root) ?? []
            }
            try lock?.finish()
        }
        // Before the journal goes: without one, nobody looks for what we would leave by dying here.
        lock = nil
        try journal.finish()
        return isMoved ? moved : nil
    }

    private static let folder = "snapshots"
    private static let attributesFile = ".gitattributes"

    private func result(
        _ target: PublishTarget,
        commit: ObjectID,
        warehouse: Digest,
        attempts: Int,
        written: [WrittenObjects],
        isNew: Bool,
        moved: Moved = Moved()
    ) -> PublishResult {
        PublishResult(
            commit: commit,
            reference: target.reference,
            scratchReason: target.scratchReason,
            warehouse: warehouse,
            attempts: attempts,
            isNew: isNew,
            writtenObjects: written.reduce(0) { $0 + $1.count },
            writtenBytes: written.reduce(0) { $0 + $1.bytes },
            skippedPaths: moved.skipped,
            leftAloneReason: moved.leftAloneReason
        )
    }

    /// Refuses if what the run read, or the tables it wrote, changed since it was planned.
    private func checkUnmoved(_ run: RunCommit, since parent: ObjectID?) throws(Failure) {
        guard parent != run.base else { return }
        let old = try run.base.map { (id) throws(Failure) in try repository.commit(id).tree }
        let new = try parent.map { (id) throws(Failure) in try repository.commit(id).tree }
        for path in run.inputs where try id(path, old) != id(path, new) {
            throw Failure(
                .inputsMoved,
                "\"\(path)\" changed on the branch while the run was under way.",
                hint: "Run again, so that it is planned on what is there now."
            )
        }
        for table in run.tables.map(\.table) + run.removed
        where try id(table.path, old) != id(table.path, new) {
            throw Failure(
                .tableMoved,
                "\"\(table)\" was changed on the branch while the run was under way.",
                hint: "Run again, so that it is planned on what is there now."
            )
        }
    }

    func id(_ path: String, _ root: ObjectID?) throws(Failure) -> ObjectID? {
        guard let root else { return nil }
        return try repository.entry(path: path, inTree: root)?.id
    }

    /// The root tree with the run's tables put in and the rule for chunks ensured.
    private func editedTree(
        _ run: RunCommit,
        base: ObjectID?,
        batch: ObjectBatch
    ) throws(Failure) -> ObjectID {
        var editor = TreeEditor(repository: repository, batch: batch, base: base)
        for table in run.removed { try editor.remove(table.path) }
        for table in run.tables { try editor.setTree(table.table.path, table.tree) }
        for (path, text) in run.files.sorted(by: { $0.key < $1.key }) {
            if let text {
                try editor.set(path, id: batch.addBlob(text, deflate: true))
            } else {
                try editor.remove(path)
            }
        }
        if let text = try missingAttributes(base) {
            let blob = try batch.addBlob(text, deflate: true)
            try editor.set(Self.attributesFile, id: blob)
        }
        return try editor.finish()
    }

    /// The text of `.gitattributes` with the rule for chunks; nil if it has one already.
    private func missingAttributes(_ root: ObjectID?) throws(Failure) -> [UInt8]? {
        var text: [UInt8] = []
        if let root, let entry = try repository.entry(path: Self.attributesFile, inTree: root) {
            text = try repository.blob(entry.id)
        }
        let pattern = Self.attributes.split(separator: " ")[0]
        let hasRule = text.split(separator: UInt8(ascii: "\n")).contains { line in
            let words = String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "\t" }
            return words.first == pattern
        }
        if hasRule { return nil }
        if let last = text.last, last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
        return text + Array(Self.attributes.utf8) + [UInt8(ascii: "\n")]
    }

    /// The warehouse digest of the tree the run makes of `root`, whose tables are not in the
    /// repository yet.
    private func warehouseDigest(
        after run: RunCommit,
        on root: ObjectID?
    ) throws(Failure) -> Digest {
        var digests: [TableName: Digest] = [:]
        for table in run.tables { digests[table.table] = table.digest }
        if let root {
            for (table, tree) in try tableTrees(inTree: root)
            where !table.isMeta && digests[table] == nil && !run.removed.contains(table) {
                digests[table] = try snapshot(table, tree: tree)?.manifest.digest
            }
        }
        return SnapshotDigests.warehouse(
            digests.keys.sorted().filter { !$0.isMeta }.compactMap { table in
                digests[table].map { (table: table.description, digest: $0) }
            }
        )
    }
}

/// The reference a run moves, and whether it is what index and work tree show at the start.
private struct PublishTarget {
    let reference: String
    let isCheckedOut: Bool
    let scratchReason: String?
    /// What HEAD is at.
    let head: ObjectID?

    var isScratch: Bool { reference == SnapshotStore.scratch }

    init(_ destination: RunCommit.Destination, repository: Repository) throws(Failure) {
        let isBare = repository.workTree == nil
        var destination = destination
        if case .reference(let name) = destination {
            destination = .reference(try repository.referenceEnd(name))
        }
        switch (destination, try repository.head()) {
        case (.reference(let name), .branch(let branch, let commit)):
            self.init(name, isCheckedOut: !isBare && name == branch, nil, commit)
        case (.reference(let name), .detached(let commit)):
            self.init(name, isCheckedOut: false, nil, commit)
        case (.scratch, .branch(_, let commit)):
            self.init(SnapshotStore.scratch, isCheckedOut: false, nil, commit)
        case (.scratch, .detached(let commit)):
            self.init(SnapshotStore.scratch, isCheckedOut: false, nil, commit)
        case (.checkedOut, .detached(let commit)):
            self.init(
                SnapshotStore.scratch,
                isCheckedOut: false,
                "HEAD is detached, so no branch can be moved",
                commit
            )
        case (.checkedOut(let configured), .branch(let branch, let commit)):
            if let configured, branch != "refs/heads/\(configured)" {
                self.init(
                    SnapshotStore.scratch,
                    isCheckedOut: false,
                    "\"\(Self.short(branch))\" is checked out, not the configured branch \"\(configured)\"",
                    commit
                )
            } else {
                self.init(branch, isCheckedOut: !isBare, nil, commit)
            }
        }
    }

    private init(
        _ reference: String,
        isCheckedOut: Bool,
        _ scratchReason: String?,
        _ head: ObjectID?
    ) {
        self.reference = reference
        self.isCheckedOut = isCheckedOut
        self.scratchReason = scratchReason
        self.head = head
    }

    /// Whether HEAD names the target.
    func isShown(by head: Head) -> Bool {
        if case .branch(reference, _) = head { true } else { false }
    }

    /// Why index and work tree, which showed the target, do so no more; nil if they do.
    func switchedAway(to head: Head) -> String? {
        switch head {
        case .branch(reference, _): nil
        case .branch(let other, _): "\"\(Self.short(other))\" was checked out meanwhile"
        case .detached: "HEAD was detached meanwhile"
        }
    }

    private static func short(_ name: String) -> String {
        name.hasPrefix("refs/heads/") ? String(name.dropFirst(11)) : name
    }

    /// Where the reference is now.
    func tip(_ repository: Repository) throws(Failure) -> ObjectID? {
        try repository.readRef(reference)
    }
}
