package import Diagnostics
import Diffing
package import GitStore
package import Records

/// What one commit did to one row.
package struct RowVersion: Sendable {
    /// What happened.
    package enum Kind: String, Sendable {
        case added, changed, removed
    }

    /// One cell that came, went or changed; nil where the table had no such column.
    package struct Cell: Sendable, Equatable {
        package let column: String
        /// JSON text.
        package let before: [UInt8]?
        /// JSON text.
        package let after: [UInt8]?
    }

    package let commit: CommitInfo
    package let kind: Kind
    /// The cells that differ, in column order; of an added or removed row, all but the key.
    package let cells: [Cell]
}

/// Why the history of a row goes no further back.
package enum RowHistoryEnd: Sendable {
    /// The table's first version was reached.
    case beginning
    /// The caller had enough.
    case stopped
    /// A shallow clone ends at this commit, at which the row was there or not.
    case cut(CommitInfo, wasThere: Bool)
    /// This commit gave the table another key.
    case rekeyed(CommitInfo, from: [String], to: [String])
}

/// What the history of a row amounts to, and what finding it cost.
package struct RowHistorySummary: Sendable {
    package let key: RowKey
    /// Changes of the row.
    package internal(set) var changes = 0
    /// Versions of the table gone through.
    package internal(set) var versions = 0
    /// Manifests, lists of chunks, and chunks read.
    package internal(set) var manifestsRead = 0
    package internal(set) var listsRead = 0
    package internal(set) var chunksRead = 0
    /// Bytes of the chunks' text.
    package internal(set) var bytesRead = 0
    package internal(set) var end = RowHistoryEnd.stopped
}

/// Follows one row through the versions of its table, newest first.
///
/// Where the row stands is remembered by the names of its segment and chunk. They are digests, so
/// a version whose folder has the segment, or has the chunk in a segment that is new there, has
/// the same row, and nothing of it is read but trees. Otherwise the manifest's statistics say which
/// segments may hold the key, their lists which chunks, and of those, halving, as few are read as
/// decide; no chunk twice.
struct RowTracker {
    /// Where a row is, or would be, in one version of the table.
    enum State {
        /// The version has no such table.
        case noTable
        /// The chunk whose rows lie around the key, and the row if it is there.
        case chunk(Place)
        /// No chunk has rows on both sides of the key; these segments were thought of.
        case nowhere(segments: [String])
        /// The table has another key here, so the row cannot be named.
        case rekeyed(from: [String])
    }

    struct Place {
        var segment: [UInt8]
        let chunk: [UInt8]
        let row: [UInt8]?
        let schema: Schema
    }

    let store: SnapshotStore
    let table: TableName
    let key: RowKey
    /// The schema of the version looked at last; the key is read by it.
    private var schema: Schema
    var summary: RowHistorySummary
    /// Of chunks that were read: where the key stands in them, and the row.
    private var known: [String: (place: KeyPlace, row: [UInt8]?)] = [:]

    init(_ store: SnapshotStore, _ table: TableName, key: RowKey, schema: Schema) {
        self.store = store
        self.table = table
        self.key = key
        self.schema = schema
        summary = RowHistorySummary(key: key)
    }

    /// Where the row is in a version.
    /// - Parameters:
    ///   - tree: the table's folder; nil if the version has none.
    ///   - newer: the version after it, and its state.
    /// - Returns: the place, and the row.
    /// - Throws: what reading throws.
    mutating func state(
        in tree: ObjectID?,
        after newer: (tree: ObjectID?, state: State)?
    ) throws(Failure) -> State {
        guard let tree else { return .noTable }
        if let newer, case .chunk(let place) = newer.state,
            let same = try unchanged(place, in: tree, newer: newer.tree)
        {
            return .chunk(same)
        }
        guard let snapshot = try store.snapshot(table, tree: tree) else { return .noTable }
        summary.manifestsRead += 1
        guard adopt(snapshot.schema) else { return .rekeyed(from: snapshot.schema.key) }
        let segments = candidates(in: snapshot)
        let names = segments.map { snapshot.manifest.segments[$0].folder }
        if let newer, case .nowhere(names) = newer.state { return newer.state }
        var chunks: [(segment: String, chunk: ChunkInfo)] = []
        for index in segments {
            chunks += try self.chunks(in: snapshot, segment: index)
        }
        var (low, high) = (0, chunks.count)
        while low < high {
            let middle = (low + high) / 2
            let found = try look(into: chunks[middle].chunk, of: snapshot)
            switch found.place {
            case .before: high = middle
            case .after: low = middle + 1
            case .within:
                return .chunk(
                    Place(
                        segment: Array(chunks[middle].segment.utf8),
                        chunk: Array(chunks[middle].chunk.file.utf8),
                        row: found.row,
                        schema: snapshot.schema
                    )
                )
            }
        }
        return .nowhere(segments: names)
    }

    /// The place in another version that has the same chunk; nil if it has not.
    private func unchanged(
        _ place: Place,
        in tree: ObjectID,
        newer: ObjectID?
    ) throws(Failure) -> Place? {
        let repository = store.repository
        if try repository.entry(named: place.segment, inTree: tree)?.isTree == true {
            return place
        }
        // A chunk is once in a version, so it cannot be in a segment that both versions have.
        let others = try newer.map { (newer) throws(Failure) in
            Set(try repository.tree(newer).map(\.id))
        }
        for folder in try repository.tree(tree) where folder.isTree {
            guard others?.contains(folder.id) != true,
                try repository.entry(named: place.chunk, inTree: folder.id) != nil
            else { continue }
            var moved = place
            moved.segment = folder.nameBytes
            return moved
        }
        return nil
    }

    /// Goes over to the schema of an older version, if its rows are named by the same columns.
    private mutating func adopt(_ older: Schema) -> Bool {
        guard older != schema else { return true }
        let comparison = SchemaComparison(from: older, to: schema)
        guard comparison.canPairRows, !older.isMultiset else { return false }
        schema = older
        return true
    }

    /// The segments of a version that may hold the row.
    func candidates(in snapshot: Snapshot) -> [Int] {
        let segments = snapshot.manifest.segments
        return key.candidates(among: segments.count) { segments[$0].statistics }
    }

    /// The chunks of a segment that may hold the row.
    mutating func chunks(
        in snapshot: Snapshot,
        segment: Int
    ) throws(Failure) -> [(segment: String, chunk: ChunkInfo)] {
        let chunks = try snapshot.chunks(inSegment: segment)
        summary.listsRead += 1
        let folder = snapshot.manifest.segments[segment].folder
        return key.candidates(among: chunks.count) { chunks[$0].statistics }
            .map { (folder, chunks[$0]) }
    }

    /// Reads a chunk, once.
    private mutating func look(
        into chunk: ChunkInfo,
        of snapshot: Snapshot
    ) throws(Failure) -> (place: KeyPlace, row: [UInt8]?) {
        if let found = known[chunk.file] { return found }
        try snapshot.require([chunk])
        let text = try snapshot.text(of: chunk)
        summary.chunksRead += 1
        summary.bytesRead += text.count
        let place = try key.place(in: text, reader: RowReader(schema: snapshot.schema))
        var row: [UInt8]?
        if case .within(let range?) = place { row = Array(text[range]) }
        known[chunk.file] = (place, row)
        return (place, row)
    }
}

extension RowTracker.State {
    /// The row and the schema it is of, if it is there.
    var row: (text: [UInt8], schema: Schema)? {
        guard case .chunk(let place) = self, let row = place.row else { return nil }
        return (row, place.schema)
    }
}

extension Failure.Code {
    /// No version of a table has a row of this key.
    package static let noSuchRow = Self("history.no-such-row")
}

extension RowVersion {
    /// What the step from one state to the next one is; nil if the row stays as it is.
    static func step(
        from before: (text: [UInt8], schema: Schema)?,
        to after: (text: [UInt8], schema: Schema)?,
        at commit: CommitInfo
    ) throws(Failure) -> RowVersion? {
        switch (before, after) {
        case (nil, nil): return nil
        case (nil, let after?):
            let cells = try cells(of: after)
            return RowVersion(
                commit: commit,
                kind: .added,
                cells: cells.map { Cell(column: $0.column, before: nil, after: $0.text) }
            )
        case (let before?, nil):
            let cells = try cells(of: before)
            return RowVersion(
                commit: commit,
                kind: .removed,
                cells: cells.map { Cell(column: $0.column, before: $0.text, after: nil) }
            )
        case (let before?, let after?):
            guard before.text != after.text else { return nil }
            let cells = try changes(from: before, to: after)
            return cells.isEmpty ? nil : RowVersion(commit: commit, kind: .changed, cells: cells)
        }
    }

    /// The cells of a row but those of its key.
    private static func cells(
        of row: (text: [UInt8], schema: Schema)
    ) throws(Failure) -> [(column: String, text: [UInt8])] {
        let all = try split(row)
        return zip(row.schema.columns, all).dropFirst(row.schema.keyCount)
            .map { ($0.name, $1) }
    }

    private static func changes(
        from before: (text: [UInt8], schema: Schema),
        to after: (text: [UInt8], schema: Schema)
    ) throws(Failure) -> [Cell] {
        let old = try split(before)
        let new = try split(after)
        let pairs = SchemaComparison(from: before.schema, to: after.schema).pairs
        let null = Array("null".utf8)
        var cells: [Cell] = []
        for (index, column) in after.schema.columns.enumerated() {
            let pair = pairs.first { $0.after == index }
            let text = pair.map { old[$0.before] }
            // A column that came with nothing in it changed no row.
            guard (text ?? null) != new[index] else { continue }
            cells.append(Cell(column: column.name, before: text, after: new[index]))
        }
        for (index, column) in before.schema.columns.enumerated()
        where old[index] != null && !pairs.contains(where: { $0.before == index }) {
            cells.append(Cell(column: column.name, before: old[index], after: nil))
        }
        return cells
    }

    private static func split(
        _ row: (text: [UInt8], schema: Schema)
    ) throws(Failure) -> [[UInt8]] {
        var cells: [Range<Int>] = []
        let reader = RowReader(schema: row.schema)
        try unsafe row.text.withUnsafeBufferPointer { (text) throws(Failure) in
            try unsafe reader.cells(text, into: &cells)
        }
        return cells.map { Array(row.text[$0]) }
    }
}
