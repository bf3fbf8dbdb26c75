import CDuckDB
import Codecs
package import Diagnostics
import Synchronization

/// A connection to a `Database`: runs one statement at a time.
///
/// Only `interrupt()` may be called while another thread is in a call.
@safe
package final class Connection: @unchecked Sendable {
    // @unchecked Sendable: the handle is set once, callers keep to one statement at a time, and
    // duckdb_interrupt may be called beside one.
    private(set) var handle: duckdb_connection?
    /// Keeps the engine alive.
    let database: Database
    /// The result whose rows are being made; DuckDB runs no other statement beside it.
    weak var openResult: QueryResult?
    private let macros = Mutex(Macros())

    /// The macros made on this connection, by lower-case name.
    private struct Macros {
        var definitions: [String: [String]] = [:]
        /// Read when first asked for, since asking DuckDB takes 35 ms.
        var overloads: [String: [MacroOverload]]?
    }

    /// Opens a connection with the settings of its session.
    init(database: Database, session: [(name: String, value: String)]) throws(Failure) {
        self.database = database
        try unsafe database.open(&handle)
        for setting in session { try execute("SET \(setting.name) = '\(setting.value)'") }
    }

    deinit { unsafe duckdb_v2_connection_destroy(&handle) }

    /// What the scans of the statement that runs or ran last read and passed over, in the order in
    /// which they began.
    package var scanTallies: [ScanTally] { database.scans.tallies }

    /// Forbids the database's statements what lies outside, for good: files but those of the
    /// options, extensions.
    ///
    /// Databases attached before stay.
    ///
    /// - Parameter locked: whether settings are kept as they are, too.
    /// - Throws: `query.*`.
    package func seal(locked: Bool = false) throws(Failure) {
        try execute("SET GLOBAL enable_external_access = false")
        if locked { try execute("SET GLOBAL lock_configuration = true") }
    }

    /// Stops the statement that runs, from any thread; it throws `query.interrupted`.
    package func interrupt() { unsafe duckdb_interrupt(handle) }

    /// Runs statements and drops what they give.
    ///
    /// - Parameters:
    ///   - sql: any number of statements.
    ///   - file: what failures name as their place; line and column are of `sql`.
    /// - Throws: `query.*`.
    package func execute(_ sql: String, file: String? = nil) throws(Failure) {
        let statements = try StatementList(sql, file: file, connection: self)
        for index in 0..<statements.count {
            let result = try statements.run(index)
            while try result.nextVectors() != nil {}
        }
        let made = MacroDefinition.all(in: sql)
        guard !made.isEmpty else { return }
        macros.withLock { macros in
            for macro in made where macros.definitions[macro.name] != macro.tokens {
                macros.definitions[macro.name] = macro.tokens
                macros.overloads = nil
            }
        }
    }

    /// How many threads the statements of this database run on from now on; at least 1.
    package func setThreads(_ threads: Int) throws(Failure) {
        try execute("SET threads = \(max(threads, 1))")
    }

    /// Runs a query; its rows are made while they are asked for, and the next statement on this
    /// connection ends them.
    ///
    /// - Parameters:
    ///   - sql: one or more statements; the last one's rows are the result.
    ///   - file: what failures name as their place.
    /// - Returns: the rows, to be asked for.
    /// - Throws: `query.*`.
    package func query(_ sql: String, file: String? = nil) throws(Failure) -> QueryResult {
        let statements = try StatementList(sql, file: file, connection: self)
        for index in 0..<(statements.count - 1) {
            let result = try statements.run(index)
            while try result.nextVectors() != nil {}
        }
        return try statements.run(statements.count - 1)
    }

    /// The bytes of the one string that a query gives.
    func string(_ sql: String) throws(Failure) -> [UInt8] {
        let result = try query(sql)
        guard let chunk = try result.nextVectors() else { return [] }
        let reader = VectorReader(column: "", type: .varchar)
        chunk.bind(reader, toColumn: 0)
        return try unsafe reader.withBytes(0) { unsafe Array($0) }
    }

    /// The columns a query would give, without running it.
    ///
    /// - Returns: name, DuckDB's spelling of the type, and the format's type; no type for what
    ///   snapshots do not hold (`refusal` says why).
    /// - Throws: `query.*`, `query.not-one-select`.
    package func describe(
        _ sql: String,
        file: String? = nil
    ) throws(Failure) -> [ResultColumn] {
        try StatementList(sql, file: file, connection: self).onlySelect().columns()
    }

    /// The definition of a macro made on this connection, white space and comments removed.
    ///
    /// - Parameter name: in lower case.
    /// - Returns: its tokens; nil if there is no such macro.
    package func macroDefinition(_ name: String) -> [String]? {
        macros.withLock { $0.definitions[name] }
    }

    /// What a macro stands for, one for each number of parameters it takes.
    ///
    /// - Parameter name: in lower case.
    /// - Returns: the bodies; none if there is no such macro.
    /// - Throws: `query.*`.
    package func macroBodies(_ name: String) throws(Failure) -> [StatementTree] {
        try macroOverloads(name).map(\.body)
    }

    /// What a macro stands for, with its parameters.
    ///
    /// - Parameter name: in lower case.
    /// - Returns: one for each number of parameters it takes; none if there is no such macro.
    /// - Throws: `query.*`.
    package func macroOverloads(_ name: String) throws(Failure) -> [MacroOverload] {
        if let known = macros.withLock({ $0.overloads }) { return known[name] ?? [] }
        var overloads: [String: [MacroOverload]] = [:]
        let result = try query(
            """
            SELECT lower(function_name), function_type, macro_definition,
                array_to_string(list_transform(parameters, lambda p: lower(p)), chr(10))
            FROM duckdb_functions() WHERE NOT internal AND macro_definition IS NOT NULL
            """
        )
        var found: [(name: String, sql: String, parameters: [String])] = []
        while let chunk = try result.nextChunk() {
            for row in 0..<chunk.rowCount {
                let cells = try chunk.jsonTexts(row: row).map { (text) throws(Failure) -> String in
                    try JSONValue(parsing: [UInt8](text.utf8)).string ?? ""
                }
                found.append(
                    (
                        cells[0], (cells[1] == "macro" ? "SELECT " : "") + cells[2],
                        cells[3].split(separator: "\n").map(String.init)
                    )
                )
            }
        }
        for macro in found {
            overloads[macro.name, default: []].append(
                MacroOverload(parameters: macro.parameters, body: try tree(macro.sql))
            )
        }
        macros.withLock { $0.overloads = overloads }
        return overloads[name] ?? []
    }
}
