import CLibGit2
package import Diagnostics

/// What following a history needs of a commit.
package struct CommitLink: Sendable {
    package let id: ObjectID
    package let tree: ObjectID
    /// Nil at the first commit, and where a shallow clone ends.
    package let parent: ObjectID?
    /// Whether a shallow clone ends here: there are parents, but not in this repository.
    package let isCut: Bool
}

extension Repository {
    /// Visits a commit and its first parents, newest first, until `body` gives false.
    ///
    /// Reads no more of a commit than its first lines: most commits are only passed over.
    ///
    /// - Throws: `git.missing-object`, `git.malformed-object`, or what `body` throws.
    package func walkFirstParents(
        from start: ObjectID,
        _ body: (CommitLink) throws(Failure) -> Bool
    ) throws(Failure) {
        var next: ObjectID? = start
        while let id = next {
            let link = try link(of: id)
            guard try body(link) else { return }
            next = link.parent
        }
    }

    /// The tree and the first parent of a commit.
    private func link(of id: ObjectID) throws(Failure) -> CommitLink {
        let lines = try unsafe withObject(id, GIT_OBJECT_COMMIT) { (bytes) throws(Failure) in
            // `tree <40>\nparent <40>\n`, as git always writes it.
            unsafe (Self.id(bytes, after: "tree ", at: 0), Self.id(bytes, after: "parent ", at: 46))
        }
        let tree: ObjectID
        let parent: ObjectID?
        if let first = lines.0 {
            (tree, parent) = (first, lines.1)
        } else {
            // Something odd from elsewhere: the slow way says what is wrong.
            let commit = try commit(id)
            (tree, parent) = (commit.tree, commit.parents.first)
        }
        let isCut = parent != nil && shallowCommits.contains(id)
        return CommitLink(id: id, tree: tree, parent: isCut ? nil : parent, isCut: isCut)
    }

    /// The id in hex behind `key` at a place; nil if there is something else.
    private static func id(
        _ bytes: UnsafeRawBufferPointer,
        after key: StaticString,
        at start: Int
    ) -> ObjectID? {
        let digits = start + key.utf8CodeUnitCount
        guard bytes.count > digits + 40 else { return nil }
        for index in 0..<key.utf8CodeUnitCount {
            guard unsafe bytes[start + index] == key.utf8Start[index] else { return nil }
        }
        var raw: [UInt8] = []
        raw.reserveCapacity(20)
        for index in stride(from: digits, to: digits + 40, by: 2) {
            guard let high = unsafe hexDigit(bytes[index]),
                let low = unsafe hexDigit(bytes[index + 1])
            else { return nil }
            raw.append(high << 4 | low)
        }
        return ObjectID(bytes: raw)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The entry of one name in a tree, without making the others; nil if there is none.
    ///
    /// - Throws: `git.missing-object`, `git.wrong-object-type`, `git.malformed-object`.
    package func entry(named name: [UInt8], inTree tree: ObjectID) throws(Failure) -> TreeEntry? {
        try unsafe withObject(tree, GIT_OBJECT_TREE) { (bytes) throws(Failure) in
            try unsafe TreeText.find(name, in: bytes, id: tree)
        }
    }
}
