package import Diagnostics
import Records

/// Finds the rows that differ between two versions of a table, in key order.
///
/// Segments and chunks of equal identity are never read. The rest is merged by sort key, one
/// chunk of each side in memory at a time. If the schemas do not let rows pair up (another key),
/// every row is reported removed, then every row added. What counts as a difference is up to
/// `rules`; rows are reported whole, with the cells that count.
///
/// `body` is called for each row that differs and says whether to go on.
/// - Returns: the counts, and what was read to find them.
/// - Throws: what `body` throws, what reading chunks throws, `diff.malformed-chunk`.
/// - Complexity: linear in the bytes of differing chunks; memory of two chunks and the chunk
///   lists of differing segments.
@discardableResult
package func differences<Before: ChunkSource, After: ChunkSource>(
    from before: Before,
    to after: After,
    rules: DiffRules = DiffRules(),
    _ body: (RowChange) throws(Failure) -> Bool = { (_) throws(Failure) in true }
) throws(Failure) -> DiffSummary where Before.Identity == After.Identity {
    let comparison = SchemaComparison(from: before.schema, to: after.schema)
    var merge = Merge(before: before, after: after, comparison: comparison, rules: rules)
    if comparison.canPairRows {
        let isComplete = try forEachUnmatchedRun(from: before, to: after) {
            (chunks) throws(Failure) in
            try merge.run(chunks.before, chunks.after, body)
        }
        guard isComplete else { return merge.finish(isComplete: false) }
    } else {
        let old = try ChunkList(of: before, segments: before.segmentPieces.indices)
        guard try merge.run(old.places, [], body) else { return merge.finish(isComplete: false) }
        let new = try ChunkList(of: after, segments: after.segmentPieces.indices)
        guard try merge.run([], new.places, body) else { return merge.finish(isComplete: false) }
    }
    return merge.finish(isComplete: true)
}

/// The merge of two sorted streams of rows, and the counts it arrives at.
private struct Merge<Before: ChunkSource, After: ChunkSource> {
    private let before: Before
    private let after: After
    /// The columns to compare.
    private let pairs: [ColumnPair]
    private let tolerance: Tolerance?
    private let readerBefore: RowReader
    private let readerAfter: RowReader
    private let keyBefore: Range<Int>
    private let keyAfter: Range<Int>
    private let isMultiset: Bool
    private var summary = DiffSummary()
    /// Changed cells by position in the schema after.
    private var cellsChanged: [Int]

    /// A column on both sides; the types if a tolerance is for it.
    private struct ColumnPair {
        let before: Int
        let after: Int
        let numbers: (before: ColumnType, after: ColumnType)?
    }

    init(before: Before, after: After, comparison: SchemaComparison, rules: DiffRules) {
        self.before = before
        self.after = after
        tolerance = rules.tolerance
        pairs = comparison.pairs.compactMap { pair in
            let old = before.schema.columns[pair.before]
            let new = after.schema.columns[pair.after]
            guard rules.counts(old.name, new.name) else { return nil }
            let areNumbers = Tolerance.applies(to: old.type) && Tolerance.applies(to: new.type)
            return ColumnPair(
                before: pair.before,
                after: pair.after,
                numbers: areNumbers ? (old.type, new.type) : nil
            )
        }
        readerBefore = RowReader(schema: before.schema)
        readerAfter = RowReader(schema: after.schema)
        keyBefore = Self.keyColumns(before.schema)
        keyAfter = Self.keyColumns(after.schema)
        isMultiset = before.schema.isMultiset && after.schema.isMultiset
        cellsChanged = [Int](repeating: 0, count: after.schema.columns.count)
        summary.schemaChanges = comparison.changes.filter(rules.counts)
        summary.rowsBefore = before.segmentPieces.reduce(0) { $0 &+ $1.rows }
        summary.rowsAfter = after.segmentPieces.reduce(0) { $0 &+ $1.rows }
    }

    /// The columns that name a row: the key, or all but the count in a table without one.
    private static func keyColumns(_ schema: Schema) -> Range<Int> {
        0..<schema.orderCount
    }

    /// Merges a run of chunks of each side; false if `body` stopped it.
    mutating func run(
        _ chunksBefore: [(segment: Int, chunk: Int)],
        _ chunksAfter: [(segment: Int, chunk: Int)],
        _ body: (RowChange) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        var old = ChunkCursor(source: before, reader: readerBefore, chunks: chunksBefore)
        var new = ChunkCursor(source: after, reader: readerAfter, chunks: chunksAfter)
        defer {
            summary.chunksRead += old.chunksRead + new.chunksRead
            summary.bytesRead += old.bytesRead + new.bytesRead
        }
        while true {
            try ChunkCursor.fill(&old, &new)
            let goesOn: Bool
            switch (old.hasRow, new.hasRow) {
            case (false, false):
                return true
            case (true, false):
                goesOn = try remove(&old, body)
            case (false, true):
                goesOn = try add(&new, body)
            case (true, true):
                let equal = equalRows(old.text, old.position, new.text, new.position)
                if equal > 0 {
                    old.move(to: old.position + equal)
                    new.move(to: new.position + equal)
                    continue
                }
                goesOn = try step(&old, &new, body)
            }
            guard goesOn else { return false }
        }
    }

    /// Handles two rows that are not equal.
    private mutating func step(
        _ old: inout ChunkCursor<Before>,
        _ new: inout ChunkCursor<After>,
        _ body: (RowChange) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        let oldEnd = old.rowEnd()
        let newEnd = new.rowEnd()
        try old.parse(rowEnd: oldEnd)
        try new.parse(rowEnd: newEnd)
        switch compareBytes(old.key, new.key) {
        case ..<0: return try remove(&old, body)
        case 1...: return try add(&new, body)
        default: break
        }
        defer {
            old.move(to: oldEnd + 1)
            new.move(to: newEnd + 1)
        }
        if isMultiset {
            return try recount(old, oldEnd, new, newEnd, body)
        }
        var cells: [CellChange] = []
        for pair in pairs {
            let oldCell = old.cell(pair.before)
            let newCell = new.cell(pair.after)
            guard !equalBytes(oldCell, newCell) else { continue }
            if let tolerance, let types = pair.numbers,
                tolerance.accepts(oldCell, types.before, newCell, types.after)
            {
                continue
            }
            cellsChanged[pair.after] += 1
            cells.append(
                CellChange(
                    column: after.schema.columns[pair.after].name,
                    before: Array(oldCell),
                    after: Array(newCell)
                )
            )
        }
        guard !cells.isEmpty else { return true }
        summary.changed += 1
        return try body(
            RowChange(
                kind: .changed,
                count: 1,
                before: old.row(end: oldEnd),
                after: new.row(end: newEnd),
                key: keyAfter.map { Array(new.cell($0)) },
                cells: cells
            )
        )
    }

    /// Handles one row of a table without key that is there more or less often than before.
    private mutating func recount(
        _ old: ChunkCursor<Before>,
        _ oldEnd: Int,
        _ new: ChunkCursor<After>,
        _ newEnd: Int,
        _ body: (RowChange) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        let oldCount = decimalValue(old.cell(keyBefore.upperBound))
        let newCount = decimalValue(new.cell(keyAfter.upperBound))
        guard oldCount != newCount else { return true }
        let isAdded = newCount > oldCount
        let count = isAdded ? newCount - oldCount : oldCount - newCount
        if isAdded { summary.added &+= count } else { summary.removed &+= count }
        return try body(
            RowChange(
                kind: isAdded ? .added : .removed,
                count: count,
                before: old.row(end: oldEnd),
                after: new.row(end: newEnd),
                key: keyAfter.map { Array(new.cell($0)) },
                cells: []
            )
        )
    }

    private mutating func remove(
        _ old: inout ChunkCursor<Before>,
        _ body: (RowChange) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        let end = old.rowEnd()
        try old.parse(rowEnd: end)
        defer { old.move(to: end + 1) }
        let count = before.schema.isMultiset ? decimalValue(old.cell(keyBefore.upperBound)) : 1
        summary.removed &+= count
        return try body(
            RowChange(
                kind: .removed,
                count: count,
                before: old.row(end: end),
                after: nil,
                key: keyBefore.map { Array(old.cell($0)) },
                cells: []
            )
        )
    }

    private mutating func add(
        _ new: inout ChunkCursor<After>,
        _ body: (RowChange) throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        let end = new.rowEnd()
        try new.parse(rowEnd: end)
        defer { new.move(to: end + 1) }
        let count = after.schema.isMultiset ? decimalValue(new.cell(keyAfter.upperBound)) : 1
        summary.added &+= count
        return try body(
            RowChange(
                kind: .added,
                count: count,
                before: nil,
                after: new.row(end: end),
                key: keyAfter.map { Array(new.cell($0)) },
                cells: []
            )
        )
    }

    /// The counts so far.
    func finish(isComplete: Bool) -> DiffSummary {
        var summary = summary
        summary.isComplete = isComplete
        summary.cellsChanged = cellsChanged.enumerated().compactMap { index, count in
            count == 0
                ? nil
                : DiffSummary.ColumnCount(column: after.schema.columns[index].name, cells: count)
        }
        return summary
    }
}
