import Codecs
package import Diagnostics
import Dispatch
import Synchronization

/// Checks all of a directory, by the rules of docs/directory.md.
package struct DirectoryCheck: Sendable {
    /// The directory before an edit.
    package struct Base: Sendable {
        /// Reads a file of it, by its path below the directory.
        package typealias Read = @Sendable (String) throws(Failure) -> [UInt8]

        /// Git's object ids of its files, 20 bytes each, by their paths below the directory.
        package let blobs: [String: [UInt8]]
        package let read: Read

        /// Makes a base.
        package init(blobs: [String: [UInt8]], read: @escaping Read) {
            self.blobs = blobs
            self.read = read
        }
    }

    /// What was found.
    package struct Findings: Sendable {
        /// In the order of files, lines and columns.
        package let problems: [DirectoryProblem]
        package let projects: Int
        package let collections: Int
        /// The paths below the directory that the edit changed; nil if there was no base.
        package let changed: Set<String>?
    }

    private let folder: DirectoryFolder
    private let threads: Int
    private let rules: FileRules

    /// Gets ready.
    ///
    /// - Parameters:
    ///   - root: the folder that holds `projects/`, `collections/` and perhaps `schema/`.
    ///   - threads: how many files are checked at a time.
    /// - Throws: `directory.invalid-schema`, `directory.unreadable-file`.
    package init(root: String, threads: Int) throws(Failure) {
        folder = DirectoryFolder(root: root)
        self.threads = threads
        rules = try FileRules(of: folder)
    }

    /// Checks every file, and what files say against each other.
    ///
    /// - Parameter base: the directory before the edit; what it has not is an error, what it has a
    ///   warning. Without it, rules that real directories break are warnings.
    /// - Returns: all problems, whatever `threads` is.
    /// - Throws: `directory.unreadable-file` if not even the files can be listed; what `base` says.
    package func run(since base: Base? = nil) throws(Failure) -> Findings {
        var listing = DirectoryFolder.Listing()
        for name in ["projects", "collections"] { try folder.list(name, into: &listing) }
        let paths = listing.paths
        let checked = try check(count: paths.count) { index, rules in
            let path = paths[index]
            let bytes = Result { () throws(Failure) in try folder.bytes(of: path) }
            let isChanged = base.map { base in
                guard let old = base.blobs[path], let bytes = try? bytes.get() else { return true }
                return old != Self.blob(bytes)
            }
            return (CheckedFile(path, bytes, rules), isChanged ?? false)
        }
        let files = checked.map(\.0)
        var changed = Set(zip(paths, checked).lazy.filter(\.1.1).map(\.0))
        if let base { changed.formUnion(Set(base.blobs.keys).subtracting(paths)) }

        var problems = listing.problems.map { DirectoryProblem($0, subject: "file") }
        problems += files.flatMap(\.problems)
        problems += DirectoryConflicts(files, changed: changed).problems
        if let base {
            let old = try identities(of: files, before: base, changed)
            for index in problems.indices {
                problems[index].isOld = old.contains(problems[index].identity)
                problems[index].severity = problems[index].isOld ? .warning : .error
            }
        }
        problems.sort { Self.order($0) < Self.order($1) }
        return Findings(
            problems: problems,
            projects: files.count { $0.isProject },
            collections: files.count { !$0.isProject },
            changed: base == nil ? nil : changed
        )
    }

    /// What was wrong before an edit.
    private func identities(
        of files: [CheckedFile],
        before base: Base,
        _ changed: Set<String>
    ) throws(Failure) -> Set<String> {
        var before = files.filter { !changed.contains($0.path) }
        for path in changed where base.blobs[path] != nil {
            before.append(CheckedFile(path, .success(try base.read(path)), rules))
        }
        before.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        let conflicts = DirectoryConflicts(before, changed: changed).problems
        return Set((before.flatMap(\.problems) + conflicts).map(\.identity))
    }

    private static func order(_ problem: DirectoryProblem) -> (String, Int, Int, String) {
        let place = problem.failure.place
        return (
            place?.file ?? "", place?.line ?? 0, place?.column ?? 0, problem.failure.message
        )
    }

    /// Git's object id of a file.
    static func blob(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA1()
        hash.update("blob \(bytes.count)\0")
        hash.update(bytes)
        return hash.finalize()
    }

    /// Makes values on several threads; they are in the order of their indices.
    private func check<Value: Sendable>(
        count: Int,
        _ make: @Sendable (Int, FileRules) -> Value
    ) throws(Failure) -> [Value] {
        let threads = max(1, min(threads, count))
        var rules = [self.rules]
        while rules.count < threads { rules.append(try FileRules(of: folder)) }
        let shared = Mutex<[(index: Int, value: Value)]>([])
        DispatchQueue.concurrentPerform(iterations: threads) { [rules] thread in
            var mine: [(index: Int, value: Value)] = []
            for index in stride(from: thread, to: count, by: threads) {
                mine.append((index, make(index, rules[thread])))
            }
            shared.withLock { $0 += mine }
        }
        return shared.withLock { $0.sorted { $0.index < $1.index }.map(\.value) }
    }
}
