package import Codecs

/// Writes the counts of the differences of several tables, one line a table, like
/// `git diff --stat`.
package struct StatRenderer: Sendable {
    /// One table's counts.
    package struct Line: Sendable {
        /// The table as `layer.name`.
        package let table: String
        package let summary: DiffSummary
        /// Whether the table is on the other side only.
        package let note: String?

        /// Makes a line; `note` is a word such as "new" or "dropped".
        package init(table: String, summary: DiffSummary, note: String? = nil) {
            self.table = table
            self.summary = summary
            self.note = note
        }
    }

    /// Makes a renderer.
    package init() {}

    /// The table of counts, and a last line with their sums and what was read.
    package func text(_ lines: [Line]) -> String {
        guard !lines.isEmpty else { return "No table differs.\n" }
        let header = ["table", "rows", "added", "removed", "changed", "chunks read"]
        let rows = lines.map { line in
            let summary = line.summary
            return [
                line.table, grouped(summary.rowsAfter),
                "+" + grouped(summary.added),
                "-" + grouped(summary.removed),
                "~" + grouped(summary.changed),
                grouped(summary.chunksRead),
            ]
        }
        let widths = header.indices.map { column in
            ([header] + rows).map { TerminalText.width($0[column]) }.max() ?? 0
        }
        func join(_ cells: [String]) -> String {
            cells.enumerated().map { column, cell in
                TerminalText.pad(cell, widths[column], isRight: column > 0)
            }.joined(separator: "  ")
        }
        var text = join(header) + "\n"
        for (line, row) in zip(lines, rows) {
            var notes = line.note.map { [$0] } ?? []
            if !line.summary.schemaChanges.isEmpty { notes.append("schema changed") }
            text += join(row) + (notes.isEmpty ? "" : "  " + notes.joined(separator: ", ")) + "\n"
        }
        let sums = lines.map(\.summary)
        text += "\(counted(lines.count, "table")) changed: "
        text += counted(sums.reduce(0) { $0 + $1.added }, "row") + " added, "
        text += grouped(sums.reduce(0) { $0 + $1.removed }) + " removed, "
        text += grouped(sums.reduce(0) { $0 + $1.changed }) + " changed\n"
        return text
    }

    private func counted(_ count: Int, _ noun: String) -> String {
        CellDisplay.counted(count, noun)
    }

    /// One table's counts as a JSON object.
    package static func json(_ line: Line) -> JSONValue {
        .object(
            [
                ("table", .string(line.table)),
                ("note", line.note.map { .string($0) } ?? .null),
            ] + counts(line.summary)
                + [
                    (
                        "schema_changes",
                        .array(line.summary.schemaChanges.map { .string($0.description) })
                    )
                ]
        )
    }

    /// The counts as CSV with a line of titles.
    package static func csv(_ lines: [Line]) -> String {
        let titles = [
            "table", "note", "rows_before", "rows_after", "added", "removed", "changed",
            "schema_changes", "chunks_read", "bytes_read",
        ]
        return CSVRenderer.line(titles)
            + lines.map { line in
                let summary = line.summary
                let numbers = [
                    summary.rowsBefore, summary.rowsAfter, summary.added, summary.removed,
                    summary.changed, summary.schemaChanges.count, summary.chunksRead,
                    summary.bytesRead,
                ]
                return CSVRenderer.line([line.table, line.note] + numbers.map { "\($0)" })
            }.joined()
    }

    /// What is counted, as members of a JSON object.
    static func counts(_ summary: DiffSummary) -> [(String, JSONValue)] {
        [
            ("rows_before", .int(Int64(summary.rowsBefore))),
            ("rows_after", .int(Int64(summary.rowsAfter))),
            ("added", .int(Int64(summary.added))),
            ("removed", .int(Int64(summary.removed))),
            ("changed", .int(Int64(summary.changed))),
            (
                "cells_changed",
                .object(summary.cellsChanged.map { ($0.column, .int(Int64($0.cells))) })
            ),
            ("chunks_read", .int(Int64(summary.chunksRead))),
            ("bytes_read", .int(Int64(summary.bytesRead))),
        ]
    }
}
