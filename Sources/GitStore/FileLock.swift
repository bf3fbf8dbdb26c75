package import Diagnostics
import Glibc
import Synchronization

/// A lock file that one process holds at a time, by `flock`.
///
/// The system drops it when the process ends, however it ends. The file stays; removing it would
/// let two hold it.
package final class FileLock: Sendable {
    private let file: Mutex<OpenFile?>

    private init(_ file: consuming sending OpenFile) { self.file = Mutex(file) }

    /// Takes the lock at `path`, whose folder is made if need be.
    ///
    /// - Parameters:
    ///   - path: the file of the lock.
    ///   - what: what is locked, as the subject of a sentence: `The table 'marts.projects_v1'`.
    ///   - waiting: waits for another holder to release it; otherwise that is a failure.
    /// - Returns: the lock, held.
    /// - Throws: `git.locked`, which names the process that holds it.
    package static func acquire(
        _ path: String,
        what: String,
        waiting: Bool = false
    ) throws(Failure) -> FileLock {
        guard let lock = try take(path, waiting: waiting) else {
            let text = try Files.read(path) ?? []
            let holder = String(decoding: text.prefix { $0 > 32 }, as: UTF8.self)
            throw Failure(
                .locked,
                "\(what) is locked by \(holder.isEmpty ? "another process" : "process '\(holder)'").",
                hint: "Wait until it is done, or look at it: ps -fp \(holder)"
            )
        }
        return lock
    }

    /// Takes the lock at `path`; nil if another holder has it and `waiting` is off.
    static func take(_ path: String, waiting: Bool) throws(Failure) -> FileLock? {
        if let slash = path.lastIndex(of: "/") { try Files.makeFolder(String(path[..<slash])) }
        guard let file = try OpenFile(path, O_RDWR | O_CREAT), try file.lock(waiting: waiting)
        else { return nil }
        try file.truncate()
        try file.write(Array("\(getpid())\n".utf8))
        return FileLock(file)
    }

    /// Lets the next one have it; without this, it goes when the object does.
    package func release() { file.withLock { $0 = nil } }
}
