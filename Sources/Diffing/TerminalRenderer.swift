import Records

/// Writes row changes for people: `+` added, `-` removed, `~` changed with the cells that differ
/// as `old → new`, each change cut to the width of the terminal.
///
/// Counts come after the rows, so that nothing has to wait for the last one.
package struct TerminalRenderer: DiffWriter, Sendable {
    private let width: Int
    private let isColoured: Bool
    private var table: DiffTable?

    /// Makes a renderer.
    /// - Parameters:
    ///   - width: columns of the terminal; nil to cut nothing (output into a file).
    ///   - isColoured: whether to use ANSI colours.
    package init(width: Int? = nil, isColoured: Bool = false) {
        self.width = width.map { max($0, 20) } ?? Int.max
        self.isColoured = isColoured
    }

    /// The table's name and rows, and a line for each change of its schema.
    package mutating func begin(_ table: DiffTable) -> String {
        self.table = table
        var rows = grouped(table.rowsBefore)
        if table.rowsAfter != table.rowsBefore {
            rows += " → " + grouped(table.rowsAfter)
        }
        rows += table.rowsAfter == 1 ? " row" : " rows"
        let note = table.note.map { "  (\($0))" } ?? ""
        var text = paint(TerminalText.fit(table.name, width), "1")
        // The counts give way, not the name.
        text += TerminalText.fit(
            "  \(rows)\(note)",
            max(0, width - TerminalText.width(table.name))
        )
        text += "\n"
        for change in table.schemaChanges {
            text += paint(TerminalText.fit("! " + change.description, width), "35") + "\n"
        }
        return text
    }

    /// One change: a line for a row added or removed, and for a row changed a line with its key
    /// and cells, or a line each if they do not fit one.
    package func row(_ change: RowChange) -> String {
        let times = change.count > 1 ? " ×\(grouped(change.count))" : ""
        switch change.kind {
        case .added:
            let row = summaryLine(change.after ?? [])
            return paint(TerminalText.fit("+\(times) \(row)", width), "32") + "\n"
        case .removed:
            let row = summaryLine(change.before ?? [])
            return paint(TerminalText.fit("-\(times) \(row)", width), "31") + "\n"
        case .changed:
            let key = keyText(change)
            var used = 2 + TerminalText.width(key)
            var line = paint("~", "33") + " " + key
            for cell in change.cells {
                let old = TerminalText.safe(cell.before)
                let new = TerminalText.safe(cell.after)
                used += 7 + cell.column.utf8.count + TerminalText.width(old)
                used += TerminalText.width(new)
                guard used <= width else { return lines(change, key) }
                line += "  \(cell.column): \(paint(old, "31")) → \(paint(new, "32"))"
            }
            return line + "\n"
        }
    }

    /// A change whose cells need a line each.
    private func lines(_ change: RowChange, _ key: String) -> String {
        var text = paint("~", "33") + " " + TerminalText.fit(key, width - 2) + "\n"
        let longest = change.cells.map(\.column.utf8.count).max() ?? 0
        let names = min(longest, max(4, (width - 9) / 2))
        let room = max(2, width - names - 9)
        for cell in change.cells {
            let old = TerminalText.safe(cell.before)
            let new = TerminalText.safe(cell.after)
            // What one side does not need the other may have.
            let half = room / 2
            let oldRoom = max(half, room - TerminalText.width(new))
            let shownOld = TerminalText.fit(old, oldRoom)
            let shownNew = TerminalText.fit(new, room - TerminalText.width(shownOld))
            text += "    \(TerminalText.pad(TerminalText.fit(cell.column, names), names))  "
            text += paint(shownOld, "31") + " → " + paint(shownNew, "32") + "\n"
        }
        return text
    }

    /// What was left out and the counts.
    package func end(_ summary: DiffSummary, leftOut: Int) -> String {
        var text = leftOut > 0 ? "… and \(CellDisplay.counted(leftOut, "more row"))\n" : ""
        if summary.added + summary.removed + summary.changed > 0 {
            text += paint("+\(grouped(summary.added))", "32") + " added, "
            text += paint("-\(grouped(summary.removed))", "31") + " removed, "
            text += paint("~\(grouped(summary.changed))", "33") + " changed\n"
        }
        return text + "\n"
    }

    /// The key as `name=value` pairs.
    private func keyText(_ change: RowChange) -> String {
        zip(table?.keyNames(of: change) ?? [], change.key)
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
