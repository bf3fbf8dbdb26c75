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
    init(in folder: String) throws(Failure) {
        while true {
            let name = String(UInt64.random(in: .min ... .max), radix: 16)
            let path = "\(folder)/\(Self.prefix)\(name)"
            let flags = O_RDWR | O_CREAT | O_EXCL
            guard let made = try OpenFile(path, flags, mode: 0o600, nilOn: [EEXIST]) else {
                continue
            }
            // Between making and locking it, another process may have taken it for a dead one's.
            guard try made.lock(waiting: false), try made.status().st_nlink > 0 else { continue }
            file = made
            return
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
        for name in Files.names(in: folder) where name.hasPrefix(prefix) {
            let path = "\(folder)/\(name)"
            guard let left = try OpenFile(path, O_RDWR, nilOn: [ENOENT, EACCES]),
                try left.lock(waiting: false)
            else { continue }
            try Files.remove(path)
        }
    }
}

/// A `.keep` file beside a pack: while it is there, `git gc` does not touch the pack.
///
/// No reference leads to the pack's objects yet. Locked like a temporary file, for the same reason.
final class KeepFile: Sendable {
    private let file: OpenFile
    private static let text = "osodata: objects of a run whose reference has not moved yet\n"

    /// Makes the file; an abandoned one of the same pack is taken over.
    init(_ path: String) throws(Failure) {
        guard let made = try OpenFile(path, O_RDWR | O_CREAT, nilOn: []) else {
            throw Failure(.fileSystem, "'\(path)' cannot be made.")
        }
        file = made
        // Not having the lock means that a process writes the very same pack: it holds it for us.
        _ = try file.lock(waiting: false)
        try file.truncate()
        try file.write(Array(Self.text.utf8))
        try file.sync()
    }

    /// Lets `git gc` have the pack again.
    func remove() throws(Failure) { try Files.remove(file.path) }

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
