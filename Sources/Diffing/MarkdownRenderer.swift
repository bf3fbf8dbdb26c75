package import Records

/// Writes row changes as a table in Markdown, for comments on pull requests.
package struct MarkdownRenderer: Sendable {
    private let before: Schema
    private let after: Schema
    private let cellLimit: Int

    /// Makes a renderer; values are cut to `cellLimit` characters.
    package init(from before: Schema, to after: Schema, cellLimit: Int = 60) {
        self.before = before
        self.after = after
        self.cellLimit = cellLimit
    }

    /// The title, counts, schema changes and the head of the table.
    package func header(table: String, _ summary: DiffSummary) -> String {
        var text = "### `\(table)`\n\n"
        text += "\(TerminalText.grouped(summary.added)) rows added, "
        text += "\(TerminalText.grouped(summary.removed)) removed, "
        text += "\(TerminalText.grouped(summary.changed)) changed.\n\n"
        for change in summary.schemaChanges { text += "- \(escaped(change.description))\n" }
        if !summary.schemaChanges.isEmpty { text += "\n" }
        return text + "| | row | column | before | after |\n|---|---|---|---|---|\n"
    }

    /// The rows of the table for one change: one a changed cell.
    package func rows(_ change: RowChange) -> String {
        let names = change.after == nil ? before.dataKeyNames : after.dataKeyNames
        let key = zip(names, change.key)
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
        let inner = fitted.split(separator: "|", omittingEmptySubsequences: false)
            .joined(separator: "\\|")
        return longest > 0 ? "\(fence) \(inner) \(fence)" : fence + inner + fence
    }

    private func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
