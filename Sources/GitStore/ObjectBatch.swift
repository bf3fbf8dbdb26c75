package import Diagnostics
import Glibc
import Synchronization

/// Collects new objects, then writes them together as one pack.
///
/// However few they are: a file of its own cannot be kept from `git gc --prune=now` until a reference
/// leads to it, and costs a sync each (docs/decisions/0006-always-a-pack.md).
///
/// Several threads may add objects. What the repository or the batch already has is not written
/// again. After `write()` the batch is empty and may be filled and written anew.
package final class ObjectBatch: Sendable {
    let repository: Repository
    private let state = Mutex(State())

    private struct State {
        /// Objects in memory; none any more once there is a pack.
        var waiting: [NewObject] = []
        /// Where in `waiting` an object is.
        var numbers: [ObjectID: Int] = [:]
        var waitingBytes = 0
        var pack: PackWriter?
        /// All ids that were added since the batch was made.
        var known: Set<ObjectID> = []
        /// Trees that readers of the repository do not see yet, for `TreeEditor`.
        var trees: [ObjectID: [TreeEntry]] = [:]
        /// Why a pack cannot be finished.
        var failure: Failure?
    }

    /// So many objects wait in memory before a pack is begun, so that a batch without news makes no
    /// file.
    private static let waitingCount = 100
    /// As do so many bytes.
    private static let waitingBytes = 64 << 20

    /// Makes an empty batch.
    package init(repository: Repository) {
        self.repository = repository
        // Objects that other processes wrote meanwhile count as there; failing to see them only
        // writes them twice.
        try? repository.refresh()
    }

    /// Adds a file's content.
    ///
    /// - Parameters:
    ///   - bytes: the content.
    ///   - deflate: false for what is compressed already.
    /// - Returns: the blob's id.
    /// - Throws: `git.file-system` if there is no room.
    package func addBlob(_ bytes: [UInt8], deflate: Bool) throws(Failure) -> ObjectID {
        try add(NewObject(.blob, bytes, deflate: deflate))
    }

    /// Adds a tree; its entries may come in any order.
    ///
    /// - Throws: `git.unsafe-path` for names that cannot be in a tree.
    package func addTree(_ entries: [TreeEntry]) throws(Failure) -> ObjectID {
        let object = NewObject(.tree, try TreeText.serialize(entries), deflate: true)
        let id = try add(object)
        state.withLock { $0.trees[id] = entries }
        return id
    }

    /// Adds a commit.
    ///
    /// - Parameters:
    ///   - tree: the root tree.
    ///   - parents: the commits before it.
    ///   - author: who made it.
    ///   - committer: who commits it.
    ///   - message: a newline is added at its end if it has none, NULs are left out.
    /// - Returns: the commit's id.
    /// - Throws: `git.file-system` if there is no room.
    package func addCommit(
        tree: ObjectID,
        parents: [ObjectID],
        author: Signature,
        committer: Signature,
        message: String
    ) throws(Failure) -> ObjectID {
        var text = "tree \(tree)\n"
        for parent in parents { text += "parent \(parent)\n" }
        text += "author \(SignatureText.serialize(author))\n"
        text += "committer \(SignatureText.serialize(committer))\n\n"
        var bytes = Array(text.utf8) + message.utf8.filter { $0 != 0 }
        if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        return try add(NewObject(.commit, bytes, deflate: true))
    }

    /// The entries of a tree of this batch or of the repository.
    package func tree(_ id: ObjectID) throws(Failure) -> [TreeEntry] {
        if let entries = state.withLock({ $0.trees[id] }) { return entries }
        return try repository.tree(id)
    }

    /// Whether the object was added to this batch.
    package func contains(_ id: ObjectID) -> Bool {
        state.withLock { $0.known.contains(id) }
    }

    /// The bytes of a blob of this batch or of the repository.
    package func blob(_ id: ObjectID) throws(Failure) -> [UInt8] {
        let own = try state.withLock { (state) throws(Failure) -> [UInt8]? in
            if let number = state.numbers[id] { return state.waiting[number].content }
            return try state.pack?.content(of: id)
        }
        if let own { return own }
        return try repository.blob(id)
    }

    private func add(_ object: NewObject) throws(Failure) -> ObjectID {
        let (isNew, isPacking) = state.withLock {
            ($0.known.insert(object.id).inserted, $0.pack != nil)
        }
        guard isNew, !alreadyStored(object.id) else { return object.id }
        // Compressed here, by several threads at once, not under the lock.
        let entry = isPacking ? object.packBytes : []
        try state.withLock { (state) throws(Failure) in
            if let failure = state.failure { throw failure }
            do throws(Failure) {
                if let pack = state.pack {
                    try pack.append(object.id, isPacking ? entry : object.packBytes)
                } else {
                    state.numbers[object.id] = state.waiting.count
                    state.waiting.append(object)
                    state.waitingBytes += object.content.count
                    try spillIfLarge(&state)
                }
            } catch {
                state.failure = error
                throw error
            }
        }
        return object.id
    }

    private func spillIfLarge(_ state: inout State) throws(Failure) {
        guard state.waiting.count >= Self.waitingCount || state.waitingBytes > Self.waitingBytes
        else { return }
        try beginPack(&state)
    }

    /// Moves what waits to a pack.
    private func beginPack(_ state: inout State) throws(Failure) {
        let folder = repository.packDirectory
        try Files.makeFolder(folder)
        let pack = try PackWriter(folder: folder)
        for object in state.waiting { try pack.append(object.id, object.packBytes) }
        state.pack = pack
        state.waiting = []
        state.numbers = [:]
        state.waitingBytes = 0
    }

    /// Whether the repository has the object; if it lies there as a file of its own, the file is
    /// made young, as git does, so that a `git gc` now does not prune it.
    private func alreadyStored(_ id: ObjectID) -> Bool {
        guard repository.containsWithoutRefresh(id) else { return false }
        let path = repository.loosePath(id)
        _ = unsafe utimensat(AT_FDCWD, path, nil, 0)
        return true
    }

    /// Writes what was added and makes it visible to this process and to git.
    ///
    /// Everything is on disk when this returns. The pack is kept from `git gc` until
    /// `WrittenObjects.release()`: call it once a reference leads to the objects.
    ///
    /// - Throws: `git.file-system`.
    package func write() throws(Failure) -> WrittenObjects {
        let folder = repository.packDirectory
        let written = try state.withLock { (state) throws(Failure) -> WrittenObjects in
            if let failure = state.failure { throw failure }
            try Files.makeFolder(folder)
            try? TemporaryFile.removeStale(in: folder)
            defer {
                state.waiting = []
                state.numbers = [:]
                state.waitingBytes = 0
                state.pack = nil
                state.trees = [:]
            }
            if state.pack == nil, !state.waiting.isEmpty { try beginPack(&state) }
            guard let pack = state.pack else {
                return WrittenObjects(count: 0, bytes: 0, keep: nil)
            }
            let count = pack.count
            let keep = try pack.finish()
            return WrittenObjects(count: count, bytes: Int(pack.size), keep: keep)
        }
        try repository.refresh()
        return written
    }
}

/// What a batch wrote, kept from `git gc` as long as this lives and is not released.
package final class WrittenObjects: Sendable {
    package let count: Int
    /// As they lie on disk.
    package let bytes: Int
    private let keep: Mutex<KeepFile?>

    init(count: Int, bytes: Int, keep: KeepFile?) {
        self.count = count
        self.bytes = bytes
        self.keep = Mutex(keep)
    }

    deinit { release() }

    /// Says that a reference leads to the objects now.
    package func release() {
        keep.withLock {
            // A file that cannot be removed now is removed by the next recovery.
            try? $0?.remove()
            $0 = nil
        }
    }
}
