/// How what a project lists becomes artifacts: Open Source Observer's normalisation
/// (`int_artifacts_by_project_in_ossd.sql`). Sources and types are upper case, all else is lower.
extension ProjectArtifact {
    /// Keys of a project file that list URLs, with the rule for each, in the order of artifacts.
    ///
    /// Crates, PyPI, Go and Open Collective pages are listed in directories but were never
    /// artifacts.
    static let urlKinds: [(key: String, make: @Sendable (String, Int) -> ProjectArtifact?)] = [
        ("websites", website), ("github", github), ("npm", npm), ("defillama", defiLlama),
    ]

    private static func website(url: String, line: Int) -> ProjectArtifact? {
        let url = url.lowercased()
        return ProjectArtifact(
            source: "WWW",
            type: "WEBSITE",
            namespace: "",
            name: url,
            sourceID: url,
            url: url,
            sourceLine: line
        )
    }

    /// An owner listed whole has an empty name; models expand it to its repositories.
    private static func github(url: String, line: Int) -> ProjectArtifact? {
        guard let address = GitHubAddress(url: url) else { return nil }
        let path = [address.owner, address.repository].compactMap(\.self).joined(separator: "/")
        return ProjectArtifact(
            source: "GITHUB",
            type: address.repository == nil ? "OWNER" : "REPOSITORY",
            namespace: address.owner,
            name: address.repository ?? "",
            sourceID: nil,
            url: "https://github.com/\(path)",
            sourceLine: line
        )
    }

    /// The namespace of `@scope/name` is the scope, that of a plain name the name itself.
    private static func npm(url: String, line: Int) -> ProjectArtifact? {
        let url = url.lowercased()
        guard let name = rest(of: url, after: ["https://www.npmjs.com/package/"]) else {
            return nil
        }
        let scope = name.split(separator: "/", omittingEmptySubsequences: false).first ?? ""
        return ProjectArtifact(
            source: "NPM",
            type: "PACKAGE",
            namespace: scope.filter { $0 != "@" },
            name: name,
            sourceID: url,
            url: url,
            sourceLine: line
        )
    }

    private static func defiLlama(url: String, line: Int) -> ProjectArtifact? {
        let url = url.lowercased()
        guard let name = rest(of: url, after: ["https://defillama.com/protocol/"]) else {
            return nil
        }
        return ProjectArtifact(
            source: "DEFILLAMA",
            type: "DEFILLAMA_PROTOCOL",
            namespace: "",
            name: name,
            sourceID: url,
            url: url,
            sourceLine: line
        )
    }

    /// A handle of a social network; other networks than these two have no artifacts.
    ///
    /// - Parameters:
    ///   - kind: the key below `social`.
    ///   - url: the profile's address.
    ///   - line: the line that lists it.
    /// - Returns: nil for other networks, and for URLs that are no profile of the network.
    static func socialHandle(_ kind: String, url: String, line: Int) -> ProjectArtifact? {
        let (prefixes, base): ([String], String)
        switch kind {
        case "farcaster":
            (prefixes, base) = (
                ["https://warpcast.com/", "https://farcaster.xyz/"], "https://farcaster.xyz/"
            )
        case "twitter":
            (prefixes, base) = (["https://twitter.com/", "https://x.com/"], "https://x.com/")
        default: return nil
        }
        guard let name = rest(of: url.lowercased(), after: prefixes) else { return nil }
        return ProjectArtifact(
            source: kind.uppercased(),
            type: "SOCIAL_HANDLE",
            namespace: "",
            name: name,
            sourceID: base + name,
            url: base + name,
            sourceLine: line
        )
    }

    /// An address on one network in one role; nil if the address is empty.
    static func address(
        _ address: String,
        network: String,
        tag: String,
        line: Int
    ) -> ProjectArtifact? {
        // Two addresses of the real directory end in a blank.
        let name = address.lowercased().filter { !$0.isWhitespace }
        guard !name.isEmpty else { return nil }
        return ProjectArtifact(
            source: network.uppercased(),
            type: tag.uppercased(),
            namespace: "",
            name: name,
            sourceID: name,
            url: nil,
            sourceLine: line
        )
    }

    /// What follows the first of `prefixes` that `text` starts with; nil if none does or nothing
    /// follows.
    private static func rest(of text: String, after prefixes: [String]) -> String? {
        guard let prefix = prefixes.first(where: text.hasPrefix) else { return nil }
        let rest = text.dropFirst(prefix.count)
        return rest.isEmpty ? nil : String(rest)
    }
}
