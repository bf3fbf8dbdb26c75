import CLibGit2
import Diagnostics
import Glibc

/// Remembers that nothing was dirty under a folder, so that the next command finds it out by times.
///
/// To compare `HEAD` with the index, and the index with the work tree, libgit2 reads every tree and
/// asks for every file ten times. The mark is a file `osodata/clean-…` in the git directory: what
/// the index was, the folder's tree in `HEAD`, and when the comparison began. While index and tree
/// are those, `HEAD` and index agree; and a file that has the times the index says, all before the
/// comparison, was not touched since. Losing a mark costs a comparison.
struct CleanMark {
    private let repository: Repository
    private let prefix: String
    private let root: String
    private let file: String

    /// The mark of a folder or a file; nil without a work tree.
    init?(_ repository: Repository, prefix: String) {
        guard let root = repository.workTree, !prefix.isEmpty else { return nil }
        self.repository = repository
        self.prefix = prefix
        self.root = root
        let name = prefix.replacing("%", with: "%25").replacing("/", with: "%2F")
        file = "\(repository.gitDirectory)/osodata/clean-\(name)"
    }

    /// What the index is as a file, and what `HEAD` has of the folder.
    private func state() throws(Failure) -> String? {
        guard let index = try Files.status("\(repository.gitDirectory)/index"),
            let head = try repository.head().commit
        else { return nil }
        let tree = try repository.entry(
            path: prefix,
            inTree: repository.commit(head).tree
        )?.id
        let times = "\(Self.text(index.st_mtim)) \(Self.text(index.st_ctim))"
        return "\(times) \(index.st_ino) \(index.st_size) \(tree?.hex ?? "-")"
    }

    private static func text(_ time: timespec) -> String { "\(time.tv_sec).\(time.tv_nsec)" }

    /// Compares, and leaves a mark if nothing is dirty.
    ///
    /// - Parameter compare: the whole comparison.
    /// - Returns: what it gave.
    /// - Throws: what it throws.
    func marking(
        _ compare: () throws(Failure) -> [DirtyFile]
    ) throws(Failure) -> [DirtyFile] {
        let before = try state()
        let begun = begin()
        let dirty = try compare()
        // Where all was moved meanwhile, the next command compares again.
        if let begun, dirty.isEmpty, let before, try state() == before {
            fill("\(Self.text(begun))\n\(before)\n")
        }
        return dirty
    }

    /// Makes an empty mark, which marks nothing, and has a time: what is changed from now on is no
    /// older, by the clock that files have their times from.
    ///
    /// - Returns: its time; nil where it cannot be made, as in a repository one may only read.
    private func begin() -> timespec? {
        do throws(Failure) {
            _ = try repository.scratchFolder()
            try Files.remove(file)
            return try OpenFile(file, O_WRONLY | O_CREAT | O_EXCL)?.status().st_mtim
        } catch {
            return nil
        }
    }

    /// Writes the mark; where there is no room, a part of one marks nothing.
    private func fill(_ text: String) {
        do throws(Failure) {
            try OpenFile(file, O_WRONLY)?.write(Array(text.utf8))
        } catch {
            return
        }
    }

    /// Whether the mark and the times of all files say that nothing is dirty, nor is there a file
    /// that git does not know.
    ///
    /// - Throws: what git says of `HEAD`.
    func isClean() throws(Failure) -> Bool {
        guard let bytes = try Files.read(file), let now = try state() else { return false }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, lines[1] == now, let begun = Self.time(lines[0]) else {
            return false
        }
        return try unsafe repository.withHandle { (handle) throws(Failure) in
            var index: OpaquePointer?
            guard unsafe git_repository_index(&index, handle) == 0 else { return false }
            defer { unsafe git_index_free(index) }
            guard unsafe git_index_read(index, 0) == 0 else { return false }
            return unsafe isAsIndexed(index, begun)
        }
    }

    private static func time(_ text: Substring) -> timespec? {
        let parts = text.split(separator: ".").compactMap { Int($0) }
        return parts.count == 2 ? timespec(tv_sec: parts[0], tv_nsec: parts[1]) : nil
    }

    private func isAsIndexed(_ index: OpaquePointer?, _ begun: timespec) -> Bool {
        var folders = FolderCounts()
        // Names below the root are found sooner from there than from the top each time.
        let top = unsafe open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard top >= 0 else { return false }
        defer { close(top) }
        for place in 0..<(unsafe git_index_entrycount(index)) {
            guard let entry = unsafe git_index_get_byindex(index, place)?.pointee,
                let text = unsafe entry.path
            else { return false }
            let path = unsafe UnsafeBufferPointer(start: text, count: strlen(text))
            guard unsafe isBelow(path) else { continue }
            var file = stat()
            guard unsafe fstatat(top, text, &file, AT_SYMLINK_NOFOLLOW) == 0,
                unsafe isUntouched(file, entry, begun)
            else { return false }
            unsafe folders.add(path)
        }
        // A folder that is there has to be one of the index.
        let isThere = unsafe access("\(root)/\(prefix)", F_OK) == 0
        guard isThere == !folders.isEmpty else { return false }
        // All that the index knows is there: one more is one that it does not know.
        return folders.finish().allSatisfy { folder, count in
            !isBelow(folder) || Self.nameCount(in: folder, of: top) == count
        }
    }

    /// Whether a path is the folder, or lies below it.
    private func isBelow(_ path: UnsafeBufferPointer<CChar>) -> Bool {
        let name = prefix.utf8
        guard path.count >= name.count,
            unsafe zip(path, name).allSatisfy({ UInt8(bitPattern: $0) == $1 })
        else { return false }
        return unsafe path.count == name.count || path[name.count] == CChar(ascii: "/")
    }

    private func isBelow(_ folder: String) -> Bool {
        folder == prefix || folder.hasPrefix(prefix + "/")
    }

    /// How many names a folder below another has.
    private static func nameCount(in path: String, of top: Int32) -> Int? {
        let file = unsafe openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        guard let folder = unsafe fdopendir(file) else {
            close(file)
            return nil
        }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Itself, and the one above it.
        return count - 2
    }

    /// Whether a file has the times, size and number that the index says, and had them before the
    /// comparison began.
    private func isUntouched(_ file: stat, _ entry: git_index_entry, _ begun: timespec) -> Bool {
        // Anything but a plain file, or one that the work tree is not to have, is not for times.
        let isPlain =
            unsafe entry.mode & 0o170000 == 0o100000 && entry.flags_extended == 0
            && entry.flags & UInt16(GIT_INDEX_ENTRY_STAGEMASK) == 0
        let changed = file.st_ctim
        // git takes the size from an entry as old as its index, to look at the content each time;
        // the comparison has.
        let size = UInt32(truncatingIfNeeded: file.st_size)
        guard unsafe entry.file_size == size || entry.file_size == 0 else { return false }
        return unsafe isPlain && file.st_mode & S_IFMT == S_IFREG
            && entry.ino == UInt32(truncatingIfNeeded: file.st_ino)
            && Self.isSame(entry.mtime, file.st_mtim) && Self.isSame(entry.ctime, changed)
            && (changed.tv_sec, changed.tv_nsec) < (begun.tv_sec, begun.tv_nsec)
    }

    private static func isSame(_ indexed: git_index_time, _ file: timespec) -> Bool {
        indexed.seconds == Int32(truncatingIfNeeded: file.tv_sec)
            && indexed.nanoseconds == UInt32(truncatingIfNeeded: file.tv_nsec)
    }
}

/// How many names each folder has, of paths that come in the order of their bytes.
private struct FolderCounts {
    /// The folders that the last path lies in, the outermost first: where its name ends in the
    /// path, and how many names it has so far.
    private var open: [(end: Int, count: Int)] = []
    private var last: [CChar] = []
    private var closed: [(folder: String, count: Int)] = []

    var isEmpty: Bool { last.isEmpty }

    /// Takes the next path.
    mutating func add(_ path: UnsafeBufferPointer<CChar>) {
        var common = 0
        while common < min(path.count, last.count), unsafe path[common] == last[common] {
            common += 1
        }
        // Folders that end within what both begin with are the same.
        while let folder = open.last, folder.end >= common { close() }
        var start = open.last.map { $0.end + 1 } ?? 0
        if !open.isEmpty { open[open.count - 1].count += 1 }
        while let slash = unsafe path[start...].firstIndex(of: CChar(ascii: "/")) {
            // The name that was counted is a folder, with one name so far.
            open.append((slash, 1))
            start = slash + 1
        }
        last = unsafe Array(path)
    }

    private mutating func close() {
        let folder = open.removeLast()
        let name = last[..<folder.end].map { UInt8(bitPattern: $0) }
        closed.append((String(decoding: name, as: UTF8.self), folder.count))
    }

    /// All folders.
    consuming func finish() -> [(folder: String, count: Int)] {
        while !open.isEmpty { close() }
        return closed
    }
}

extension CChar {
    fileprivate init(ascii scalar: Unicode.Scalar) {
        self = CChar(bitPattern: UInt8(ascii: scalar))
    }
}
