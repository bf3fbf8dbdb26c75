import CLibGit2
package import Diagnostics

/// A file in which `HEAD`, index and work tree differ.
package struct DirtyFile: Hashable, Sendable {
    package let path: String
    /// Whether git does not know it, so that only `git clean` takes it away.
    package let isUntracked: Bool
}

extension Repository {
    /// Refuses while git is in the middle of something that ends in a commit of its own, which
    /// would take along, or take back, what is committed meanwhile.
    ///
    /// - Throws: `git.operation-in-progress`.
    package func refuseDuringOperation() throws(Failure) {
        let state = try unsafe withHandle { (repository) throws(Failure) -> Int32 in
            unsafe git_repository_state(repository)
        }
        let (what, command): (String, String)
        switch git_repository_state_t(UInt32(bitPattern: state)) {
        case GIT_REPOSITORY_STATE_MERGE: (what, command) = ("A merge", "merge")
        case GIT_REPOSITORY_STATE_REVERT, GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
            (what, command) = ("A revert", "revert")
        case GIT_REPOSITORY_STATE_CHERRYPICK, GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
            (what, command) = ("A cherry-pick", "cherry-pick")
        case GIT_REPOSITORY_STATE_REBASE, GIT_REPOSITORY_STATE_REBASE_INTERACTIVE,
            GIT_REPOSITORY_STATE_REBASE_MERGE, GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
            (what, command) = ("A rebase", "rebase")
        case GIT_REPOSITORY_STATE_APPLY_MAILBOX: (what, command) = ("Applying patches", "am")
        default: return
        }
        throw Failure(
            .operationInProgress,
            "\(what) is under way in this repository.",
            hint: "Finish it: git \(command) --continue; or give it up: git \(command) --abort"
        )
    }

    /// The files at `prefix` in which `HEAD`, index and work tree differ, sorted: what a checkout
    /// there would have to leave alone.
    ///
    /// - Parameters:
    ///   - prefix: a folder or a file; empty for everything.
    ///   - untracked: whether files that git does not know count; ignored ones never do.
    /// - Returns: the files, by path.
    /// - Throws: `git.locked` if another git command, or one that died, has the index.
    package func dirtyFiles(
        under prefix: String,
        untracked: Bool = true
    ) throws(Failure) -> [DirtyFile] {
        guard workTree != nil else { return [] }
        try awaitUnlocked("\(gitDirectory)/index.lock")
        func compare() throws(Failure) -> [DirtyFile] {
            let files = try unsafe withHandle { (repository) throws(Failure) in
                try unsafe Self.changedFiles(repository, prefix, untracked)
            }
            return files.sorted { $0.path < $1.path }
        }
        guard untracked, let mark = CleanMark(self, prefix: prefix) else { return try compare() }
        return try mark.isClean() ? [] : mark.marking(compare)
    }

    /// The paths of `dirtyFiles`.
    package func dirtyPaths(under prefix: String) throws(Failure) -> [String] {
        try dirtyFiles(under: prefix).map(\.path)
    }

    private static func changedFiles(
        _ repository: OpaquePointer,
        _ prefix: String,
        _ untracked: Bool
    ) throws(Failure) -> [DirtyFile] {
        var options = unsafe git_status_options()
        unsafe git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION))
        unsafe options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
        var flags = GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH.rawValue
        if untracked {
            flags |= GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue
            flags |= GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS.rawValue
        }
        unsafe options.flags = flags
        var list: OpaquePointer?
        let status = unsafe prefix.withCString { (text) -> Int32 in
            var pattern: UnsafeMutablePointer<CChar>? = unsafe UnsafeMutablePointer(mutating: text)
            return unsafe withUnsafeMutablePointer(to: &pattern) { (strings) -> Int32 in
                if !prefix.isEmpty {
                    unsafe options.pathspec = git_strarray(strings: strings, count: 1)
                }
                return unsafe git_status_list_new(&list, repository, &options)
            }
        }
        guard status == 0 else {
            throw IndexFile.failure(status, "The state of '\(prefix)' cannot be found out.")
        }
        defer { unsafe git_status_list_free(list) }
        var index: OpaquePointer?
        try LibGit2.check(
            unsafe git_repository_index(&index, repository),
            "The index cannot be read."
        )
        defer { unsafe git_index_free(index) }
        var files: [DirtyFile] = []
        for place in 0..<(unsafe git_status_list_entrycount(list)) {
            guard let entry = unsafe git_status_byindex(list, place) else { continue }
            let delta = unsafe entry.pointee.index_to_workdir ?? entry.pointee.head_to_index
            guard let file = unsafe delta?.pointee,
                let path = unsafe file.new_file.path ?? file.old_file.path
            else { continue }
            var state = unsafe entry.pointee.status.rawValue
            // libgit2 takes a file that a sparse work tree does not have for deleted.
            if unsafe isSkipped(path, in: index) { state &= ~workTreeStates }
            if state == 0 { continue }
            files.append(
                DirtyFile(
                    path: unsafe String(cString: path),
                    isUntracked: state == GIT_STATUS_WT_NEW.rawValue
                )
            )
        }
        return files
    }

    private static let workTreeStates =
        GIT_STATUS_WT_NEW.rawValue | GIT_STATUS_WT_MODIFIED.rawValue
        | GIT_STATUS_WT_DELETED.rawValue | GIT_STATUS_WT_TYPECHANGE.rawValue
        | GIT_STATUS_WT_RENAMED.rawValue | GIT_STATUS_WT_UNREADABLE.rawValue

    private static func isSkipped(_ path: UnsafePointer<CChar>, in index: OpaquePointer?) -> Bool {
        guard let entry = unsafe git_index_get_bypath(index, path, 0) else { return false }
        let skip = UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue)
        return unsafe entry.pointee.flags_extended & skip != 0
    }
}
