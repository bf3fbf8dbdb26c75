package import Codecs
package import Diagnostics
package import GitStore
import Records

/// The snapshots of a repository.
package struct SnapshotStore: Sendable {
    package let repository: Repository
    let supply: BlobSupply
    /// Segments above which tables are grouped: the format's number but in tests.
    let groupLimit: Int

    /// Makes a store over an open repository; `missing` gets what a filtered clone lacks.
    package init(
        repository: Repository,
        missing: (any MissingObjects)? = nil,
        groupLimit: Int = Manifest.groupLimit
    ) {
        self.repository = repository
        self.groupLimit = groupLimit
        supply = BlobSupply(repository: repository, provider: missing)
    }

    /// The tables under `snapshots/` of a root tree, sorted by name.
    ///
    /// A folder whose name is no table name, or that has no manifest, is none.
    package func tables(inTree root: ObjectID) throws(Failure) -> [TableName] {
        try tableTrees(inTree: root).map(\.table)
    }

    /// The tables of a commit, sorted by name.
    package func tables(at commit: ObjectID) throws(Failure) -> [TableName] {
        try tables(inTree: try repository.commit(commit).tree)
    }

    /// The version of `table` in a root tree; nil if it has none.
    /// - Throws: `snapshot.malformed-manifest`, `snapshot.unknown-format`, what git says.
    package func snapshot(_ table: TableName, inTree root: ObjectID) throws(Failure) -> Snapshot? {
        guard let entry = try repository.entry(path: table.path, inTree: root), entry.isTree else {
            return nil
        }
        return try snapshot(table, tree: entry.id)
    }

    /// The version of `table` at a commit.
    /// - Throws: `snapshot.unknown-table` if it has none there.
    package func snapshot(_ table: TableName, at commit: ObjectID) throws(Failure) -> Snapshot {
        let root = try repository.commit(commit).tree
        if let snapshot = try snapshot(table, inTree: root) { return snapshot }
        let tables = try tables(inTree: root)
        let close = tables.filter { $0.name == table.name || $0.layer == table.layer }
        throw Failure(
            .unknownTable,
            "There is no table \"\(table)\" at \(commit.hex.prefix(12)).",
            hint: close.isEmpty
                ? "osodata tables"
                : "There is \(close.prefix(5).map(\.description).joined(separator: ", "))."
        )
    }

    /// The snapshot whose folder is the tree `tree`; nil if it has no manifest.
    package func snapshot(_ table: TableName, tree: ObjectID) throws(Failure) -> Snapshot? {
        try snapshot(table, tree: tree, of: repository, supply: supply)
    }

    /// The snapshot of a table that was written and is not published yet.
    ///
    /// It reads from the batch, and from the repository once the batch is written there.
    package func snapshot(
        _ written: PreparedTable,
        in batch: ObjectBatch
    ) throws(Failure) -> Snapshot {
        let beside = supply.beside(batch)
        if let snapshot = try snapshot(
            written.table,
            tree: written.tree,
            of: batch,
            supply: beside
        ) {
            return snapshot
        }
        throw Failure(.missingObject, "The table \(written.table) is not in its batch.")
    }

    private func snapshot(
        _ table: TableName,
        tree: ObjectID,
        of objects: any ObjectSource,
        supply: BlobSupply
    ) throws(Failure) -> Snapshot? {
        var entries: [String: TreeEntry] = [:]
        for entry in try objects.tree(tree) { entries[entry.name] = entry }
        guard let file = entries[SnapshotFiles.manifest] else { return nil }
        try supply.require([file.id] + [entries[SnapshotFiles.provenance]?.id].compactMap { $0 })
        var segmentTrees: [String: ObjectID]?
        let manifest = try Manifest(
            parsing: try objects.blob(file.id),
            file: "\(table.path)/\(SnapshotFiles.manifest)",
            groupLimit: groupLimit
        ) { (folders) throws(Failure) in
            let groups = try GroupFolders(folders, of: table, entries, objects)
            segmentTrees = groups.segments
            try supply.require(groups.files.map(\.blob))
            var texts: [(path: String, text: [UInt8])] = []
            for (path, blob) in groups.files { texts.append((path, try objects.blob(blob))) }
            return texts
        }
        return Snapshot(
            table: table,
            manifest: manifest,
            tree: tree,
            entries: entries,
            segmentTrees: segmentTrees
                ?? entries.filter { $0.value.isTree }.mapValues { $0.id },
            objects: objects,
            supply: supply
        )
    }

    /// The warehouse digest of a root tree: of every table but those of layer `meta`.
    package func warehouseDigest(inTree root: ObjectID) throws(Failure) -> Digest {
        try require(.manifest, inTree: root)
        var digests: [(table: TableName, digest: Digest)] = []
        for (table, tree) in try tableTrees(inTree: root) where !table.isMeta {
            guard let snapshot = try snapshot(table, tree: tree) else { continue }
            digests.append((table, snapshot.manifest.digest))
        }
        return SnapshotDigests.warehouse(
            digests.map { (table: $0.table.description, digest: $0.digest) }
        )
    }

    /// Every table of a root tree, sorted by name; layers are read once for all.
    ///
    /// - Parameters:
    ///   - root: the tree.
    ///   - threads: how many read manifests.
    /// - Returns: what is under `snapshots/`.
    /// - Throws: `snapshot.malformed-manifest`, `snapshot.unknown-format`, what git says.
    package func snapshots(
        inTree root: ObjectID,
        threads: Int = 1
    ) throws(Failure) -> [Snapshot] {
        let trees = try tableFolders(inTree: root)
        return try parallelMap(trees.count, threads: threads, state: { () }) {
            (index, _) throws(Failure) -> Snapshot? in
            try snapshot(trees[index].table, tree: trees[index].tree)
        }.compactMap { $0 }
    }

    /// Tables and the trees of their folders, sorted by name.
    func tableTrees(
        inTree root: ObjectID
    ) throws(Failure) -> [(table: TableName, tree: ObjectID)] {
        var trees: [(table: TableName, tree: ObjectID)] = []
        for folder in try tableFolders(inTree: root) {
            let names = try repository.tree(folder.tree).map(\.name)
            if names.contains(SnapshotFiles.manifest) { trees.append(folder) }
        }
        return trees
    }

    /// Folders called as tables, sorted by name; those without a manifest are none.
    private func tableFolders(
        inTree root: ObjectID
    ) throws(Failure) -> [(table: TableName, tree: ObjectID)] {
        guard let top = try repository.entry(path: "snapshots", inTree: root), top.isTree else {
            return []
        }
        var found: [(table: TableName, tree: ObjectID)] = []
        for layer in try repository.tree(top.id) where layer.isTree {
            for folder in try repository.tree(layer.id) where folder.isTree {
                guard let table = TableName(folders: layer.name, folder.name) else { continue }
                found.append((table, folder.id))
            }
        }
        return found.sorted { $0.table < $1.table }
    }
}

/// The folders of the groups of a table.
private struct GroupFolders {
    /// `group.json` of each, in order.
    private(set) var files: [(path: String, blob: ObjectID)] = []
    /// The trees of all segments, by name.
    private(set) var segments: [String: ObjectID] = [:]

    init(
        _ folders: [String],
        of table: TableName,
        _ entries: [String: TreeEntry],
        _ objects: any ObjectSource
    ) throws(Failure) {
        for folder in folders {
            let path = "\(table.path)/\(folder)/\(SegmentGroup.fileName)"
            guard let entry = entries[folder], entry.isTree else {
                throw Snapshot.missing(path, table)
            }
            var file: ObjectID?
            for child in try objects.tree(entry.id) {
                if child.isTree {
                    segments[child.name] = child.id
                } else if child.name == SegmentGroup.fileName {
                    file = child.id
                }
            }
            guard let file else { throw Snapshot.missing(path, table) }
            files.append((path, file))
        }
    }
}
