package import Diagnostics
import Glibc

/// A lock file of git's, `index.lock`: whoever makes it may change the file that it is named for,
/// and removes it.
final class GitLock {
    /// Held by `flock` too, so that a later process can tell whether we died.
    private let file: OpenFile
    private let path: String

    /// What says that a lock is ours.
    private static let mark = Array("osodata: writing what this locks\n".utf8)

    /// Locks the file at `path`, waiting about a second for others.
    ///
    /// - Throws: `git.locked`.
    init(of path: String, in repository: Repository) throws(Failure) {
        let path = "\(path).lock"
        let folder = try repository.scratchFolder()
        let made = try repository.patiently { () throws(Failure) -> OpenFile? in
            try Self.removeStale(path)
            return try Self.make(path, scratch: folder)
        }
        guard let made else { throw Repository.staleLock(path) }
        file = made
        self.path = path
    }

    deinit { _ = unsafe unlink(path) }

    /// Makes the lock in one step with its mark: a process that dies here leaves none that nobody
    /// can tell from another program's.
    ///
    /// - Returns: the file, held; nil if somebody else has it.
    private static func make(_ path: String, scratch: String) throws(Failure) -> OpenFile? {
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        let temporary = "\(scratch)/lock-\(name)"
        guard let file = try OpenFile(temporary, O_RDWR | O_CREAT | O_EXCL) else { return nil }
        defer { _ = unsafe unlink(temporary) }
        _ = try file.lock(waiting: false)
        try file.write(mark)
        if unsafe link(temporary, path) == 0 { return file }
        if errno == EEXIST { return nil }
        throw Files.failure("The lock '\(path)' cannot be made.")
    }

    /// Removes a lock that a dead osodata left; other programs' locks stay.
    static func removeStale(_ path: String) throws(Failure) {
        guard let left = try OpenFile(path, O_RDWR, nilOn: [ENOENT, EACCES]),
            try left.readAll() == mark, try left.lock(waiting: false),
            // Somebody else may have removed it before us, and a third one made it anew.
            let now = try Files.status(path), try left.status().st_ino == now.st_ino
        else { return }
        try Files.remove(path)
    }
}

extension Repository {
    /// Lock files that have been there for a second or longer: what git commands that died left,
    /// or one that is at work for long.
    package func lingeringLocks() throws(Failure) -> [String] {
        var found = lockFiles()
        _ = try patiently { () throws(Failure) -> Bool? in
            var left: [String] = []
            for path in found where try Files.status(path) != nil { left.append(path) }
            found = left
            return found.isEmpty ? true : nil
        }
        return found
    }

    private func lockFiles() -> [String] {
        var found: [String] = []
        func look(_ folder: String, deep: Bool) {
            for name in Files.names(in: folder) {
                let path = "\(folder)/\(name)"
                if name.hasSuffix(".lock") {
                    if !found.contains(path) { found.append(path) }
                } else if deep {
                    look(path, deep: true)
                }
            }
        }
        look(gitDirectory, deep: false)
        look(commonDirectory, deep: false)
        look("\(commonDirectory)/refs", deep: true)
        return found.sorted()
    }

    /// Waits about a second for a lock file to go, removing it if a dead osodata left it.
    ///
    /// - Throws: `git.locked` if it stays.
    func awaitUnlocked(_ path: String) throws(Failure) {
        let isGone = try patiently { () throws(Failure) -> Bool? in
            try GitLock.removeStale(path)
            return try Files.status(path) == nil ? true : nil
        }
        if isGone == nil { throw Self.staleLock(path) }
    }
}
