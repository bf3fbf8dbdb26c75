import Diagnostics
import Diffing
import Foundation
import GitStore
import Snapshots

/// Fetches objects through the git program: the transports, credentials and proxies it knows are
/// nothing to write again.
struct GitFetch: MissingObjects {
    func fetch(_ ids: [ObjectID], into repository: Repository) throws(Failure) {
        let count = "\(grouped(ids.count)) object\(ids.count == 1 ? "" : "s")"
        var causes: [String] = []
        for remote in repository.promisorRemotes where !remote.isEmpty {
            Output.message("fetching \(count) from '\(remote)'")
            guard let cause = Self.run(ids, remote, repository) else { return }
            causes.append(cause)
        }
        throw Failure(
            .fetchFailed,
            "This clone is filtered and lacks \(count), which cannot be fetched now.",
            hint: "When the remote can be reached again, fetch everything: "
                + "git fetch --refetch --no-filter",
            cause: causes.isEmpty ? "no remote promises them" : causes.joined(separator: "; ")
        )
    }

    /// Runs `git fetch` as git does itself for objects that it lacks.
    /// - Returns: what git said if it failed.
    private static func run(
        _ ids: [ObjectID],
        _ remote: String,
        _ repository: Repository
    ) -> String? {
        let arguments = [
            // Whatever commits there are here, they say nothing of the blobs.
            "-c", "fetch.negotiationAlgorithm=noop",
            // A repack beside a command that reads is not asked for.
            "fetch", remote, "--quiet", "--no-auto-maintenance", "--no-tags",
            "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin",
        ]
        do {
            let outcome = try GitProgram.run(
                ["--git-dir", repository.gitDirectory] + arguments,
                in: repository.gitDirectory,
                input: ids.map { $0.hex + "\n" }.joined()
            )
            return outcome.status == 0 ? nil : outcome.said
        } catch {
            return error.description
        }
    }
}

extension Failure.Code {
    /// A remote did not give what a filtered clone lacks.
    static let fetchFailed = Self("git.fetch-failed")
}
