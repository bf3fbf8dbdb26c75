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
    package static func merging(
        schema: Schema,
        _ all: [SortedRows],
        arbiter: any RowArbiter
    ) -> SortedRows {
        SortedRows(schema: schema, parts: all.flatMap(\.parts), arbiter: arbiter)
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
        var last: [UInt8] = []
        var lastKey: [UInt8] = []
        var lastHash: UInt64 = 0
        while try merge.advance() {
            let isEqual = unsafe merge.withKey { key in unsafe key.elementsEqual(lastKey) }
            if isEqual, !last.isEmpty {
                if schema.isMultiset {
                    (last, lastHash) = try RowSet.folded([last, merge.row], schema: schema)
                } else if let arbiter {
                    if try !arbiter.keeps(last, insteadOf: merge.row) {
                        last = merge.row
                        lastHash = merge.hash
                    }
                } else {
                    throw Self.duplicate(last, merge.row, schema: schema)
                }
                continue
            }
            try unsafe Self.give(last, lastKey, lastHash, body)
            last = merge.row
            lastHash = merge.hash
            lastKey = unsafe merge.withKey { unsafe Array($0) }
        }
        try unsafe Self.give(last, lastKey, lastHash, body)
    }

    /// All rows in memory.
    package func rowSet() throws(Failure) -> RowSet {
        if let rows = inMemory { return rows }
        var rows = RowSet(schema: schema)
        try unsafe forEach { (row, _, _) throws(Failure) in try unsafe rows.append(row: row) }
        return rows
    }

    /// Equal rows of a table without key as one row that has the sum of their counts.
    ///
    /// - Returns: the row and its cut hash.
    package static func folded(
        _ texts: [[UInt8]],
        schema: Schema
    ) throws(Failure) -> (row: [UInt8], hash: UInt64) {
        try RowSet.folded(texts, schema: schema)
    }

    /// The failure of two rows with one key.
    package static func duplicate(_ first: [UInt8], _ second: [UInt8], schema: Schema) -> Failure {
        RowSet(schema: schema).duplicate(first, second)
    }

    private static func give(
        _ row: [UInt8],
        _ key: [UInt8],
        _ hash: UInt64,
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>, UInt64) throws(Failure) ->
            Void
    ) throws(Failure) {
        guard !row.isEmpty else { return }
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe key.withUnsafeBufferPointer { (key) throws(Failure) in
                try unsafe body(row, key, hash)
            }
        }
    }
}
