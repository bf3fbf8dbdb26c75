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
        /// The only files statements may read and write.
        var files: [String]
        /// Whether an engine is sealed from the start; if not, nothing but our own statements may
        /// run before `Connection.seal()`.
        var isSealed: Bool

        /// Makes options.
        package init(
            threads: Int = 2,
            memoryLimit: Int64? = nil,
            tempDirectory: String? = nil,
            files: [String] = [],
            isSealed: Bool = true
        ) {
            self.threads = threads
            self.memoryLimit = memoryLimit
            self.tempDirectory = tempDirectory
            self.files = files
            self.isSealed = isSealed
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
    /// - Parameters:
    ///   - options: what bounds it.
    ///   - start: one that is being opened; nil to open one now.
    /// - Throws: `query.engine-version` for another library, `query.engine-start`.
    package init(options: Options, start: EngineStart? = nil) throws(Failure) {
        let version = unsafe String(cString: duckdb_library_version())
        guard version == Self.engineVersion else {
            throw Failure(
                .engineVersion,
                "The DuckDB library is \"\(version)\", not \"\(Self.engineVersion)\".",
                hint: "Scripts/bootstrap puts the right one in .deps/lib."
            )
        }
        if let opened = try start?.take() {
            handle = opened
        } else {
            handle = try DatabaseHandle()
        }
        scans = ScanRegistry()
        arguments = ArgumentTypes()
        let connection = try Connection(database: self, session: [])
        try connection.execute(Self.settings(for: options))
        try unsafe scans.register(on: connection.handle)
        try unsafe arguments.register(on: connection.handle)
        if options.isSealed { try connection.seal() }
    }

    /// A connection of its own state (macros and views are the database's).
    ///
    /// - Throws: `query.engine-start`.
    package func connect() throws(Failure) -> Connection {
        // Settings of a session, not of the database. Positions and candidates of errors come as
        // data, not as drawn text.
        try Connection(
            database: self,
            session: Self.settings + [("errors_as_json", "true")]
        )
    }

    func open(_ connection: inout duckdb_connection?) throws(Failure) {
        try unsafe handle.open(&connection)
    }

    /// The statements that set an engine up.
    private static func settings(for options: Options) -> String {
        var settings = [
            ("threads", "\(max(options.threads, 1))"),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("temp_directory", quotedLiteral(options.tempDirectory ?? "")),
        ]
        if let limit = options.memoryLimit { settings.append(("memory_limit", "'\(limit)B'")) }
        if !options.files.isEmpty {
            let files = options.files.map(quotedLiteral).joined(separator: ", ")
            settings.append(("allowed_paths", "[\(files)]"))
        }
        return settings.map { "SET GLOBAL \($0.0) = \($0.1);" }.joined(separator: "\n")
    }
}

/// Owns an engine with a database in memory.
///
/// It is opened by version 2 of the API, so that scans are offered conditions; its connections are
/// those of version 1 as well (docs/decisions/0009-duckdb-v2.md).
@safe
final class DatabaseHandle: @unchecked Sendable {
    // @unchecked Sendable: set once, and DuckDB locks a database itself.
    private var environment: duckdb_v2_environment?
    private var instance: duckdb_v2_instance?

    init() throws(Failure) {
        try unsafe call("an environment") {
            unsafe duckdb_v2_environment_create(&environment, $0)
        }
        try unsafe call("an instance") {
            unsafe duckdb_v2_instance_create(environment, &instance, $0)
        }
        try unsafe call("a database") { error in
            var status: duckdb_v2_error = 0
            unsafe withEngineText("memory") { name in
                unsafe withEngineText(":memory:") { path in
                    status = unsafe duckdb_v2_instance_attach(
                        instance,
                        name,
                        path,
                        nil,
                        false,
                        error
                    )
                }
                if status == 0 {
                    status = unsafe duckdb_v2_instance_set_default(instance, name, error)
                }
            }
            return status
        }
    }

    deinit {
        unsafe duckdb_v2_instance_destroy(&instance)
        unsafe duckdb_v2_environment_destroy(&environment)
    }

    func open(_ connection: inout duckdb_connection?) throws(Failure) {
        try unsafe call("a connection") {
            unsafe duckdb_v2_connection_create(instance, &connection, $0)
        }
    }

    private func call(
        _ what: String,
        _ body: (UnsafeMutablePointer<duckdb_v2_error_info?>) -> duckdb_v2_error
    ) throws(Failure) {
        var error: duckdb_v2_error_info?
        guard unsafe body(&error) != 0 else { return }
        var text = unsafe duckdb_v2_str()
        unsafe duckdb_v2_error_info_get_text(error, &text)
        let bytes = unsafe UnsafeRawBufferPointer(start: text.text, count: Int(text.length))
        let cause = unsafe String(decoding: bytes, as: UTF8.self)
        unsafe duckdb_v2_error_info_destroy(&error)
        throw Failure(.engineStart, "DuckDB did not open \(what).", cause: cause)
    }
}

/// The text of a C string that DuckDB allocated; frees it.
func takeText(_ text: UnsafeMutablePointer<CChar>?) -> String? {
    guard let text = unsafe text else { return nil }
    defer { unsafe duckdb_free(text) }
    return unsafe String(cString: text)
}

/// `text` as an SQL literal.
package func quotedLiteral(_ text: String) -> String { quoted(text, with: "'") }

/// `name` as an SQL identifier.
package func quotedIdentifier(_ name: String) -> String { quoted(name, with: "\"") }

private func quoted(_ text: String, with quote: Character) -> String {
    var out = String(quote)
    for character in text.unicodeScalars {
        out.unicodeScalars.append(character)
        if Character(character) == quote { out.append(quote) }
    }
    out.append(quote)
    return out
}
