package import Diagnostics

/// All rows of a table in key order, in memory or in runs on disk that are merged as they are read.
///
/// No two rows have one key; of a table without key, equal rows are one that counts them.
package struct SortedRows: Sendable {
    package let schema: Schema
    private let parts: [SortedPart]
    private let arbiter: (any RowArbiter)?

    /// Rows in memory that are sorted.
    package init(_ rows: RowSet) {
        self.init(schema: rows.schema, parts: [.memory(rows)], arbiter: nil)
    }

    /// Runs that are each sorted.
    init(schema: Schema, runs: [SortedRun]) {
        self.init(schema: schema, parts: runs.map { .run($0) }, arbiter: nil)
    }

    private init(schema: Schema, parts: [SortedPart], arbiter: (any RowArbiter)?) {
        self.schema = schema
        self.parts = parts
        self.arbiter = arbiter
    }

    /// Several tables of one schema together.
    ///
    /// - Parameters:
    ///   - schema: of all of them.
    ///   - all: the tables; of rows with one key the arbiter is asked for that of an earlier table
    ///     and that of a later one, each time the rows are gone through.
    ///   - arbiter: who decides.
    /// - Returns: their rows, which are merged as they are gone through.
    package static func merging(
        schema: Schema,
        _ all: [SortedRows],
        arbiter: any RowArbiter
    ) -> SortedRows {
        SortedRows(schema: schema, parts: all.flatMap(\.parts), arbiter: arbiter)
    }

    /// The rows of several builders that are parts of one whole, each finished.
    ///
    /// Which builder has which rows makes no difference.
    /// - Parameters:
    ///   - schema: of all of them.
    ///   - builders: emptied, so that their memory is not kept.
    /// - Returns: all rows.
    /// - Throws: `records.duplicate-key`; when rows are read, if some are on disk.
    package static func merging(
        schema: Schema,
        _ builders: inout [RowBuilder]
    ) throws(Failure) -> SortedRows {
        var sets: [RowSet] = []
        var runs: [SortedPart] = []
        for builder in builders {
            let parts = builder.parts()
            if parts.memory.count > 0 { sets.append(parts.memory) }
            runs += parts.runs.map { .run($0) }
        }
        builders = []
        guard !runs.isEmpty else { return SortedRows(try RowSet.merging(&sets, schema: schema)) }
        return SortedRows(schema: schema, parts: runs + sets.map { .memory($0) }, arbiter: nil)
    }

    /// The rows, if they are one set in memory.
    var inMemory: RowSet? {
        if parts.count == 1, case .memory(let rows) = parts[0] { rows } else { nil }
    }

    /// Whether any rows are on disk.
    package var isSpilled: Bool {
        parts.contains { if case .run = $0 { true } else { false } }
    }

    /// Calls `body` with the text of every row, with its newline, its sort key and its cut hash, in
    /// order.
    ///
    /// May be called again, and gives the same.
    /// - Throws: `records.duplicate-key` if rows of different runs have one key; what `body` throws.
    package func forEach(
        _ body: (
            _ row: UnsafeBufferPointer<UInt8>,
            _ key: UnsafeBufferPointer<UInt8>,
            _ hash: UInt64
        ) throws(Failure) -> Void
    ) throws(Failure) {
        if let rows = inMemory {
            for index in 0..<rows.count {
                try unsafe rows.withRowAndKey(index) { (row, key) throws(Failure) in
                    try unsafe body(row, key, rows.cutHash(index))
                }
            }
            return
        }
        var merge = try SortedMerge(parts)
        // The row that the next one may replace or be counted with.
        var last = SortedRow()
        while try merge.advance() {
            if !last.text.isEmpty, merge.hasKey(last.key) {
                if schema.isMultiset {
                    (last.text, last.hash) = try RowSet.folded(
                        [last.text, merge.row],
                        schema: schema
                    )
                } else if let arbiter {
                    if try !arbiter.keeps(last.text, insteadOf: merge.row) {
                        merge.copyRow(to: &last)
                    }
                } else {
                    throw try duplicate(last, &merge)
                }
                continue
            }
            try unsafe Self.give(last, body)
            merge.copyRow(to: &last)
        }
        try unsafe Self.give(last, body)
    }

    /// The failure of a row and the merge's current one, which have one key: it shows the first
    /// two of all rows with that key, in whatever parts they are.
    private func duplicate(
        _ row: SortedRow,
        _ merge: inout SortedMerge
    ) throws(Failure) -> Failure {
        var first = row
        var second = SortedRow()
        merge.copyRow(to: &second)
        if second.order < first.order { swap(&first, &second) }
        while try merge.advance(), merge.hasKey(row.key) {
            guard merge.order < second.order else { continue }
            merge.copyRow(to: &second)
            if second.order < first.order { swap(&first, &second) }
        }
        return RowSet(schema: schema).duplicate(first.text, second.text)
    }

    /// All rows in memory.
    package func rowSet() throws(Failure) -> RowSet {
        if let rows = inMemory { return rows }
        var rows = RowSet(schema: schema)
        try unsafe forEach { (row, _, _) throws(Failure) in try unsafe rows.append(row: row) }
        return rows
    }

    private static func give(
        _ row: SortedRow,
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>, UInt64) throws(Failure) ->
            Void
    ) throws(Failure) {
        guard !row.text.isEmpty else { return }
        try unsafe row.text.withUnsafeBufferPointer { (text) throws(Failure) in
            try unsafe row.key.withUnsafeBufferPointer { (key) throws(Failure) in
                try unsafe body(text, key, row.hash)
            }
        }
    }
}
