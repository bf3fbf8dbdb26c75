import Diagnostics

/// The bytes of a tree object: `<mode> <name> NUL <20 bytes of id>` for every entry, sorted by
/// name as if the names of trees ended in `/` (git's Documentation/technical, "tree object").
enum TreeText {
    /// The entries of a tree object.
    ///
    /// - Throws: `git.malformed-object`.
    static func parse(_ bytes: [UInt8], id: ObjectID) throws(Failure) -> [TreeEntry] {
        var entries: [TreeEntry] = []
        var place = 0
        while place < bytes.count {
            var mode: UInt32 = 0
            let start = place
            while place < bytes.count, bytes[place] != UInt8(ascii: " ") {
                let digit = bytes[place] &- UInt8(ascii: "0")
                guard digit < 8, place - start < 8 else { throw malformed(id, "a mode") }
                mode = mode << 3 | UInt32(digit)
                place += 1
            }
            let name = place + 1
            guard let end = bytes[min(name, bytes.count)...].firstIndex(of: 0), end > name,
                let entry = ObjectID(bytes: bytes[(end + 1)...].prefix(20))
            else { throw malformed(id, "an entry") }
            entries.append(TreeEntry(nameBytes: Array(bytes[name..<end]), mode: mode, id: entry))
            place = end + 21
        }
        return entries
    }

    /// The entry of one name; nil if there is none.
    ///
    /// - Throws: `git.malformed-object`.
    static func find(
        _ name: [UInt8],
        in bytes: UnsafeRawBufferPointer,
        id: ObjectID
    ) throws(Failure) -> TreeEntry? {
        var place = 0
        while place < bytes.count {
            var mode: UInt32 = 0
            let start = place
            while place < bytes.count, unsafe bytes[place] != UInt8(ascii: " ") {
                let digit = unsafe bytes[place] &- UInt8(ascii: "0")
                guard digit < 8, place - start < 8 else { throw malformed(id, "a mode") }
                mode = mode << 3 | UInt32(digit)
                place += 1
            }
            let first = place + 1
            var end = first
            while end < bytes.count, unsafe bytes[end] != 0 { end += 1 }
            guard end > first, end + 21 <= bytes.count else {
                throw malformed(id, "an entry")
            }
            if end - first == name.count, unsafe bytes[first..<end].elementsEqual(name),
                let entry = unsafe ObjectID(bytes: bytes[(end + 1)..<(end + 21)])
            {
                return TreeEntry(nameBytes: name, mode: mode, id: entry)
            }
            place = end + 21
        }
        return nil
    }

    /// The bytes of a tree with `entries`, given in any order.
    ///
    /// - Throws: `git.unsafe-path` for a name that no tree may hold, or two of one name.
    static func serialize(_ entries: [TreeEntry]) throws(Failure) -> [UInt8] {
        let sorted = entries.sorted { sortName($0).lexicographicallyPrecedes(sortName($1)) }
        var out: [UInt8] = []
        out.reserveCapacity(sorted.reduce(0) { $0 + $1.nameBytes.count + 28 })
        var names: Set<[UInt8]> = []
        for entry in sorted {
            try PathRules.check(component: entry.nameBytes)
            guard names.insert(entry.nameBytes).inserted else {
                throw Failure(.unsafePath, "A tree would hold the name '\(entry.name)' twice.")
            }
            out += String(entry.mode, radix: 8).utf8
            out.append(UInt8(ascii: " "))
            out += entry.nameBytes
            out.append(0)
            out += entry.id.bytes
        }
        return out
    }

    private static func sortName(_ entry: TreeEntry) -> [UInt8] {
        entry.isTree ? entry.nameBytes + [UInt8(ascii: "/")] : entry.nameBytes
    }

    private static func malformed(_ id: ObjectID, _ what: String) -> Failure {
        Failure(
            .malformedObject,
            "The tree '\(id)' has \(what) that makes no sense.",
            hint: "Check the repository: git fsck --full"
        )
    }
}

/// Which names may stand in a tree and be checked out.
enum PathRules {
    /// The components of `path`, checked.
    ///
    /// - Throws: `git.unsafe-path`.
    static func components(_ path: String) throws(Failure) -> [[UInt8]] {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var out: [[UInt8]] = []
        for part in parts {
            try check(component: Array(part))
            out.append(Array(part))
        }
        return out
    }

    /// Refuses what would lead out of its folder or into git's own.
    ///
    /// - Throws: `git.unsafe-path`.
    static func check(component: [UInt8]) throws(Failure) {
        let lower = component.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
        let refused: [[UInt8]] = [[], Array(".".utf8), Array("..".utf8), Array(".git".utf8)]
        guard !refused.contains(lower), !component.contains(0), !component.contains(47) else {
            let text = String(decoding: component, as: UTF8.self)
            throw Failure(.unsafePath, "The name '\(text)' cannot be in a repository.")
        }
    }
}
