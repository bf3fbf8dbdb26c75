import Codecs
package import Diagnostics

/// Gathers the statistics of rows, a column each.
package struct StatisticsBuilder: Sendable {
    private let reader: RowReader
    private var columns: [ColumnGatherer]

    /// Of no rows of `schema`.
    package init(schema: Schema) {
        reader = RowReader(schema: schema)
        columns = reader.layout.types.map { ColumnGatherer($0) }
    }

    /// Adds a row split by `RowReader.cells`.
    /// - Throws: `records.malformed-row` if a cell is not of its type.
    package mutating func add(
        _ row: UnsafeBufferPointer<UInt8>,
        _ cells: [Range<Int>]
    ) throws(Failure) {
        for index in columns.indices {
            let cell = unsafe UnsafeBufferPointer(rebasing: row[cells[index]])
            guard unsafe columns[index].add(cell) else {
                throw unsafe reader.malformedCell(index, row)
            }
        }
    }

    /// The statistics of the rows added, a column each in stored order.
    package func finish() -> [ColumnStatistics] { columns.map { $0.finish() } }
}

/// Gathers the statistics of one column.
private struct ColumnGatherer: Sendable {
    private enum Kind {
        case nothing
        /// Compared as one whole number.
        case number
        /// Compared as bytes: `string`, and `uint256` of equally many digits.
        case text
    }

    private let type: CellType
    private let kind: Kind
    private var nulls = 0
    private var hasValue = false
    private var least: Int128 = 0
    private var greatest: Int128 = 0
    private var leastText: [UInt8] = []
    private var greatestText: [UInt8] = []
    private var scratch: [UInt8] = []
    private var set: [[UInt8]]? = []
    /// The member of the set found last: cells of one value often follow each other.
    private var lastMember = 0

    init(_ type: CellType) {
        self.type = type
        switch type.base {
        case _ where type.listDepth > 0: kind = .nothing
        case .json, .bytes: kind = .nothing
        case .string, .uint256: kind = .text
        case .bool, .int64, .double, .decimal, .date, .timestamp: kind = .number
        }
        if kind == .nothing { set = nil }
    }

    /// Adds a cell; false if it is not of the type.
    @inline(__always)
    mutating func add(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        if unsafe CellScan.isNull(cell) {
            nulls += 1
            return true
        }
        switch kind {
        case .nothing: return true
        case .number:
            // A cell equal to the one before changes nothing, and saves reading it.
            if unsafe isLastMember(cell) { return true }
            guard let value = unsafe number(cell) else { return false }
            if !hasValue || value < least { least = value }
            if !hasValue || value > greatest { greatest = value }
        case .text:
            if unsafe isLastMember(cell) { return true }
            guard unsafe addText(cell) else { return false }
        }
        hasValue = true
        unsafe addMember(cell)
        return true
    }

    @inline(__always)
    private func isLastMember(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let set, lastMember < set.count else { return false }
        return unsafe isEqual(set[lastMember], cell)
    }

    @inline(__always)
    private func isEqual(_ text: [UInt8], _ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == cell.count else { return false }
        return unsafe text.withUnsafeBufferPointer { unsafe SortKey.compare($0, cell) == 0 }
    }

    private mutating func addMember(_ cell: UnsafeBufferPointer<UInt8>) {
        guard let members = set else { return }
        for index in members.indices where unsafe isEqual(members[index], cell) {
            lastMember = index
            return
        }
        if members.count == ColumnStatistics.setLimit
            || cell.count > ColumnStatistics.setTextLimit
        {
            set = nil
        } else {
            unsafe set?.append(Array(cell))
            lastMember = members.count
        }
    }

    /// A cell as a number that compares as its value.
    private func number(_ cell: UnsafeBufferPointer<UInt8>) -> Int128? {
        switch type.base {
        case .bool: return unsafe CellScan.bool(cell).map { $0 ? 1 : 0 }
        case .int64: return unsafe CellText.parseInt64(cell).map { Int128($0) }
        case .double:
            return unsafe CellText.parseDouble(cell).map { Int128(SortKey.orderedBits($0)) }
        default: break
        }
        guard let inner = unsafe CellScan.unquoted(cell) else { return nil }
        switch type.base {
        case .date: return unsafe CellText.parseDate(inner).map { Int128($0) }
        case .timestamp: return unsafe CellText.parseTimestamp(inner).map { Int128($0) }
        default: return unsafe CellText.parseDecimal(inner, scale: Int(type.scale))
        }
    }

    private mutating func addText(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let inner = unsafe CellScan.unquoted(cell) else { return false }
        if type.base == .string, unsafe inner.contains(UInt8(ascii: "\\")) {
            var decoded = scratch
            scratch = []
            defer { scratch = decoded }
            decoded.removeAll(keepingCapacity: true)
            guard unsafe CellText.unescapeString(cell, into: &decoded) else { return false }
            unsafe decoded.withUnsafeBufferPointer { unsafe addDecoded($0) }
            return true
        }
        if type.base == .uint256, unsafe !CellText.isUInt256(inner) { return false }
        unsafe addDecoded(inner)
        return true
    }

    @inline(__always)
    private mutating func addDecoded(_ value: UnsafeBufferPointer<UInt8>) {
        if unsafe !hasValue || compare(value, leastText) < 0 {
            leastText.removeAll(keepingCapacity: true)
            unsafe leastText.append(contentsOf: value)
        }
        if unsafe !hasValue || compare(value, greatestText) > 0 {
            greatestText.removeAll(keepingCapacity: true)
            unsafe greatestText.append(contentsOf: value)
        }
    }

    @inline(__always)
    private func compare(_ value: UnsafeBufferPointer<UInt8>, _ other: [UInt8]) -> Int {
        if type.base == .uint256, value.count != other.count {
            return value.count - other.count
        }
        return unsafe other.withUnsafeBufferPointer { unsafe SortKey.compare(value, $0) }
    }

    func finish() -> ColumnStatistics {
        var out = ColumnStatistics(
            minimum: nil,
            maximum: nil,
            nulls: nulls,
            set: set.map { ColumnStatistics.sorted($0, type) }
        )
        guard hasValue else { return out }
        switch kind {
        case .nothing: break
        case .number:
            out.minimum = text(least)
            out.maximum = text(greatest)
        case .text:
            out.minimum = quoted(StringBound.lower(leastText))
            out.maximum = StringBound.upper(greatestText).map { quoted($0) }
            if type.base == .uint256 {
                out.minimum = quoted(leastText)
                out.maximum = quoted(greatestText)
            }
        }
        return out
    }

    private func quoted(_ utf8: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        unsafe utf8.withUnsafeBufferPointer { unsafe CanonicalJSON.appendString($0, to: &out) }
        return out
    }

    /// The JSON text of a value of `number`.
    private func text(_ value: Int128) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        var out: [UInt8] = []
        switch type.base {
        case .bool: return Array((value == 1 ? "true" : "false").utf8)
        case .int64: JSONNumber.append(Int64(truncatingIfNeeded: value), to: &out)
        case .double:
            let bits = UInt64(truncatingIfNeeded: value)
            let pattern = bits >> 63 == 1 ? bits ^ 1 << 63 : ~bits
            CanonicalJSON.appendDouble(Double(bitPattern: pattern), to: &out)
        case .date:
            out.append(quote)
            CellText.appendDate(days: Int32(truncatingIfNeeded: value), to: &out)
            out.append(quote)
        case .timestamp:
            out.append(quote)
            CellText.appendTimestamp(micros: Int64(truncatingIfNeeded: value), to: &out)
            out.append(quote)
        default:
            out.append(quote)
            CellText.appendDecimal(unscaled: value, scale: Int(type.scale), to: &out)
            out.append(quote)
        }
        return out
    }
}

/// Bounds of long strings: short, so that manifests stay small.
enum StringBound {
    /// The string, or if it is over 16 bytes its longest prefix of whole code points up to that.
    static func lower(_ utf8: [UInt8]) -> [UInt8] {
        guard utf8.count > ColumnStatistics.boundLimit else { return utf8 }
        var end = ColumnStatistics.boundLimit
        while end > 0, utf8[end] & 0xc0 == 0x80 { end -= 1 }
        return Array(utf8[..<end])
    }

    /// The string, or if it is over 16 bytes the least short string above all with its prefix: its
    /// last code point that can be, replaced by the next.
    ///
    /// Nil if none can.
    static func upper(_ utf8: [UInt8]) -> [UInt8]? {
        guard utf8.count > ColumnStatistics.boundLimit else { return utf8 }
        var scalars = Array(String(decoding: lower(utf8), as: UTF8.self).unicodeScalars)
        while let last = scalars.popLast() {
            // U+D800 to U+DFFF are no code points of text.
            let next = last.value == 0xd7ff ? 0xe000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            var text = String.UnicodeScalarView(scalars)
            text.append(scalar)
            return Array(String(text).utf8)
        }
        return nil
    }
}
