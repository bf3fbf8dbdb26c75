/// What a GitHub URL points to: an owner, or one repository of an owner.
struct GitHubAddress: Hashable {
    /// Lower case.
    let owner: String
    /// Lower case; nil for a whole owner.
    let repository: String?

    /// Reads `https://github.com/<owner>` and `https://github.com/<owner>/<repository>`.
    ///
    /// Case, a trailing slash, a trailing `.git`, a query and a fragment do not matter. Anything
    /// else (another host, a path into a repository) points to no owner and no repository: nil.
    init?(url: String) {
        var rest = Substring(url.lowercased())
        guard
            let prefix = ["https://github.com/", "http://github.com/"].first(where: rest.hasPrefix)
        else { return nil }
        rest = rest.dropFirst(prefix.count).prefix { $0 != "?" && $0 != "#" }
        while rest.hasSuffix("/") { rest.removeLast() }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, parts.count <= 2 else { return nil }
        if parts.count == 2, last.hasSuffix(".git") {
            parts[1] = last.dropLast(4)
        }
        guard parts.allSatisfy(Self.isName) else { return nil }
        owner = String(parts[0])
        repository = parts.count == 2 ? String(parts[1]) : nil
    }

    /// GitHub's names: letters, digits, `-`, `_` and `.`.
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
