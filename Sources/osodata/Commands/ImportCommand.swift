import ArgumentParser
import Codecs
import Diagnostics
import Pipelines
import Querying
import Snapshots

extension ImportFormat: ExpressibleByArgument {}

/// `osodata import`.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a table of an NDJSON, CSV or Parquet file and commit it."
    )

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The table, as layer.table.") var table: TableArgument
    @Argument(
        help: "The file: .ndjson, .jsonl, .csv, .parquet, also .gz or .zst of the first three."
    )
    var file: String
    @Option(help: "Key columns, comma-separated, in the order in which rows shall lie.")
    var key: String?
    @Option(help: "ndjson, csv or parquet, if the extension does not tell.")
    var format: ImportFormat?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let result = try Import.run(
            warehouse.open(),
            table: table.table,
            file: file,
            format: format,
            key: key?.split(separator: ",").map { $0.trimmingSpaces } ?? [],
            options: engine.runnerOptions()
        )
        if json {
            Output.json(
                .object([
                    ("table", .string(result.table.description)),
                    ("rows", .int(Int64(result.rows))), ("digest", .string(result.digest.hex)),
                    ("commit", result.commit.map { .string($0) } ?? .null),
                ])
            )
            return
        }
        Output.line(
            "\(result.table)  \(grouped(result.rows)) rows  \(result.digest.short.prefix(12))"
        )
        Output.message(
            result.commit.map {
                "commit \($0.prefix(12)). Look at it: osodata show \(result.table)"
            }
                ?? "The table was like that already; no commit made."
        )
    }
}

extension Substring {
    /// The text without spaces around it.
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
