import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import Pipelines
import Querying
import Records
import Snapshots

/// `osodata query`.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Run SQL over the tables of a revision.",
        discussion: """
            Tables are layer.table, as in: select * from marts.projects_v1. In a terminal, without \
            a statement, it asks for statements.
            """
    )

    /// How rows are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, ndjson, csv, markdown, parquet
    }

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The statement; '-' or nothing reads standard input.") var sql: String?
    @Option(name: .shortAndLong, help: "Read the statement from this file.") var file: String?
    @Option(name: .customLong("at"), help: "The revision of tables that say none.")
    var revision = "HEAD"
    @Option(
        name: .customLong("param"),
        help: "A text to be put in for $NAME, as NAME=VALUE; again for others."
    )
    var parameters: [QueryParameter] = []
    @Option(help: "table, json, ndjson, csv, markdown or parquet (default: table).")
    var format: Format?
    @Flag(help: "The same as --format json.") var json = false
    @Option(name: .shortAndLong, help: "Write the rows to this file.") var output: String?
    @Flag(help: "Tell how long it took, on standard error.") var timing = false
    @Flag(help: "Tell what was read and passed over, on standard error.") var explain = false
    @Flag(name: .customLong("no-cache"), help: "Read tables from the repository only.")
    var withoutCache = false
    @Flag(help: "Run one SELECT that nobody vouches for, in a process of its own with limits.")
    var sandbox = false
    @Option(help: "Seconds it may take in the sandbox (default: 10).") var timeout: Double?
    @Option(help: ArgumentHelp("Be the sandbox; seconds of processor.", visibility: .hidden))
    var confined: Int?

    /// Refuses options that do not go together.
    func validate() throws {
        if format == .parquet, output == nil {
            throw ValidationError("--format parquet needs a file: --output rows.parquet")
        }
        if format == .parquet, sandbox {
            throw ValidationError("--sandbox writes no Parquet: --format csv")
        }
        if sandbox, let memory = engine.memoryLimit, memory < Sandbox.leastMemory {
            throw ValidationError("--sandbox needs at least 128MB of memory.")
        }
        if let timeout {
            guard sandbox else { throw ValidationError("--timeout is for --sandbox.") }
            guard timeout > 0, timeout < 1e6 else {
                throw ValidationError("'\(timeout)' is not a number of seconds.")
            }
        }
    }

    func run() throws {
        if let confined {
            try Sandbox.run(self, processorSeconds: confined)
            return
        }
        if sandbox {
            try Sandbox.start(self, try statement())
            return
        }
        if sql == nil, file == nil, output == nil, isatty(STDIN_FILENO) == 1 {
            var shell = QueryShell(self, try warehouse.open())
            try shell.run()
        } else {
            try runOnce(statement)
        }
    }

    /// Runs the one statement of this process, and ends it: the system takes an engine's memory back
    /// faster than the engine gives it.
    ///
    /// - Parameter statement: gives the SQL.
    /// - Throws: as `run(_:of:opening:running:)`, and what opening the warehouse throws.
    func runOnce(_ statement: () throws -> String) throws {
        let start = EngineStart()
        defer { start.end() }
        let opened = try warehouse.open()
        let query = try run(try statement(), of: opened, opening: start)
        Output.flush()
        if !query.hasSpilled { _exit(0) }
    }

    /// Runs one statement and prints what comes of it.
    ///
    /// - Parameters:
    ///   - statement: the SQL.
    ///   - opened: the warehouse.
    ///   - opening: an engine that is being opened; nil to open one.
    ///   - running: told of the connection before it runs anything.
    /// - Returns: the statement with its engine.
    /// - Throws: `query.*`, `command.output-file`, `cache.failed`.
    @discardableResult
    func run(
        _ statement: String,
        of opened: Warehouse,
        opening: EngineStart? = nil,
        running: (Connection) -> Void = { _ in }
    ) throws -> SnapshotQuery {
        let clock = ContinuousClock()
        let start = clock.now
        let format = json ? .json : format ?? .table
        let written = format == .parquet ? output.map(Output.temporaryName) : nil
        let cache = withoutCache ? nil : TableCache(of: opened.repository)
        var query = try self.query(opened, statement, written: written, cache: cache, opening)
        running(query.connection)
        do {
            try answer(query, as: format, written: written)
        } catch let failure as Failure where query.dropsCache(after: failure) {
            guard Output.takeBack() else {
                throw Failure(
                    .cacheFailed,
                    "A file of the cache is damaged.",
                    hint: "It is removed; run the statement again.",
                    cause: failure.message
                )
            }
            query = try self.query(opened, statement, written: written, cache: nil)
            running(query.connection)
            try answer(query, as: format, written: written)
        }
        if explain { Self.explain(query) }
        if timing {
            let seconds = (clock.now - start) / .seconds(1)
            Output.message("time: \(String(format: "%.3f", seconds)) s")
        }
        if let cache, confined == nil {
            CacheWarmer.start(query.scanned.filter(cache.wants), of: opened)
        }
        return query
    }

    private func query(
        _ opened: Warehouse,
        _ statement: String,
        written: String?,
        cache: TableCache?,
        _ start: EngineStart? = nil
    ) throws -> SnapshotQuery {
        var options = engine.runnerOptions()
        if confined != nil { options.memoryLimit = options.memoryLimit.map(Sandbox.engineMemory) }
        return try SnapshotQuery(
            opened,
            tree: try opened.tree(revision),
            statement: statement,
            file: file,
            values: Dictionary(
                parameters.map { ($0.name, $0.value) },
                uniquingKeysWith: { $1 }
            ),
            written: written,
            cache: cache,
            isConfined: confined != nil,
            options: options,
            start: start
        )
    }

    private func answer(_ query: SnapshotQuery, as format: Format, written: String?) throws {
        let progress = ScanProgress(query.connection)
        defer { progress.end() }
        if let output, let written {
            defer { _ = unsafe unlink(written) }
            try query.writeParquet()
            try Output.publish(written, as: output)
        } else {
            if let output { try Output.begin(file: output) }
            try write(query, as: format, progress)
            try Output.endFile()
        }
    }

    private func write(
        _ query: SnapshotQuery,
        as format: Format,
        _ progress: ScanProgress
    ) throws {
        let result = try query.run()
        var writer = ResultWriter(format: format, columns: result.columns)
        while let chunk = try query.next(of: result) {
            // Rows and progress would overwrite each other in a terminal.
            if output == nil, format != .table { progress.end() }
            try writer.add(chunk)
        }
        progress.end()
        writer.finish()
    }

    /// Tells what scans read and passed over, one a line.
    private static func explain(_ query: SnapshotQuery) {
        for snapshot in query.cached { Output.message("cache: \(snapshot.table)") }
        for tally in query.connection.scanTallies {
            let all = tally.chunks + tally.skippedChunks
            Output.message(
                "scan: \(tally.table): read \(grouped(tally.chunksRead)) of \(grouped(all)) chunks, "
                    + "\(grouped(tally.bytesRead)) bytes; passed over "
                    + "\(grouped(tally.skippedChunks)) chunks, \(grouped(tally.skippedSegments)) of "
                    + "\(grouped(tally.segments)) segments without their lists"
            )
        }
    }

    /// The statement, from wherever it is.
    private func statement() throws -> String {
        if let file {
            let bytes: Data
            do {
                bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            } catch {
                throw Failure(
                    .noStatement,
                    "The file '\(file)' cannot be read.",
                    cause: error.localizedDescription
                )
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Failure(.noStatement, "The file '\(file)' is not UTF-8.")
            }
            return text
        }
        if let sql, sql != "-" { return sql }
        let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        guard !text.allSatisfy(\.isWhitespace) else {
            throw Failure(
                .noStatement,
                "There is no statement.",
                hint: "osodata query \"select * from marts.projects_v1\""
            )
        }
        return text
    }
}

extension Failure.Code {
    /// Nothing to run.
    static let noStatement = Self("command.no-statement")
}

/// `NAME=VALUE`.
struct QueryParameter: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        let parts = argument.split(
            separator: "=",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        name = String(parts[0])
        value = String(parts[1])
    }
}
