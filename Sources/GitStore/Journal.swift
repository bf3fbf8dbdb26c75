import CLibGit2
package import Diagnostics
import Glibc

/// What lets the next command finish a run that died between moving the branch and checking out:
/// without it, index and work tree would say the old, and the next commit would revert the run.
///
/// The order is: write the objects, `begin`, move the reference, check out, `finish`. Others who
/// want to do the same wait meanwhile.
package final class Journal: Sendable {
    private let path: String
    private let lock: FileLock

    private init(path: String, lock: FileLock) {
        self.path = path
        self.lock = lock
    }

    private static func path(_ repository: Repository) -> String {
        "\(repository.gitDirectory)/osodata/journal"
    }

    private static let format = "osodata journal 1"

    /// Writes down, durably, that `ref` is about to move and what must follow.
    ///
    /// - Parameters:
    ///   - repository: where.
    ///   - ref: the full name of the reference.
    ///   - old: the commit it is at; nil if it is unborn.
    ///   - new: the commit it goes to, in the repository already.
    ///   - prefixes: the folders and files to check out then; none if another branch is
    ///     checked out.
    /// - Returns: the journal, which holds off other runs until it is finished.
    /// - Throws: `git.file-system`; what finishing a dead run throws.
    package static func begin(
        _ repository: Repository,
        ref: String,
        from old: ObjectID?,
        to new: ObjectID,
        prefixes: [String]
    ) throws(Failure) -> Journal {
        let folder = try repository.scratchFolder()
        let path = path(repository)
        guard let lock = try FileLock.take("\(path).lock", waiting: true) else {
            throw Failure(.locked, "The journal '\(path)' is locked.")
        }
        // Whoever had the lock before us may have died.
        _ = try finishInterrupted(repository)
        var text = "\(format)\nref \(ref)\nfrom \(old?.hex ?? "-")\nto \(new)\n"
        for prefix in prefixes { text += "prefix \(prefix)\n" }
        let temporary = "\(path).new"
        try Files.remove(temporary)
        guard let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL) else {
            throw Failure(.fileSystem, "'\(temporary)' cannot be made.")
        }
        try file.write(Array(text.utf8))
        try file.sync()
        try Files.rename(temporary, path)
        try Files.syncFolder(folder)
        return Journal(path: path, lock: lock)
    }

    /// Says that index and work tree are done, or that the reference did not move after all.
    package func finish() throws(Failure) {
        try Files.remove(path)
        lock.release()
    }

    /// Finishes the checkout of a run that died, and removes what dead processes left behind.
    ///
    /// For the start of every command: if nothing was left, it writes nothing.
    ///
    /// The reference decides: did it not move, or did somebody commit something else since, there
    /// is nothing to finish.
    ///
    /// - Returns: whether a checkout was finished.
    /// - Throws: `git.corrupt-journal`; what `checkout` throws.
    @discardableResult
    package static func recover(_ repository: Repository) throws(Failure) -> Bool {
        try? KeepFile.removeStale(in: repository.packDirectory)
        guard try Files.status(path(repository)) != nil else { return false }
        // A run that is alive will finish by itself.
        guard let lock = try FileLock.take("\(path(repository)).lock", waiting: false) else {
            return false
        }
        defer { lock.release() }
        return try finishInterrupted(repository)
    }

    /// Does what the journal says is left to do; the caller has its lock.
    private static func finishInterrupted(_ repository: Repository) throws(Failure) -> Bool {
        let path = path(repository)
        guard let bytes = try Files.read(path) else { return false }
        let entry = try Entry(parsing: bytes, path: path)
        for name in ["index", "HEAD"] {
            try GitLock.removeStale("\(repository.gitDirectory)/\(name).lock")
        }
        try removeReferenceLock(repository, entry, journal: path)
        try removeScratchFiles(repository)
        var isFinished = false
        if try !unfinished(repository, entry).isEmpty, let lock = try repository.lockWorkTree() {
            // HEAD may have gone elsewhere before it was locked.
            for left in try unfinished(repository, entry) {
                _ = try lock.checkout(prefix: left.prefix, from: left.old, to: left.new)
                isFinished = true
            }
            try lock.finish()
        }
        try Files.remove(path)
        return isFinished
    }

    /// What the dead run changed that HEAD has still, with the trees from which and to which.
    private static func unfinished(
        _ repository: Repository,
        _ entry: Entry
    ) throws(Failure) -> [(prefix: String, old: ObjectID?, new: ObjectID)] {
        guard let head = try repository.head().commit, repository.contains(entry.new) else {
            return []
        }
        let tree = try repository.commit(head).tree
        let old = try entry.old.map { (id) throws(Failure) in try repository.commit(id).tree }
        let new = try repository.commit(entry.new).tree
        var found: [(prefix: String, old: ObjectID?, new: ObjectID)] = []
        for prefix in entry.prefixes {
            guard try repository.isEqual(tree, new, at: prefix),
                try !repository.isEqual(old, new, at: prefix)
            else { continue }
            found.append((prefix, old, new))
        }
        return found
    }

    /// Removes the lock of the reference that the dead run was moving.
    ///
    /// It is libgit2's, which signs nothing. It is ours if it came after the journal, holds nothing
    /// but what we were about to write, and stays: whoever publishes now waits for the journal, and
    /// git holds its locks for milliseconds.
    private static func removeReferenceLock(
        _ repository: Repository,
        _ entry: Entry,
        journal: String
    ) throws(Failure) {
        let lock = "\(repository.commonDirectory)/\(entry.ref).lock"
        func isOurs() throws(Failure) -> Bool {
            guard let made = try Files.status(lock), let begun = try Files.status(journal),
                (begun.st_mtim.tv_sec, begun.st_mtim.tv_nsec)
                    <= (made.st_mtim.tv_sec, made.st_mtim.tv_nsec),
                let text = try Files.read(lock)
            else { return false }
            return Array("\(entry.new)\n".utf8).starts(with: text)
        }
        let isOther = try repository.patiently { () throws(Failure) -> Bool? in
            try isOurs() ? nil : true
        }
        if isOther == nil { try Files.remove(lock) }
    }

    /// Removes files that were on their way into index or work tree, or to be a lock.
    private static func removeScratchFiles(_ repository: Repository) throws(Failure) {
        let folder = try repository.scratchFolder()
        for name in Files.names(in: folder)
        where ["file-", "index-", "lock-"].contains(where: { name.hasPrefix($0) }) {
            try Files.remove("\(folder)/\(name)")
        }
    }

    /// What the file says: the lines `ref`, `from`, `to` and a `prefix` each.
    private struct Entry {
        let ref: String
        let old: ObjectID?
        let new: ObjectID
        let prefixes: [String]

        init(parsing bytes: [UInt8], path: String) throws(Failure) {
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            var fields: [Substring: [Substring]] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: " ", maxSplits: 1)
                if parts.count == 2 { fields[parts[0], default: []].append(parts[1]) }
            }
            guard let first = lines.first, first == Journal.format,
                let ref = fields["ref"]?.first, (try? PathRules.components(String(ref))) != nil,
                let from = fields["from"]?.first, let to = fields["to"]?.first,
                let new = ObjectID(hex: to), from == "-" || ObjectID(hex: from) != nil
            else {
                throw Failure(
                    .corruptJournal,
                    "The journal '\(path)' makes no sense to this version of osodata.",
                    hint: "Look at it and at git status, then remove it: rm '\(path)'"
                )
            }
            self.ref = String(ref)
            old = ObjectID(hex: from)
            self.new = new
            prefixes = fields["prefix", default: []].map(String.init)
        }
    }
}

extension Repository {
    /// Whether two trees have the same at `path`.
    fileprivate func isEqual(
        _ left: ObjectID?,
        _ right: ObjectID?,
        at path: String
    ) throws(Failure) -> Bool {
        var found: [TreeEntry?] = []
        for tree in [left, right] {
            found.append(
                try tree.flatMap { (tree) throws(Failure) in try entry(path: path, inTree: tree) }
            )
        }
        return found[0]?.id == found[1]?.id
    }
}
