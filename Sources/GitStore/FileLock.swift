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

    /// Takes the lock at `path`, whose folder is made if need be; nil if another holder has it.
    ///
    /// - Throws: `git.*` for a file that cannot be made.
    package static func acquireIfFree(_ path: String) throws(Failure) -> FileLock? {
        try take(path, waiting: false)
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

    /// The files in `folder` that a process has locked now, by name; takes no lock itself.
    ///
    /// - Returns: names, and the process each file names.
    package static func holders(
        in folder: String
    ) throws(Failure) -> [(name: String, process: Int)] {
        // 1: FLOCK  ADVISORY  WRITE 4242 fe:01:1234567 0 EOF (proc(5))
        let lines = String(decoding: try Files.read("/proc/locks") ?? [], as: UTF8.self)
            .split(separator: "\n").map { $0.split(separator: " ") }
        let held = Set(
            lines.filter { $0.contains("FLOCK") && !$0.contains("->") && $0.count > 5 }
                .compactMap { $0[5].split(separator: ":").last.flatMap { UInt64($0) } }
        )
        var found: [(name: String, process: Int)] = []
        for name in Files.names(in: folder) {
            let path = "\(folder)/\(name)"
            guard let status = try Files.status(path), held.contains(UInt64(status.st_ino)),
                let text = try Files.read(path),
                let process = Int(String(decoding: text.prefix { $0 > 32 }, as: UTF8.self))
            else { continue }
            found.append((name, process))
        }
        return found
    }

    /// Lets the next one have it; without this, it goes when the object does.
    ///
    /// Not by closing the file alone: a child that is being started has it open too for a moment.
    package func release() {
        file.withLock { file in
            file?.unlock()
            file = nil
        }
    }

    deinit { release() }
}
