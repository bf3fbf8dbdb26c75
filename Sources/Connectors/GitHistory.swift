import Codecs
package import Diagnostics
import GitStore
package import Records

/// The commits reachable from HEAD of git repositories on this machine.
///
/// Commits made by osodata's own runs (trailer `Osodata-Run`) are left out: a warehouse that counted
/// them would change with every run and never come to rest.
package enum GitHistory {
    /// The table the commits go to.
    package static let table = "raw.git_commits"
    /// Name in `meta.coverage`.
    package static let name = "git"
    /// Part of the filter digest: raise it when the same commits give other rows.
    private static let version = 1

    /// The columns of `raw.git_commits`.
    package static let schema = RawTable.schema(
        [
            ("committed_at", .timestamp, false, "When it was committed, by the committer's clock."),
            ("repository", .string, false, "The repository's address, lower case, without .git."),
            ("sha", .string, false, "The commit's id."),
            ("authored_at", .timestamp, false, "When it was written, by the author's clock."),
            ("author_name", .string, true, "As the commit says."),
            ("author_login", .string, true, "GitHub login, from a noreply address."),
            ("author_email", .string, true, "Hash of the address."),
            ("committer_name", .string, true, "As the commit says."),
            ("committer_login", .string, true, "GitHub login, from a noreply address."),
            ("committer_email", .string, true, "Hash of the address."),
            ("parents", .list(.string), false, "Ids of the parents, in order."),
            ("message", .string, false, "The message, addresses replaced by hashes."),
            ("source", .string, false, "Name of the source in pipelines.toml."),
            ("source_ref", .string, false, "What was read: HEAD."),
        ],
        key: ["committed_at", "repository", "sha"],
        cutClass: .large
    )

    /// Reads repositories that are on this machine, whole.
    ///
    /// A repository whose commits are those of `context.previousCoverage` keeps its rows and its
    /// coverage row as they were.
    ///
    /// `repositories` has the folder of each, and the address it is known by
    /// (`https://github.com/owner/name`).
    ///
    /// - Throws: `history.shallow`, failures of git, `history.address` if two have one
    ///   address.
    package static func extract(
        repositories: [(path: String, url: String)],
        context: SourceContext
    ) throws(Failure) -> ExtractResult {
        let previous = context.coverageByPartition(connector: name)
        let filter = context.filterDigest(connector: name, version: version, rule: nil)
        var known: Set<String> = []
        var partitions: [ExtractResult.Partition] = []
        for (path, url) in repositories {
            let address = normalised(url)
            guard known.insert(address).inserted else {
                throw Failure(
                    .historyAddress,
                    "Two repositories have the address \"\(address)\".",
                    hint: "Give each its own."
                )
            }
            let row = previous[address].flatMap { $0.filter == filter ? $0 : nil }
            let history = HistoryReader(path: path, address: address, filter, context)
            partitions.append(try history.read(previous: row))
        }
        return ExtractResult(
            source: context.sourceName,
            partitions: partitions,
            previous: Array(previous.values)
        )
    }

    /// The address as it is written in rows: no `.git`, host and path in lower case.
    static func normalised(_ url: String) -> String {
        var text = url.lowercased()
        while text.hasSuffix("/") { text.removeLast() }
        if text.hasSuffix(".git") { text.removeLast(4) }
        return text
    }

    /// The login in GitHub's `1234+login@users.noreply.github.com`, lower case; nil in any other
    /// address.
    static func login(in email: String) -> String? {
        let lower = email.lowercased()
        let suffix = "@users.noreply.github.com"
        guard lower.hasSuffix(suffix) else { return nil }
        let local = lower.dropLast(suffix.count)
        let parts = local.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let login = parts.count == 2 && parts[0].allSatisfy(\.isNumber) ? parts[1] : local
        return login.isEmpty ? nil : String(login)
    }
}
