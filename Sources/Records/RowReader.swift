import Codecs
package import Diagnostics

/// Splits canonical rows of one schema into cells, checks them, and makes their sort keys.
package struct RowReader: Sendable {
    package let schema: Schema
    let layout: RowLayout

    /// A reader of rows of `schema`.
    package init(schema: Schema) {
        self.schema = schema
        layout = RowLayout(schema)
    }

    /// Splits a row, with or without its newline, into one range of JSON text per stored column.
    ///
    /// Checks the layout: every column, in its order, nothing else. It finds where cells end but
    /// does not look into them: see `validate`.
    /// - Throws: `records.malformed-row`.
    package func cells(
        _ row: UnsafeBufferPointer<UInt8>,
        into cells: inout [Range<Int>]
    ) throws(Failure) {
        cells.removeAll(keepingCapacity: true)
        var end = row.count
        if end > 0, unsafe row[end - 1] == UInt8(ascii: "\n") { end -= 1 }
        let problem = unsafe layout.prefixes.withUnsafeBufferPointer { prefixes -> Int? in
            var position = 0
            for (index, prefix) in layout.prefixRanges.enumerated() {
                guard position + prefix.count < end else { return index }
                guard
                    unsafe CellScan.isEqual(
                        row,
                        position,
                        prefixes,
                        prefix.lowerBound,
                        prefix.count
                    )
                else { return index }
                position += prefix.count
                guard let next = unsafe CellScan.valueEnd(row, position, end) else {
                    return index
                }
                cells.append(position..<next)
                position = next
            }
            let isEnd = unsafe position == end - 1 && row[position] == UInt8(ascii: "}")
            return isEnd ? nil : schema.columns.count
        }
        if let problem {
            let place =
                problem < schema.columns.count
                ? "at the column \"\(schema.columns[problem].name)\"" : "behind the last column"
            throw unsafe malformed("its layout is wrong \(place)", row)
        }
    }

    /// The sort key of a row: keys compare as bytes (a prefix first) as rows are ordered.
    /// - Throws: `records.malformed-row` if a cell it is made of is not of its type.
    package func sortKey(
        _ row: UnsafeBufferPointer<UInt8>,
        _ cells: [Range<Int>]
    ) throws(Failure) -> [UInt8] {
        var out: [UInt8] = []
        if let index = unsafe SortKey.append(row: row, cells: cells, layout: layout, to: &out) {
            throw unsafe malformedCell(index, row)
        }
        return out
    }

    /// The hash by which a row is cut (docs/format.md, Cutting).
    package func cutHash(_ row: UnsafeBufferPointer<UInt8>, _ cells: [Range<Int>]) -> UInt64 {
        var scratch: [UInt8] = []
        return unsafe layout.cutHash(row, cells, scratch: &scratch)
    }

    /// Checks that a row, with or without its newline, is exactly as the format spells it.
    /// - Throws: `records.malformed-row`, `records.row-too-large`.
    package func validate(_ row: UnsafeBufferPointer<UInt8>) throws(Failure) {
        var cells: [Range<Int>] = []
        try unsafe self.cells(row, into: &cells)
        try unsafe validate(row, cells)
    }

    /// Checks the cells of a row that `cells` has split.
    /// - Throws: as `validate(_:)`.
    package func validate(
        _ row: UnsafeBufferPointer<UInt8>,
        _ cells: [Range<Int>]
    ) throws(Failure) {
        guard row.count <= RowLayout.rowLimit else {
            throw Failure(.rowTooLarge, "A row has \(row.count) bytes of text.")
        }
        for index in cells.indices {
            let cell = unsafe UnsafeBufferPointer(rebasing: row[cells[index]])
            let isFine =
                unsafe CellScan.isNull(cell)
                ? layout.isNullable[index] : CellCheck.isCanonical(cell, layout.types[index])
            guard isFine else { throw unsafe malformedCell(index, row) }
        }
        if layout.isMultiset, let last = cells.last {
            let cell = unsafe UnsafeBufferPointer(rebasing: row[last])
            guard let count = unsafe CellText.parseInt64(cell), count >= 1 else {
                throw unsafe malformedCell(cells.count - 1, row)
            }
        }
    }

    func malformedCell(_ index: Int, _ row: UnsafeBufferPointer<UInt8>) -> Failure {
        let column = schema.columns[index]
        return unsafe malformed(
            "the cell \"\(column.name)\" is not \(column.type) in its one spelling",
            row
        )
    }

    func malformed(_ problem: String, _ row: UnsafeBufferPointer<UInt8>) -> Failure {
        Failure(
            .malformedRow,
            "A row is not as the format spells it: \(problem).",
            hint: "osodata verify",
            cause: unsafe excerpt(row)
        )
    }
}

/// The beginning of a row, for messages.
func excerpt(_ row: UnsafeBufferPointer<UInt8>) -> String {
    let limit = 200
    let text = unsafe String(decoding: row.prefix(limit), as: UTF8.self)
    let line = text.hasSuffix("\n") ? String(text.dropLast()) : text
    return row.count > limit ? line + "…" : line
}

/// Strict checks of single cells.
enum CellCheck {
    /// Whether a cell that is not null is spelled as the format spells values of its type.
    static func isCanonical(_ cell: UnsafeBufferPointer<UInt8>, _ type: CellType) -> Bool {
        if type.listDepth > 0 {
            let element = type.element
            return unsafe CellScan.eachElement(cell) { part in
                unsafe CellScan.isNull(part) || isCanonical(part, element)
            }
        }
        switch type.base {
        case .bool:
            return unsafe CellScan.bool(cell) != nil
        case .int64:
            return unsafe CellText.parseInt64(cell) != nil
        case .double:
            return unsafe CellText.parseDouble(cell) != nil
        case .string:
            return unsafe CellText.isCanonicalString(cell)
        case .json:
            let text = unsafe Array(cell)
            guard let canonical = try? CanonicalJSON.format(parsing: text) else { return false }
            return canonical == text
        case .decimal, .uint256, .bytes, .date, .timestamp:
            guard let inner = unsafe CellScan.unquoted(cell) else { return false }
            return unsafe isCanonicalQuoted(inner, type)
        }
    }

    private static func isCanonicalQuoted(
        _ inner: UnsafeBufferPointer<UInt8>,
        _ type: CellType
    ) -> Bool {
        switch type.base {
        case .decimal:
            guard let value = unsafe CellText.parseDecimal(inner, scale: Int(type.scale)) else {
                return false
            }
            let limit = CellText.decimalLimit(precision: Int(type.precision))
            return -limit < value && value < limit
        case .uint256: return unsafe CellText.isUInt256(inner)
        case .bytes:
            var decoded: [UInt8] = []
            return unsafe Base64.decode(inner, into: &decoded)
        case .date: return unsafe CellText.parseDate(inner) != nil
        case .timestamp: return unsafe CellText.parseTimestamp(inner) != nil
        default: return false
        }
    }
}
