import CDuckDB
import Diagnostics
import Records
import Synchronization

/// One use of a table in a statement.
final class ScanBinding: Sendable {
    let table: String
    let source: any ScanSource
    let registry: ScanRegistry
    /// What each offer asked for.
    private let offers = Mutex<[RowFilter]>([])

    init(table: String, source: any ScanSource, registry: ScanRegistry) {
        self.table = table
        self.source = source
        self.registry = registry
    }

    /// Takes note of conditions that rows of this use will be held against.
    func offer(_ filter: RowFilter) { offers.withLock { $0.append(filter) } }

    /// What this use asks for.
    ///
    /// DuckDB plans a statement in several passes and may offer what it offered before; should two
    /// uses ever share a binding, each must get its rows.
    var filter: RowFilter {
        let offers = offers.withLock { $0 }
        return offers.isEmpty ? .all : offers.count == 1 ? offers[0] : .or(offers)
    }
}

/// What all threads of a scan share.
final class ScanState: Sendable {
    let binding: ScanBinding
    /// For each vector of the output, the column it holds; nil for the one that holds nothing.
    let columns: [Int?]
    let selection: ScanSelection
    let tally: ScanTally
    private let next = Atomic<Int>(0)
    /// Rows nobody has counted, where the statement only counts.
    private let uncounted: Atomic<Int>

    init(binding: ScanBinding, columns: [Int?]) throws(Failure) {
        self.binding = binding
        self.columns = columns
        // How often a row of a multiset is there is in its text.
        let countsOnly =
            !binding.source.schema.isMultiset && columns.allSatisfy { $0 == nil }
        uncounted = Atomic(countsOnly ? binding.source.rows : 0)
        selection =
            countsOnly
            ? ScanSelection([]) : try binding.source.chunks(matching: binding.filter)
        tally = ScanTally(table: binding.table, selection)
        binding.registry.add(tally)
    }

    /// The place of the next chunk nobody has taken; nil after the last.
    func takeChunk() -> Int? {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < selection.chunks.count ? index : nil
    }

    /// Takes up to so many rows to be counted without being read; 0 if there are none left.
    func takeUncounted(_ limit: Int) -> Int {
        var left = uncounted.load(ordering: .relaxed)
        while left > 0 {
            let rows = min(left, limit)
            let (isDone, now) = uncounted.weakCompareExchange(
                expected: left,
                desired: left - rows,
                ordering: .relaxed
            )
            if isDone { return rows }
            left = now
        }
        return 0
    }
}

/// One thread's part of a scan: the chunk it is in, and how far.
final class ScanThread {
    private var text: [UInt8] = []
    private var offset = 0
    /// Where in the scan's order the chunk lies that `text` is of.
    private(set) var place = 0
    private var decoder: RowDecoder?

    /// Fills the vectors of `output`; gives the number of rows, 0 at the end.
    func fill(_ output: duckdb_data_chunk?, from state: ScanState) throws(Failure) -> Int {
        let uncounted = state.takeUncounted(RowDecoder.batch)
        if uncounted > 0 { return uncounted }
        let decoder: RowDecoder
        if let known = self.decoder {
            decoder = known
        } else {
            decoder = RowDecoder(schema: state.binding.source.schema, columns: state.columns)
            self.decoder = decoder
        }
        while offset >= text.count {
            guard let index = state.takeChunk() else { return 0 }
            place = index
            text = try state.binding.source.text(ofChunk: state.selection.chunks[index])
            offset = 0
            state.tally.add(bytes: text.count)
        }
        do {
            return try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) in
                try unsafe decoder.decode(text, from: &offset, into: output)
            }
        } catch {
            throw Failure(
                error.code,
                error.message,
                hint: error.hint ?? "osodata verify",
                cause: "chunk \(place), byte \(offset)"
            )
        }
    }
}
