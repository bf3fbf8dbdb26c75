import CLibGit2
package import Diagnostics
import Glibc
import Synchronization

/// An open git repository.
///
/// Objects are read through libgit2's object database, which several threads may use; references,
/// configuration and revisions go through the repository handle under a lock.
@safe
package final class Repository: @unchecked Sendable {
    // @unchecked Sendable: both handles are set once; `odb` locks itself, `handle` is used under
    // `lock` only.
    private let handle: OpaquePointer
    let odb: OpaquePointer
    private let lock = Mutex<Void>(())

    /// The repository's own folder (`.git`; of a linked work tree, its folder in
    /// `.git/worktrees`), without a slash at its end.
    package let gitDirectory: String
    /// The folder with objects and references, which linked work trees share.
    package let commonDirectory: String
    /// The folder of the checked out files; nil for a bare repository.
    package let workTree: String?
    /// Whether history ends early (`git clone --depth`).
    package var isShallow: Bool { !shallowCommits.isEmpty }
    /// Whether objects may be missing (`git clone --filter`).
    package var isFiltered: Bool { !promisorRemotes.isEmpty }
    /// The remotes that promised to give missing objects later, in the order of the configuration.
    package let promisorRemotes: [String]
    /// The commits whose parents a shallow clone lacks.
    let shallowCommits: Set<ObjectID>
    /// Waits a hundredth of a second, for a lock of git's to go.
    private let pause: @Sendable () -> Void

    /// Opens the repository that `path` lies in.
    ///
    /// - Parameters:
    ///   - path: a folder or file.
    ///   - pause: waits a hundredth of a second, for a lock of git's to go.
    /// - Throws: `git.not-a-repository`, `git.foreign-owned`, `git.sha256`,
    ///   `git.unsupported-extension`.
    package init(
        discovering path: String,
        pause: @escaping @Sendable () -> Void = { usleep(10_000) }
    ) throws(Failure) {
        self.pause = pause
        LibGit2.started
        var out: OpaquePointer?
        let status = unsafe git_repository_open_ext(&out, path, 0, nil)
        guard status == 0, let repository = unsafe out else {
            throw Self.openingFailure(status, path)
        }
        var database: OpaquePointer?
        let second = unsafe git_repository_odb(&database, repository)
        guard second == 0, let objects = unsafe database else {
            unsafe git_repository_free(repository)
            throw LibGit2.failure(second, "The objects of '\(path)' cannot be opened.")
        }
        unsafe handle = repository
        unsafe odb = objects
        gitDirectory = unsafe Self.folder(git_repository_path(repository)) ?? path
        commonDirectory = unsafe Self.folder(git_repository_commondir(repository)) ?? path
        let isBare = unsafe Self.addWorkTreeConfiguration(repository, gitDirectory)
        workTree = isBare ? nil : unsafe Self.folder(git_repository_workdir(repository))
        promisorRemotes = unsafe Self.promisorRemotes(repository)
        shallowCommits = Self.shallowCommits(in: commonDirectory)
    }

    deinit {
        unsafe git_odb_free(odb)
        unsafe git_repository_free(handle)
    }

    /// Makes a repository with a work tree in the folder `path`, which is made if need be.
    ///
    /// - Throws: `git.repository-exists`.
    package static func create(
        at path: String,
        branch: String = "main"
    ) throws(Failure) -> Repository {
        LibGit2.started
        var options = unsafe git_repository_init_options()
        unsafe git_repository_init_options_init(
            &options,
            UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)
        )
        unsafe options.flags =
            GIT_REPOSITORY_INIT_MKPATH.rawValue | GIT_REPOSITORY_INIT_NO_REINIT.rawValue
        var out: OpaquePointer?
        let status = unsafe branch.withCString { (name) -> Int32 in
            unsafe options.initial_head = name
            return unsafe git_repository_init_ext(&out, path, &options)
        }
        if status == GIT_EEXISTS.rawValue {
            throw Failure(.repositoryExists, "'\(path)' is a git repository already.")
        }
        try LibGit2.check(status, "No repository can be made in '\(path)'.")
        unsafe git_repository_free(out)
        return try Repository(discovering: path)
    }

    /// Lends the repository handle to `body`, to one thread at a time.
    func withHandle<R: Sendable>(
        _ body: (OpaquePointer) throws(Failure) -> R
    ) throws(Failure) -> R {
        try lock.withLock { (_) throws(Failure) -> R in try unsafe body(handle) }
    }

    /// Tries until `attempt` gives something, for about a second: other git commands hold a lock
    /// for milliseconds, dead ones for ever.
    func patiently<R: ~Copyable>(
        _ attempt: () throws(Failure) -> R?
    ) throws(Failure) -> R? {
        for _ in 0..<100 {
            if let result = try attempt() { return result }
            pause()
        }
        return try attempt()
    }

    /// The folder that holds objects.
    var objectDirectory: String { "\(commonDirectory)/objects" }
    /// Where an object lies if it is a file of its own.
    func loosePath(_ id: ObjectID) -> String {
        let hex = id.hex
        return "\(objectDirectory)/\(hex.prefix(2))/\(hex.dropFirst(2))"
    }
    /// The folder that holds packs.
    var packDirectory: String { "\(commonDirectory)/objects/pack" }

    private static func openingFailure(_ status: Int32, _ path: String) -> Failure {
        let said = LibGit2.lastMessage ?? ""
        switch git_error_code(status) {
        case GIT_ENOTFOUND:
            // Without a global configuration libgit2 1.5 fails to look up `safe.directory` and
            // says "not found" of another user's repository too.
            if let folder = discover(path) { return foreignOwned(folder, said: nil) }
            return Failure(
                .notARepository,
                "'\(path)' is in no git repository.",
                hint: "Change to a clone of a warehouse, or make one: osodata init"
            )
        case GIT_EOWNER:
            // libgit2 names the folder between quotes.
            let owned = said.split(separator: "'").dropFirst().first.map(String.init) ?? path
            return foreignOwned(owned, said: said)
        default: break
        }
        if said.contains("objectformat") {
            return Failure(
                .sha256Repository,
                "The repository of '\(path)' names its objects by SHA-256.",
                hint: "osodata works with SHA-1 repositories: git init --object-format=sha1"
            )
        }
        if said.contains("extension") || said.contains("repository version") {
            return Failure(
                .unsupportedExtension,
                "The repository of '\(path)' uses a git extension that osodata does not know.",
                hint: "See what it is: git config --list --local | grep extensions",
                cause: said
            )
        }
        // As under sudo or in a container: git refuses too.
        let isHome = said.hasSuffix("config'")
        return LibGit2.failure(
            status,
            "The repository of '\(path)' cannot be opened.",
            hint: isHome ? "Set HOME to a folder that you may read." : nil
        )
    }

    private static func foreignOwned(_ folder: String, said: String?) -> Failure {
        Failure(
            .foreignOwned,
            "The repository '\(folder)' belongs to another user.",
            hint: "If you trust it: git config --global --add safe.directory '\(folder)'",
            cause: said
        )
    }

    /// The folder that git would want trusted for the repository around `path`: the work tree, or
    /// the repository itself if it is bare; nil if there is none.
    private static func discover(_ path: String) -> String? {
        var buffer = unsafe git_buf()
        defer { unsafe git_buf_dispose(&buffer) }
        guard unsafe git_repository_discover(&buffer, path, 0, nil) == 0,
            let found = unsafe folder(buffer.ptr)
        else { return nil }
        return found.hasSuffix("/.git") ? String(found.dropLast("/.git".count)) : found
    }

    private static func folder(_ text: UnsafePointer<CChar>?) -> String? {
        guard let text = unsafe text else { return nil }
        var path = unsafe String(cString: text)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The remotes that promise to give missing objects later.
    private static func promisorRemotes(_ repository: OpaquePointer) -> [String] {
        var configuration: OpaquePointer?
        guard unsafe git_repository_config_snapshot(&configuration, repository) == 0 else {
            return []
        }
        defer { unsafe git_config_free(configuration) }
        var iterator: OpaquePointer?
        let names = #"^(remote\..*\.promisor|extensions\.partialclone)$"#
        guard unsafe git_config_iterator_glob_new(&iterator, configuration, names) == 0 else {
            return []
        }
        defer { unsafe git_config_iterator_free(iterator) }
        var remotes: [String] = []
        var entry: UnsafeMutablePointer<git_config_entry>?
        while unsafe git_config_next(&entry, iterator) == 0, let found = unsafe entry {
            let name = unsafe found.pointee.name.map { unsafe String(cString: $0) } ?? ""
            let value = unsafe found.pointee.value.map { unsafe String(cString: $0) }
            let isExtension = name.hasPrefix("extensions.")
            guard isExtension || value != "false" else { continue }
            let remote =
                isExtension
                ? value ?? "" : String(name.dropFirst("remote.".count).dropLast(".promisor".count))
            if !remotes.contains(remote) { remotes.append(remote) }
        }
        return remotes
    }

    /// The ids in the file `shallow`, a line each.
    private static func shallowCommits(in directory: String) -> Set<ObjectID> {
        guard let text = try? Files.read("\(directory)/shallow") else { return [] }
        return Set(
            text.split(separator: UInt8(ascii: "\n")).compactMap { line in
                ObjectID(hex: String(decoding: line, as: UTF8.self))
            }
        )
    }
}
