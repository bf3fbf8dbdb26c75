import Diagnostics
import Glibc

/// A file on its way to its name.
///
/// It is made in the pack folder, so that it is on the same file system as all objects, under a
/// name that git neither reads nor prunes (`git prune --prune=now` takes every `tmp_*`). It goes
/// away with this object unless it was published.
///
/// It is locked while its process lives, so that a later process can tell what a dead one left.
final class TemporaryFile {
    let file: OpenFile
    private var isPublished = false
    private static let prefix = "osodata_tmp_"

    /// Makes an empty file in `folder`.
    init(in folder: String) throws(Failure) { file = try Self.make(in: folder) }

    /// An empty file in `folder` under a name of its own, locked.
    static func make(in folder: String) throws(Failure) -> OpenFile {
        while true {
            let name = String(UInt64.random(in: .min ... .max), radix: 16)
            let path = "\(folder)/\(prefix)\(name)"
            let flags = O_RDWR | O_CREAT | O_EXCL
            guard let made = try OpenFile(path, flags, mode: 0o600, nilOn: [EEXIST]) else {
                continue
            }
            // Between making and locking it, another process may have taken it for a dead one's.
            guard try made.lock(waiting: false), try made.status().st_nlink > 0 else { continue }
            return made
        }
    }

    deinit { if !isPublished { _ = unsafe unlink(file.path) } }

    /// Gives the file its name and git's permissions for objects.
    func publish(as path: String) throws(Failure) {
        try file.setMode(0o444)
        try Files.rename(file.path, path)
        isPublished = true
    }

    /// Removes the files that dead processes left in `folder`.
    static func removeStale(in folder: String) throws(Failure) {
        try forEachAbandoned(in: folder) { (path) throws(Failure) in try Files.remove(path) }
    }

    /// Calls `body` with each file that a dead process left in `folder`, while its lock is held.
    static func forEachAbandoned(
        in folder: String,
        _ body: (String) throws(Failure) -> Void
    ) throws(Failure) {
        for name in Files.names(in: folder) where name.hasPrefix(prefix) {
            let path = "\(folder)/\(name)"
            // For reading: a file that was about to get its name may be read-only already.
            guard let left = try OpenFile(path, O_RDONLY, nilOn: [ENOENT, EACCES]),
                try left.lock(waiting: false)
            else { continue }
            try body(path)
        }
    }
}

/// A `.keep` file beside a pack: while it is there, `git gc` does not touch the pack.
///
/// No reference leads to the pack's objects yet. Locked like a temporary file, for the same reason.
final class KeepFile: Sendable {
    private let path: String
    /// Holds the lock.
    private let file: OpenFile
    private static let text = "osodata: objects of a run whose reference has not moved yet\n"

    /// Makes the file, with its text in one step: an empty one would be nobody's to remove.
    ///
    /// One of the same pack is taken over: that of a dead process, or of one that writes the very
    /// same objects.
    init(_ path: String) throws(Failure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        file = try TemporaryFile.make(in: folder)
        self.path = path
        do throws(Failure) {
            try file.write(Array(Self.text.utf8))
            try file.sync()
            try file.setMode(0o444)
            try Files.rename(file.path, path)
        } catch {
            _ = unsafe unlink(file.path)
            throw error
        }
    }

    /// Lets `git gc` have the pack again.
    func remove() throws(Failure) { try Files.remove(path) }

    /// Removes the files that dead processes left in `folder`; other people's are not touched.
    static func removeStale(in folder: String) throws(Failure) {
        for name in Files.names(in: folder) where name.hasSuffix(".keep") {
            let path = "\(folder)/\(name)"
            guard let left = try OpenFile(path, O_RDONLY, nilOn: [ENOENT, EACCES]),
                try left.readAll() == Array(text.utf8), try left.lock(waiting: false)
            else { continue }
            try Files.remove(path)
        }
    }
}
