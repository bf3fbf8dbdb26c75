/// One name in a git tree.
package struct TreeEntry: Hashable, Sendable {
    /// The name as git stores it: any bytes but `/` and NUL.
    package let nameBytes: [UInt8]
    /// `0o100644` a file, `0o100755` an executable file, `0o120000` a symbolic link, `0o40000` a
    /// tree, `0o160000` a commit of another repository.
    package let mode: UInt32
    package let id: ObjectID

    /// The mode of a plain file.
    package static let fileMode: UInt32 = 0o100644
    /// The mode of a tree.
    package static let treeMode: UInt32 = 0o40000

    /// Makes an entry.
    package init(name: String, mode: UInt32, id: ObjectID) {
        self.init(nameBytes: Array(name.utf8), mode: mode, id: id)
    }

    /// Makes an entry whose name may not be UTF-8.
    package init(nameBytes: [UInt8], mode: UInt32, id: ObjectID) {
        self.nameBytes = nameBytes
        self.mode = mode
        self.id = id
    }

    /// The name; bytes that are not UTF-8 show as U+FFFD.
    package var name: String { String(decoding: nameBytes, as: UTF8.self) }
    /// Whether the entry is a tree.
    package var isTree: Bool { mode == Self.treeMode }
}
