import CLibGit2
package import Diagnostics

/// What `HEAD` says.
package enum Head: Hashable, Sendable {
    /// The full name of the branch, `refs/heads/main`; its commit is nil while the branch is unborn.
    case branch(name: String, commit: ObjectID?)
    case detached(ObjectID)

    /// The commit, if there is one.
    package var commit: ObjectID? {
        switch self {
        case .branch(_, let commit): commit
        case .detached(let commit): commit
        }
    }
}

extension Repository {
    /// Where `HEAD` points.
    package func head() throws(Failure) -> Head {
        let name = try referenceEnd("HEAD")
        if name != "HEAD" { return .branch(name: name, commit: try readRef(name)) }
        guard let commit = try readRef("HEAD") else {
            throw Failure(.unknownRevision, "HEAD names no commit.")
        }
        return .detached(commit)
    }

    /// The reference at the end of the symbolic ones that begin at `name`: what git would move.
    ///
    /// It need not exist.
    ///
    /// - Throws: `git.failed` if they go round in a circle.
    package func referenceEnd(_ name: String) throws(Failure) -> String {
        var end = name
        // As deep as git and libgit2 follow.
        for _ in 0..<5 {
            guard let next = try symbolicTarget(end) else { return end }
            end = next
        }
        guard try symbolicTarget(end) == nil else {
            throw Failure(
                .gitFailed,
                "The reference '\(name)' leads through too many symbolic references.",
                hint: "See where it leads: git symbolic-ref '\(name)'"
            )
        }
        return end
    }

    /// What a symbolic reference names; nil if it is none, or is not there.
    private func symbolicTarget(_ name: String) throws(Failure) -> String? {
        try unsafe withHandle { (repository) throws(Failure) -> String? in
            var out: OpaquePointer?
            let status = unsafe git_reference_lookup(&out, repository, name)
            if status == GIT_ENOTFOUND.rawValue, name != "HEAD" { return nil }
            try LibGit2.check(status, "The reference '\(name)' cannot be read.")
            defer { unsafe git_reference_free(out) }
            return unsafe git_reference_symbolic_target(out).map { unsafe String(cString: $0) }
        }
    }

    /// The commit that a revision names, in any spelling of `gitrevisions(7)` that libgit2 knows:
    /// branches, tags, ids and short ids, `HEAD~2`, `main@{yesterday}`.
    ///
    /// What osodata knows beyond git, dates and runs, is `Warehouse.commit(_:)`'s.
    ///
    /// - Throws: `git.unknown-revision`, `git.ambiguous-revision`.
    package func resolve(_ revision: String) throws(Failure) -> ObjectID {
        guard !revision.isEmpty, !revision.utf8.contains(0) else {
            throw Failure(.unknownRevision, "The revision is empty.", hint: "Name one: HEAD")
        }
        let answer = try unsafe withHandle { (repository) throws(Failure) -> Resolution in
            var out: OpaquePointer?
            let status = unsafe git_revparse_single(&out, repository, revision)
            guard status == 0 else { return Resolution(status: status) }
            defer { unsafe git_object_free(out) }
            var commit: OpaquePointer?
            let peeled = unsafe git_object_peel(&commit, out, GIT_OBJECT_COMMIT)
            guard peeled == 0, let id = unsafe git_object_id(commit) else {
                return Resolution(status: peeled)
            }
            defer { unsafe git_object_free(commit) }
            return Resolution(status: 0, id: ObjectID(unsafe id.pointee))
        }
        if let id = answer.id { return id }
        throw try resolvingFailure(revision, answer)
    }

    private struct Resolution: Sendable {
        let status: Int32
        var id: ObjectID?
        var said = LibGit2.lastMessage
    }

    private func resolvingFailure(
        _ revision: String,
        _ answer: Resolution
    ) throws(Failure) -> Failure {
        // libgit2 says so of ids that are too short, too.
        let isAmbiguous =
            git_error_code(answer.status) == GIT_EAMBIGUOUS && revision.utf8.count >= 4
        let message =
            switch git_error_code(answer.status) {
            case GIT_EAMBIGUOUS where isAmbiguous:
                "The revision '\(revision)' is short for more than one object."
            case GIT_EPEEL, GIT_EINVALID: "The revision '\(revision)' is not a commit."
            case GIT_EINVALIDSPEC: "'\(revision)' is not how a revision is written."
            default: "There is no revision '\(revision)'."
            }
        let hint =
            if try head().commit == nil {
                "This branch has no commits yet."
            } else if isShallow {
                "This clone is shallow; fetch the rest: git fetch --unshallow"
            } else {
                "See what there is: git log --oneline; git branch --all; git tag"
            }
        return Failure(
            isAmbiguous ? .ambiguousRevision : .unknownRevision,
            message,
            hint: isAmbiguous ? "Give more of its digits." : hint,
            cause: answer.said
        )
    }

    /// The object a reference points to, through symbolic references; nil if it does not exist.
    ///
    /// - Parameter name: the full name, `refs/heads/main`.
    /// - Returns: the id of a commit, as a rule.
    /// - Throws: `git.failed` if the name is none.
    package func readRef(_ name: String) throws(Failure) -> ObjectID? {
        try unsafe withHandle { (repository) throws(Failure) -> ObjectID? in
            var raw = git_oid()
            let status = unsafe git_reference_name_to_id(&raw, repository, name)
            if status == GIT_ENOTFOUND.rawValue { return nil }
            try LibGit2.check(status, "The reference '\(name)' cannot be read.")
            return ObjectID(raw)
        }
    }

    /// Moves a reference to `id` if it still is at `expecting`.
    ///
    /// A symbolic reference stays, and what it names is moved.
    ///
    /// - Parameters:
    ///   - name: the full name, `refs/heads/main`.
    ///   - id: where it goes.
    ///   - expecting: where it must be; nil means that it must not exist.
    ///   - message: goes to the reflog.
    /// - Returns: false if the reference was elsewhere, so that somebody else was first.
    /// - Throws: `git.locked` if a lock file stays in the way.
    package func updateRef(
        _ name: String,
        to id: ObjectID,
        expecting: ObjectID?,
        message: String
    ) throws(Failure) -> Bool {
        let name = try referenceEnd(name)
        let isMoved = try patiently { () throws(Failure) -> Bool? in
            let status = try unsafe withHandle { (repository) throws(Failure) -> Int32 in
                var raw = id.raw
                var out: OpaquePointer?
                defer { unsafe git_reference_free(out) }
                guard let expecting else {
                    return unsafe git_reference_create(&out, repository, name, &raw, 0, message)
                }
                var old = expecting.raw
                return unsafe git_reference_create_matching(
                    &out,
                    repository,
                    name,
                    &raw,
                    1,
                    &old,
                    message
                )
            }
            switch git_error_code(status) {
            case GIT_OK: return true
            case GIT_EEXISTS, GIT_EMODIFIED: return false
            // A reference that was expected and is gone.
            case GIT_ENOTFOUND where expecting != nil: return false
            case GIT_ELOCKED: return nil
            default: throw LibGit2.failure(status, "The reference '\(name)' cannot be moved.")
            }
        }
        if let isMoved { return isMoved }
        throw Self.staleLock("\(commonDirectory)/\(name).lock")
    }

    /// A lock file of git's that nobody removes.
    static func staleLock(_ path: String) -> Failure {
        Failure(
            .locked,
            "The lock '\(path)' is held by another git command, or was left by one that died.",
            hint: "If no git command is running here, remove it: rm '\(path)'"
        )
    }
}
