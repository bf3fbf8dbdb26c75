package import Diagnostics

/// All rows of a table in key order, in memory or in runs on disk that are merged as they are read.
///
/// No two rows have one key; of a table without key, equal rows are one that counts them.
package struct SortedRows: Sendable {
    package let schema: Schema
    private let memory: RowSet
    private let runs: [SortedRun]

    /// Rows in memory that are sorted.
    package init(_ rows: RowSet) {
        schema = rows.schema
        memory = rows
        runs = []
    }

    /// Runs that are each sorted.
    init(schema: Schema, runs: [SortedRun]) {
        self.schema = schema
        memory = RowSet(schema: schema)
        self.runs = runs
    }

    /// Whether the rows are on disk.
    package var isSpilled: Bool { !runs.isEmpty }

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
        guard isSpilled else {
            for index in 0..<memory.count {
                try unsafe memory.withRowAndKey(index) { (row, key) throws(Failure) in
                    try unsafe body(row, key, memory.cutHash(index))
                }
            }
            return
        }
        var merge = try RunMerge(runs)
        var last: [UInt8] = []
        var lastKey: [UInt8] = []
        var lastHash: UInt64 = 0
        while try merge.advance() {
            let isEqual = unsafe merge.withKey { key in unsafe key.elementsEqual(lastKey) }
            if isEqual, !last.isEmpty {
                guard schema.isMultiset else {
                    throw RowSet(schema: schema).duplicate(last, merge.row)
                }
                (last, lastHash) = try RowSet.folded([last, merge.row], schema: schema)
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
        guard isSpilled else { return memory }
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

/// Merges sorted runs: a binary heap of their readers, the one with the least key on top.
///
/// Runs are in the order in which their rows were made, and of equal keys the earlier comes first.
private struct RunMerge {
    private var readers: [SortedRun.Reader] = []
    /// Numbers of readers.
    private var heap: [Int] = []
    private var current: Int?

    init(_ runs: [SortedRun]) throws(Failure) {
        for run in runs {
            var reader = SortedRun.Reader(run)
            let hasRow = try reader.next()
            readers.append(reader)
            if hasRow { heap.append(readers.count - 1) }
        }
        for index in heap.indices.reversed() { sink(index) }
    }

    /// Goes to the next row; false after the last.
    mutating func advance() throws(Failure) -> Bool {
        if let top = current {
            if try !readers[top].next() {
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
            }
            if !heap.isEmpty { sink(0) }
        }
        current = heap.first
        return current != nil
    }

    /// The text of the current row, with its newline.
    var row: [UInt8] {
        guard let current else { return [] }
        let range = readers[current].row
        return unsafe readers[current].withBlock { unsafe Array($0[range]) }
    }

    var hash: UInt64 { current.map { readers[$0].hash } ?? 0 }

    /// Lends the key of the current row.
    func withKey<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        guard let current else { return unsafe body(UnsafeBufferPointer(start: nil, count: 0)) }
        let range = readers[current].key
        return unsafe readers[current].withBlock {
            unsafe body(UnsafeBufferPointer(rebasing: $0[range]))
        }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        let (left, right) = (readers[a].key, readers[b].key)
        let order = unsafe readers[a].withBlock { first in
            unsafe readers[b].withBlock { second in
                unsafe SortKey.compare(
                    UnsafeBufferPointer(rebasing: first[left]),
                    UnsafeBufferPointer(rebasing: second[right])
                )
            }
        }
        return order == 0 ? a < b : order < 0
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
