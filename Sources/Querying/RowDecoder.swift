import CDuckDB
package import Diagnostics
import Records

/// Decodes canonical rows into vectors, only the columns asked for.
///
/// First it finds the cells of a batch of rows, then each column's writer decodes its cells in one
/// loop. The layout is fixed (format section 2), so cells are found by counting; names are still
/// compared, and control characters, which no canonical text has, end every loop: damaged text is
/// a failure, never a crash.
@safe
final class RowDecoder {
    /// Rows of one output, DuckDB's vector size.
    static let batch = 2_048

    /// A stored column up to the last one asked for.
    private struct ColumnPlan {
        /// Where in `prefixes` lies what stands before the value: `{"a":`, `,"b":`.
        let prefixStart: Int
        let prefixCount: Int
        /// Which row of `cells` takes the places; -1 to skip the column.
        let slot: Int
    }

    private let schema: Schema
    private let isMultiset: Bool
    private let plans: [ColumnPlan]
    private let prefixes: [UInt8]
    private let writers: [ColumnWriter]
    /// For each writer, the vector of the output that it fills.
    private let vectors: [Int]
    /// `batch` places for each writer.
    private var cells: [CellPlace]
    private let countPrefix = Array(",\"\(Schema.countColumn)\":".utf8)
    /// How often the row at the offset is still to be given.
    private var repeats = 0

    /// Makes a decoder; `columns` is, for each vector, the index of its column, nil for none.
    init(schema: Schema, columns: [Int?]) {
        self.schema = schema
        isMultiset = schema.isMultiset
        let last = columns.compactMap { $0 }.max() ?? -1
        var prefixes: [UInt8] = []
        var plans: [ColumnPlan] = []
        var writers: [ColumnWriter] = []
        var vectors: [Int] = []
        for (index, column) in schema.columns[0..<(last + 1)].enumerated() {
            let prefix = Array("\(index == 0 ? "{" : ",")\"\(column.name)\":".utf8)
            let vector = columns.firstIndex(of: index)
            plans.append(
                ColumnPlan(
                    prefixStart: prefixes.count,
                    prefixCount: prefix.count,
                    slot: vector == nil ? -1 : writers.count
                )
            )
            prefixes += prefix
            if let vector {
                writers.append(ColumnWriter(type: column.type))
                vectors.append(vector)
            }
        }
        self.plans = plans
        self.prefixes = prefixes
        self.writers = writers
        self.vectors = vectors
        cells = Array(
            repeating: CellPlace(start: 0, end: 0, facts: []),
            count: writers.count * Self.batch
        )
    }

    /// Decodes up to `batch` rows of `text` from `offset` on, which it moves, into the vectors of
    /// `output`; gives how many.
    ///
    /// - Throws: `query.malformed-row`.
    /// - Complexity: linear in the bytes up to the last column asked for.
    func decode(
        _ text: UnsafeBufferPointer<UInt8>,
        from offset: inout Int,
        into output: duckdb_data_chunk?
    ) throws(Failure) -> Int {
        // Every loop stops at a newline at the latest, so there must be one at the end.
        guard let base = text.baseAddress, text.count < 1 << 32, let last = unsafe text.last,
            last == UInt8(ascii: "\n")
        else { throw Self.malformed("The last row has no newline") }
        let rows = try unsafe find(text, from: &offset)
        for index in writers.indices {
            let vector = unsafe duckdb_data_chunk_get_vector(output, idx_t(vectors[index]))
            let start = index * Self.batch
            try unsafe cells.withUnsafeBufferPointer { (cells) throws(Failure) -> Void in
                try unsafe writers[index].fill(
                    vector,
                    cells: UnsafeBufferPointer(rebasing: cells[start..<(start + rows)]),
                    base: base,
                    count: text.count
                )
            }
        }
        return rows
    }

    /// Finds the cells of the next rows; gives how many rows.
    private func find(
        _ text: UnsafeBufferPointer<UInt8>,
        from offset: inout Int
    ) throws(Failure) -> Int {
        try unsafe plans.withUnsafeBufferPointer { (plans) throws(Failure) -> Int in
            try unsafe prefixes.withUnsafeBufferPointer { (prefixes) throws(Failure) -> Int in
                try unsafe cells.withUnsafeMutableBufferPointer { (cells) throws(Failure) -> Int in
                    try unsafe find(
                        text,
                        from: &offset,
                        plans: plans,
                        prefixes: prefixes,
                        into: cells
                    )
                }
            }
        }
    }

    private func find(
        _ text: UnsafeBufferPointer<UInt8>,
        from offset: inout Int,
        plans: UnsafeBufferPointer<ColumnPlan>,
        prefixes: UnsafeBufferPointer<UInt8>,
        into cells: UnsafeMutableBufferPointer<CellPlace>
    ) throws(Failure) -> Int {
        let base = unsafe text.baseAddress.unsafelyUnwrapped
        let isMultiset = isMultiset
        var rows = 0
        var place = offset
        // Where a failure is, for the message.
        defer { offset = place }
        while rows < Self.batch, place < text.count {
            var scanner = unsafe CellScanner(base, count: text.count, at: place)
            for index in 0..<plans.count {
                let plan = unsafe plans[index]
                guard
                    unsafe scanner.skip(
                        prefixes.baseAddress.unsafelyUnwrapped + plan.prefixStart,
                        count: plan.prefixCount
                    )
                else { throw Self.malformed("A row does not have its columns") }
                let start = scanner.offset
                guard let facts = scanner.skipValue() else {
                    throw Self.malformed(
                        "The column \"\(schema.columns[index].name)\" has no value"
                    )
                }
                if plan.slot >= 0 {
                    unsafe cells[plan.slot &* Self.batch &+ rows] = CellPlace(
                        start: UInt32(truncatingIfNeeded: start),
                        end: UInt32(truncatingIfNeeded: scanner.offset),
                        facts: facts
                    )
                }
            }
            guard let end = scanner.endOfRow() else { throw Self.malformed("A row has no end") }
            rows &+= 1
            if isMultiset {
                if repeats == 0 { repeats = try unsafe count(text, rowEnd: end) }
                repeats -= 1
                if repeats > 0 { continue }
            }
            place = end
        }
        return rows
    }

    /// The value of `_n`, which stands last.
    private func count(_ text: UnsafeBufferPointer<UInt8>, rowEnd: Int) throws(Failure) -> Int {
        let base = unsafe text.baseAddress.unsafelyUnwrapped
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
        var scanner = unsafe CellScanner(
            base,
            count: text.count,
            at: max(index + 1 - countPrefix.count, 0)
        )
        let isNamed = unsafe countPrefix.withUnsafeBufferPointer {
            unsafe scanner.skip($0.baseAddress.unsafelyUnwrapped, count: $0.count)
        }
        guard isNamed, count > 0 else {
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
