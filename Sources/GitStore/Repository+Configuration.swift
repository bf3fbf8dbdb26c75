import CLibGit2
package import Diagnostics

extension Repository {
    /// A value of git's configuration (repository, user, system); nil if it is not set.
    package func configString(_ key: String) throws(Failure) -> String? {
        try unsafe withHandle { (repository) throws(Failure) -> String? in
            var configuration: OpaquePointer?
            try LibGit2.check(
                unsafe git_repository_config_snapshot(&configuration, repository),
                "The configuration of git cannot be read."
            )
            defer { unsafe git_config_free(configuration) }
            var value: UnsafePointer<CChar>?
            let status = unsafe git_config_get_string(&value, configuration, key)
            if status == GIT_ENOTFOUND.rawValue || status == GIT_EINVALIDSPEC.rawValue {
                return nil
            }
            try LibGit2.check(status, "The setting '\(key)' of git cannot be read.")
            return unsafe value.map { unsafe String(cString: $0) }
        }
    }

    /// Whether a setting is on; false if it is not set or no truth value.
    func configFlag(_ key: String) throws(Failure) -> Bool {
        try unsafe withHandle { (repository) throws(Failure) -> Bool in
            unsafe Self.flag(key, of: repository)
        }
    }

    private static func flag(_ key: String, of repository: OpaquePointer) -> Bool {
        var configuration: OpaquePointer?
        guard unsafe git_repository_config_snapshot(&configuration, repository) == 0 else {
            return false
        }
        defer { unsafe git_config_free(configuration) }
        var value: Int32 = 0
        return unsafe git_config_get_bool(&value, configuration, key) == 0 && value != 0
    }

    /// Reads the settings that a work tree has for itself (`extensions.worktreeConfig`, which
    /// `git sparse-checkout` and `git clone --sparse` turn on): libgit2 1.5 does not.
    ///
    /// They join the others of `repository`, above them all.
    /// - Returns: whether they say that the repository is bare. git moves `core.bare` there, upon
    ///   which libgit2 takes the folder around a bare repository for its work tree.
    static func addWorkTreeConfiguration(_ repository: OpaquePointer, _ folder: String) -> Bool {
        let path = "\(folder)/config.worktree"
        var own: OpaquePointer?
        guard unsafe flag("extensions.worktreeConfig", of: repository),
            (try? Files.status(path)) != nil,
            unsafe git_config_open_ondisk(&own, path) == 0
        else { return false }
        defer { unsafe git_config_free(own) }
        var all: OpaquePointer?
        if unsafe git_repository_config(&all, repository) == 0 {
            let level = GIT_CONFIG_LEVEL_APP
            _ = unsafe git_config_add_file_ondisk(all, path, level, repository, 1)
            unsafe git_config_free(all)
        }
        var isBare: Int32 = 0
        if unsafe git_config_get_bool(&isBare, own, "core.bare") == 0, isBare != 0 { return true }
        var found = unsafe git_buf()
        defer { unsafe git_buf_dispose(&found) }
        if unsafe git_config_get_string_buf(&found, own, "core.worktree") == 0,
            let text = unsafe found.ptr.map({ unsafe String(cString: $0) })
        {
            let workTree = text.hasPrefix("/") ? text : "\(folder)/\(text)"
            _ = unsafe git_repository_set_workdir(repository, workTree, 0)
        }
        return false
    }

    /// Who `user.name` and `user.email` say works here, at time 0; nil unless both are set.
    package func identity() throws(Failure) -> Signature? {
        guard let name = try configString("user.name"), !name.isEmpty,
            let email = try configString("user.email"), !email.isEmpty
        else { return nil }
        return Signature(name: name, email: email, time: 0, offset: 0)
    }
}
