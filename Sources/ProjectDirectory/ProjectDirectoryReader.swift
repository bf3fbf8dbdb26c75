package import Codecs
package import Diagnostics
import Dispatch
import Synchronization

/// Reads a directory in the format of oss-directory, version 7 (docs/directory.md).
///
/// A directory is a folder with `projects/**/<name>.yaml` and `collections/**/<name>.yaml`. What
/// Open Source Observer's real directory holds is accepted as it is: projects below an odd first
/// letter, names that are no slugs, URLs of unexpected hosts. Such a URL yields no artifact.
package enum ProjectDirectoryReader {
    /// The one version of the format that is read.
    package static let version = 7

    /// Reads all of a directory.
    ///
    /// - Parameters:
    ///   - root: the folder that holds `projects/` and `collections/`; either may be missing.
    ///   - threads: how many files are parsed at a time.
    ///   - progress: told what is being done, in short sentences.
    /// - Returns: projects and collections in the order of their paths, whatever `threads` is.
    /// - Throws: the first failure in the order of paths, with `file:line:column`, the file relative
    ///   to `root`; if there are more, its hint says how many.
    package static func read(
        root: String,
        threads: Int = 2,
        progress: (String) -> Void = { _ in }
    ) throws(Failure) -> DirectoryContents {
        let (contents, failures) = try check(root: root, threads: threads, progress: progress)
        guard let first = failures.first else { return contents }
        throw first.withCount(of: failures.count - 1)
    }

    /// Reads what can be read of a directory, and lists everything that is wrong with the rest.
    ///
    /// - Parameters: as for `read`.
    /// - Returns: what is right, and the failures: those of files first, in the order of paths,
    ///   then those between files.
    /// - Throws: `directory.unreadable-file`, `directory.wrong-extension` if not even the files
    ///   can be listed.
    package static func check(
        root: String,
        threads: Int = 2,
        progress: (String) -> Void = { _ in }
    ) throws(Failure) -> (contents: DirectoryContents, failures: [Failure]) {
        let folder = DirectoryFolder(root: root)
        let projectFiles = try files(below: "projects", of: folder)
        let collectionFiles = try files(below: "collections", of: folder)
        progress("Reading \(projectFiles.count) projects, \(collectionFiles.count) collections.")
        let projects = parse(projectFiles, in: folder, threads: threads, Project.init)
        let collections = parse(
            collectionFiles,
            in: folder,
            threads: threads,
            ListedCollection.init
        )
        var failures = projects.failures + collections.failures
        failures += duplicates(
            projects.values.map { ($0.name, $0.sourceFile, $0.sourceLine) }
        )
        failures += duplicates(
            collections.values.map(\.contents).map { ($0.name, $0.sourceFile, $0.sourceLine) }
        )
        if projects.failures.isEmpty {
            // While a project cannot be read, "unknown" would be the wrong complaint about it.
            let names = Set(projects.values.map(\.name))
            failures += collections.values.flatMap { $0.unknownProjects(known: names) }
        }
        let contents = DirectoryContents(
            projects: projects.values,
            collections: collections.values.map(\.contents),
            digest: digest(projectFiles + collectionFiles, projects.digests + collections.digests)
        )
        return (contents, failures)
    }

    /// The digest that `read` would give its contents, without parsing anything.
    ///
    /// - Parameter root: the folder that holds `projects/` and `collections/`.
    /// - Returns: the digest of all paths and bytes that `read` reads.
    /// - Throws: `directory.unreadable-file`, `directory.wrong-extension`.
    package static func digest(root: String) throws(Failure) -> Digest {
        let folder = DirectoryFolder(root: root)
        let files =
            try files(below: "projects", of: folder) + files(below: "collections", of: folder)
        var digests: [Digest?] = []
        for file in files { digests.append(Digest.of(try folder.bytes(of: file))) }
        return digest(files, digests)
    }

    private static func files(
        below name: String,
        of folder: DirectoryFolder
    ) throws(Failure) -> [String] {
        var listing = DirectoryFolder.Listing()
        try folder.list(name, into: &listing)
        if let problem = listing.problems.first { throw problem }
        return listing.paths
    }

    private static func digest(_ files: [String], _ digests: [Digest?]) -> Digest {
        var hash = SHA256()
        for (file, digest) in zip(files, digests) {
            hash.update("file \(digest?.hex ?? "unreadable") \(file)\n")
        }
        return hash.finalize()
    }

    // MARK: Parsing

    /// What became of one file.
    private struct Parsed<Value: Sendable>: Sendable {
        let index: Int
        let digest: Digest?
        let result: Result<Value, Failure>
    }

    /// Parses files on several threads; values, failures and digests are in the order of `files`.
    private static func parse<Value: Sendable>(
        _ files: [String],
        in folder: DirectoryFolder,
        threads: Int,
        _ make: @Sendable (YAMLValue, String) throws(Failure) -> Value
    ) -> (values: [Value], failures: [Failure], digests: [Digest?]) {
        let threads = max(1, min(threads, files.count))
        let shared = Mutex<[Parsed<Value>]>([])
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            var mine: [Parsed<Value>] = []
            for index in stride(from: thread, to: files.count, by: threads) {
                var digest: Digest?
                do throws(Failure) {
                    let file = files[index]
                    let bytes = try folder.bytes(of: file)
                    digest = Digest.of(bytes)
                    let value = try make(try YAMLParser.parse(bytes, file: file).root, file)
                    mine.append(Parsed(index: index, digest: digest, result: .success(value)))
                } catch {
                    mine.append(Parsed(index: index, digest: digest, result: .failure(error)))
                }
            }
            shared.withLock { $0 += mine }
        }
        let parsed = shared.withLock { $0.sorted { $0.index < $1.index } }
        var values: [Value] = []
        var failures: [Failure] = []
        for file in parsed {
            switch file.result {
            case .success(let value): values.append(value)
            case .failure(let failure): failures.append(failure)
            }
        }
        return (values, failures, parsed.map(\.digest))
    }

    // MARK: Across files

    /// A failure for each file that states a name an earlier file has stated.
    private static func duplicates(
        _ names: [(name: String, file: String, line: Int)]
    ) -> [Failure] {
        var first: [String: String] = [:]
        var failures: [Failure] = []
        for (name, file, line) in names {
            guard let other = first[name] else {
                first[name] = file
                continue
            }
            failures.append(
                Failure(
                    .duplicateName,
                    "The name \"\(name)\" is taken by \"\(other)\" already.",
                    hint: "Rename or remove one of the two files.",
                    place: Place(file: file, line: line)
                )
            )
        }
        return failures
    }
}

extension Failure {
    /// The same failure, with a hint that says how many more there are.
    fileprivate func withCount(of more: Int) -> Failure {
        guard more > 0 else { return self }
        let count = more == 1 ? "One more problem was" : "\(more) more problems were"
        return Failure(
            code,
            message,
            hint: [hint, "\(count) found."].compactMap(\.self).joined(separator: " "),
            place: place,
            cause: cause
        )
    }
}
