import ArgumentParser
import Diagnostics
import Foundation
import Pipelines
import Querying
import Snapshots

/// `osodata export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write tables of a revision to files that other programs read.",
        discussion: """
            A file a table, named as it is (marts.projects_v1.parquet), in the folder of --output; \
            one table may be given a file's name. --format duckdb writes all into one database.
            """
    )

    /// What is written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case parquet, csv, ndjson, duckdb
    }

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "Tables, as layer.table; all if none is named.") var tables: [TableArgument] =
        []
    @Option(name: .customLong("at"), help: "The revision of tables that say none.")
    var revision = "HEAD"
    @Option(help: "parquet, csv, ndjson or duckdb (default: by the name of --output, or parquet).")
    var format: Format?
    @Option(name: .shortAndLong, help: "The folder, which is made, or the file.")
    var output = "."

    func run() throws {
        let opened = try warehouse.open()
        let named = Format(rawValue: URL(fileURLWithPath: output).pathExtension)
        let format = format ?? named ?? .parquet
        var wanted = tables.map { (table: $0.table, revision: $0.revision ?? revision) }
        if wanted.isEmpty, let tree = try opened.tree(revision) {
            wanted = try opened.store.tables(inTree: tree).map { ($0, revision) }
        }
        if format == .duckdb {
            try writeDatabase(wanted, of: opened)
            return
        }
        let isFile = named == format && wanted.count == 1
        if !isFile { try makeFolder() }
        for (table, revision) in wanted {
            let path = isFile ? output : "\(output)/\(table).\(format.rawValue)"
            try write(table, of: opened, at: revision, as: format, to: path)
            Output.message("wrote \(path)")
        }
    }

    private func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: output,
                withIntermediateDirectories: true
            )
        } catch {
            throw Failure(
                .outputFile,
                "The folder '\(output)' cannot be made.",
                cause: error.localizedDescription
            )
        }
    }

    private func write(
        _ table: TableName,
        of opened: Warehouse,
        at revision: String,
        as format: Format,
        to path: String
    ) throws {
        let written = format == .parquet ? Output.temporaryName(for: path) : nil
        let query = try SnapshotQuery(
            opened,
            tree: try opened.tree(revision),
            statement: "FROM \(quotedIdentifier(table.layer)).\(quotedIdentifier(table.name))",
            written: written,
            options: engine.runnerOptions()
        )
        if let written {
            defer { _ = unsafe unlink(written) }
            try query.writeParquet()
            try Output.publish(written, as: path)
            return
        }
        try Output.begin(file: path)
        let result = try query.run()
        var writer = ResultWriter(
            format: format == .csv ? .csv : .ndjson,
            columns: result.columns
        )
        while let chunk = try result.nextChunk() { try writer.add(chunk) }
        writer.finish()
        try Output.endFile()
    }

    private func writeDatabase(
        _ wanted: [(table: TableName, revision: String)],
        of opened: Warehouse
    ) throws {
        guard let first = wanted.first, wanted.allSatisfy({ $0.revision == first.revision }) else {
            throw ValidationError("A database holds tables of one revision: --at REVISION")
        }
        var path = output
        if URL(fileURLWithPath: path).pathExtension != Format.duckdb.rawValue {
            try makeFolder()
            path += "/warehouse.duckdb"
        }
        let written = Output.temporaryName(for: path)
        defer {
            _ = unsafe unlink(written)
            _ = unsafe unlink("\(written).wal")
        }
        let names = wanted.map(\.table)
        let query = try SnapshotQuery(
            opened,
            tree: try opened.tree(first.revision),
            tables: names,
            written: written,
            options: engine.runnerOptions()
        )
        try query.writeDatabase(names)
        try Output.publish(written, as: path)
        Output.message("wrote \(path)")
    }
}
