import CDuckDB
package import Diagnostics
import Records

/// Decodes canonical rows into vectors, only the columns asked for.
///
/// The layout is fixed (format section 2), so every column is found by counting; its name is
/// still compared, and control characters, which no canonical text has, end every loop: damaged
/// text is a failure, never a crash.
@safe
final class RowDecoder {
    private let schema: Schema
    /// What stands before each column's value: `{"a":`, `,"b":`.
    private let prefixes: [[UInt8]]
    /// The writer of each stored column up to the last one asked for; nil to skip it.
    private let writers: [ColumnWriter?]
    private let countPrefix = Array(",\"\(Schema.countColumn)\":".utf8)
    /// How often the row at the offset is still to be given.
    private var repeats = 0

    /// Makes a decoder; `columns` is, for each vector, the index of its column, nil for none.
    init(schema: Schema, columns: [Int?]) {
        self.schema = schema
        prefixes = schema.columns.enumerated().map { index, column in
            Array("\(index == 0 ? "{" : ",")\"\(column.name)\":".utf8)
        }
        let last = columns.compactMap { $0 }.max() ?? -1
        writers = (0..<(last + 1)).map { index in
            let vectors = columns.indices.filter { columns[$0] == index }
            return vectors.isEmpty
                ? nil : ColumnWriter(type: schema.columns[index].type, vectors: vectors)
        }
    }

    /// Points at the vectors of a new output.
    func begin(_ output: duckdb_data_chunk?) {
        for writer in writers {
            guard let writer, let vector = writer.vectors.first else { continue }
            unsafe writer.begin(duckdb_data_chunk_get_vector(output, idx_t(vector)))
        }
    }

    /// Decodes rows of `text` from `offset` on, which it moves; gives how many.
    ///
    /// - Throws: `records.malformed-row`.
    /// - Complexity: linear in the bytes up to the last column asked for.
    func decode(
        _ text: UnsafeBufferPointer<UInt8>,
        from offset: inout Int,
        limit: Int
    ) throws(Failure) -> Int {
        // Every loop stops at a newline at the latest, so there must be one at the end.
        guard let last = unsafe text.last, last == UInt8(ascii: "\n") else {
            throw Self.malformed("The last row has no newline")
        }
        var rows = 0
        while rows < limit, offset < text.count {
            var scanner = unsafe CellScanner(text, offset)
            for index in writers.indices {
                guard scanner.skip(prefixes[index]) else {
                    throw Self.malformed("A row does not have its columns")
                }
                if let writer = writers[index] {
                    try writer.append(rows, &scanner)
                } else {
                    guard scanner.skipValue() else {
                        throw Self.malformed(
                            "The column \"\(schema.columns[index].name)\" has no value"
                        )
                    }
                }
            }
            guard let end = scanner.endOfRow() else {
                throw Self.malformed("A row has no end")
            }
            rows += 1
            if schema.isMultiset {
                if repeats == 0 { repeats = try unsafe count(text, rowEnd: end) }
                repeats -= 1
                if repeats > 0 { continue }
            }
            offset = end
        }
        for case let writer? in writers { try writer.finish() }
        return rows
    }

    /// The value of `_n`, which stands last.
    private func count(_ text: UnsafeBufferPointer<UInt8>, rowEnd: Int) throws(Failure) -> Int {
        var index = rowEnd - 3
        guard index > 0, unsafe text[rowEnd - 2] == UInt8(ascii: "}") else {
            throw Self.malformed("A row has no end")
        }
        var count = 0
        var scale = 1
        while index > 0, unsafe text[index] &- UInt8(ascii: "0") < 10, scale < 1 << 58 {
            count += unsafe Int(text[index] - UInt8(ascii: "0")) * scale
            scale *= 10
            index -= 1
        }
        var scanner = unsafe CellScanner(text, max(index + 1 - countPrefix.count, 0))
        guard scanner.skip(countPrefix), count > 0 else {
            throw Self.malformed("A row does not say how often it is there")
        }
        return count
    }

    static func malformed(_ problem: String) -> Failure {
        Failure(.scanMalformedRow, "\(problem).", hint: "osodata verify")
    }
}

extension Failure.Code {
    /// Text in a chunk that is no canonical row.
    package static let scanMalformedRow = Self("query.malformed-row")
}
