import CLibGit2
import Diagnostics

/// What the whole process shares of libgit2: its start, its options, its last error.
enum LibGit2 {
    /// libgit2 is started once, before the first call, and never shut down.
    static let started: Void = {
        git_libgit2_init()
        // Reading checks zlib's and zstd's checksums, and `verify` every digest; checking SHA-1
        // too makes reading six times as slow (design/limits.md, section 5).
        _ = shim_git_set_hash_verification(0)
        _ = shim_git_set_owner_validation(1)
        _ = shim_git_set_fsync(1)
        // Left to itself it maps whole packs, which then count as memory of this process.
        _ = shim_git_set_mapped(16 << 20, 128 << 20)
        // Partial clones are read; an object that is not there is a failure with its own hint.
        // What `worktreeConfig` means libgit2 does not know: `Repository` reads that file.
        _ = unsafe shim_git_set_extensions("partialclone", "worktreeconfig")
    }()

    /// What libgit2 last said on this thread.
    static var lastMessage: String? {
        guard let error = unsafe git_error_last(), let text = unsafe error.pointee.message else {
            return nil
        }
        return unsafe String(cString: text)
    }

    /// A failure for what libgit2 answered.
    static func failure(
        _ status: Int32,
        _ message: String,
        code: Failure.Code = .gitFailed,
        hint: String? = nil
    ) -> Failure {
        Failure(code, message, hint: hint, cause: lastMessage ?? "libgit2 status \(status)")
    }

    /// Throws a failure with `message` unless `status` says success.
    static func check(
        _ status: Int32,
        _ message: @autoclosure () -> String,
        code: Failure.Code = .gitFailed
    ) throws(Failure) {
        if status < 0 { throw failure(status, message(), code: code) }
    }
}

/// Keeps this process from reading the git configuration of the machine and its user; for tests.
package func isolateFromMachineConfiguration() {
    LibGit2.started
    for level in [
        GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
        GIT_CONFIG_LEVEL_PROGRAMDATA,
    ] {
        _ = unsafe shim_git_set_search_path(level.rawValue, "/nonexistent")
    }
}
