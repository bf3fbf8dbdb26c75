import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Pipelines
import Records
import Snapshots

/// `osodata diff`.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what changed between two revisions: rows and cells.",
        discussion: "Exit status 0 if nothing differs, 1 if something does.")

    @OptionGroup var warehouse: WarehouseOptions
    @Argument(help: "The revision before.") var before: String
    @Argument(help: "The revision after.") var after: String
    @Argument(help: "Tables; all if none is named.") var tables: [TableArgument] = []
    @Flag(help: "Counts a table instead of rows.") var stat = false
    @Option(help: "Rows to print a table; 0 for all.") var limit = 50
    @Flag(help: "Print JSON lines: one a row, or one a table with --stat.") var json = false

    func run() throws {
        let opened = try warehouse.open()
        let sides = (try opened.tree(before), try opened.tree(after))
        var names: Set<TableName> = []
        for tree in [sides.0, sides.1] {
            if let tree { names.formUnion(try opened.store.tables(inTree: tree)) }
        }
        for argument in tables where !names.contains(argument.table) {
            _ = try opened.snapshot(argument, defaultRevision: after)
        }
        let chosen = tables.isEmpty ? names : Set(tables.map(\.table))
        var table = TextTable([
            ("TABLE", .left), ("BEFORE", .right), ("AFTER", .right), ("ADDED", .right),
            ("REMOVED", .right), ("CHANGED", .right), ("COLUMNS", .left),
        ])
        var differing = 0
        for name in chosen.sorted() {
            let pair = (
                try sides.0.flatMap { try opened.store.snapshot(name, inTree: $0) },
                try sides.1.flatMap { try opened.store.snapshot(name, inTree: $0) }
            )
            guard pair.0?.manifest.digest != pair.1?.manifest.digest else { continue }
            differing += 1
            let summary = try show(name, pair)
            guard stat else { continue }
            if json {
                Output.line(summary.json(table: name.description).serialized())
            } else {
                table.add([
                    name.description, grouped(summary.rowsBefore), grouped(summary.rowsAfter),
                    grouped(summary.added), grouped(summary.removed), grouped(summary.changed),
                    summary.schemaChanges.map(\.description).joined(separator: "; ")
                        + summary.cellsChanged.map { "\($0.column) \(grouped($0.cells))" }
                        .joined(separator: ", "),
                ])
            }
        }
        if stat, !json, differing > 0 { Output.text(table.rendered()) }
        guard differing > 0 else {
            return Output.message("No table differs between '\(before)' and '\(after)'.")
        }
        Output.flush()
        throw ExitCode(Failure.Kind.difference.rawValue)
    }

    /// Prints a table's changed rows (unless only counts are wanted) and counts them.
    private func show(_ name: TableName, _ pair: (Snapshot?, Snapshot?)) throws -> DiffSummary {
        guard let schema = (pair.1 ?? pair.0)?.manifest.schema else { return DiffSummary() }
        if !stat, !json { Output.line("\(name)") }
        let printer = ChangePrinter(schema: schema, width: Output.width)
        var shown = 0
        let summary = try Snapshot.differences(from: pair.0, to: pair.1) { change in
            guard !stat, limit == 0 || shown < limit else { return true }
            shown += 1
            if json {
                Output.line(change.json(table: name.description, schema: schema).serialized())
            } else {
                Output.text(printer.text(change))
            }
            return true
        }
        if !stat, !json {
            for change in summary.schemaChanges { Output.line("  schema: \(change.description)") }
            let total = summary.added + summary.removed + summary.changed
            if shown < total { Output.line("  … and \(grouped(total - shown)) more rows") }
            Output.line("  \(grouped(summary.added)) added, \(grouped(summary.removed)) removed, \(grouped(summary.changed)) changed\n")
        }
        return summary
    }
}
