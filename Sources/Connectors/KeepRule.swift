import Codecs

/// Which events of an archive are kept.
package enum EventFilter: Sendable {
    case all
    /// Events of repositories listed, or of a listed owner. Lower case: `owner`, `owner/name`.
    case directory(owners: Set<String>, repositories: Set<String>)

    /// A spelling that is the same for equal rules, short whatever the number of names.
    var digest: String? {
        guard case .directory(let owners, let repositories) = self else { return nil }
        var hash = SHA256()
        for (kind, names) in [("owner", owners), ("repository", repositories)] {
            let sorted = names.map { Array($0.lowercased().utf8) }
                .sorted { $0.lexicographicallyPrecedes($1) }
            for name in sorted {
                hash.update("\(kind) ")
                hash.update(name)
                hash.update("\n")
            }
        }
        return "directory \(hash.finalize().hex)"
    }
}

/// An `EventFilter` that looks up bytes.
struct KeepRule: Sendable {
    /// Nil keeps everything.
    private let names: (owners: Set<[UInt8]>, repositories: Set<[UInt8]>)?

    init(_ filter: EventFilter) {
        switch filter {
        case .all:
            names = nil
        case .directory(let owners, let repositories):
            names = (
                Set(owners.map { Array($0.lowercased().utf8) }),
                Set(repositories.map { Array($0.lowercased().utf8) })
            )
        }
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
