import CLibGit2
package import Diagnostics

extension Failure {
    /// Whether the repository lacks an object.
    package var lacksObject: Bool { code == .missingObject }
}

extension Repository {
    /// Lends the content of an object of one type.
    ///
    /// - Throws: `git.missing-object`, `git.wrong-object-type`, or what `body` throws.
    func withObject<R>(
        _ id: ObjectID,
        _ type: git_object_t,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> R
    ) throws(Failure) -> R {
        var raw = id.raw
        var out: OpaquePointer?
        let status = unsafe git_odb_read(&out, odb, &raw)
        guard status == 0, let object = unsafe out else { throw readingFailure(status, id) }
        defer { unsafe git_odb_object_free(object) }
        let found = unsafe git_odb_object_type(object)
        guard found == type else {
            throw Failure(
                .wrongObjectType,
                "The object '\(id)' is a \(Self.name(found)) where a \(Self.name(type)) belongs."
            )
        }
        let bytes = unsafe UnsafeRawBufferPointer(
            start: git_odb_object_data(object),
            count: git_odb_object_size(object)
        )
        return try unsafe body(bytes)
    }

    /// Lends the bytes of a blob for the duration of `body`; several threads may do so at once.
    ///
    /// - Throws: `git.missing-object`, `git.wrong-object-type`, or what `body` throws.
    package func withBlob<R>(
        _ id: ObjectID,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> R
    ) throws(Failure) -> R {
        try unsafe withObject(id, GIT_OBJECT_BLOB, body)
    }

    /// The bytes of a blob.
    ///
    /// - Throws: `git.missing-object`, `git.wrong-object-type`.
    package func blob(_ id: ObjectID) throws(Failure) -> [UInt8] {
        try unsafe withBlob(id) { (bytes) throws(Failure) in unsafe Array(bytes) }
    }

    /// Whether the repository has the object; looks for new packs if it does not at first.
    package func contains(_ id: ObjectID) -> Bool {
        var raw = id.raw
        return unsafe git_odb_exists(odb, &raw) == 1
    }

    /// Whether the object is in what libgit2 knew at the last refresh.
    func containsWithoutRefresh(_ id: ObjectID) -> Bool {
        var raw = id.raw
        let flags = GIT_ODB_LOOKUP_NO_REFRESH.rawValue
        return unsafe git_odb_exists_ext(odb, &raw, UInt32(flags)) == 1
    }

    /// Makes objects that came to the repository since it was opened visible.
    package func refresh() throws(Failure) {
        try LibGit2.check(
            unsafe git_odb_refresh(odb),
            "The objects of '\(commonDirectory)' cannot be listed."
        )
    }

    /// A commit.
    ///
    /// - Throws: `git.missing-object`, `git.wrong-object-type`, `git.malformed-object`.
    package func commit(_ id: ObjectID) throws(Failure) -> CommitInfo {
        try unsafe withObject(id, GIT_OBJECT_COMMIT) { (bytes) throws(Failure) in
            try CommitInfo(id: id, parsing: unsafe Array(bytes))
        }
    }

    /// The entries of a tree in git's order.
    ///
    /// - Throws: `git.missing-object`, `git.wrong-object-type`, `git.malformed-object`.
    package func tree(_ id: ObjectID) throws(Failure) -> [TreeEntry] {
        try unsafe withObject(id, GIT_OBJECT_TREE) { (bytes) throws(Failure) in
            try TreeText.parse(unsafe Array(bytes), id: id)
        }
    }

    /// What lies at `path` in a tree, nil if nothing does; the empty path is the tree itself.
    ///
    /// - Throws: `git.missing-object`, `git.wrong-object-type`, `git.malformed-object`.
    package func entry(path: String, inTree root: ObjectID) throws(Failure) -> TreeEntry? {
        var found = TreeEntry(name: "", mode: TreeEntry.treeMode, id: root)
        for name in path.utf8.split(separator: UInt8(ascii: "/")) {
            guard found.isTree else { return nil }
            guard let next = try entry(named: Array(name), inTree: found.id) else { return nil }
            found = next
        }
        return found
    }

    /// Bytes of an object's content; nil if the repository does not have it.
    package func size(of id: ObjectID) -> Int? {
        var raw = id.raw
        var length = 0
        var type = GIT_OBJECT_INVALID
        guard unsafe git_odb_read_header(&length, &type, odb, &raw) == 0 else { return nil }
        return length
    }

    private func readingFailure(_ status: Int32, _ id: ObjectID) -> Failure {
        guard status == GIT_ENOTFOUND.rawValue else {
            return LibGit2.failure(
                status,
                "The object '\(id)' cannot be read.",
                code: .malformedObject,
                hint: "Check the repository: git fsck --full"
            )
        }
        return Failure(
            .missingObject,
            "The repository has no object '\(id)'.",
            hint: missingObjectsHint
        )
    }

    /// How to come by objects that the repository lacks.
    package var missingObjectsHint: String {
        if isFiltered {
            "This clone is filtered; fetch everything: git fetch --refetch --no-filter"
        } else if isShallow {
            "This clone is shallow; fetch the rest: git fetch --unshallow"
        } else {
            "Check the repository: git fsck --full"
        }
    }

    private static func name(_ type: git_object_t) -> String {
        switch type {
        case GIT_OBJECT_COMMIT: "commit"
        case GIT_OBJECT_TREE: "tree"
        case GIT_OBJECT_BLOB: "blob"
        case GIT_OBJECT_TAG: "tag"
        default: "object of an unknown type"
        }
    }
}
