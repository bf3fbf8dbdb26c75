import CDuckDB
import Codecs
import Diagnostics
import Records

/// Writes decoded cells of one column, or of a list's elements, into a DuckDB vector.
@safe
final class ColumnWriter {
    private let type: ColumnType
    /// The output's vectors that are for this column; DuckDB asks for a column once.
    let vectors: [Int]
    private let element: ColumnWriter?
    private var vector: duckdb_vector?
    private var data: UnsafeMutableRawPointer?
    private var validity: UnsafeMutablePointer<UInt64>?
    /// Elements written, of all lists of this output together.
    private var childCount = 0
    private var childCapacity = 0
    private var scratch: [UInt8] = []
    /// The day of the timestamp before, since neighbours often share it.
    private var lastDay = 0 as UInt64
    private var lastMonthDay = 0 as UInt16
    private var lastDayMicros = 0 as Int64

    init(type: ColumnType, vectors: [Int] = []) {
        self.type = type
        self.vectors = vectors
        element = if case .list(let element) = type { ColumnWriter(type: element) } else { nil }
    }

    /// Points at a new vector.
    func begin(_ vector: duckdb_vector?) {
        unsafe self.vector = vector
        childCount = 0
        childCapacity = 0
        refresh()
        if let element {
            unsafe element.begin(duckdb_list_vector_get_child(vector))
        }
    }

    /// Reads the vector's addresses anew, which growing moves.
    private func refresh() {
        unsafe data = duckdb_vector_get_data(vector)
        unsafe validity = nil
    }

    /// Tells DuckDB how many elements were written.
    func finish() throws(Failure) {
        guard let element else { return }
        try element.finish()
        guard unsafe duckdb_list_vector_set_size(vector, idx_t(childCount)) == DuckDBSuccess else {
            throw Failure(.engineBug, "DuckDB did not take the elements of a list.")
        }
    }

    /// Decodes the cell at `scanner` into row `row`.
    ///
    /// - Throws: `query.malformed-row`.
    func append(_ row: Int, _ scanner: inout CellScanner) throws(Failure) {
        if scanner.byte == UInt8(ascii: "n"), scanner.skipNull() { return setNull(row) }
        let isFine =
            switch type {
            case .bool: appendBool(row, &scanner)
            case .int64: appendInt64(row, &scanner)
            case .double: appendDouble(row, &scanner)
            case .decimal(let precision, let scale):
                appendDecimal(row, precision: precision, scale: scale, &scanner)
            case .uint256: appendUInt256(row, &scanner)
            case .string: appendString(row, &scanner)
            case .bytes: appendBytes(row, &scanner)
            case .date: appendDate(row, &scanner)
            case .timestamp: appendTimestamp(row, &scanner)
            case .list: try appendList(row, &scanner)
            case .json: appendJSON(row, &scanner)
            }
        guard isFine else { throw RowDecoder.malformed("A cell is no \(type)") }
    }

    private func setNull(_ row: Int) {
        if unsafe validity == nil {
            unsafe duckdb_vector_ensure_validity_writable(vector)
            unsafe validity = duckdb_vector_get_validity(vector)
        }
        unsafe validity.unsafelyUnwrapped[row >> 6] &= ~(1 << UInt64(row & 63))
    }

    private func set<T: BitwiseCopyable>(_ row: Int, _ value: T) {
        unsafe data.unsafelyUnwrapped.storeBytes(
            of: value,
            toByteOffset: row &* MemoryLayout<T>.stride,
            as: T.self
        )
    }

    private func appendBool(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        let text = unsafe scanner.scalar()
        if unsafe text.elementsEqual("true".utf8) {
            set(row, 1 as UInt8)
        } else if unsafe text.elementsEqual("false".utf8) {
            set(row, 0 as UInt8)
        } else {
            return false
        }
        return true
    }

    private func appendInt64(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        guard let value = unsafe CellText.parseInt64(scanner.scalar()) else { return false }
        set(row, value)
        return true
    }

    private func appendDouble(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        guard let value = unsafe CellText.parseDouble(scanner.scalar()) else { return false }
        set(row, value)
        return true
    }

    private func appendDecimal(
        _ row: Int,
        precision: Int,
        scale: Int,
        _ scanner: inout CellScanner
    ) -> Bool {
        var facts = CellScanner.StringFacts()
        guard let text = unsafe scanner.string(&facts),
            let value = unsafe CellText.parseDecimal(text, scale: scale)
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

    private func appendUInt256(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        var facts = CellScanner.StringFacts()
        guard let digits = unsafe scanner.string(&facts) else { return false }
        scratch.removeAll(keepingCapacity: true)
        guard unsafe Bignum.append(digits: digits, to: &scratch) else { return false }
        assignScratch(row)
        return true
    }

    private func appendString(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        let start = scanner.offset
        var facts = CellScanner.StringFacts()
        guard let text = unsafe scanner.string(&facts) else { return false }
        // DuckDB takes bytes on trust, and other software may have written them.
        guard unsafe facts.isASCII || UTF8Check.isValid(text) else { return false }
        guard facts.hasEscapes else {
            unsafe assign(row, text)
            return true
        }
        scratch.removeAll(keepingCapacity: true)
        guard unsafe CellText.unescapeString(scanner.text(from: start), into: &scratch) else {
            return false
        }
        assignScratch(row)
        return true
    }

    private func appendBytes(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        var facts = CellScanner.StringFacts()
        guard let text = unsafe scanner.string(&facts),
            let bytes = unsafe Base64.decode(String(decoding: text, as: UTF8.self))
        else { return false }
        scratch = bytes
        assignScratch(row)
        return true
    }

    private func appendDate(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        var facts = CellScanner.StringFacts()
        guard let text = unsafe scanner.string(&facts),
            let days = unsafe CellText.parseDate(text)
        else { return false }
        set(row, days)
        return true
    }

    private func appendTimestamp(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        var facts = CellScanner.StringFacts()
        guard let text = unsafe scanner.string(&facts),
            let micros = unsafe timestamp(text)
        else { return false }
        set(row, micros)
        return true
    }

    /// As `CellText.parseTimestamp`, sparing the calendar where the day is the one before's.
    private func timestamp(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count == 20 else { return unsafe CellText.parseTimestamp(text) }
        let base = unsafe UnsafeRawPointer(text.baseAddress.unsafelyUnwrapped)
        let day = unsafe base.loadUnaligned(as: UInt64.self)
        let monthDay = unsafe base.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        func two(_ offset: Int) -> Int64? {
            let (tens, ones) = unsafe (text[offset] &- 0x30, text[offset + 1] &- 0x30)
            return tens < 10 && ones < 10 ? Int64(tens) * 10 + Int64(ones) : nil
        }
        guard day == lastDay, monthDay == lastMonthDay,
            unsafe text[10] == UInt8(ascii: "T"), unsafe text[13] == UInt8(ascii: ":"),
            unsafe text[16] == UInt8(ascii: ":"), unsafe text[19] == UInt8(ascii: "Z"),
            let hour = two(11), let minute = two(14), let second = two(17),
            hour < 24, minute < 60, second < 60
        else {
            guard let micros = unsafe CellText.parseTimestamp(text) else { return nil }
            let perDay: Int64 = 86_400_000_000
            let remainder = micros % perDay
            lastDayMicros = micros - (remainder < 0 ? remainder + perDay : remainder)
            lastDay = day
            lastMonthDay = monthDay
            return micros
        }
        return lastDayMicros + (hour * 3_600 + minute * 60 + second) * 1_000_000
    }

    private func appendJSON(_ row: Int, _ scanner: inout CellScanner) -> Bool {
        let start = scanner.offset
        guard scanner.skipValue() else { return false }
        let text = unsafe scanner.text(from: start)
        guard unsafe UTF8Check.isValid(text) else { return false }
        unsafe assign(row, text)
        return true
    }

    private func appendList(_ row: Int, _ scanner: inout CellScanner) throws(Failure) -> Bool {
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
            try element.append(childCount, &scanner)
            childCount += 1
            guard scanner.byte == UInt8(ascii: ",") else { break }
            scanner.advance()
        }
        guard scanner.byte == UInt8(ascii: "]") else { return false }
        scanner.advance()
        set(row, duckdb_list_entry(offset: UInt64(first), length: UInt64(childCount - first)))
        return true
    }

    private func grow(_ element: ColumnWriter) throws(Failure) {
        childCapacity = max(childCapacity * 2, 2_048)
        guard unsafe duckdb_list_vector_reserve(vector, idx_t(childCapacity)) == DuckDBSuccess
        else { throw Failure(.queryMemory, "There is no memory for a list.") }
        element.refresh()
    }

    private func assignScratch(_ row: Int) {
        unsafe scratch.withUnsafeBufferPointer { unsafe assign(row, $0) }
    }

    /// Copies bytes into the vector, short ones in place.
    private func assign(_ row: Int, _ text: UnsafeBufferPointer<UInt8>) {
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
}

/// Whether bytes are UTF-8.
enum UTF8Check {
    /// As Unicode 3.9, table 3-7: no overlong form, no surrogate, nothing past U+10FFFF.
    static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < text.count {
            let first = unsafe text[index]
            if first < 0x80 {
                index &+= 1
                continue
            }
            let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
            guard first >= 0xc2, first <= 0xf4, index &+ length <= text.count else { return false }
            let second = unsafe text[index &+ 1]
            let lowest: UInt8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80
            let highest: UInt8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf
            guard second >= lowest, second <= highest else { return false }
            for offset in 2..<max(length, 2) {
                guard unsafe text[index &+ offset] & 0xc0 == 0x80 else { return false }
            }
            index &+= length
        }
        return true
    }
}
