package import Diagnostics
package import GitStore
import Synchronization

/// Gets objects that a filtered clone lacks (docs/decisions/0007-missing-objects.md).
package protocol MissingObjects: Sendable {
    /// Brings all of `ids` into `repository`, in as few exchanges as can be.
    /// - Throws: if the remote does not give them.
    func fetch(_ ids: [ObjectID], into repository: Repository) throws(Failure)
}

/// Sees to it that blobs are here before they are read.
final class BlobSupply: Sendable {
    private let repository: Repository
    private let provider: (any MissingObjects)?
    /// Held while something is fetched: what two threads lack is often the same.
    private let fetching = Mutex<Void>(())

    /// Objects that are no more missing though the repository has them not yet.
    private let batch: ObjectBatch?

    init(
        repository: Repository,
        provider: (any MissingObjects)?,
        batch: ObjectBatch? = nil
    ) {
        self.repository = repository
        self.provider = provider
        self.batch = batch
    }

    /// The same beside a batch that is not written yet.
    func beside(_ batch: ObjectBatch) -> BlobSupply {
        BlobSupply(repository: repository, provider: provider, batch: batch)
    }

    /// Whether an object is neither in the repository nor in the batch.
    func lacks(_ id: ObjectID) throws(Failure) -> Bool { try !lacking([id]).isEmpty }

    private func lacking(_ ids: some Sequence<ObjectID>) throws(Failure) -> [ObjectID] {
        try repository.missing(ids).filter { $0 != .zero && batch?.contains($0) != true }
    }

    /// Whether anything can be missing and got.
    var isNeeded: Bool { repository.isFiltered && provider != nil }

    /// Fetches those of `ids` that are not here, all at once.
    func require(_ ids: some Sequence<ObjectID>) throws(Failure) {
        guard repository.isFiltered, let provider else { return }
        try fetching.withLock { (_) throws(Failure) -> Void in
            let lacking = try lacking(ids)
            guard !lacking.isEmpty else { return }
            try provider.fetch(lacking, into: repository)
            try repository.refresh()
        }
    }
}

/// How much of a table is about to be read.
package enum TablePart: Sendable {
    /// `manifest.json` with each `group.json`, and `provenance.json`.
    case manifest
    /// These, and every `segment.json`.
    case lists
    /// All files.
    case everything
}

extension SnapshotStore {
    /// Whether objects may be missing that can be fetched.
    package var fetchesObjects: Bool { supply.isNeeded }

    /// The same snapshots, as far as they are here: nothing is fetched, what is missing fails.
    package var withoutFetching: SnapshotStore {
        SnapshotStore(repository: repository, groupLimit: groupLimit)
    }

    /// Fetches what a filtered clone lacks of some tables, in one exchange.
    ///
    /// Trees say which files there are, so nothing need be read to know what to ask for.
    /// - Parameters:
    ///   - part: what is about to be read.
    ///   - trees: the tables' folders.
    /// - Throws: what who fetches says.
    package func require(_ part: TablePart, ofTables trees: [ObjectID]) throws(Failure) {
        guard supply.isNeeded else { return }
        var ids: [ObjectID] = []
        for tree in trees { ids += try blobs(part, ofTable: tree) }
        try supply.require(ids)
    }

    /// Fetches what a filtered clone lacks of the tables of a root tree, in one exchange.
    package func require(_ part: TablePart, inTree root: ObjectID) throws(Failure) {
        guard supply.isNeeded else { return }
        try require(part, ofTables: try tableTrees(inTree: root).map(\.tree))
    }

    /// Fetches what a filtered clone lacks to compare versions of tables, in one exchange: the
    /// lists of both, and the chunks that only one of the two has.
    /// - Parameter pairs: the folders of each table; nil where there is none.
    /// - Throws: what who fetches says.
    package func requireDifferences(
        ofTables pairs: [(before: ObjectID?, after: ObjectID?)]
    ) throws(Failure) {
        guard supply.isNeeded else { return }
        var ids: [ObjectID] = []
        for pair in pairs {
            if pair.before == pair.after {
                ids +=
                    try pair.after.map { (tree) throws(Failure) in
                        try blobs(.manifest, ofTable: tree)
                    } ?? []
                continue
            }
            var sides: [Set<ObjectID>] = []
            for tree in [pair.before, pair.after] {
                guard let tree else { continue }
                ids += try blobs(.lists, ofTable: tree)
                sides.append(Set(try blobs(.everything, ofTable: tree)))
            }
            let first = sides.first ?? []
            ids += first.symmetricDifference(sides.count > 1 ? sides[1] : []).sorted()
        }
        try supply.require(ids)
    }

    /// Fetches what a filtered clone lacks of the files at some paths, in one exchange.
    package func require(paths: [String], inTree root: ObjectID) throws(Failure) {
        guard supply.isNeeded else { return }
        var ids: [ObjectID] = []
        for path in paths {
            guard let entry = try repository.entry(path: path, inTree: root) else { continue }
            if entry.isTree { try collect(entry.id, into: &ids) } else { ids.append(entry.id) }
        }
        try supply.require(ids)
    }

    private func collect(_ tree: ObjectID, into ids: inout [ObjectID]) throws(Failure) {
        for entry in try repository.tree(tree) {
            // Commits of other repositories are nobody's to fetch.
            if entry.isTree {
                try collect(entry.id, into: &ids)
            } else if entry.mode != 0o160000 {
                ids.append(entry.id)
            }
        }
    }

    private func blobs(_ part: TablePart, ofTable tree: ObjectID) throws(Failure) -> [ObjectID] {
        var ids: [ObjectID] = []
        for entry in try repository.tree(tree) {
            guard entry.isTree else {
                if [SnapshotFiles.manifest, SnapshotFiles.provenance].contains(entry.name)
                    || part == .everything
                {
                    ids.append(entry.id)
                }
                continue
            }
            if part == .everything {
                try collect(entry.id, into: &ids)
                continue
            }
            ids += try lists(part, ofFolder: entry.id)
        }
        return ids
    }
}

extension SnapshotStore {
    /// The lists that lie in the folder of a segment or a group, and for `.lists` in those of the
    /// group's segments.
    private func lists(_ part: TablePart, ofFolder tree: ObjectID) throws(Failure) -> [ObjectID] {
        let group = Array(SegmentGroup.fileName.utf8)
        if let file = try repository.entry(named: group, inTree: tree) {
            var ids = [file.id]
            guard part == .lists else { return ids }
            for entry in try repository.tree(tree) where entry.isTree {
                ids += try lists(part, ofFolder: entry.id)
            }
            return ids
        }
        guard part == .lists else { return [] }
        let name = Array(SegmentFile.name.utf8)
        return try repository.entry(named: name, inTree: tree).map { [$0.id] } ?? []
    }
}

extension Snapshot {
    /// Fetches what a filtered clone lacks of some chunks, in one exchange.
    package func require(_ chunks: some Sequence<ChunkInfo>) throws(Failure) {
        guard supply.isNeeded else { return }
        try supply.require(chunks.map(\.blob))
    }

    /// Fetches what a filtered clone lacks of the lists of chunks, in one exchange.
    package func requireLists() throws(Failure) {
        try requireLists(ofSegments: manifest.segments.indices)
    }

    /// The same of some segments, by index.
    func requireLists(ofSegments segments: some Sequence<Int>) throws(Failure) {
        guard supply.isNeeded else { return }
        var ids: [ObjectID] = []
        for index in segments {
            if let list = try list(ofSegment: index) { ids.append(list) }
        }
        try supply.require(ids)
    }

    /// The file with the list of a segment's chunks; nil if there is none.
    func list(ofSegment index: Int) throws(Failure) -> ObjectID? {
        guard let tree = segmentTree(index) else { return nil }
        return try objects.tree(tree).first { $0.name == SegmentFile.name }?.id
    }
}
