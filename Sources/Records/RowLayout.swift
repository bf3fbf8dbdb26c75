import Codecs

/// What every row of a schema has in common, worked out once.
struct RowLayout: Sendable {
    /// Of each stored column.
    let types: [CellType]
    let isNullable: [Bool]
    /// `{"a":`, `,"b":` …: the bytes before each cell, one after the other.
    let prefixes: [UInt8]
    /// Where each prefix is in `prefixes`.
    let prefixRanges: [Range<Int>]
    /// Columns that order and cut rows: the key, or all but `_n`.
    let orderCount: Int
    let isMultiset: Bool

    /// Of format section 2: longer rows are refused.
    static let rowLimit = 16 << 20

    init(_ schema: Schema) {
        types = schema.columns.map { CellType($0.type) }
        isNullable = schema.columns.map(\.isNullable)
        var prefixes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for (index, column) in schema.columns.enumerated() {
            let start = prefixes.count
            prefixes.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            CanonicalJSON.appendString(column.name, to: &prefixes)
            prefixes.append(UInt8(ascii: ":"))
            ranges.append(start..<prefixes.count)
        }
        self.prefixes = prefixes
        prefixRanges = ranges
        orderCount = schema.orderCount
        isMultiset = schema.isMultiset
    }

    /// SipHash of the JSON array of the cells that order the row.
    func cutHash(
        _ row: UnsafeBufferPointer<UInt8>,
        _ cells: [Range<Int>],
        scratch: inout [UInt8]
    ) -> UInt64 {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(UInt8(ascii: "["))
        for index in 0..<orderCount {
            if index > 0 { scratch.append(UInt8(ascii: ",")) }
            unsafe scratch.append(contentsOf: UnsafeBufferPointer(rebasing: row[cells[index]]))
        }
        scratch.append(UInt8(ascii: "]"))
        return sipHash24(scratch)
    }
}
