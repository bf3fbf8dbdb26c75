import CDuckDB
import Diagnostics
import Records

extension ScanRegistry {
    /// Makes the table function known to a database.
    func register(on connection: duckdb_connection?) throws(Failure) {
        var factory: duckdb_v2_factory?
        var function: duckdb_v2_table_function?
        var signature: duckdb_v2_signature?
        unsafe duckdb_v2_connection_get_factory(connection, &factory, nil)
        unsafe duckdb_v2_table_function_create(factory, &function, nil)
        defer { unsafe duckdb_v2_table_function_destroy(&function) }
        unsafe withEngineText(Self.functionName) {
            _ = unsafe duckdb_v2_table_function_set_name(function, $0, nil)
        }
        unsafe duckdb_v2_table_function_get_signature(function, &signature, nil)
        var text = unsafe ColumnType.string.makeType(factory)
        unsafe withEngineText("table") {
            _ = unsafe duckdb_v2_function_signature_add_parameter(
                signature,
                $0,
                text,
                nil,
                Int32(DUCKDB_V2_PARAMETER_STANDARD),
                nil
            )
        }
        unsafe duckdb_v2_logical_type_destroy(&text)
        var data = unsafe kept(self)
        unsafe duckdb_v2_table_function_set_user_data(function, &data, nil)
        unsafe duckdb_v2_table_function_set_bind_callback(
            function,
            { unsafe ScanCallbacks.bind($0, $1, $2, $3) },
            nil
        )
        unsafe duckdb_v2_table_function_set_filter_pushdown_callback(
            function,
            { info, _, _ in unsafe ScanCallbacks.offer(info) },
            nil
        )
        unsafe duckdb_v2_table_function_set_init_global_callback(
            function,
            { info, _, error in unsafe ScanCallbacks.start(info, error) },
            nil
        )
        unsafe duckdb_v2_table_function_set_init_local_callback(
            function,
            { info, _, _ in unsafe ScanCallbacks.startThread(info) },
            nil
        )
        unsafe duckdb_v2_table_function_set_exec_callback(
            function,
            { info, _, error in unsafe ScanCallbacks.scan(info, error) },
            nil
        )
        unsafe duckdb_v2_table_function_set_partition_data_callback(
            function,
            { info, _, _ in unsafe ScanCallbacks.tellChunk(info) },
            nil
        )
        unsafe duckdb_v2_table_function_set_projection_pushdown(function, true, nil)
        guard
            unsafe duckdb_v2_connection_register_table_function(connection, function, nil) == 0
        else { throw Failure(.engineStart, "DuckDB did not take the scan function.") }
    }
}

/// The C functions DuckDB calls.
///
/// Failures are parked in the registry and thrown by the call that made DuckDB scan.
enum ScanCallbacks {
    typealias ErrorSlot = UnsafeMutablePointer<duckdb_v2_error_info?>

    static func bind(
        _ call: duckdb_v2_function_bind_info?,
        _ info: duckdb_v2_table_bind_info?,
        _ context: duckdb_v2_context?,
        _ error: ErrorSlot?
    ) {
        var extra: UnsafeMutableRawPointer?
        unsafe duckdb_v2_function_bind_get_user_data(call, &extra, nil)
        guard let registry = unsafe borrowed(extra, as: ScanRegistry.self) else { return }
        var argument: duckdb_value?
        unsafe duckdb_v2_function_bind_get_arg_value(call, 0, &argument, nil)
        let name = unsafe takeText(duckdb_get_varchar(argument)) ?? ""
        unsafe duckdb_destroy_value(&argument)
        guard let source = registry[name] else {
            return unsafe tell(error, "There is no table \"\(name)\".")
        }
        var factory: duckdb_v2_factory?
        unsafe duckdb_v2_context_get_factory(context, &factory, nil)
        func add(_ name: String, _ type: ColumnType) {
            var type = unsafe type.makeType(factory)
            unsafe withEngineText(name) {
                _ = unsafe duckdb_v2_table_function_bind_add_result_column(info, $0, type, error)
            }
            unsafe duckdb_v2_logical_type_destroy(&type)
        }
        // A first column that holds nothing: DuckDB asks for column 0 where it only counts. Its name
        // is none that a column of ours can have.
        add("#", .bool)
        for column in source.schema.dataColumns { add(column.name, column.type) }
        unsafe duckdb_v2_table_function_bind_set_cardinality(
            info,
            idx_t(source.rows),
            !source.schema.isMultiset,
            nil
        )
        var data = unsafe kept(ScanBinding(table: name, source: source, registry: registry))
        unsafe duckdb_v2_function_bind_set_bind_data(call, &data, nil)
    }

    /// Takes note of the conditions that DuckDB will hold rows against, accepting none.
    static func offer(_ info: duckdb_v2_pushdown_info?) {
        var data: UnsafeMutableRawPointer?
        unsafe duckdb_v2_table_function_filter_pushdown_get_bind_data(info, &data, nil)
        guard let binding = unsafe borrowed(data, as: ScanBinding.self) else { return }
        binding.offer(unsafe FilterReader(info, schema: binding.source.schema).filter())
    }

    static func start(_ info: duckdb_v2_global_info?, _ error: ErrorSlot?) {
        var data: UnsafeMutableRawPointer?
        unsafe duckdb_v2_table_function_init_global_get_bind_data(info, &data, nil)
        guard let binding = unsafe borrowed(data, as: ScanBinding.self) else { return }
        var vectors: idx_t = 0
        unsafe duckdb_v2_table_function_init_global_get_column_count(info, &vectors, nil)
        let count = binding.source.schema.dataColumns.count
        let columns = (0..<vectors).map { vector -> Int? in
            var index: idx_t = 0
            unsafe duckdb_v2_table_function_init_global_get_column_index(
                info,
                vector,
                &index,
                nil
            )
            let column = Int(truncatingIfNeeded: index)
            return (1...count).contains(column) ? column - 1 : nil
        }
        do throws(Failure) {
            let state = try ScanState(binding: binding, columns: columns)
            unsafe duckdb_v2_table_function_init_global_set_max_threads(
                info,
                idx_t(max(state.selection.chunks.count, 1)),
                nil
            )
            var kept = unsafe kept(state)
            unsafe duckdb_v2_table_function_init_global_set_global_state(info, &kept, nil)
        } catch let failure {
            binding.registry.park(failure)
            unsafe tell(error, failure.message)
        }
    }

    static func startThread(_ info: duckdb_v2_local_info?) {
        var state = unsafe kept(ScanThread())
        unsafe duckdb_v2_table_function_init_local_set_local_state(info, &state, nil)
    }

    static func scan(_ info: duckdb_v2_exec_info?, _ error: ErrorSlot?) {
        var output: duckdb_data_chunk?
        var shared: UnsafeMutableRawPointer?
        var local: UnsafeMutableRawPointer?
        unsafe duckdb_v2_table_function_exec_get_output_chunk(info, &output, nil)
        unsafe duckdb_v2_table_function_exec_get_global_state(info, &shared, nil)
        unsafe duckdb_v2_table_function_exec_get_local_state(info, &local, nil)
        guard let state = unsafe borrowed(shared, as: ScanState.self),
            let thread = unsafe borrowed(local, as: ScanThread.self)
        else { return unsafe duckdb_data_chunk_set_size(output, 0) }
        do throws(Failure) {
            let rows = try unsafe thread.fill(output, from: state)
            unsafe duckdb_data_chunk_set_size(output, idx_t(rows))
        } catch let failure {
            state.binding.registry.park(failure)
            unsafe tell(error, failure.message)
            unsafe duckdb_data_chunk_set_size(output, 0)
        }
    }

    /// Tells which chunk the rows just given are of, so that DuckDB keeps them in order although
    /// several threads read.
    static func tellChunk(_ info: duckdb_v2_partition_info?) {
        var local: UnsafeMutableRawPointer?
        unsafe duckdb_v2_table_function_partition_data_get_local_state(info, &local, nil)
        let place = unsafe borrowed(local, as: ScanThread.self)?.place ?? 0
        unsafe duckdb_v2_table_function_partition_data_set_batch_index(info, idx_t(place), nil)
    }

    /// Tells DuckDB that a call failed.
    private static func tell(_ error: ErrorSlot?, _ message: String) {
        guard let info = unsafe error?.pointee else { return }
        unsafe duckdb_v2_error_info_set_code(info, Int32(DUCKDB_V2_ERROR_API))
        unsafe withEngineText(message) { _ = unsafe duckdb_v2_error_info_set_text(info, $0) }
    }
}

/// An object for DuckDB to keep and give up.
private func kept(_ object: AnyObject) -> duckdb_v2_opaque {
    unsafe duckdb_v2_opaque(
        data: Unmanaged.passRetained(object).toOpaque(),
        destroy: releaseObject,
        equals: nil
    )
}

/// An object that DuckDB keeps.
private func borrowed<T: AnyObject>(_ pointer: UnsafeMutableRawPointer?, as type: T.Type) -> T? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe Unmanaged<T>.fromOpaque(pointer).takeUnretainedValue()
}

/// Gives up an object that DuckDB held.
func releaseObject(_ pointer: UnsafeMutableRawPointer?) {
    guard let pointer = unsafe pointer else { return }
    unsafe Unmanaged<AnyObject>.fromOpaque(pointer).release()
}

/// Lends a text to a function of the API's version 2.
func withEngineText(_ text: String, _ body: (UnsafePointer<duckdb_v2_str>) -> Void) {
    var text = text
    text.withUTF8 { utf8 in
        unsafe utf8.withMemoryRebound(to: CChar.self) { bytes in
            var view = unsafe duckdb_v2_str(text: bytes.baseAddress, length: idx_t(bytes.count))
            unsafe body(&view)
        }
    }
}
