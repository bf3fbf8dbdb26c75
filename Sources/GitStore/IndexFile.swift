import CLibGit2
import Diagnostics
import Glibc

/// The index of a work tree, locked against git as git locks it: by `index.lock`.
///
/// The new index is written beside the old one and renamed over it while the lock is held, for
/// libgit2 alone would lose what another git adds between its reading and its writing.
@safe
final class IndexFile {
    private let directory: String
    private let copy: String
    private let raw: OpaquePointer
    private let lock: GitLock
    /// When the index that was read was written: what changed later in the same instant escapes
    /// the comparison of times.
    private let written: timespec

    /// Paths that `set` recorded with what `lstat` said.
    private var fresh: Set<String> = []

    /// What the index says of a path.
    @safe struct Entry {
        let id: ObjectID
        let mode: UInt32
        /// The user chose not to have this file (`git sparse-checkout`).
        let isSkipped: Bool
        fileprivate let raw: git_index_entry
    }

    /// Locks and reads the index of `repository`.
    ///
    /// - Throws: `git.locked`.
    init(locking repository: Repository) throws(Failure) {
        directory = repository.gitDirectory
        let path = "\(directory)/index"
        lock = try GitLock(of: path, in: repository)
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        copy = try repository.scratchFolder() + "/index-\(name)"
        var opened: OpaquePointer?
        do throws(Failure) {
            if let bytes = try Files.read(path) {
                written = try Files.status(path)?.st_mtim ?? timespec()
                guard let file = try OpenFile(copy, O_RDWR | O_CREAT | O_EXCL) else {
                    throw Failure(.fileSystem, "'\(copy)' cannot be made.")
                }
                try file.write(bytes)
            } else {
                written = timespec()
            }
            let status = unsafe git_index_open(&opened, copy)
            guard status == 0, let index = unsafe opened else {
                throw Self.failure(status, "The index '\(path)' cannot be read.")
            }
            unsafe raw = index
        } catch {
            _ = unsafe unlink(copy)
            throw error
        }
    }

    deinit {
        unsafe git_index_free(raw)
        _ = unsafe unlink(copy)
    }

    /// A failure to read an index, which may be of a form that libgit2 does not know.
    static func failure(_ status: Int32, _ message: String) -> Failure {
        let isUnknown = LibGit2.lastMessage?.contains("extension") == true
        return LibGit2.failure(
            status,
            message,
            code: isUnknown ? .unsupportedExtension : .gitFailed,
            hint: isUnknown
                ? "Have git write it plainly: git sparse-checkout reapply --no-sparse-index; "
                    + "git update-index --no-split-index" : nil
        )
    }

    /// The entry of a path; nil if there is none (or only those of a conflict).
    subscript(path: String) -> Entry? {
        guard let found = unsafe git_index_get_bypath(raw, path, 0) else { return nil }
        let entry = unsafe found.pointee
        let skip = UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue)
        return unsafe Entry(
            id: ObjectID(unsafe entry.id),
            mode: unsafe entry.mode,
            isSkipped: unsafe entry.flags_extended & skip != 0,
            raw: entry
        )
    }

    /// Whether the file is, by its times, size and number, still what git saw when it made `entry`.
    func isUnchanged(_ entry: Entry, _ file: stat) -> Bool {
        let raw = unsafe entry.raw
        let now = unsafe Self.entry(file)
        return unsafe raw.file_size == now.file_size && raw.ino == now.ino
            && raw.mtime.seconds == now.mtime.seconds
            && raw.mtime.nanoseconds == now.mtime.nanoseconds
            && raw.ctime.seconds == now.ctime.seconds
            && raw.ctime.nanoseconds == now.ctime.nanoseconds
            && !isRacy(raw)
    }

    /// Records a file.
    ///
    /// `file` is what `lstat` said, nil to have git compare the content next time; `isSkipped` says
    /// that the work tree is not to have it.
    func set(
        _ path: String,
        id: ObjectID,
        mode: UInt32,
        file: stat?,
        isSkipped: Bool = false
    ) throws(Failure) {
        var entry = unsafe file.map { unsafe Self.entry($0) } ?? git_index_entry()
        unsafe entry.id = id.raw
        unsafe entry.mode = mode
        if isSkipped {
            unsafe entry.flags_extended = UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue)
        }
        let status = unsafe path.withCString { (text) -> Int32 in
            unsafe entry.path = text
            return unsafe git_index_add(raw, &entry)
        }
        try LibGit2.check(status, "'\(path)' cannot be put into the index.")
        if file != nil { fresh.insert(path) }
    }

    /// Takes a path out.
    func remove(_ path: String) throws(Failure) {
        let status = unsafe git_index_remove(raw, path, 0)
        if status == GIT_ENOTFOUND.rawValue { return }
        try LibGit2.check(status, "'\(path)' cannot be taken out of the index.")
    }

    /// Puts the new index in the place of the old one.
    func commit() throws(Failure) {
        try smudgeRacyEntries()
        try LibGit2.check(unsafe git_index_write(raw), "The index '\(copy)' cannot be written.")
        try Files.rename(copy, "\(directory)/index")
    }

    /// Has git compare the content of files that are as old as the index.
    ///
    /// A file changed in the very second in which the old index was written looks unchanged once
    /// the index is younger, so such entries lose their size (git's
    /// Documentation/technical/racy-git). git records fractions and compares seconds only.
    private func smudgeRacyEntries() throws(Failure) {
        for place in 0..<(unsafe git_index_entrycount(raw)) {
            guard let found = unsafe git_index_get_byindex(raw, place),
                let text = unsafe found.pointee.path
            else { continue }
            var entry = unsafe found.pointee
            let path = unsafe String(cString: text)
            // What this process has just written and looked at is what it says it is.
            let isRacy = unsafe entry.mtime.seconds >= Int32(truncatingIfNeeded: written.tv_sec)
            guard unsafe entry.file_size != 0, isRacy, !fresh.contains(path) else { continue }
            unsafe entry.file_size = 0
            let status = unsafe path.withCString { (text) -> Int32 in
                unsafe entry.path = text
                return unsafe git_index_add(raw, &entry)
            }
            try LibGit2.check(status, "'\(path)' cannot be put into the index.")
        }
    }

    private func isRacy(_ entry: git_index_entry) -> Bool {
        let time = unsafe entry.mtime
        let index = (Int32(truncatingIfNeeded: written.tv_sec), UInt32(written.tv_nsec))
        return (time.seconds, time.nanoseconds) >= index
    }

    private static func entry(_ file: stat) -> git_index_entry {
        var out = unsafe git_index_entry()
        unsafe out.ctime = time(file.st_ctim)
        unsafe out.mtime = time(file.st_mtim)
        unsafe out.dev = UInt32(truncatingIfNeeded: file.st_dev)
        unsafe out.ino = UInt32(truncatingIfNeeded: file.st_ino)
        unsafe out.uid = file.st_uid
        unsafe out.gid = file.st_gid
        unsafe out.file_size = UInt32(truncatingIfNeeded: file.st_size)
        return unsafe out
    }

    private static func time(_ time: timespec) -> git_index_time {
        git_index_time(
            seconds: Int32(truncatingIfNeeded: time.tv_sec),
            nanoseconds: UInt32(truncatingIfNeeded: time.tv_nsec)
        )
    }
}
