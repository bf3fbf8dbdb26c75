import Codecs

/// Which events of an archive are kept.
package struct EventFilter: Sendable {
    /// Every event.
    package static let all = EventFilter(names: nil, digest: nil)

    /// Lower case, as bytes of UTF-8; nil keeps everything.
    private let names: (owners: Set<[UInt8]>, repositories: Set<[UInt8]>)?
    /// A spelling that is the same for equal rules, short whatever the number of names.
    let digest: String?

    /// Events of repositories listed, or of a listed owner.
    ///
    /// - Parameters:
    ///   - owners: as `owner`.
    ///   - repositories: as `owner/name`.
    /// - Returns: the rule; making it takes a while, so that sources share one.
    package static func directory(owners: Set<String>, repositories: Set<String>) -> EventFilter {
        var hash = SHA256()
        func add(_ kind: String, _ names: Set<String>) -> Set<[UInt8]> {
            let bytes = names.map { Array($0.lowercased().utf8) }
            for name in bytes.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                hash.update("\(kind) ")
                hash.update(name)
                hash.update("\n")
            }
            return Set(bytes)
        }
        let names = (add("owner", owners), add("repository", repositories))
        return EventFilter(names: names, digest: "directory \(hash.finalize().hex)")
    }

    /// Whether events of a repository are kept; nil is an event of none.
    func keeps(_ repository: [UInt8]?) -> Bool {
        guard let names else { return true }
        guard let repository else { return false }
        let lower = repository.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        if names.repositories.contains(lower) { return true }
        return names.owners.contains(Array(lower.prefix { $0 != UInt8(ascii: "/") }))
    }
}
