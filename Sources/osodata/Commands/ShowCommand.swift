import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Pipelines
import Querying
import Records
import Snapshots

/// `osodata show`.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a table: columns, how it was made, first rows."
    )

    @OptionGroup var warehouse: WarehouseOptions
    @Argument(help: "The table, as layer.table or layer.table@revision.") var table: TableArgument
    @Option(help: "Rows to print.") var limit = 10
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let opened = try warehouse.open()
        let snapshot = try opened.snapshot(table)
        let schema = snapshot.manifest.schema
        let rows = try FirstRows.cells(of: snapshot, limit: limit)
        if json {
            Output.json(try Self.describe(snapshot, rows: rows))
            return
        }
        Output.line(
            "\(snapshot.table)  \(grouped(snapshot.manifest.rows)) rows  \(snapshot.manifest.digest.hex)"
        )
        if let provenance = Provenance(json: try snapshot.provenance()) {
            let inputs = provenance.inputs.map(\.table.description).joined(separator: ", ")
            Output.line(
                "made by \(provenance.kind.rawValue) \(provenance.origin)"
                    + (inputs.isEmpty ? "" : " from \(inputs)")
            )
        }
        Output.line("")
        var columns = TextTable([
            ("COLUMN", .left), ("TYPE", .left), ("", .left), ("DESCRIPTION", .left),
        ])
        for column in schema.columns {
            columns.add([
                column.name, column.type.description,
                schema.key.contains(column.name) ? "key" : column.isNullable ? "" : "not null",
                column.doc ?? "",
            ])
        }
        Output.line(columns.rendered(limit: 80))
        var table = TextTable(
            schema.columns.map { ($0.name, FirstRows.isNumber($0.type) ? .right : .left) }
        )
        for row in rows { table.add(row.map(FirstRows.plain)) }
        Output.text(table.rendered(limit: 32))
        if rows.count < snapshot.manifest.rows {
            Output.message(
                "\(grouped(snapshot.manifest.rows - rows.count)) more rows: --limit N, or osodata query"
            )
        }
    }

    private static func describe(_ snapshot: Snapshot, rows: [[[UInt8]]]) throws -> JSONValue {
        let schema = snapshot.manifest.schema
        return .object([
            ("table", .string(snapshot.table.description)),
            ("rows", .int(Int64(snapshot.manifest.rows))),
            ("digest", .string(snapshot.manifest.digest.hex)),
            ("key", .array(schema.key.map { .string($0) })),
            (
                "columns",
                .array(
                    schema.columns.map { column in
                        .object([
                            ("name", .string(column.name)),
                            ("type", .string(column.type.description)),
                            ("nullable", .bool(column.isNullable)),
                            ("doc", column.doc.map { .string($0) } ?? .null),
                        ])
                    }
                )
            ),
            ("provenance", try snapshot.provenance() ?? .null),
            (
                "sample",
                .array(
                    try rows.map { row in
                        .object(
                            try zip(schema.columns, row).map {
                                ($0.name, try JSONValue(parsing: $1))
                            }
                        )
                    }
                )
            ),
        ])
    }
}
