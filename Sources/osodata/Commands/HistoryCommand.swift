import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import GitStore
import Pipelines
import Records
import Snapshots

/// `osodata history`.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show every version of one row, newest first: when, by which run, which cells.",
        discussion: """
            The key is given as values in its order, or as column=value in any order. A value that \
            starts with a hyphen goes behind --.
            """
    )

    @OptionGroup var warehouse: WarehouseOptions
    @Argument(help: "The table, as layer.table or layer.table@revision.") var table: TableArgument
    @Argument(help: "The row's key: a value a key column.") var key: [String]
    @Option(name: .customLong("at"), help: "The revision to start from.") var revision = "HEAD"
    @Option(help: "Changes to print; 0 for all.") var limit = 0
    @Flag(help: "Print JSON.") var json = false

    /// Refuses a limit that makes no sense.
    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must be at least 0.") }
    }

    func run() throws {
        let opened = try warehouse.open()
        let from = table.revision ?? revision
        guard try opened.tree(from) != nil else {
            return Output.message("There is no commit yet. Run: osodata run")
        }
        var changes: [RowVersion] = []
        let start = try opened.commit(from)
        let summary = try opened.store.rowHistory(key, of: table.table, from: start) {
            (change) throws(Failure) in
            changes.append(change)
            return limit == 0 || changes.count < limit
        }
        guard let summary else {
            // Says which tables there are.
            _ = try opened.snapshot(table, defaultRevision: from)
            return
        }
        if changes.isEmpty, Self.isBlank(summary.end) {
            throw Failure(
                .noSuchRow,
                "No version of \(table.table) up to '\(from)' has a row with \(Self.text(summary)).",
                hint: "See some rows: osodata show \(table.table)"
            )
        }
        if json {
            Output.json(Self.json(table.table.description, summary, changes))
            return
        }
        for change in changes { Output.text(Self.text(change)) }
        if let note = Self.note(summary.end) { Output.message(note) }
        Output.message(
            "\(grouped(summary.changes)) change\(summary.changes == 1 ? "" : "s") of "
                + "\(Self.text(summary)) in \(grouped(summary.versions)) version"
                + "\(summary.versions == 1 ? "" : "s") of \(table.table); "
                + "\(grouped(summary.chunksRead)) chunk\(summary.chunksRead == 1 ? "" : "s") read"
        )
    }

    /// Whether a history without changes is one without the row.
    private static func isBlank(_ end: RowHistoryEnd) -> Bool {
        switch end {
        case .beginning, .stopped: true
        case .cut(_, let wasThere): !wasThere
        case .rekeyed: false
        }
    }

    /// The key, `day = 2026-01-31, project = oso`.
    private static func text(_ summary: RowHistorySummary) -> String {
        zip(summary.key.columns, summary.key.cells)
            .map { "\($0.name) = \(TextTable.printable(FirstRows.plain($1)))" }
            .joined(separator: ", ")
    }

    private static func text(_ change: RowVersion) -> String {
        let run = change.run.map { "  run \($0)" } ?? ""
        var text = "\(change.commit.id.hex.prefix(12))  \(LogCommand.time(change.commit))"
        text += "\(TextTable.printable(run))  \(change.kind.rawValue)\n"
        let width = change.cells.map(\.column.count).max() ?? 0
        for cell in change.cells {
            let name = cell.column + String(repeating: " ", count: width - cell.column.count)
            let sides = [cell.before, cell.after].compactMap { $0.map(short) }
            text += "    \(name)  \(sides.joined(separator: " → "))\n"
        }
        return text
    }

    /// A cell on one line, not too long.
    private static func short(_ cell: [UInt8]) -> String {
        let text = TextTable.printable(FirstRows.plain(cell))
        return text.count > 60 ? text.prefix(59) + "…" : text
    }

    /// Why there is no more, where it is not that the table began.
    private static func note(_ end: RowHistoryEnd) -> String? {
        switch end {
        case .beginning, .stopped: nil
        case .cut(let commit, let wasThere):
            "The history of this shallow clone ends at \(commit.id.hex.prefix(12)), where the row "
                + "was \(wasThere ? "there" : "not there"): git fetch --unshallow"
        case .rekeyed(let commit, let before, let after):
            "Before \(commit.id.hex.prefix(12)) the table had another key: "
                + (before.isEmpty ? "none" : "(\(before.joined(separator: ", ")))")
                + ", not (\(after.joined(separator: ", "))); the row cannot be named there."
        }
    }

    private static func json(
        _ table: String,
        _ summary: RowHistorySummary,
        _ changes: [RowVersion]
    ) -> JSONValue {
        var end = "beginning"
        switch summary.end {
        case .beginning: break
        case .stopped: end = "limit"
        case .cut: end = "shallow"
        case .rekeyed: end = "rekeyed"
        }
        return .object([
            ("table", .string(table)),
            (
                "key",
                .object(zip(summary.key.columns, summary.key.cells).map { ($0.name, value($1)) })
            ),
            ("changes", .array(changes.map(json))),
            ("end", .string(end)),
            ("note", note(summary.end).map { .string($0) } ?? .null),
            ("versions", .int(Int64(summary.versions))),
            ("manifests_read", .int(Int64(summary.manifestsRead))),
            ("lists_read", .int(Int64(summary.listsRead))),
            ("chunks_read", .int(Int64(summary.chunksRead))),
            ("bytes_read", .int(Int64(summary.bytesRead))),
        ])
    }

    private static func json(_ change: RowVersion) -> JSONValue {
        .object([
            ("commit", .string(change.commit.id.hex)),
            ("time", .string(LogCommand.time(change.commit))),
            ("run", change.run.map { .string($0) } ?? .null),
            ("subject", .string(change.commit.summary)),
            ("change", .string(change.kind.rawValue)),
            (
                "cells",
                .array(
                    change.cells.map { cell in
                        .object([
                            ("column", .string(cell.column)),
                            ("before", cell.before.map(value) ?? .null),
                            ("after", cell.after.map(value) ?? .null),
                        ])
                    }
                )
            ),
        ])
    }

    private static func value(_ cell: [UInt8]) -> JSONValue {
        (try? JSONValue(parsing: cell)) ?? .string(String(decoding: cell, as: UTF8.self))
    }
}

extension RowVersion {
    /// The run that made the commit; nil if no run did.
    fileprivate var run: String? {
        commit.trailers.first { $0.key == "Osodata-Run" }?.value
    }
}
