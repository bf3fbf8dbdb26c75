import CDuckDB
import Codecs
import Diagnostics
import Records

/// Writes decoded cells of one column, or of a list's elements, into a DuckDB vector.
@safe
final class ColumnWriter {
    /// A cell's JSON text.
    private typealias Text = UnsafeBufferPointer<UInt8>

    private let type: ColumnType
    private let element: ColumnWriter?
    private var vector: duckdb_vector?
    private var data: UnsafeMutableRawPointer?
    private var validity: UnsafeMutablePointer<UInt64>?
    /// Elements written, of all lists of this output together.
    private var childCount = 0
    private var childCapacity = 0
    private var scratch: [UInt8] = []
    private var days = DayMemory()

    init(type: ColumnType) {
        self.type = type
        element = if case .list(let element) = type { ColumnWriter(type: element) } else { nil }
    }

    /// Decodes the cells of some rows into a vector.
    ///
    /// - Parameters:
    ///   - vector: a fresh vector of the column's type.
    ///   - cells: one for each row.
    ///   - base: the text the cells lie in.
    ///   - count: the text's length.
    /// - Throws: `query.malformed-row`.
    func fill(
        _ vector: duckdb_vector?,
        cells: UnsafeBufferPointer<CellPlace>,
        base: UnsafePointer<UInt8>,
        count: Int
    ) throws(Failure) {
        unsafe begin(vector)
        // The type is looked at once, so that each loop is of one kind.
        let isFine =
            switch type {
            case .bool: unsafe each(cells, base) { row, text, _ in unsafe appendBool(row, text) }
            case .int64: unsafe each(cells, base) { row, text, _ in unsafe appendInt64(row, text) }
            case .double:
                unsafe each(cells, base) { row, text, _ in unsafe appendDouble(row, text) }
            case .decimal(let precision, let scale):
                unsafe each(cells, base) { row, text, _ in
                    unsafe appendDecimal(row, text, precision: precision, scale: scale)
                }
            case .uint256:
                unsafe each(cells, base) { row, text, _ in unsafe appendUInt256(row, text) }
            case .string: unsafe each(cells, base) { unsafe appendString($0, $1, $2) }
            case .bytes: unsafe each(cells, base) { row, text, _ in unsafe appendBytes(row, text) }
            case .date: unsafe each(cells, base) { row, text, _ in unsafe appendDate(row, text) }
            case .timestamp:
                unsafe each(cells, base) { row, text, _ in unsafe appendTimestamp(row, text) }
            case .json: unsafe each(cells, base) { unsafe appendJSON($0, $1, $2) }
            case .list: try unsafe fillLists(cells, base, count: count)
            }
        guard isFine else { throw RowDecoder.malformed("A cell is no \(type)") }
        try finish()
    }

    /// Calls `body` with every cell that is not null; false as soon as `body` says so.
    @inline(__always)
    private func each(
        _ cells: UnsafeBufferPointer<CellPlace>,
        _ base: UnsafePointer<UInt8>,
        _ body: (Int, Text, CellFacts) -> Bool
    ) -> Bool {
        for row in 0..<cells.count {
            let cell = unsafe cells[row]
            let text = unsafe Text(
                start: base + Int(cell.start),
                count: Int(cell.end &- cell.start)
            )
            if unsafe Self.isNull(text) {
                setNull(row)
            } else if unsafe !body(row, text, cell.facts) {
                return false
            }
        }
        return true
    }

    private func fillLists(
        _ cells: UnsafeBufferPointer<CellPlace>,
        _ base: UnsafePointer<UInt8>,
        count: Int
    ) throws(Failure) -> Bool {
        for row in 0..<cells.count {
            let start = unsafe Int(cells[row].start)
            var scanner = unsafe CellScanner(base, count: count, at: start)
            if unsafe base[start] == UInt8(ascii: "n") {
                guard try unsafe appendElement(row, &scanner, base) else { return false }
            } else {
                guard try unsafe appendList(row, &scanner, base) else { return false }
            }
        }
        return true
    }

    /// Decodes the value at `scanner` into row `row`; for elements of lists.
    private func appendElement(
        _ row: Int,
        _ scanner: inout CellScanner,
        _ base: UnsafePointer<UInt8>
    ) throws(Failure) -> Bool {
        if case .list = type, scanner.byte == UInt8(ascii: "[") {
            return try unsafe appendList(row, &scanner, base)
        }
        let start = scanner.offset
        guard let facts = scanner.skipValue() else { return false }
        let text = unsafe Text(start: base + start, count: scanner.offset - start)
        if unsafe Self.isNull(text) {
            setNull(row)
            return true
        }
        return switch type {
        case .bool: unsafe appendBool(row, text)
        case .int64: unsafe appendInt64(row, text)
        case .double: unsafe appendDouble(row, text)
        case .decimal(let precision, let scale):
            unsafe appendDecimal(row, text, precision: precision, scale: scale)
        case .uint256: unsafe appendUInt256(row, text)
        case .string: unsafe appendString(row, text, facts)
        case .bytes: unsafe appendBytes(row, text)
        case .date: unsafe appendDate(row, text)
        case .timestamp: unsafe appendTimestamp(row, text)
        case .json: unsafe appendJSON(row, text, facts)
        case .list: false
        }
    }

    private func appendList(
        _ row: Int,
        _ scanner: inout CellScanner,
        _ base: UnsafePointer<UInt8>
    ) throws(Failure) -> Bool {
        guard let element, scanner.byte == UInt8(ascii: "[") else { return false }
        scanner.advance()
        let first = childCount
        if scanner.byte == UInt8(ascii: "]") {
            scanner.advance()
            set(row, duckdb_list_entry(offset: UInt64(first), length: 0))
            return true
        }
        while true {
            if childCount == childCapacity { try grow(element) }
            guard try unsafe element.appendElement(childCount, &scanner, base) else { return false }
            childCount += 1
            guard scanner.byte == UInt8(ascii: ",") else { break }
            scanner.advance()
        }
        guard scanner.byte == UInt8(ascii: "]") else { return false }
        scanner.advance()
        set(row, duckdb_list_entry(offset: UInt64(first), length: UInt64(childCount - first)))
        return true
    }

    // MARK: The vector

    private func begin(_ vector: duckdb_vector?) {
        unsafe self.vector = vector
        childCount = 0
        childCapacity = 0
        refresh()
        if let element { unsafe element.begin(duckdb_list_vector_get_child(vector)) }
    }

    /// Reads the vector's addresses anew, which growing moves.
    private func refresh() {
        unsafe data = duckdb_vector_get_data(vector)
        unsafe validity = nil
    }

    /// Tells DuckDB how many elements were written.
    private func finish() throws(Failure) {
        guard let element else { return }
        try element.finish()
        guard unsafe duckdb_list_vector_set_size(vector, idx_t(childCount)) == DuckDBSuccess else {
            throw Failure(.engineBug, "DuckDB did not take the elements of a list.")
        }
    }

    private func grow(_ element: ColumnWriter) throws(Failure) {
        childCapacity = max(childCapacity * 2, RowDecoder.batch)
        guard unsafe duckdb_list_vector_reserve(vector, idx_t(childCapacity)) == DuckDBSuccess
        else { throw Failure(.queryMemory, "There is no memory for a list.") }
        element.refresh()
    }

    private static func isNull(_ text: Text) -> Bool {
        unsafe text[0] == UInt8(ascii: "n") && text.count == 4 && text[1] == UInt8(ascii: "u")
            && text[2] == UInt8(ascii: "l") && text[3] == UInt8(ascii: "l")
    }

    private func setNull(_ row: Int) {
        if unsafe validity == nil {
            unsafe duckdb_vector_ensure_validity_writable(vector)
            unsafe validity = duckdb_vector_get_validity(vector)
        }
        unsafe validity.unsafelyUnwrapped[row >> 6] &= ~(1 << UInt64(row & 63))
    }

    @inline(__always)
    private func set<T: BitwiseCopyable>(_ row: Int, _ value: T) {
        unsafe data.unsafelyUnwrapped.storeBytes(
            of: value,
            toByteOffset: row &* MemoryLayout<T>.stride,
            as: T.self
        )
    }

    /// Copies bytes into the vector, short ones in place.
    private func assign(_ row: Int, _ text: Text) {
        guard text.count <= 12 else {
            unsafe text.withMemoryRebound(to: CChar.self) {
                unsafe duckdb_unsafe_vector_assign_string_element_len(
                    vector,
                    idx_t(row),
                    $0.baseAddress,
                    idx_t($0.count)
                )
            }
            return
        }
        let slot = unsafe data.unsafelyUnwrapped + row &* MemoryLayout<duckdb_string_t>.stride
        // The bytes behind a short string must be zero: DuckDB compares all sixteen.
        unsafe slot.storeBytes(of: UInt64(text.count), as: UInt64.self)
        unsafe slot.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        if let base = text.baseAddress {
            unsafe (slot + 4).copyMemory(from: base, byteCount: text.count)
        }
    }

    private func assignScratch(_ row: Int) {
        unsafe scratch.withUnsafeBufferPointer { unsafe assign(row, $0) }
    }

    // MARK: Cells

    private func appendBool(_ row: Int, _ text: Text) -> Bool {
        let isTrue = unsafe text[0] == UInt8(ascii: "t")
        guard unsafe text.elementsEqual((isTrue ? "true" : "false").utf8) else { return false }
        set(row, isTrue ? 1 : 0 as UInt8)
        return true
    }

    private func appendInt64(_ row: Int, _ text: Text) -> Bool {
        let isNegative = unsafe text[0] == UInt8(ascii: "-")
        let first = isNegative ? 1 : 0
        guard text.count - first <= 18, text.count > first else {
            guard let value = unsafe CellText.parseInt64(text) else { return false }
            set(row, value)
            return true
        }
        // Eighteen digits cannot overflow.
        var value: Int64 = 0
        for index in first..<text.count {
            let digit = unsafe text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return false }
            value = value &* 10 &+ Int64(digit)
        }
        set(row, isNegative ? 0 &- value : value)
        return true
    }

    private func appendDouble(_ row: Int, _ text: Text) -> Bool {
        guard let value = unsafe CellText.parseDouble(text) else { return false }
        set(row, value)
        return true
    }

    /// What stands between a string's quotes; nil if the cell is no string.
    private static func inner(_ text: Text) -> Text? {
        guard unsafe text[0] == UInt8(ascii: "\"") else { return nil }
        return unsafe Text(rebasing: text[1..<(text.count - 1)])
    }

    private func appendDecimal(_ row: Int, _ text: Text, precision: Int, scale: Int) -> Bool {
        guard let inner = unsafe Self.inner(text),
            let value = unsafe CellText.parseDecimal(inner, scale: scale)
        else { return false }
        // DuckDB's storage by precision; the value is checked to fit.
        switch precision {
        case ...4:
            guard let value = Int16(exactly: value) else { return false }
            set(row, value)
        case ...9:
            guard let value = Int32(exactly: value) else { return false }
            set(row, value)
        case ...18:
            guard let value = Int64(exactly: value) else { return false }
            set(row, value)
        default:
            set(
                row,
                duckdb_hugeint(
                    lower: UInt64(truncatingIfNeeded: value),
                    upper: Int64(truncatingIfNeeded: value >> 64)
                )
            )
        }
        return true
    }

    private func appendUInt256(_ row: Int, _ text: Text) -> Bool {
        guard let digits = unsafe Self.inner(text) else { return false }
        scratch.removeAll(keepingCapacity: true)
        guard unsafe Bignum.append(digits: digits, to: &scratch) else { return false }
        assignScratch(row)
        return true
    }

    private func appendString(_ row: Int, _ text: Text, _ facts: CellFacts) -> Bool {
        guard let inner = unsafe Self.inner(text) else { return false }
        // DuckDB takes bytes on trust, and other software may have written them.
        guard unsafe !facts.contains(.isNotASCII) || UTF8Check.isValid(inner) else { return false }
        guard facts.contains(.hasEscapes) else {
            unsafe assign(row, inner)
            return true
        }
        scratch.removeAll(keepingCapacity: true)
        guard unsafe CellText.unescapeString(text, into: &scratch) else { return false }
        assignScratch(row)
        return true
    }

    private func appendBytes(_ row: Int, _ text: Text) -> Bool {
        guard let inner = unsafe Self.inner(text),
            let bytes = unsafe Base64.decode(String(decoding: inner, as: UTF8.self))
        else { return false }
        scratch = bytes
        assignScratch(row)
        return true
    }

    private func appendDate(_ row: Int, _ text: Text) -> Bool {
        guard let inner = unsafe Self.inner(text), let days = unsafe CellText.parseDate(inner)
        else { return false }
        set(row, days)
        return true
    }

    private func appendTimestamp(_ row: Int, _ text: Text) -> Bool {
        guard let inner = unsafe Self.inner(text), let micros = unsafe days.micros(inner) else {
            return false
        }
        set(row, micros)
        return true
    }

    private func appendJSON(_ row: Int, _ text: Text, _ facts: CellFacts) -> Bool {
        guard unsafe !facts.contains(.isNotASCII) || UTF8Check.isValid(text) else { return false }
        unsafe assign(row, text)
        return true
    }
}
