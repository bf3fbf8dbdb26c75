package import Diagnostics
import Glibc

/// The few calls to the file system that git's own order of writing asks for.
package enum Files {
    /// The whole content of a file; nil if there is none.
    ///
    /// - Throws: `git.file-system`.
    package static func read(_ path: String) throws(Failure) -> [UInt8]? {
        guard let file = try OpenFile(path, O_RDONLY, nilOn: [ENOENT, ENOTDIR]) else { return nil }
        return try file.readAll()
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(Failure) {
        if unsafe mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw failure("The folder '\(path)' cannot be made.")
        }
        try makeFolder(String(path[..<slash]))
        guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw failure("The folder '\(path)' cannot be made.")
        }
    }

    /// Gives a file another name on the same file system, replacing what has it.
    static func rename(_ from: String, _ to: String) throws(Failure) {
        guard unsafe Glibc.rename(from, to) == 0 else {
            throw failure("'\(from)' cannot be renamed to '\(to)'.")
        }
    }

    /// Removes a file if it is there.
    static func remove(_ path: String) throws(Failure) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw failure("'\(path)' cannot be removed.")
        }
    }

    /// Makes the names in a folder durable.
    static func syncFolder(_ path: String) throws(Failure) {
        guard let folder = try OpenFile(path, O_RDONLY | O_DIRECTORY) else { return }
        try folder.sync()
    }

    /// The names in a folder, sorted; none if it does not exist.
    static func names(in path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// What `lstat` says of a path; nil if nothing is there.
    static func status(_ path: String) throws(Failure) -> stat? {
        var out = stat()
        if unsafe lstat(path, &out) == 0 { return out }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw failure("'\(path)' cannot be looked at.")
    }

    /// A failure of the last call, with the system's reason.
    static func failure(_ message: String, hint: String? = nil) -> Failure {
        let reason = unsafe strerror(errno).map { unsafe String(cString: $0) }
        return Failure(.fileSystem, message, hint: hint, cause: reason)
    }
}

/// An open file, closed when it goes away.
struct OpenFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens a file; nil if that ends in one of the errors in `nilOn`.
    init?(
        _ path: String,
        _ flags: Int32,
        mode: mode_t = 0o666,
        nilOn expected: [Int32] = []
    ) throws(Failure) {
        descriptor = unsafe open(path, flags | O_CLOEXEC, mode)
        self.path = path
        if descriptor < 0 {
            if expected.contains(errno) { return nil }
            throw Files.failure("'\(path)' cannot be opened.")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Writes all of `bytes` where the file stands.
    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Files.failure("'\(path)' cannot be written.")
            }
            done += count
        }
    }

    /// Writes all of `bytes` where the file stands.
    func write(_ bytes: [UInt8]) throws(Failure) {
        try unsafe bytes.withUnsafeBufferPointer { (raw) throws(Failure) in
            try unsafe write(UnsafeRawBufferPointer(raw))
        }
    }

    /// Writes `bytes` at a place from the start.
    func write(_ bytes: [UInt8], at offset: Int) throws(Failure) {
        let count = unsafe bytes.withUnsafeBytes { (raw) in
            unsafe pwrite(descriptor, raw.baseAddress, raw.count, offset)
        }
        guard count == bytes.count else { throw Files.failure("'\(path)' cannot be written.") }
    }

    /// Reads at most `count` bytes at a place from the start; fewer at the end only.
    func read(_ count: Int, at offset: Int) throws(Failure) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe out.withUnsafeMutableBytes { (raw) in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: raw[done...])
                return unsafe pread(descriptor, rest.baseAddress, rest.count, offset + done)
            }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw Files.failure("'\(path)' cannot be read.")
            }
            done += got
        }
        out.removeLast(count - done)
        return out
    }

    /// The whole content.
    func readAll() throws(Failure) -> [UInt8] {
        // One byte more than there are: less comes at the end only. What the kernel makes as it is
        // read (/proc) states no size.
        let size = Int(try status().st_size)
        var out = try read(size + 1, at: 0)
        if out.count <= size { return out }
        while true {
            let piece = try read(1 << 16, at: out.count)
            if piece.isEmpty { return out }
            out += piece
        }
    }

    /// Empties the file.
    func truncate() throws(Failure) {
        guard ftruncate(descriptor, 0) == 0 else {
            throw Files.failure("'\(path)' cannot be written.")
        }
    }

    /// Makes the content durable.
    func sync() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw Files.failure("'\(path)' cannot be synced.") }
    }

    /// Sets the permissions.
    func setMode(_ mode: mode_t) throws(Failure) {
        guard fchmod(descriptor, mode) == 0 else {
            throw Files.failure("The permissions of '\(path)' cannot be set.")
        }
    }

    /// Takes the advisory lock of the file; false if another holder has it and `waiting` is off.
    ///
    /// The system drops it when the file is closed, also by death.
    func lock(waiting: Bool) throws(Failure) -> Bool {
        while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK { return false }
            throw Files.failure("'\(path)' cannot be locked.")
        }
        return true
    }

    /// Gives the lock up, whoever else has the file open by a copy of this descriptor.
    func unlock() { _ = flock(descriptor, LOCK_UN) }

    /// What `fstat` says.
    func status() throws(Failure) -> stat {
        var out = stat()
        guard unsafe fstat(descriptor, &out) == 0 else {
            throw Files.failure("'\(path)' cannot be looked at.")
        }
        return out
    }
}
