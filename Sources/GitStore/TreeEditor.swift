package import Diagnostics

/// Edits a tree of any depth: only trees on the way to a change are read and written.
package struct TreeEditor {
    private let batch: ObjectBatch
    private let root: Node

    /// A tree under edit, or one that nobody has looked into yet.
    private final class Node {
        let base: ObjectID?
        /// Nil while the tree is as it is in `base`.
        var children: [[UInt8]: Child]?
        init(base: ObjectID?) { self.base = base }
    }

    private enum Child {
        case entry(mode: UInt32, id: ObjectID)
        case node(Node)
    }

    /// Begins with the tree `base` of the repository or the batch, or with nothing.
    package init(repository: Repository, batch: ObjectBatch, base: ObjectID?) {
        self.batch = batch
        root = Node(base: base)
    }

    /// Puts a file at `path`, in place of whatever is there.
    ///
    /// - Throws: `git.unsafe-path`.
    package mutating func set(
        _ path: String,
        mode: UInt32 = TreeEntry.fileMode,
        id: ObjectID
    ) throws(Failure) {
        try put(.entry(mode: mode, id: id), at: try PathRules.components(path))
    }

    /// Puts a whole tree at `path`, in place of whatever is there.
    ///
    /// - Throws: `git.unsafe-path`.
    package mutating func setTree(_ path: String, _ id: ObjectID) throws(Failure) {
        try put(.node(Node(base: id)), at: try PathRules.components(path))
    }

    /// Takes away what is at `path`, if anything; folders that are empty then go too.
    ///
    /// - Throws: `git.unsafe-path`.
    package mutating func remove(_ path: String) throws(Failure) {
        let components = try PathRules.components(path)
        var node = root
        for name in components.dropLast() {
            guard let child = try load(node)[name] else { return }
            switch child {
            case .node(let next): node = next
            case .entry: return
            }
        }
        guard let last = components.last, try load(node)[last] != nil else { return }
        node.children?[last] = nil
    }

    /// Adds the trees that changed to the batch.
    ///
    /// - Returns: the new root; that of the empty tree if nothing is left.
    package func finish() throws(Failure) -> ObjectID {
        if let tree = try write(root) { return tree.id }
        return try batch.addTree([])
    }

    private func put(_ child: Child, at components: [[UInt8]]) throws(Failure) {
        var node = root
        for name in components.dropLast() {
            if case .node(let next) = try load(node)[name] {
                node = next
            } else {
                let made = Node(base: nil)
                node.children?[name] = .node(made)
                node = made
            }
        }
        _ = try load(node)
        if let last = components.last { node.children?[last] = child }
    }

    /// The children of a node, read from its base the first time.
    private func load(_ node: Node) throws(Failure) -> [[UInt8]: Child] {
        if let children = node.children { return children }
        var children: [[UInt8]: Child] = [:]
        if let base = node.base {
            for entry in try batch.tree(base) {
                children[entry.nameBytes] =
                    entry.isTree
                    ? .node(Node(base: entry.id)) : .entry(mode: entry.mode, id: entry.id)
            }
        }
        node.children = children
        return children
    }

    /// The tree of a node and whether it has anything in it; nil if not.
    private func write(_ node: Node) throws(Failure) -> TreeEntry? {
        guard let children = node.children else {
            return node.base.map { TreeEntry(name: "", mode: TreeEntry.treeMode, id: $0) }
        }
        var entries: [TreeEntry] = []
        for (name, child) in children {
            switch child {
            case .entry(let mode, let id):
                entries.append(TreeEntry(nameBytes: name, mode: mode, id: id))
            case .node(let node):
                guard let tree = try write(node) else { continue }
                entries.append(TreeEntry(nameBytes: name, mode: tree.mode, id: tree.id))
            }
        }
        guard !entries.isEmpty else { return nil }
        return TreeEntry(name: "", mode: TreeEntry.treeMode, id: try batch.addTree(entries))
    }
}
