import CLibGit2
package import Diagnostics

extension Repository {
    /// The full names of all references, sorted by bytes.
    package func referenceNames() throws(Failure) -> [String] {
        try unsafe withHandle { (repository) throws(Failure) -> [String] in
            var list = unsafe git_strarray()
            try LibGit2.check(
                unsafe git_reference_list(&list, repository),
                "The references cannot be listed."
            )
            defer { unsafe git_strarray_dispose(&list) }
            let names = unsafe Self.texts(of: list)
            return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
    }

    /// The names of the remotes.
    ///
    /// - Throws: what git says of its configuration.
    package func remoteNames() throws(Failure) -> [String] {
        try unsafe withHandle { (repository) throws(Failure) -> [String] in
            var list = unsafe git_strarray()
            try LibGit2.check(
                unsafe git_remote_list(&list, repository),
                "The remotes cannot be listed."
            )
            defer { unsafe git_strarray_dispose(&list) }
            return unsafe Self.texts(of: list)
        }
    }

    private static func texts(of list: git_strarray) -> [String] {
        unsafe (0..<list.count).compactMap { index in
            unsafe list.strings[index].map { unsafe String(cString: $0) }
        }
    }

    /// Those of some objects that the repository lacks, each once, in order.
    package func missing(_ ids: some Sequence<ObjectID>) throws(Failure) -> [ObjectID] {
        var seen: Set<ObjectID> = []
        let lacking = ids.filter { seen.insert($0).inserted && !containsWithoutRefresh($0) }
        guard !lacking.isEmpty else { return [] }
        // Others may have brought them meanwhile; looking for new packs once is enough.
        try refresh()
        return lacking.filter { !containsWithoutRefresh($0) }
    }
}
