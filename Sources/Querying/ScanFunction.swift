import CDuckDB
import Diagnostics
import Records
import Synchronization

/// One use of a table in a statement.
final class ScanBinding: Sendable {
    let source: any ScanSource
    let chunkRows: [Int]
    let registry: ScanRegistry

    init(source: any ScanSource, registry: ScanRegistry) throws(Failure) {
        self.source = source
        self.registry = registry
        chunkRows = try source.chunkRows()
    }
}

/// What all threads of a scan share.
final class ScanState: Sendable {
    let binding: ScanBinding
    /// For each vector of the output, the column it holds; nil for the one that holds nothing.
    let columns: [Int?]
    private let next = Atomic<Int>(0)

    init(binding: ScanBinding, columns: [Int?]) {
        self.binding = binding
        self.columns = columns
    }

    /// Whether the statement only counts rows, so that no chunk need be read. (How often a row
    /// of a multiset is there is in its text.)
    var countsOnly: Bool {
        !binding.source.schema.isMultiset && columns.allSatisfy { $0 == nil }
    }

    /// The next chunk nobody has taken; nil after the last.
    func takeChunk() -> Int? {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < binding.chunkRows.count ? index : nil
    }
}

/// The C functions DuckDB calls.
///
/// Failures are parked in the registry and thrown by the call that made DuckDB scan.
enum ScanCallbacks {
    static func bind(_ info: duckdb_bind_info?) {
        guard let extra = unsafe duckdb_bind_get_extra_info(info) else { return }
        let registry = unsafe Unmanaged<ScanRegistry>.fromOpaque(extra).takeUnretainedValue()
        var parameter = unsafe duckdb_bind_get_parameter(info, 0)
        let name = unsafe takeText(duckdb_get_varchar(parameter)) ?? ""
        unsafe duckdb_destroy_value(&parameter)
        guard let source = registry[name] else {
            return unsafe duckdb_bind_set_error(info, "There is no table \"\(name)\".")
        }
        do throws(Failure) {
            let binding = try ScanBinding(source: source, registry: registry)
            // A first column that holds nothing: DuckDB asks for column 0 where it only counts.
            var nothing = unsafe duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN)
            unsafe duckdb_bind_add_result_column(info, "", nothing)
            unsafe duckdb_destroy_logical_type(&nothing)
            for column in source.schema.dataColumns {
                var type = unsafe column.type.makeLogicalType()
                unsafe duckdb_bind_add_result_column(info, column.name, type)
                unsafe duckdb_destroy_logical_type(&type)
            }
            let rows = binding.chunkRows.reduce(0, +)
            unsafe duckdb_bind_set_cardinality(info, idx_t(rows), !source.schema.isMultiset)
            unsafe duckdb_bind_set_bind_data(
                info,
                Unmanaged.passRetained(binding).toOpaque(),
                releaseObject
            )
        } catch {
            registry.park(error)
            unsafe duckdb_bind_set_error(info, error.message)
        }
    }

    static func start(_ info: duckdb_init_info?) {
        guard let data = unsafe duckdb_init_get_bind_data(info) else { return }
        let binding = unsafe Unmanaged<ScanBinding>.fromOpaque(data).takeUnretainedValue()
        let count = binding.source.schema.dataColumns.count
        let columns = unsafe (0..<duckdb_init_get_column_count(info)).map { vector -> Int? in
            let index = unsafe Int(truncatingIfNeeded: duckdb_init_get_column_index(info, vector))
            return (1...count).contains(index) ? index - 1 : nil
        }
        let state = ScanState(binding: binding, columns: columns)
        unsafe duckdb_init_set_max_threads(info, idx_t(max(binding.chunkRows.count, 1)))
        unsafe duckdb_init_set_init_data(
            info,
            Unmanaged.passRetained(state).toOpaque(),
            releaseObject
        )
    }

    static func startThread(_ info: duckdb_init_info?) {
        unsafe duckdb_init_set_init_data(
            info,
            Unmanaged.passRetained(ScanThread()).toOpaque(),
            releaseObject
        )
    }

    static func scan(_ info: duckdb_function_info?, into output: duckdb_data_chunk?) {
        guard let shared = unsafe duckdb_function_get_init_data(info),
            let local = unsafe duckdb_function_get_local_init_data(info)
        else { return unsafe duckdb_data_chunk_set_size(output, 0) }
        let state = unsafe Unmanaged<ScanState>.fromOpaque(shared).takeUnretainedValue()
        let thread = unsafe Unmanaged<ScanThread>.fromOpaque(local).takeUnretainedValue()
        do throws(Failure) {
            let rows = try unsafe thread.fill(output, from: state)
            unsafe duckdb_data_chunk_set_size(output, idx_t(rows))
        } catch {
            state.binding.registry.park(error)
            unsafe duckdb_function_set_error(info, error.message)
            unsafe duckdb_data_chunk_set_size(output, 0)
        }
    }
}

/// One thread's part of a scan: the chunk it is in, and how far.
final class ScanThread {
    private var text: [UInt8] = []
    private var offset = 0
    /// Which chunk `text` is, for failures.
    private var chunk = 0
    /// Rows still to be counted, where nothing but counting is asked for.
    private var uncounted = 0
    private var decoder: RowDecoder?

    /// Fills the vectors of `output`; gives the number of rows, 0 at the end.
    func fill(_ output: duckdb_data_chunk?, from state: ScanState) throws(Failure) -> Int {
        if state.countsOnly { return count(state) }
        let decoder: RowDecoder
        if let known = self.decoder {
            decoder = known
        } else {
            decoder = RowDecoder(schema: state.binding.source.schema, columns: state.columns)
            self.decoder = decoder
        }
        while offset >= text.count {
            guard let index = state.takeChunk() else { return 0 }
            chunk = index
            text = try state.binding.source.text(ofChunk: index)
            offset = 0
        }
        let rows: Int
        do {
            rows = try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) in
                try unsafe decoder.decode(text, from: &offset, into: output)
            }
        } catch {
            throw Failure(
                error.code,
                error.message,
                hint: error.hint ?? "osodata verify",
                cause: "chunk \(chunk), byte \(offset)"
            )
        }
        return rows
    }

    private func count(_ state: ScanState) -> Int {
        while uncounted == 0 {
            guard let index = state.takeChunk() else { return 0 }
            uncounted = state.binding.chunkRows[index]
        }
        let rows = min(uncounted, RowDecoder.batch)
        uncounted -= rows
        return rows
    }
}
