import ArgumentParser
import Codecs
import Diagnostics
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
        discussion: "Tables are layer.table, as in: select * from marts.projects_v1"
    )

    /// How rows are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, ndjson, csv, markdown
    }

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The statement; '-' or nothing reads standard input.") var sql: String?
    @Option(name: .shortAndLong, help: "Read the statement from this file.") var file: String?
    @Option(name: .customLong("at"), help: "The revision.") var revision = "HEAD"
    @Option(help: "table, json, ndjson, csv or markdown.") var format: Format?
    @Flag(help: "The same as --format json.") var json = false

    func run() throws {
        let statement = try statement()
        let opened = try warehouse.open()
        let tree = try opened.tree(revision)
        let connection = try SnapshotQuery.connect(
            opened,
            tree: tree,
            statement: statement,
            options: engine.runnerOptions()
        )
        let result = try connection.query(statement)
        var writer = ResultWriter(
            format: json ? .json : format ?? .table,
            columns: result.columns
        )
        while let chunk = try result.nextChunk() { try writer.add(chunk) }
        writer.finish()
    }

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
