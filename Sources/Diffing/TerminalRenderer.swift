package import Records

/// Writes row changes for people: `+` added, `-` removed, `~` changed with the cells that differ
/// as `old → new`, each change cut to the width of the terminal.
package struct TerminalRenderer: Sendable {
    private let width: Int
    private let isColoured: Bool
    private let before: Schema
    private let after: Schema

    /// Makes a renderer.
    /// - Parameters:
    ///   - before: the schema of the rows before.
    ///   - after: the schema of the rows after.
    ///   - width: columns of the terminal; nil to cut nothing (output into a file).
    ///   - isColoured: whether to use ANSI colours.
    package init(
        from before: Schema,
        to after: Schema,
        width: Int? = nil,
        isColoured: Bool = false
    ) {
        self.before = before
        self.after = after
        self.width = width.map { max($0, 20) } ?? Int.max
        self.isColoured = isColoured
    }

    /// The lines that open the difference of a table: its name, rows, counts, schema changes.
    package func header(table: String, _ summary: DiffSummary) -> String {
        var text = paint(table, "1") + "  "
        text += TerminalText.grouped(summary.rowsBefore)
        if summary.rowsAfter != summary.rowsBefore {
            text += " → " + TerminalText.grouped(summary.rowsAfter)
        }
        text += " rows  " + paint("+\(TerminalText.grouped(summary.added))", "32")
        text += " " + paint("-\(TerminalText.grouped(summary.removed))", "31")
        text += " " + paint("~\(TerminalText.grouped(summary.changed))", "33") + "\n"
        for change in summary.schemaChanges {
            text += paint("! " + TerminalText.fit(change.description, width - 2), "35") + "\n"
        }
        return text
    }

    /// One change: a line for a row added or removed, and for a row changed a line for its key
    /// and its cells.
    package func text(_ change: RowChange) -> String {
        let times = change.count > 1 ? " ×\(TerminalText.grouped(change.count))" : ""
        switch change.kind {
        case .added:
            let row = summaryLine(change.after ?? [])
            return paint(TerminalText.fit("+\(times) \(row)", width), "32") + "\n"
        case .removed:
            let row = summaryLine(change.before ?? [])
            return paint(TerminalText.fit("-\(times) \(row)", width), "31") + "\n"
        case .changed:
            var line = "~ " + keyText(change)
            for cell in change.cells {
                let half = max(8, (width == Int.max ? width : (width - 8) / 2) - cell.column.count)
                let old = TerminalText.fit(TerminalText.safe(cell.before), half)
                let new = TerminalText.fit(TerminalText.safe(cell.after), half)
                line += "  \(cell.column): \(old) → \(new)"
            }
            if TerminalText.width(line) <= width { return paint(line, "33") + "\n" }
            var text = paint(TerminalText.fit("~ " + keyText(change), width), "33") + "\n"
            let names = change.cells.map { TerminalText.width($0.column) }.max() ?? 0
            for cell in change.cells {
                let room = max(16, width == Int.max ? width : width - names - 9)
                let old = TerminalText.fit(TerminalText.safe(cell.before), room / 2)
                let new = TerminalText.fit(TerminalText.safe(cell.after), room / 2)
                text += "    \(TerminalText.pad(cell.column, names))  "
                text += paint(old, "31") + " → " + paint(new, "32") + "\n"
            }
            return text
        }
    }

    /// The key as `name=value` pairs; the values alone if there is only one.
    private func keyText(_ change: RowChange) -> String {
        zip(after.dataKeyNames, change.key)
            .map { name, cell in "\(name)=\(TerminalText.safe(cell))" }
            .joined(separator: " ")
    }

    /// A row without the braces around it.
    private func summaryLine(_ row: [UInt8]) -> String {
        TerminalText.safe(row.dropFirst().dropLast())
    }

    private func paint(_ text: String, _ code: String) -> String {
        isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
