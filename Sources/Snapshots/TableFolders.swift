import Diagnostics
import GitStore

/// The folders of all tables in tree after tree, most of which have most of them alike.
///
/// Of a tree whose `snapshots/` is that of the one before nothing more is read, nor of a layer
/// that is.
struct TableFolders {
    private let repository: Repository
    private var top: ObjectID?
    private var layers: [String: ObjectID] = [:]
    /// The folder of every table in the tree that was moved to last.
    private(set) var trees: [TableName: ObjectID] = [:]

    init(_ repository: Repository) { self.repository = repository }

    /// Goes on to another root tree.
    /// - Returns: the tables whose folder is another there, by layer and name, with the folder
    ///   where they were before; at first none was anywhere.
    /// - Throws: what git says.
    mutating func move(
        to root: ObjectID
    ) throws(Failure) -> [(table: TableName, before: ObjectID?)] {
        let folder = try repository.entry(path: "snapshots", inTree: root)
        guard folder?.id != top else { return [] }
        top = folder?.id
        var now: [String: ObjectID] = [:]
        if let folder, folder.isTree {
            for layer in try repository.tree(folder.id) where layer.isTree {
                now[layer.name] = layer.id
            }
        }
        var changes: [(table: TableName, before: ObjectID?)] = []
        for layer in Set(layers.keys).union(now.keys).sorted() where layers[layer] != now[layer] {
            var left = Set(trees.keys.filter { $0.layer == layer })
            if let id = now[layer] {
                for entry in try repository.tree(id) where entry.isTree {
                    guard let table = TableName(folders: layer, entry.name) else { continue }
                    left.remove(table)
                    guard trees[table] != entry.id else { continue }
                    changes.append((table, trees.updateValue(entry.id, forKey: table)))
                }
            }
            for table in left.sorted() { changes.append((table, trees.removeValue(forKey: table))) }
        }
        layers = now
        return changes
    }
}
