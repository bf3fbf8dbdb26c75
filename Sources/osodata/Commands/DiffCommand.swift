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
        discussion: "Exit status 0 if nothing differs, 1 if something does."
    )

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
        for case let tree? in [sides.0, sides.1] {
            names.formUnion(try opened.store.tables(inTree: tree))
        }
        for argument in tables {
            if let revision = argument.revision {
                throw Failure(
                    .diffRevision,
                    "'\(argument.table)@\(revision)' names a third revision.",
                    hint: "osodata diff \(before) \(after) \(argument.table)"
                )
            }
            guard !names.contains(argument.table) else { continue }
            _ = try opened.snapshot(argument, defaultRevision: after)
        }
        let chosen = tables.isEmpty ? names : Set(tables.map(\.table))
        var lines: [StatRenderer.Line] = []
        try opened.requireDifferences(of: chosen, between: sides.0, and: sides.1)
        for name in chosen.sorted() {
            let old = try sides.0.flatMap { try opened.store.snapshot(name, inTree: $0) }
            let new = try sides.1.flatMap { try opened.store.snapshot(name, inTree: $0) }
            guard old?.manifest.digest != new?.manifest.digest else { continue }
            let note = old == nil ? "new" : new == nil ? "removed" : nil
            let summary = try show(name, from: old, to: new)
            lines.append(
                StatRenderer.Line(table: name.description, summary: summary, note: note)
            )
        }
        if stat, json {
            for line in lines { Output.line(Self.json(line).serialized()) }
        } else if stat, !lines.isEmpty {
            Output.text(StatRenderer().text(lines))
        }
        guard !lines.isEmpty else {
            return Output.message("No table differs between '\(before)' and '\(after)'.")
        }
        Output.flush()
        throw ExitCode(Failure.Kind.difference.rawValue)
    }

    /// Prints a table's changed rows (unless only counts are wanted) and counts them.
    private func show(
        _ name: TableName,
        from old: Snapshot?,
        to new: Snapshot?
    ) throws -> DiffSummary {
        guard let before = (old ?? new)?.schema, let after = (new ?? old)?.schema else {
            return DiffSummary()
        }
        let lines = JSONLinesRenderer(table: name.description, from: before, to: after)
        let terminal = TerminalRenderer(
            from: before,
            to: after,
            width: Output.width,
            isColoured: Output.width != nil
        )
        // The header has the counts, so the rows below it wait until all are counted.
        var text = ""
        var shown = 0
        let each = { (change: RowChange) throws(Failure) -> Bool in
            guard !stat, limit == 0 || shown < limit else { return true }
            shown += 1
            if json {
                Output.text(String(decoding: lines.line(change), as: UTF8.self))
            } else {
                text += terminal.text(change)
            }
            return true
        }
        let summary: DiffSummary
        switch (old, new) {
        case (let old?, let new?): summary = try differences(from: old, to: new, each)
        case (let old?, nil):
            summary = try differences(from: old, to: EmptyChunkSource(schema: after), each)
        case (nil, let new?):
            summary = try differences(from: EmptyChunkSource(schema: before), to: new, each)
        case (nil, nil): summary = DiffSummary()
        }
        if !stat, json {
            for change in summary.schemaChanges {
                let line: JSONValue = .object([
                    ("table", .string(name.description)), ("change", .string("schema")),
                    ("description", .string(change.description)),
                ])
                Output.line(line.serialized())
            }
        } else if !stat {
            let total = summary.added + summary.removed + summary.changed
            Output.text(terminal.header(table: name.description, summary) + text)
            if shown < total { Output.line("… and \(grouped(total - shown)) more rows") }
            Output.line("")
        }
        return summary
    }

    private static func json(_ line: StatRenderer.Line) -> JSONValue {
        let summary = line.summary
        return .object([
            ("table", .string(line.table)),
            ("note", line.note.map { .string($0) } ?? .null),
            ("rows_before", .int(Int64(summary.rowsBefore))),
            ("rows_after", .int(Int64(summary.rowsAfter))),
            ("added", .int(Int64(summary.added))),
            ("removed", .int(Int64(summary.removed))),
            ("changed", .int(Int64(summary.changed))),
            (
                "cells_changed",
                .object(summary.cellsChanged.map { ($0.column, .int(Int64($0.cells))) })
            ),
            (
                "schema_changes",
                .array(summary.schemaChanges.map { .string($0.description) })
            ),
            ("chunks_read", .int(Int64(summary.chunksRead))),
            ("bytes_read", .int(Int64(summary.bytesRead))),
        ])
    }
}

extension Failure.Code {
    /// A table with a revision where two are named already.
    static let diffRevision = Self("diff.revision")
}
