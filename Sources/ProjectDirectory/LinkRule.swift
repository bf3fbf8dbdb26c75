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

    /// The rules of all kinds.
    ///
    /// - Returns: them, made anew.
    static func all() -> [LinkRule] {
        [
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
    }

    /// What is wrong with a URL: a message and a hint.
    struct Complaint: Error {
        let code: Failure.Code
        let message: String
        let hint: String
    }

    /// Reads a URL.
    ///
    /// - Parameter url: as it is written, in ASCII.
    /// - Returns: what it stands for, as `github:owner/repository`: lower case, without `www.`,
    ///   `.git`, query, fragment and a slash at the end.
    /// - Throws: what is wrong with it.
    func identity(of url: ArraySlice<UInt8>) throws(Complaint) -> String {
        let text = url.map { (65...90).contains($0) ? $0 + 32 : $0 }
        guard let scheme = ["https://", "http://"].first(where: { text.starts(with: $0.utf8) })
        else {
            throw complaint(.urlShape, url, "is no URL of the web.")
        }
        let end = text.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let rest = text[scheme.utf8.count..<(end ?? text.endIndex)]
        var host = rest.prefix { $0 != Self.slash }
        var path = rest[host.endIndex...]
        if host.starts(with: "www.".utf8) { host = host.dropFirst(4) }
        guard host.contains(UInt8(ascii: ".")), !host.contains(UInt8(ascii: ":")),
            !host.contains(UInt8(ascii: "@")), !rest.contains(UInt8(ascii: " "))
        else {
            throw complaint(.urlShape, url, "has no host of the web, or blanks.")
        }
        guard hosts.isEmpty || hosts.contains(where: { host.elementsEqual($0.utf8) }) else {
            throw wrongHost(String(decoding: host, as: UTF8.self), url)
        }
        while path.last == Self.slash { path.removeLast() }
        if key == "github", path.suffix(4).elementsEqual(".git".utf8) { path.removeLast(4) }
        let name = path.starts(with: prefix.utf8) ? path.dropFirst(prefix.utf8.count) : []
        // A host alone has no part.
        let count = name.isEmpty ? 0 : name.count { $0 == Self.slash } + 1
        let isScope = key != "npm" || count < 2 || name.first == UInt8(ascii: "@")
        let hasGap = zip(path, path.dropFirst()).contains { $0 == Self.slash && $1 == Self.slash }
        guard parts.contains(count), isScope, !hasGap else {
            throw complaint(.urlShape, url, "does not say what it should.")
        }
        var identity = Array(key.utf8) + [UInt8(ascii: ":")]
        identity += hosts.isEmpty ? host + path : name
        return String(decoding: identity, as: UTF8.self)
    }

    private static let slash = UInt8(ascii: "/")

    private func complaint(
        _ code: Failure.Code,
        _ url: ArraySlice<UInt8>,
        _ what: String
    ) -> Complaint {
        Complaint(
            code: code,
            message: "\"\(String(decoding: url, as: UTF8.self))\" \(what)",
            hint: "Write it as \(example)."
        )
    }

    private func wrongHost(_ host: String, _ url: ArraySlice<UInt8>) -> Complaint {
        let better = Self.all().first { $0.hosts.contains(host) }?.key
        return Complaint(
            code: .urlHost,
            message: "\"\(String(decoding: url, as: UTF8.self))\" is on \"\(host)\", not on"
                + " \"\(hosts[0])\".",
            hint: better.map { "Put it below \"\($0)\"." } ?? "Write it as \(example)."
        )
    }
}
