import Diagnostics

/// What a URL of one kind must look like, and what it stands for whatever its spelling.
struct LinkRule: Sendable {
    /// The key that lists such URLs.
    let key: String
    /// Hosts without `www.`; any if none is named.
    var hosts: [String] = []
    /// What paths begin with.
    var prefix = "/"
    /// How many parts of a path may follow.
    var parts = 1...1
    /// How one is written.
    var example = ""
    /// Whether only one project may list it.
    ///
    /// Pages and handles are shared by projects of one family.
    var isOwned = true

    /// The rules of all kinds, by key.
    static let all: [LinkRule] = [
        LinkRule(
            key: "websites",
            parts: 0...64,
            example: "https://example.org",
            isOwned: false
        ),
        LinkRule(
            key: "farcaster",
            hosts: ["farcaster.xyz", "warpcast.com"],
            parts: 1...3,
            example: "https://farcaster.xyz/NAME",
            isOwned: false
        ),
        LinkRule(
            key: "twitter",
            hosts: ["x.com", "twitter.com"],
            example: "https://x.com/NAME",
            isOwned: false
        ),
        LinkRule(
            key: "telegram",
            hosts: ["t.me", "telegram.me"],
            parts: 1...3,
            example: "https://t.me/NAME",
            isOwned: false
        ),
        // Both have domains of their users' own.
        LinkRule(
            key: "medium",
            parts: 0...64,
            example: "https://medium.com/@NAME",
            isOwned: false
        ),
        LinkRule(
            key: "mirror",
            parts: 0...64,
            example: "https://mirror.xyz/NAME",
            isOwned: false
        ),
        LinkRule(
            key: "github",
            hosts: ["github.com"],
            parts: 1...2,
            example: "https://github.com/OWNER or https://github.com/OWNER/REPOSITORY"
        ),
        LinkRule(
            key: "npm",
            hosts: ["npmjs.com"],
            prefix: "/package/",
            parts: 1...2,
            example: "https://www.npmjs.com/package/NAME"
        ),
        LinkRule(
            key: "crates",
            hosts: ["crates.io"],
            prefix: "/crates/",
            example: "https://crates.io/crates/NAME"
        ),
        LinkRule(
            key: "pypi",
            hosts: ["pypi.org"],
            prefix: "/project/",
            example: "https://pypi.org/project/NAME"
        ),
        LinkRule(
            key: "go",
            hosts: ["github.com", "pkg.go.dev"],
            parts: 1...16,
            example: "https://github.com/OWNER/REPOSITORY"
        ),
        LinkRule(
            key: "open_collective",
            hosts: ["opencollective.com"],
            example: "https://opencollective.com/NAME"
        ),
        LinkRule(
            key: "defillama",
            hosts: ["defillama.com"],
            prefix: "/protocol/",
            example: "https://defillama.com/protocol/NAME"
        ),
    ]

    /// What is wrong with a URL: a message and a hint.
    struct Complaint: Error {
        let code: Failure.Code
        let message: String
        let hint: String
    }

    /// Reads a URL.
    ///
    /// - Parameter url: as it is written.
    /// - Returns: what it stands for, as `github:owner/repository`: lower case, without `www.`,
    ///   `.git`, query, fragment and a slash at the end.
    /// - Throws: what is wrong with it.
    func identity(of url: String) throws(Complaint) -> String {
        var text = Substring(url.lowercased())
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else {
            throw Complaint(
                code: .urlShape,
                message: "\"\(url)\" is no URL of the web.",
                hint: "Write it as \(example)."
            )
        }
        text = text.dropFirst(scheme.count)
        text = text.prefix { $0 != "?" && $0 != "#" }
        var host = text.prefix { $0 != "/" }
        var path = text.dropFirst(host.count)
        if host.hasPrefix("www.") { host = host.dropFirst(4) }
        guard host.contains("."), !host.contains(":"), !host.contains("@"), !path.contains(" ")
        else {
            throw Complaint(
                code: .urlShape,
                message: "\"\(url)\" has no host of the web, or blanks.",
                hint: "Write it as \(example)."
            )
        }
        guard hosts.isEmpty || hosts.contains(String(host)) else {
            let better = Self.all.first { $0.hosts.contains(String(host)) }?.key
            throw Complaint(
                code: .urlHost,
                message: "\"\(url)\" is on \"\(host)\", not on \"\(hosts[0])\".",
                hint: better.map { "Put it below \"\($0)\"." } ?? "Write it as \(example)."
            )
        }
        while path.hasSuffix("/") { path.removeLast() }
        if key == "github", path.hasSuffix(".git") { path.removeLast(4) }
        let rest = path.hasPrefix(prefix) ? path.dropFirst(prefix.count) : ""
        let count = rest.split(separator: "/", omittingEmptySubsequences: false).count
        let isScope = key != "npm" || count < 2 || rest.hasPrefix("@")
        // A host alone has no part, but splits into one that is empty.
        let isRight = rest.isEmpty ? parts.contains(0) : parts.contains(count) && isScope
        guard isRight, !rest.contains("//") else {
            throw Complaint(
                code: .urlShape,
                message: "\"\(url)\" does not say what it should.",
                hint: "Write it as \(example)."
            )
        }
        return hosts.isEmpty ? "\(key):\(host)\(path)" : "\(key):\(rest)"
    }
}
