package import Diagnostics

/// Rows of one schema in canonical text, with their sort keys and cut hashes.
///
/// Rows are in the order they were appended until one of the sorts is called. All of them are in
/// memory: about the bytes of their text, their keys, and 48 bytes each.
package struct RowSet: Sendable {
    /// Where one row is, and what sorting and cutting need of it.
    struct Entry: Sendable {
        /// The first eight bytes of the key, as a number that compares as they do.
        var prefix: UInt64
        var hash: UInt64
        var key: Arena.Place
        var row: Arena.Place
        /// Rows with one key lie by this.
        var order: UInt64
        var keyLength: UInt32
        var rowLength: UInt32
    }

    package let schema: Schema
    let reader: RowReader
    var texts = Arena()
    var keys = Arena()
    var entries: [Entry] = []
    /// Bytes of the text of all rows, with their newlines.
    package internal(set) var byteCount = 0
    /// Bytes of the sort keys.
    var keyBytes = 0
    /// The order of a row appended by its text: behind those before.
    var nextOrder: UInt64 = 0
    private var scratch: [UInt8] = []
    private var cells: [Range<Int>] = []

    /// Most bytes of text a row may have.
    package static var rowBytesLimit: Int { RowLayout.rowLimit }

    /// No rows.
    package init(schema: Schema) {
        self.schema = schema
        reader = RowReader(schema: schema)
    }

    /// Bytes of memory that the rows take, nearly.
    package var memoryUse: Int {
        byteCount + keyBytes + entries.count * MemoryLayout<Entry>.stride
    }

    /// How many rows there are; in a table without key, how many different ones once sorted.
    package var count: Int { entries.count }

    /// Lends the text of a row, with its newline, in the current order.
    package func withRow<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        let entry = entries[index]
        return unsafe texts.with(entry.row, count: Int(entry.rowLength)) { unsafe body($0) }
    }

    /// Lends the text of a row, with its newline, to a body that may throw.
    package func withRowThrowing<R>(
        _ index: Int,
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> R
    ) throws(Failure) -> R {
        let result = unsafe withRow(index) { row in
            Result { () throws(Failure) -> R in try unsafe body(row) }
        }
        return try result.get()
    }

    /// Lends the text of a row, with its newline, and its sort key to a body that may throw.
    package func withRowAndKey<R>(
        _ index: Int,
        _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) throws(Failure) -> R
    ) throws(Failure) -> R {
        try unsafe withRowThrowing(index) { (row) throws(Failure) in
            let result = unsafe withSortKey(index) { key in
                Result { () throws(Failure) -> R in try unsafe body(row, key) }
            }
            return try result.get()
        }
    }

    /// The text of a row, with its newline.
    package func row(_ index: Int) -> [UInt8] { unsafe withRow(index) { unsafe Array($0) } }

    /// Bytes of a row, with its newline.
    package func rowLength(_ index: Int) -> Int { Int(entries[index].rowLength) }

    /// The hash by which a row is cut.
    package func cutHash(_ index: Int) -> UInt64 { entries[index].hash }

    /// The sort key of a row; keys compare as bytes.
    package func sortKey(_ index: Int) -> [UInt8] {
        unsafe withSortKey(index) { unsafe Array($0) }
    }

    /// Lends the sort key of a row.
    package func withSortKey<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        let entry = entries[index]
        return unsafe keys.with(entry.key, count: Int(entry.keyLength)) { unsafe body($0) }
    }

    /// Appends a row of canonical text, with or without its newline.
    /// - Throws: `records.malformed-row`, `records.row-too-large`.
    package mutating func append(row text: UnsafeBufferPointer<UInt8>) throws(Failure) {
        var split = cells
        cells = []
        defer { cells = split }
        try unsafe reader.cells(text, into: &split)
        try unsafe reader.validate(text, split)
        if unsafe text.last == UInt8(ascii: "\n") {
            try unsafe store(text, cells: split, order: nextOrder)
        } else {
            let line = unsafe Array(text) + [UInt8(ascii: "\n")]
            try unsafe line.withUnsafeBufferPointer { (line) throws(Failure) in
                try unsafe store(line, cells: split, order: nextOrder)
            }
        }
    }

    /// Appends a row of canonical text, with or without its newline.
    /// - Throws: as the other overload.
    package mutating func append(row text: [UInt8]) throws(Failure) {
        try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) in
            try unsafe append(row: text)
        }
    }

    /// Keeps a row that is known to be canonical; `row` has its newline, `cells` the ranges of at
    /// least the cells that order it, `order` is higher than that of the rows before.
    mutating func store(
        _ row: UnsafeBufferPointer<UInt8>,
        cells: [Range<Int>],
        order: UInt64
    ) throws(Failure) {
        guard row.count <= RowLayout.rowLimit else {
            throw Failure(
                .rowTooLarge,
                "A row has \(row.count) bytes of text; the limit is 16 MiB.",
                hint: "Leave out or shorten its longest column.",
                cause: unsafe excerpt(row)
            )
        }
        let hash = unsafe reader.layout.cutHash(row, cells, scratch: &scratch)
        scratch.removeAll(keepingCapacity: true)
        let problem = unsafe SortKey.append(
            row: row,
            cells: cells,
            layout: reader.layout,
            to: &scratch
        )
        if let problem { throw unsafe reader.malformedCell(problem, row) }
        let (prefix, key) = unsafe scratch.withUnsafeBufferPointer {
            unsafe (SortKey.prefix($0), keys.append($0))
        }
        let place = unsafe texts.append(row)
        entries.append(
            Entry(
                prefix: prefix,
                hash: hash,
                key: key,
                row: place,
                order: order,
                keyLength: UInt32(truncatingIfNeeded: scratch.count),
                rowLength: UInt32(truncatingIfNeeded: row.count)
            )
        )
        nextOrder = order &+ 1
        byteCount += row.count
        keyBytes += scratch.count
    }
}
