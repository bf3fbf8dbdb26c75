import ArgumentParser
import Codecs
import Diagnostics
import Foundation
import GitStore
import Pipelines
import Snapshots

/// Options every command that opens a warehouse takes.
struct WarehouseOptions: ParsableArguments {
    @Option(name: .customShort("C"), help: "Run as if started in this folder.")
    var directory = "."

    /// Opens the warehouse around the folder.
    func open() throws -> Warehouse {
        try Warehouse(discovering: directory, missing: GitFetch())
    }
}

/// Options of commands that run SQL or models.
struct EngineOptions: ParsableArguments {
    @Option(help: "Threads to use (default: one a core).")
    var threads: Int?

    @Option(help: "Memory SQL may use, as 512MB or 4GB (default: DuckDB's, 80 % of the machine's).")
    var memory: String?

    /// Refuses values that make no sense.
    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
        if let memory, Self.bytes(memory) == nil {
            throw ValidationError("'\(memory)' is not a size such as 512MB or 4GB.")
        }
    }

    /// Bytes of memory, if they are said.
    var memoryLimit: Int64? { memory.flatMap(Self.bytes) }

    /// What the runner needs.
    func runnerOptions(
        keyVariable: String? = nil,
        webhookVariable: String? = nil
    ) -> Runner.Options {
        Self.runnerOptions(
            threads: threads,
            memoryLimit: memoryLimit,
            keyVariable: keyVariable,
            webhookVariable: webhookVariable
        )
    }

    /// What the runner needs; the only place that reads the clock and the environment for it.
    static func runnerOptions(
        threads: Int?,
        memoryLimit: Int64?,
        keyVariable: String? = nil,
        webhookVariable: String? = nil
    ) -> Runner.Options {
        let environment = ProcessInfo.processInfo.environment
        var options = Runner.Options(
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            memoryLimit: memoryLimit,
            now: Int64(Date().timeIntervalSince1970 * 1_000_000),
            author: author(environment),
            emailKey: keyVariable.flatMap { environment[$0] }.map { [UInt8]($0.utf8) },
            version: Osodata.version,
            certificateFile: environment["SSL_CERT_FILE"],
            sleep: { Thread.sleep(forTimeInterval: $0) },
            clock: { Int64(Date().timeIntervalSince1970 * 1_000_000) }
        )
        options.webhook = webhookVariable.flatMap { environment[$0] }.flatMap {
            $0.isEmpty ? nil : $0
        }
        return options
    }

    /// `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL`, as git takes them before its configuration.
    private static func author(_ environment: [String: String]) -> Signature? {
        guard let name = environment["GIT_AUTHOR_NAME"], let email = environment["GIT_AUTHOR_EMAIL"]
        else { return nil }
        return Signature(name: name, email: email, time: 0, offset: 0)
    }

    /// The bytes of `512MB` or `4GB`; nil for other text.
    static func bytes(_ text: String) -> Int64? {
        let units: [(String, Int64)] = [
            ("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("KB", 1 << 10),
        ]
        for (unit, factor) in units where text.hasSuffix(unit) {
            return Int64(text.dropLast(unit.count)).flatMap { $0 > 0 ? $0 * factor : nil }
        }
        return Int64(text).flatMap { $0 > 0 ? $0 : nil }
    }
}

/// Words that select tables.
struct SelectionArguments: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Tables: a name, a pattern ('marts.*'), tag:NAME, layer:NAME or state:modified; + before one adds what it is made of, + after it what is made of it. All if none is named.",
            valueName: "selector"
        )
    )
    var words: [String] = []
}

/// A table named on the command line, `layer.table` or `layer.table@revision`.
struct TableArgument: ExpressibleByArgument {
    let table: TableName
    let revision: String?

    init?(argument: String) {
        let parts = argument.split(separator: "@", maxSplits: 1)
        guard let name = parts.first, let table = try? TableName(parsing: String(name)) else {
            return nil
        }
        guard parts.count == 2 || !argument.contains("@") else { return nil }
        self.table = table
        revision = parts.count == 2 ? String(parts[1]) : nil
    }
}

extension Warehouse {
    /// A table at a revision.
    ///
    /// - Throws: `snapshot.unknown-table` with near names.
    func snapshot(_ argument: TableArgument, defaultRevision: String = "HEAD") throws(Failure)
        -> Snapshot
    {
        let revision = argument.revision ?? defaultRevision
        let tree = try tree(revision)
        if let tree, let snapshot = try store.snapshot(argument.table, inTree: tree) {
            return snapshot
        }
        if argument.revision == nil, let record = try RunRecords(store).snapshot(argument.table) {
            return record
        }
        let names = try tree.map { (tree) throws(Failure) in try store.tables(inTree: tree) } ?? []
        let near = nearest(to: argument.table, among: names)
        throw Failure(
            .unknownTable,
            "There is no table '\(argument.table)' at '\(revision)'.",
            hint: near.map { "Did you mean '\($0)'?" } ?? "List the tables: osodata tables"
        )
    }
}

extension Failure.Code {
    /// A table that is not there.
    static let unknownTable = Self("command.unknown-table")
}

extension Array where Element == (key: String, value: JSONValue) {
    /// The members as a JSON object.
    var object: JSONValue { .object(self) }
}
