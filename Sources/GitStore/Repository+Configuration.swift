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

    /// Who `user.name` and `user.email` say works here, at time 0; nil unless both are set.
    package func identity() throws(Failure) -> Signature? {
        guard let name = try configString("user.name"), !name.isEmpty,
            let email = try configString("user.email"), !email.isEmpty
        else { return nil }
        return Signature(name: name, email: email, time: 0, offset: 0)
    }
}
