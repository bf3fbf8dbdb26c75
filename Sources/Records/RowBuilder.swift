import Codecs
package import Diagnostics

/// Makes canonical rows of typed values, given in the order of `schema.dataColumns`.
///
/// Each call gives one cell, or between `beginList` and `endList` one element. A failure leaves the
/// row unfinished: drop it with `dropRow`, or the builder.
package struct RowBuilder: Sendable {
    package let schema: Schema
    private let layout: RowLayout
    private let dataCount: Int
    private let isMultiset: Bool
    private var rows: RowSet
    /// Sorted rows that went to disk.
    private var runs: [SortedRun] = []
    private let limit: SortLimit?
    /// Its rows are merged with those of others, and only then looked at for two with one key.
    private let isPart: Bool
    /// Text of the row begun.
    private var row: [UInt8] = []
    /// Cells finished.
    private var cells: [Range<Int>] = []
    /// The column whose cell comes next, or is open.
    private var column = 0
    /// Lists open.
    private var depth: UInt8 = 0
    private var cellStart = 0
    /// The next element is the first of its list.
    private var isFirstElement = false
    private var scratch: [UInt8] = []

    /// A builder of rows of `schema`.
    ///
    /// - Parameters:
    ///   - schema: the table the rows are for.
    ///   - limit: how much memory they may take; nil for any. With a limit, ask for
    ///     `finishSorted`.
    ///   - isPart: its rows go to `SortedRows.merging` with those of other builders; end each with
    ///     an order, and ask for `finishPart`.
    package init(schema: Schema, limit: SortLimit? = nil, isPart: Bool = false) {
        self.schema = schema
        self.limit = limit
        self.isPart = isPart
        layout = RowLayout(schema)
        dataCount = schema.dataColumns.count
        isMultiset = schema.isMultiset
        rows = RowSet(schema: schema)
    }

    /// Rows finished.
    package private(set) var rowCount = 0

    // MARK: Values

    /// Appends a null.
    /// - Throws: `records.unexpected-null` for a column that has none.
    package mutating func null() throws(Failure) {
        if depth == 0, column < dataCount, !layout.isNullable[column] {
            throw Failure(
                .unexpectedNull,
                "The column \"\(schema.columns[column].name)\" cannot be null.",
                hint: schema.key.contains(schema.columns[column].name)
                    ? "Columns of a key are never null." : nil
            )
        }
        try beginValue(nil)
        row.append(UInt8(ascii: "n"))
        row.append(UInt8(ascii: "u"))
        row.append(UInt8(ascii: "l"))
        row.append(UInt8(ascii: "l"))
        endValue()
    }

    /// Appends a `bool`.
    /// - Throws: `records.wrong-value`, as all of these, if the column is of another type.
    package mutating func bool(_ value: Bool) throws(Failure) {
        try beginValue(.bool)
        if value {
            row += [0x74, 0x72, 0x75, 0x65]
        } else {
            row += [0x66, 0x61, 0x6c, 0x73, 0x65]
        }
        endValue()
    }

    /// Appends an `int64`.
    package mutating func int64(_ value: Int64) throws(Failure) {
        try beginValue(.int64)
        JSONNumber.append(value, to: &row)
        endValue()
    }

    /// Appends a `double`; NaN and infinities are refused, -0 becomes 0.
    package mutating func double(_ value: Double) throws(Failure) {
        guard value.isFinite else { throw wrong("the number \"\(value)\"") }
        try beginValue(.double)
        CanonicalJSON.appendDouble(value, to: &row)
        endValue()
    }

    /// Appends a `decimal` given times 10^scale.
    package mutating func decimal(unscaled: Int128) throws(Failure) {
        let type = column < dataCount ? layout.types[column] : nil
        if let type, type.base == .decimal {
            let limit = CellText.decimalLimit(precision: Int(type.precision))
            guard -limit < unscaled, unscaled < limit else {
                var text: [UInt8] = []
                CellText.appendDecimal(unscaled: unscaled, scale: Int(type.scale), to: &text)
                throw wrong("the number \"\(String(decoding: text, as: UTF8.self))\"")
            }
        }
        try beginValue(.decimal)
        row.append(UInt8(ascii: "\""))
        CellText.appendDecimal(unscaled: unscaled, scale: Int(type?.scale ?? 0), to: &row)
        row.append(UInt8(ascii: "\""))
        endValue()
    }

    /// Appends a `uint256`: digits without leading zeros, below 2^256.
    package mutating func uint256(digits: UnsafeBufferPointer<UInt8>) throws(Failure) {
        guard unsafe CellText.isUInt256(digits) else {
            throw wrong("\"\(unsafe String(decoding: digits.prefix(100), as: UTF8.self))\"")
        }
        try beginValue(.uint256)
        row.append(UInt8(ascii: "\""))
        unsafe row.append(contentsOf: digits)
        row.append(UInt8(ascii: "\""))
        endValue()
    }

    /// Appends a `uint256`: digits without leading zeros, below 2^256.
    package mutating func uint256(digits: String) throws(Failure) {
        let utf8 = Array(digits.utf8)
        try unsafe utf8.withUnsafeBufferPointer { (utf8) throws(Failure) in
            try unsafe uint256(digits: utf8)
        }
    }

    /// Appends a `string`; malformed UTF-8 and U+0000 are refused.
    package mutating func string(utf8: UnsafeBufferPointer<UInt8>) throws(Failure) {
        if let offset = unsafe UTF8Text.firstInvalid(in: utf8) {
            throw wrong("a text that is not UTF-8 at byte \(offset)")
        }
        if unsafe utf8.contains(0) { throw wrong("a text with U+0000") }
        try beginValue(.string)
        unsafe CanonicalJSON.appendString(utf8, to: &row)
        endValue()
    }

    /// Appends a `string`; malformed UTF-8 and U+0000 are refused.
    package mutating func string(utf8: [UInt8]) throws(Failure) {
        try unsafe utf8.withUnsafeBufferPointer { (utf8) throws(Failure) in
            try unsafe string(utf8: utf8)
        }
    }

    /// Appends a `string`; U+0000 is refused.
    package mutating func string(_ value: String) throws(Failure) {
        try string(utf8: Array(value.utf8))
    }

    /// Appends a string, or a null for nil.
    package mutating func optional(_ value: String?) throws(Failure) {
        if let value { try string(value) } else { try null() }
    }

    /// Appends `bytes`.
    package mutating func bytes(_ value: UnsafeBufferPointer<UInt8>) throws(Failure) {
        try beginValue(.bytes)
        row.append(UInt8(ascii: "\""))
        unsafe Base64.append(value, to: &row)
        row.append(UInt8(ascii: "\""))
        endValue()
    }

    /// Appends `bytes`.
    package mutating func bytes(_ value: [UInt8]) throws(Failure) {
        try unsafe value.withUnsafeBufferPointer { (value) throws(Failure) in
            try unsafe bytes(value)
        }
    }

    /// Appends a `date`, in days since 1970-01-01; years 0001 to 9999.
    package mutating func date(days: Int32) throws(Failure) {
        guard CellText.dateRange.contains(days) else {
            throw wrong("the date \(days) days from 1970")
        }
        try beginValue(.date)
        row.append(UInt8(ascii: "\""))
        CellText.appendDate(days: days, to: &row)
        row.append(UInt8(ascii: "\""))
        endValue()
    }

    /// Appends a `timestamp`, in microseconds since 1970; years 0001 to 9999.
    package mutating func timestamp(micros: Int64) throws(Failure) {
        guard CellText.timestampRange.contains(micros) else {
            throw wrong("the time \(micros) microseconds from 1970")
        }
        try beginValue(.timestamp)
        row.append(UInt8(ascii: "\""))
        CellText.appendTimestamp(micros: micros, to: &row)
        row.append(UInt8(ascii: "\""))
        endValue()
    }

    /// Appends `json` text that `CanonicalJSON` wrote; the text `null` is a null.
    package mutating func json(canonical: UnsafeBufferPointer<UInt8>) throws(Failure) {
        if unsafe CellScan.isNull(canonical) { return try null() }
        // Not a full check, which would cost as much as making it: only what would break the row.
        if unsafe canonical.isEmpty || canonical.contains(where: { $0 < 0x20 }) {
            throw wrong("a text that is not canonical JSON")
        }
        try beginValue(.json)
        unsafe row.append(contentsOf: canonical)
        endValue()
    }

    /// Appends `json` text that `CanonicalJSON` wrote; the text `null` is a null.
    package mutating func json(canonical: [UInt8]) throws(Failure) {
        try unsafe canonical.withUnsafeBufferPointer { (canonical) throws(Failure) in
            try unsafe json(canonical: canonical)
        }
    }

    /// Begins a list; the calls up to the matching `endList` give its elements.
    package mutating func beginList() throws(Failure) {
        guard column < dataCount, depth < layout.types[column].listDepth else {
            throw wrong("a list")
        }
        beginText()
        row.append(UInt8(ascii: "["))
        depth += 1
        isFirstElement = true
    }

    /// Ends the list begun last.
    package mutating func endList() throws(Failure) {
        guard depth > 0 else { throw wrong("the end of a list that has not begun") }
        depth -= 1
        row.append(UInt8(ascii: "]"))
        endValue()
    }

    // MARK: Rows

    /// Ends the row.
    ///
    /// - Parameter order: a number higher than those of the rows before, in this and in other
    ///   builders: of several rows with one key, a failure shows the two that have the lowest.
    /// - Throws: `records.wrong-value` if cells are missing, `records.row-too-large`.
    package mutating func endRow(order: UInt64? = nil) throws(Failure) {
        guard column == dataCount, depth == 0 else {
            let name = column < dataCount ? schema.columns[column].name : ""
            throw Failure(.wrongValue, "A row ends without its column \"\(name)\".")
        }
        if isMultiset {
            appendPrefix()
            row.append(UInt8(ascii: "1"))
        }
        row.append(UInt8(ascii: "}"))
        row.append(UInt8(ascii: "\n"))
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe rows.store(row, cells: cells, order: order ?? UInt64(rowCount))
        }
        dropRow()
        try endStored()
    }

    /// Appends a row of canonical text, with or without its newline; none may be begun.
    ///
    /// - Throws: `records.malformed-row`, `records.row-too-large`.
    package mutating func append(row text: UnsafeBufferPointer<UInt8>) throws(Failure) {
        try unsafe rows.append(row: text)
        try endStored()
    }

    private mutating func endStored() throws(Failure) {
        rowCount += 1
        if let limit, rows.memoryUse > limit.bytes { try spill(to: limit.storage) }
    }

    /// Sorts the rows in memory and writes them to a file.
    private mutating func spill(to storage: any RunStorage) throws(Failure) {
        var full = RowSet(schema: schema)
        swap(&full, &rows)
        if isPart { try full.sortKeepingAll() } else { try full.sort() }
        runs.append(try SortedRun(full, to: try storage.makeFile()))
    }

    /// Forgets the cells of the row begun.
    package mutating func dropRow() {
        row.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
        column = 0
        depth = 0
        isFirstElement = false
    }

    /// The rows finished, in the order they were ended.
    package consuming func finish() -> RowSet { rows }

    /// The rows finished, sorted.
    ///
    /// - Returns: rows in memory, or on disk if they passed the limit.
    /// - Throws: `records.duplicate-key`; of rows in different runs, when they are read.
    package consuming func finishSorted() throws(Failure) -> SortedRows {
        guard let limit, !runs.isEmpty else {
            try rows.sort()
            return SortedRows(rows)
        }
        if rows.count > 0 { try spill(to: limit.storage) }
        return SortedRows(schema: schema, runs: runs)
    }

    /// Sorts what is in memory, or writes it to disk beside what is there already.
    package mutating func finishPart() throws(Failure) {
        if let limit, !runs.isEmpty {
            if rows.count > 0 { try spill(to: limit.storage) }
        } else {
            try rows.sortKeepingAll()
        }
    }

    /// The rows of a part that is finished.
    consuming func parts() -> (memory: RowSet, runs: [SortedRun]) { (rows, runs) }

    // MARK: Steps

    /// Checks that a value of `base` (nil: a null) may come next and writes what is before it.
    @inline(__always)
    private mutating func beginValue(_ base: CellType.Base?) throws(Failure) {
        guard column < dataCount else {
            throw Failure(.wrongValue, "A row has more than \(dataCount) cells.")
        }
        if let base {
            let type = layout.types[column]
            guard type.base == base, type.listDepth == depth else { throw wrong("\(base)") }
        }
        beginText()
    }

    @inline(__always)
    private mutating func beginText() {
        if depth == 0 {
            appendPrefix()
            cellStart = row.count
        } else {
            if !isFirstElement { row.append(UInt8(ascii: ",")) }
            isFirstElement = false
        }
    }

    @inline(__always)
    private mutating func appendPrefix() {
        let range = layout.prefixRanges[column]
        unsafe layout.prefixes.withUnsafeBufferPointer {
            unsafe row.append(contentsOf: UnsafeBufferPointer(rebasing: $0[range]))
        }
    }

    @inline(__always)
    private mutating func endValue() {
        isFirstElement = false
        guard depth == 0 else { return }
        cells.append(cellStart..<row.count)
        column += 1
    }

    @inline(never)
    private func wrong(_ what: String) -> Failure {
        guard column < dataCount else {
            return Failure(.wrongValue, "A row has more than \(dataCount) cells.")
        }
        let name = schema.columns[column].name
        let place = depth > 0 ? "An element of the column" : "The column"
        return Failure(
            .wrongValue,
            "\(place) \"\(name)\" of type \(schema.columns[column].type) cannot hold \(what)."
        )
    }
}
