import CDuckDB
import Diagnostics
import Synchronization

/// The tables scans may read, by name, and the failure a scan parked for the caller of DuckDB.
final class ScanRegistry: Sendable {
    /// The table function that views read from; statements of users never name it.
    static let functionName = "osodata_scan"

    private struct State {
        var sources: [String: any ScanSource] = [:]
        var failure: Failure?
    }

    private let state = Mutex(State())

    subscript(name: String) -> (any ScanSource)? {
        get { state.withLock { $0.sources[name] } }
        set { state.withLock { $0.sources[name] = newValue } }
    }

    /// Keeps the first failure of a scan, since DuckDB carries only text.
    func park(_ failure: Failure) {
        state.withLock { if $0.failure == nil { $0.failure = failure } }
    }

    func takeFailure() -> Failure? {
        state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
    }

    func forgetFailure() { state.withLock { $0.failure = nil } }

    /// Makes the table function known to a database.
    func register(on connection: duckdb_connection?) throws(Failure) {
        var function = unsafe duckdb_create_table_function()
        defer { unsafe duckdb_destroy_table_function(&function) }
        unsafe duckdb_table_function_set_name(function, Self.functionName)
        var text = unsafe duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR)
        unsafe duckdb_table_function_add_parameter(function, text)
        unsafe duckdb_destroy_logical_type(&text)
        unsafe duckdb_table_function_set_extra_info(
            function,
            Unmanaged.passRetained(self).toOpaque(),
            releaseObject
        )
        unsafe duckdb_table_function_set_bind(function) { unsafe ScanCallbacks.bind($0) }
        unsafe duckdb_table_function_set_init(function) { unsafe ScanCallbacks.start($0) }
        unsafe duckdb_table_function_set_local_init(function) {
            unsafe ScanCallbacks.startThread($0)
        }
        unsafe duckdb_table_function_set_function(function) {
            unsafe ScanCallbacks.scan($0, into: $1)
        }
        unsafe duckdb_table_function_supports_projection_pushdown(function, true)
        guard unsafe duckdb_register_table_function(connection, function) == DuckDBSuccess else {
            throw Failure(.engineStart, "DuckDB did not take the scan function.")
        }
    }
}

/// Gives up an object that DuckDB held.
func releaseObject(_ pointer: UnsafeMutableRawPointer?) {
    guard let pointer = unsafe pointer else { return }
    unsafe Unmanaged<AnyObject>.fromOpaque(pointer).release()
}
