import CDuckDB
package import Diagnostics

/// An embedded DuckDB in memory, without access to anything outside it.
///
/// The engine's version is part of every fingerprint, so exactly one is accepted.
package final class Database: Sendable {
    /// What bounds an engine.
    package struct Options: Sendable {
        /// Threads of one statement, at least 1.
        package var threads: Int
        /// Bytes the engine may hold before it spills or fails; nil for its default (80 % of the
        /// memory there is).
        package var memoryLimit: Int64?
        /// Where it spills; nil for nowhere.
        package var tempDirectory: String?
        /// The only file statements may read; nil for none.
        var readableFile: String?

        /// Makes options.
        package init(
            threads: Int = 2,
            memoryLimit: Int64? = nil,
            tempDirectory: String? = nil
        ) {
            self.threads = threads
            self.memoryLimit = memoryLimit
            self.tempDirectory = tempDirectory
        }
    }

    /// The one version whose results are known.
    package static let engineVersion = "v2.0.0"

    /// Settings that change results, as `name=value`: part of every fingerprint.
    package static let engineSettings = settings.map { "\($0.name)=\($0.value)" }

    /// Division by zero is NULL, no double operation invents an infinity of it, one time zone.
    static let settings: [(name: String, value: String)] = [
        ("TimeZone", "UTC"),
        ("ieee_floating_point_ops", "false"),
        ("error_on_division_by_zero", "false"),
    ]

    private let handle: DatabaseHandle
    let scans: ScanRegistry
    let arguments: ArgumentTypes

    /// Starts an engine.
    ///
    /// - Throws: `query.engine-version` for another library, `query.engine-start`.
    package init(options: Options) throws(Failure) {
        let version = unsafe String(cString: duckdb_library_version())
        guard version == Self.engineVersion else {
            throw Failure(
                .engineVersion,
                "The DuckDB library is \"\(version)\", not \"\(Self.engineVersion)\".",
                hint: "Scripts/bootstrap puts the right one in .deps/lib."
            )
        }
        handle = try DatabaseHandle(configuration: Self.configuration(options))
        scans = ScanRegistry()
        arguments = ArgumentTypes()
        let connection = try connect()
        try unsafe scans.register(on: connection.handle)
        try unsafe arguments.register(on: connection.handle)
        if let file = options.readableFile {
            try connection.execute("SET allowed_paths = [\(quotedLiteral(file))]")
        }
        // Last, because it forbids the one before it; it cannot be undone.
        try connection.execute("SET enable_external_access = false")
    }

    /// A connection of its own state (macros and views are the database's).
    ///
    /// - Throws: `query.engine-start`.
    package func connect() throws(Failure) -> Connection { try Connection(database: self) }

    func withHandle<R>(_ body: (duckdb_database?) -> R) -> R { unsafe body(handle.pointer) }

    private static func configuration(_ options: Options) -> [(String, String)] {
        var configuration = [
            ("threads", "\(max(options.threads, 1))"),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            // Positions and candidates of errors as data, not as drawn text.
            ("errors_as_json", "true"),
            ("temp_directory", options.tempDirectory ?? ""),
        ]
        if let limit = options.memoryLimit { configuration.append(("memory_limit", "\(limit)B")) }
        return configuration
    }
}

/// Owns a `duckdb_database`.
@safe
private final class DatabaseHandle: @unchecked Sendable {
    // @unchecked Sendable: set once, and DuckDB locks a database itself.
    var pointer: duckdb_database?

    init(configuration: [(String, String)]) throws(Failure) {
        var config: duckdb_config?
        guard unsafe duckdb_create_config(&config) == DuckDBSuccess else {
            throw Failure(.engineStart, "DuckDB has no memory for its configuration.")
        }
        defer { unsafe duckdb_destroy_config(&config) }
        for (name, value) in configuration {
            guard unsafe duckdb_set_config(config, name, value) == DuckDBSuccess else {
                throw Failure(
                    .engineStart,
                    "DuckDB does not take \"\(value)\" for its setting \"\(name)\"."
                )
            }
        }
        var message: UnsafeMutablePointer<CChar>?
        guard unsafe duckdb_open_ext(nil, &pointer, config, &message) == DuckDBSuccess else {
            let cause = unsafe takeText(message)
            throw Failure(.engineStart, "DuckDB did not start.", cause: cause)
        }
    }

    deinit { unsafe duckdb_close(&pointer) }
}

/// The text of a C string that DuckDB allocated; frees it.
func takeText(_ text: UnsafeMutablePointer<CChar>?) -> String? {
    guard let text = unsafe text else { return nil }
    defer { unsafe duckdb_free(text) }
    return unsafe String(cString: text)
}

/// `text` as an SQL literal.
func quotedLiteral(_ text: String) -> String { quoted(text, with: "'") }

/// `name` as an SQL identifier.
func quotedIdentifier(_ name: String) -> String { quoted(name, with: "\"") }

private func quoted(_ text: String, with quote: Character) -> String {
    var out = String(quote)
    for character in text.unicodeScalars {
        out.unicodeScalars.append(character)
        if Character(character) == quote { out.append(quote) }
    }
    out.append(quote)
    return out
}
