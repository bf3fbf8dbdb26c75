import Diagnostics

/// A file that two trees do not have alike.
struct FileChange {
    /// From the root of the work tree.
    let path: String
    /// Nil where there is no file; never a tree.
    let old: TreeEntry?
    let new: TreeEntry?
}

extension Repository {
    /// The files below `path` in which two trees differ, by path; equal subtrees are not read.
    ///
    /// - Parameters:
    ///   - old: what the one tree has at `path`, a file or a tree.
    ///   - new: what the other has.
    ///   - path: where they have it.
    /// - Returns: a change for each file.
    /// - Throws: `git.unsafe-path` if a changed file has a name that must not be checked out.
    func fileChanges(
        from old: TreeEntry?,
        to new: TreeEntry?,
        path: String
    ) throws(Failure) -> [FileChange] {
        if old?.id == new?.id, old?.mode == new?.mode { return [] }
        var out: [FileChange] = []
        let oldFile = old.flatMap { $0.isTree ? nil : $0 }
        let newFile = new.flatMap { $0.isTree ? nil : $0 }
        if oldFile != nil || newFile != nil {
            out.append(FileChange(path: path, old: oldFile, new: newFile))
        }
        var pairs: [[UInt8]: (old: TreeEntry?, new: TreeEntry?)] = [:]
        if let old, old.isTree {
            for entry in try tree(old.id) { pairs[entry.nameBytes] = (entry, nil) }
        }
        if let new, new.isTree {
            for entry in try tree(new.id) {
                pairs[entry.nameBytes, default: (nil, nil)].new = entry
            }
        }
        for name in pairs.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let pair = pairs[name] else { continue }
            if pair.old?.id == pair.new?.id, pair.old?.mode == pair.new?.mode { continue }
            try PathRules.check(component: name)
            guard let text = String(validating: name, as: UTF8.self) else {
                let shown = String(decoding: name, as: UTF8.self)
                throw Failure(.unsafePath, "The file name '\(shown)' in '\(path)' is not UTF-8.")
            }
            out += try fileChanges(
                from: pair.old,
                to: pair.new,
                path: path.isEmpty ? text : "\(path)/\(text)"
            )
        }
        return out
    }
}
