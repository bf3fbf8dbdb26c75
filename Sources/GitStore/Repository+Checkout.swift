package import Diagnostics
import Glibc

extension Repository {
    /// Makes index and work tree at `prefix` say what `newTree` says.
    ///
    /// Only where they said what `oldTree` says or say it already; it touches nothing else. A bare
    /// repository has nothing to be made so.
    ///
    /// Files that a sparse work tree does not have change in the index only.
    ///
    /// Files are written beside and renamed. What a user changed stays as it is: a file shows as
    /// modified then, `dirtyPaths(under:)` tells of it before.
    ///
    /// - Parameters:
    ///   - prefix: a folder or a file.
    ///   - oldTree: the root tree that was checked out; nil if there was no commit.
    ///   - newTree: the root tree to check out.
    /// - Returns: the paths left alone because a user had changed them.
    /// - Throws: `git.locked` before anything is touched; `git.work-tree-obstructed`,
    ///   `git.file-system`; a second call finishes what a failed one began.
    @discardableResult
    package func checkout(
        prefix: String,
        from oldTree: ObjectID?,
        to newTree: ObjectID
    ) throws(Failure) -> [String] {
        guard let lock = try lockWorkTree() else { return [] }
        let skipped = try lock.checkout(prefix: prefix, from: oldTree, to: newTree)
        try lock.finish()
        return skipped
    }

    /// Holds index and HEAD of the work tree; nil if the repository is bare.
    ///
    /// - Throws: `git.locked`.
    package func lockWorkTree() throws(Failure) -> WorkTreeLock? {
        guard let workTree else { return nil }
        return try WorkTreeLock(self, root: workTree)
    }

    /// A folder of ours inside the repository's, for locks and files on their way.
    func scratchFolder() throws(Failure) -> String {
        let path = "\(gitDirectory)/osodata"
        try Files.makeFolder(path)
        return path
    }
}

/// Index and HEAD of a work tree, held against git and other runs: until it is gone, no branch can
/// be switched and nothing be added.
package final class WorkTreeLock {
    private let repository: Repository
    private let index: IndexFile
    /// `git checkout -b` writes HEAD alone.
    private let headLock: GitLock
    private let files: WorkTreeFiles
    private var isChanged = false

    fileprivate init(_ repository: Repository, root: String) throws(Failure) {
        self.repository = repository
        index = try IndexFile(locking: repository)
        headLock = try GitLock(of: "\(repository.gitDirectory)/HEAD", in: repository)
        files = try WorkTreeFiles(root: root, scratch: try repository.scratchFolder())
    }

    /// What `Repository.checkout` does, under the locks; the index is written by `finish`.
    package func checkout(
        prefix: String,
        from oldTree: ObjectID?,
        to newTree: ObjectID
    ) throws(Failure) -> [String] {
        if !prefix.isEmpty { _ = try PathRules.components(prefix) }
        let old = try oldTree.flatMap { (tree) throws(Failure) -> TreeEntry? in
            try repository.entry(path: prefix, inTree: tree)
        }
        let new = try repository.entry(path: prefix, inTree: newTree)
        let changes = try repository.fileChanges(from: old, to: new, path: prefix)
        if changes.isEmpty { return [] }
        isChanged = true
        let checkout = Checkout(
            repository: repository,
            files: files,
            index: index,
            sparse: try repository.sparsePatterns()
        )
        // Removals first: a folder may come where a file was.
        for change in changes where change.new == nil { try checkout.apply(change) }
        for change in changes where change.new != nil { try checkout.apply(change) }
        return checkout.skipped.sorted()
    }

    /// Writes the index, if it changed; the locks go with the object.
    package func finish() throws(Failure) {
        if isChanged { try index.commit() }
        isChanged = false
    }
}

/// One checkout: what to do with each file.
private final class Checkout {
    let repository: Repository
    let files: WorkTreeFiles
    let index: IndexFile
    let sparse: SparsePatterns?
    var skipped: [String] = []

    init(
        repository: Repository,
        files: WorkTreeFiles,
        index: IndexFile,
        sparse: SparsePatterns?
    ) {
        self.repository = repository
        self.files = files
        self.index = index
        self.sparse = sparse
    }

    func apply(_ change: FileChange) throws(Failure) {
        let entry = index[change.path]
        guard isOurs(entry, change), isPlain(change.old), isPlain(change.new) else {
            skipped.append(change.path)
            return
        }
        // A file that is new to the index is left out where `git checkout` would leave it out.
        if entry?.isSkipped ?? (sparse?.includes(change.path) == false) {
            if let new = change.new {
                try index.set(
                    change.path,
                    id: new.id,
                    mode: new.mode,
                    file: nil,
                    isSkipped: true
                )
            } else {
                try index.remove(change.path)
            }
            return
        }
        let state = try state(of: change, entry)
        if let new = change.new {
            switch state {
            case .absent, .old:
                let file = try unsafe repository.withBlob(new.id) { (bytes) throws(Failure) in
                    try unsafe files.write(bytes, to: change.path, mode: new.mode)
                }
                try index.set(change.path, id: new.id, mode: new.mode, file: file)
            case .new(let file):
                try index.set(change.path, id: new.id, mode: new.mode, file: file)
            case .other:
                skipped.append(change.path)
                try index.set(change.path, id: new.id, mode: new.mode, file: nil)
            }
        } else {
            switch state {
            case .absent, .new: break
            case .old: try files.remove(change.path)
            case .other: skipped.append(change.path)
            }
            try index.remove(change.path)
        }
    }

    /// Whether the index says what one of the two trees says, so that no user changed it.
    private func isOurs(_ entry: IndexFile.Entry?, _ change: FileChange) -> Bool {
        guard let entry else { return change.old == nil || change.new == nil }
        return [change.old, change.new].contains { side in
            side.map { $0.id == entry.id && $0.mode == entry.mode } ?? false
        }
    }

    /// Links, and commits of other repositories, are never ours to write.
    private func isPlain(_ entry: TreeEntry?) -> Bool {
        entry.map { $0.mode & 0o170000 == 0o100000 } ?? true
    }

    private enum FileState {
        case absent
        case old
        case new(stat)
        case other
    }

    private func state(
        of change: FileChange,
        _ entry: IndexFile.Entry?
    ) throws(Failure) -> FileState {
        guard let file = try files.status(change.path) else { return .absent }
        guard file.st_mode & S_IFMT == S_IFREG else { return .other }
        if let entry, let old = change.old, entry.id == old.id, index.isUnchanged(entry, file) {
            return .old
        }
        let id = try files.blobID(change.path)
        if let new = change.new, id == new.id { return .new(file) }
        if let old = change.old, id == old.id { return .old }
        return .other
    }
}

/// Files of a work tree, by paths from its root, without following links out of it.
private final class WorkTreeFiles {
    private let root: String
    private let scratch: String
    /// Whether `rename` works from the scratch folder to the work tree.
    private let isOneFileSystem: Bool
    private var knownFolders: Set<String> = [""]

    init(root: String, scratch: String) throws(Failure) {
        self.root = root
        self.scratch = scratch
        isOneFileSystem = try Files.status(root)?.st_dev == Files.status(scratch)?.st_dev
    }

    /// What `lstat` says; nil if nothing is there.
    func status(_ path: String) throws(Failure) -> stat? {
        guard try hasFolder(parent(path), making: false) else { return nil }
        return try Files.status("\(root)/\(path)")
    }

    /// The id of the file as git would store it, without filters.
    func blobID(_ path: String) throws(Failure) -> ObjectID {
        ObjectID(ofBlob: try Files.read("\(root)/\(path)") ?? [])
    }

    /// Writes a file beside and renames it.
    func write(
        _ bytes: UnsafeRawBufferPointer,
        to path: String,
        mode: UInt32
    ) throws(Failure) -> stat {
        let folder = parent(path)
        _ = try hasFolder(folder, making: true)
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        let beside = "\(root)/\(folder.isEmpty ? "" : folder + "/").osodata-\(name)"
        let temporary = isOneFileSystem ? "\(scratch)/file-\(name)" : beside
        do throws(Failure) {
            let permissions: mode_t = mode & 0o111 == 0 ? 0o666 : 0o777
            guard
                let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: permissions)
            else { throw Failure(.fileSystem, "'\(temporary)' cannot be made.") }
            try unsafe file.write(bytes)
            try Files.rename(temporary, "\(root)/\(path)")
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        guard let status = try Files.status("\(root)/\(path)") else {
            throw Failure(.fileSystem, "'\(path)' went away while it was written.")
        }
        return status
    }

    /// Removes a file and the folders it leaves empty.
    func remove(_ path: String) throws(Failure) {
        try Files.remove("\(root)/\(path)")
        var folder = parent(path)
        while !folder.isEmpty, unsafe rmdir("\(root)/\(folder)") == 0 {
            knownFolders.remove(folder)
            folder = parent(folder)
        }
    }

    private func parent(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    /// Whether every part of `path` is a folder and no link.
    ///
    /// - Throws: `git.work-tree-obstructed` if one is something else.
    private func hasFolder(_ path: String, making: Bool) throws(Failure) -> Bool {
        if knownFolders.contains(path) { return true }
        guard try hasFolder(parent(path), making: making) else { return false }
        let full = "\(root)/\(path)"
        if let found = try Files.status(full) {
            guard found.st_mode & S_IFMT == S_IFDIR else {
                throw Failure(
                    .workTreeObstructed,
                    "'\(path)' in the work tree is not a folder.",
                    hint: "Move it away, then: osodata status"
                )
            }
        } else if making {
            try Files.makeFolder(full)
        } else {
            return false
        }
        knownFolders.insert(path)
        return true
    }
}
