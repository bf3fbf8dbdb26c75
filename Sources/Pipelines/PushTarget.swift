package import Diagnostics
package import GitStore

/// The branch of a remote that the branch which is checked out is pushed to.
package struct PushTarget: Sendable {
    package let remote: String
    /// The branch's full name there.
    package let branch: String

    /// Finds it in git's configuration.
    ///
    /// - Parameters:
    ///   - repository: whose branch.
    ///   - wanted: which remote; nil for that of the branch, else `origin`.
    /// - Throws: `push.no-branch`, `push.no-remote`.
    package init(_ repository: Repository, remote wanted: String? = nil) throws(Failure) {
        guard case .branch(let name, _) = try repository.head() else {
            throw Failure(
                .pushNoBranch,
                "HEAD is detached: there is no branch to push.",
                hint: "Check one out: git switch main"
            )
        }
        let short = Self.short(name)
        let configured = try repository.configString("branch.\(short).remote")
        remote = wanted ?? configured ?? "origin"
        let merged = try repository.configString("branch.\(short).merge")
        branch = remote == configured ? merged ?? name : name
        // A branch's remote may be an address.
        if wanted == nil, configured != nil { return }
        guard try repository.configString("remote.\(remote).url") == nil else { return }
        if let wanted {
            let near = nearest(to: wanted, among: try repository.remoteNames())
            throw Failure(
                .pushNoRemote,
                "There is no remote '\(wanted)'.",
                hint: near.map { "Did you mean '\($0)'?" }
                    ?? "Tell git where it is: git remote add \(wanted) URL"
            )
        }
        throw Failure(
            .pushNoRemote,
            "The branch '\(short)' has no remote to be pushed to.",
            hint: "git remote add origin URL && git push -u origin \(short)"
        )
    }

    /// As git calls it, `origin/main`.
    var name: String { "\(remote)/\(Self.short(branch))" }

    /// How many commits of HEAD it lacks, as far as the last fetch or push tells.
    ///
    /// - Returns: nil if nothing is known of it.
    /// - Throws: what git says of HEAD.
    func lacking(of repository: Repository) throws(Failure) -> Int? {
        guard let head = try repository.head().commit else { return 0 }
        guard let seen = try repository.readRef("refs/remotes/\(name)") else { return nil }
        return seen == head ? 0 : repository.commits(of: head, beyond: seen)
    }

    private static func short(_ branch: String) -> String {
        branch.hasPrefix("refs/heads/") ? String(branch.dropFirst(11)) : branch
    }
}

extension Failure.Code {
    /// No branch is checked out.
    package static let pushNoBranch = Self("push.no-branch")
    /// The branch has no remote, or there is none of that name.
    package static let pushNoRemote = Self("push.no-remote")
}
