import CDuckDB
import Codecs
import Diagnostics
import Records

/// Reads the values of one column of a result, chunk after chunk.
@safe
final class VectorReader {
    /// Name of the result's column, for failures.
    let column: String
    let type: EngineType
    private(set) var children: [VectorReader] = []
    private(set) var data = unsafe UnsafeRawPointer(bitPattern: 8)
    private var validity: UnsafeMutablePointer<UInt64>?
    /// Scratch for one value's text.
    private var scratch: [UInt8] = []

    init(column: String, type: EngineType) {
        self.column = column
        self.type = type
        switch type {
        case .list(let element), .array(let element, _):
            children = [VectorReader(column: column, type: element)]
        case .structure(let members):
            children = members.map { VectorReader(column: column, type: $0.type) }
        case .map(let key, let value):
            children = [key, value].map { VectorReader(column: column, type: $0) }
        default: break
        }
    }

    /// Points at the values of a vector, which must outlive every read.
    func bind(_ vector: duckdb_vector?) {
        unsafe data = UnsafeRawPointer(duckdb_vector_get_data(vector))
        unsafe validity = duckdb_vector_get_validity(vector)
        switch type {
        case .list: unsafe children[0].bind(duckdb_list_vector_get_child(vector))
        case .array: unsafe children[0].bind(duckdb_array_vector_get_child(vector))
        case .structure:
            for (index, child) in children.enumerated() {
                unsafe child.bind(duckdb_struct_vector_get_child(vector, idx_t(index)))
            }
        case .map:
            // A MAP is a LIST of STRUCT(key, value).
            let entries = unsafe duckdb_list_vector_get_child(vector)
            unsafe children[0].bind(duckdb_struct_vector_get_child(entries, 0))
            unsafe children[1].bind(duckdb_struct_vector_get_child(entries, 1))
        default: break
        }
    }

    func isNull(_ row: Int) -> Bool {
        guard let validity = unsafe validity else { return false }
        return unsafe validity[row >> 6] & (1 << UInt64(row & 63)) == 0
    }

    /// The value of a fixed-width type.
    func value<T: BitwiseCopyable>(_ row: Int, as type: T.Type = T.self) -> T {
        unsafe data.unsafelyUnwrapped.load(
            fromByteOffset: row &* MemoryLayout<T>.stride,
            as: T.self
        )
    }

    /// A whole number of at most 8 bytes; unsigned 8 and 16 bytes are `wide`'s.
    func integer(_ row: Int, bytes: Int) -> Int64 {
        switch bytes {
        case 1: Int64(value(row, as: Int8.self))
        case 2: Int64(value(row, as: Int16.self))
        case 4: Int64(value(row, as: Int32.self))
        default: value(row, as: Int64.self)
        }
    }

    func unsignedInteger(_ row: Int, bytes: Int) -> UInt64 {
        switch bytes {
        case 1: UInt64(value(row, as: UInt8.self))
        case 2: UInt64(value(row, as: UInt16.self))
        case 4: UInt64(value(row, as: UInt32.self))
        default: value(row, as: UInt64.self)
        }
    }

    /// A 128-bit number; DuckDB aligns them to 8 bytes only.
    func wide(_ row: Int) -> Int128 {
        let parts = value(row, as: duckdb_hugeint.self)
        return Int128(parts.upper) << 64 | Int128(parts.lower)
    }

    func unsignedWide(_ row: Int) -> UInt128 { UInt128(truncatingIfNeeded: wide(row)) }

    /// An unscaled decimal, or any whole number, as 128 bits; nil if it does not fit.
    func unscaled(_ row: Int) -> Int128? {
        switch type {
        case .decimal(_, _, 16), .signed(16): wide(row)
        case .decimal(_, _, let bytes), .signed(let bytes): Int128(integer(row, bytes: bytes))
        case .unsigned(16): Int128(exactly: unsignedWide(row))
        case .unsigned(let bytes): Int128(unsignedInteger(row, bytes: bytes))
        default: nil
        }
    }

    /// The bytes of a string or blob.
    func withBytes<R>(
        _ row: Int,
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> R
    ) throws(Failure) -> R {
        let header = unsafe data.unsafelyUnwrapped + row &* MemoryLayout<duckdb_string_t>.stride
        let count = unsafe Int(header.load(as: UInt32.self))
        let start =
            count <= 12
            ? unsafe header + 4
            : unsafe header.load(fromByteOffset: 8, as: UnsafeRawPointer.self)
        return try unsafe body(
            UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count)
        )
    }

    /// Where the elements of a list, map or array lie in the child.
    func elements(_ row: Int) -> Range<Int> {
        if case .array(_, let count) = type { return row * count..<(row + 1) * count }
        let entry = value(row, as: duckdb_list_entry.self)
        return Int(entry.offset)..<Int(entry.offset + entry.length)
    }

    /// Microseconds of a timestamp; nil if they are not whole or do not fit.
    func micros(_ row: Int, perSecond: Int64) -> Int64? {
        let ticks = value(row, as: Int64.self)
        guard perSecond <= 1_000_000 else {
            return ticks % 1_000 == 0 ? ticks / 1_000 : nil
        }
        let (micros, overflow) = ticks.multipliedReportingOverflow(by: 1_000_000 / perSecond)
        return overflow ? nil : micros
    }

    /// The name an enumeration's value stands for.
    func enumerated(_ row: Int, _ names: [String], bytes: Int) -> String {
        names[Int(unsignedInteger(row, bytes: bytes))]
    }

    /// The 36 characters of a UUID, which is stored as a signed number with the top bit flipped.
    func uuidText(_ row: Int) -> String {
        let bits = unsignedWide(row) ^ (1 << 127)
        var text = String(bits, radix: 16)
        text = String(repeating: "0", count: 32 - text.utf8.count) + text
        for offset in [20, 16, 12, 8] {
            text.insert("-", at: text.index(text.startIndex, offsetBy: offset))
        }
        return text
    }

    /// A failure over a value, naming the column.
    func failure(_ problem: String, hint: String? = nil) -> Failure {
        Failure(.queryValue, "The column \"\(column)\" \(problem).", hint: hint)
    }
}
