import Records

/// Writes a difference as Markdown, for comments on pull requests: never more than 65,536
/// characters, GitHub's limit, with exact counts of what did not fit.
///
/// First the counts of all tables, then the rows of each; each table may take an equal part of
/// the room that is left. The text is held until `finish`, rows that do not fit are only counted.
package struct MarkdownRenderer: DiffWriter, Sendable {
    /// Most characters (UTF-16 code units, the strictest way to count) of a comment.
    package static let limit = 65_536

    private let revisions: (before: String, after: String)
    private let cellLimit: Int
    private var tablesToCome: Int
    /// The table of counts, as far as it has room.
    private var overview = ""
    private var overviewLeft = 12_000
    private var sections = ""
    private var sectionsLeft: Int
    private var table: DiffTable?
    /// Lines of the rows of the table begun.
    private var rows = ""
    private var rowsRoom = 0
    private var rowsLeftOut = 0
    private var tables = 0
    private var tablesNotCounted = 0
    private var tablesWithoutRows = 0
    private var rowsOfThose = 0
    private var total = DiffSummary()

    /// Makes a renderer.
    /// - Parameters:
    ///   - before: the revision before.
    ///   - after: the revision after.
    ///   - tables: about how many tables will follow.
    ///   - cellLimit: to how many columns values are cut.
    package init(from before: String, to after: String, tables: Int, cellLimit: Int = 60) {
        revisions = (before, after)
        tablesToCome = tables
        self.cellLimit = cellLimit
        // What stands around the two parts needs less than 1,500.
        sectionsLeft = Self.limit - overviewLeft - 1_500
    }

    /// Nothing yet.
    package mutating func begin(_ table: DiffTable) -> String {
        self.table = table
        rows = ""
        rowsLeftOut = 0
        let share = sectionsLeft / max(1, tablesToCome)
        // Title, counts, schema changes and "more" lines have 1,500 of it.
        rowsRoom = max(0, min(sectionsLeft, max(share, 4_000)) - 1_500)
        tablesToCome -= 1
        return ""
    }

    /// Keeps the lines of the change if there is room.
    package mutating func row(_ change: RowChange) -> String {
        guard rowsRoom > 0 else {
            rowsLeftOut += 1
            return ""
        }
        let lines = lines(change)
        let length = lines.utf16.count
        if length <= rowsRoom {
            rows += lines
            rowsRoom -= length
        } else {
            // Rows after one that is left out are left out too: what is shown is a beginning.
            rowsRoom = 0
            rowsLeftOut += 1
        }
        return ""
    }

    /// Keeps the table's section if there is room.
    package mutating func end(_ summary: DiffSummary, leftOut: Int) -> String {
        guard let table else { return "" }
        tables += 1
        total.added += summary.added
        total.removed += summary.removed
        total.changed += summary.changed
        addToOverview(table, summary)
        let hidden = leftOut + rowsLeftOut
        guard !rows.isEmpty || hidden > 0 || !table.schemaChanges.isEmpty else { return "" }
        var section = "\n#### `\(table.name)`\n\n"
        section += Self.schemaList(table)
        if !rows.isEmpty {
            section += "| | row | column | before | after |\n|---|---|---|---|---|\n" + rows
        }
        if hidden > 0 {
            section += "\n… and \(CellDisplay.counted(hidden, "more row")).\n"
        }
        let length = section.utf16.count
        if length <= sectionsLeft {
            sections += section
            sectionsLeft -= length
        } else {
            tablesWithoutRows += 1
            rowsOfThose += summary.added + summary.removed + summary.changed
        }
        return ""
    }

    private mutating func addToOverview(_ table: DiffTable, _ summary: DiffSummary) {
        let notes = [table.note, table.schemaChanges.isEmpty ? nil : "schema changed"]
        let line =
            "| `\(table.name)` | \(grouped(summary.rowsAfter)) "
            + "| \(grouped(summary.added)) "
            + "| \(grouped(summary.removed)) "
            + "| \(grouped(summary.changed)) "
            + "| \(notes.compactMap { $0 }.joined(separator: ", ")) |\n"
        let length = line.utf16.count
        if tablesNotCounted == 0, length <= overviewLeft {
            overview += line
            overviewLeft -= length
        } else {
            tablesNotCounted += 1
        }
    }

    /// The first changes of the schema.
    private static func schemaList(_ table: DiffTable) -> String {
        var text = ""
        var shown = 0
        for change in table.schemaChanges {
            let line = "- \(escaped(TerminalText.fit(change.description, 200)))\n"
            guard text.utf16.count + line.utf16.count <= 1_000 else { break }
            text += line
            shown += 1
        }
        let hidden = table.schemaChanges.count - shown
        if hidden > 0 {
            text += "- … and \(CellDisplay.counted(hidden, "more change")) of the schema\n"
        }
        return text.isEmpty ? "" : text + "\n"
    }

    /// The whole text.
    package func finish() -> String {
        let before = code(revisions.before)
        let after = code(revisions.after)
        guard tables > 0 else { return "No table differs between \(before) and \(after).\n" }
        var text = "### \(CellDisplay.counted(tables, "table")) "
        text += "\(tables == 1 ? "differs" : "differ") between \(before) and \(after)\n\n"
        text += "\(CellDisplay.counted(total.added, "row")) added, "
        text += "\(grouped(total.removed)) removed, "
        text += "\(grouped(total.changed)) changed.\n\n"
        text += "| table | rows | added | removed | changed | |\n|---|--:|--:|--:|--:|---|\n"
        text += overview
        if tablesNotCounted > 0 {
            text += "\n… and \(CellDisplay.counted(tablesNotCounted, "more table")).\n"
        }
        text += sections
        if tablesWithoutRows > 0 {
            text += "\n… and \(CellDisplay.counted(tablesWithoutRows, "more table")) with "
            text += "\(CellDisplay.counted(rowsOfThose, "row")), not shown here.\n"
        }
        return text
    }

    /// The lines of the table for one change: one a changed cell.
    private func lines(_ change: RowChange) -> String {
        let key = zip(table?.keyNames(of: change) ?? [], change.key)
            .map { name, cell in "\(name)=\(TerminalText.safe(cell))" }
            .joined(separator: " ")
        let times = change.count > 1 ? " ×\(change.count)" : ""
        switch change.kind {
        case .added: return "| +\(times) | \(code(key)) | | | |\n"
        case .removed: return "| -\(times) | \(code(key)) | | | |\n"
        case .changed:
            return change.cells.map { cell in
                let old = code(TerminalText.safe(cell.before))
                let new = code(TerminalText.safe(cell.after))
                return "| ~ | \(code(key)) | \(cell.column) | \(old) | \(new) |\n"
            }.joined()
        }
    }

    /// `text` as inline code that no value can break out of: a fence longer than its longest run
    /// of backticks, pipes escaped as GitHub's tables want it.
    private func code(_ text: String) -> String {
        let fitted = TerminalText.fit(text, cellLimit)
        var longest = 0
        var run = 0
        for character in fitted {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        let inner = Self.escaped(fitted)
        return longest > 0 ? "\(fence) \(inner) \(fence)" : fence + inner + fence
    }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
