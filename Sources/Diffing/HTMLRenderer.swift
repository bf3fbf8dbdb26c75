package import Diagnostics
import Records

/// Writes a difference as one HTML page: no script, nothing loaded, light or dark as the reader's
/// system is, every value escaped.
///
/// The counts of all tables stand on top, so they must be known before: a first pass counts.
package struct HTMLRenderer: DiffWriter {
    /// To how many characters values are cut.
    private static let cellLimit = 300

    private let revisions: (before: String, after: String)
    private let lines: [StatRenderer.Line]
    private let hasRows: Bool
    private var table: DiffTable?
    private var cellsBefore: RowCells?
    private var cellsAfter: RowCells?
    private var grid: [GridColumn] = []
    private var rows = 0

    /// A column of the page: of both sides, or of one.
    private struct GridColumn {
        let name: String
        let isNumber: Bool
        let isKey: Bool
        let before: Int?
        let after: Int?
    }

    /// Makes a renderer; `lines` are the counts of the tables that will follow, unless `hasRows`
    /// is false: then the page has counts only.
    package init(
        from before: String,
        to after: String,
        lines: [StatRenderer.Line],
        hasRows: Bool = true
    ) {
        revisions = (before, after)
        self.lines = lines
        self.hasRows = hasRows
    }

    /// The head and the table of counts.
    package func start() -> String {
        let before = Self.escaped(revisions.before)
        let after = Self.escaped(revisions.after)
        let count = CellDisplay.counted(lines.count, "table")
        var text = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(before) → \(after): \(count)</title>
            <style>
            \(Self.style)</style>
            </head>
            <body>
            <header>
            <h1>What changed</h1>
            <p><code>\(before)</code> → <code>\(after)</code></p>
            </header>
            <main>

            """
        guard !lines.isEmpty else { return text + "<p>No table differs.</p>\n" }
        text += "<div class=\"scroll\"><table class=\"counts\">\n<thead><tr><th>table</th>"
        for title in ["rows", "added", "removed", "changed"] {
            text += "<th class=\"n\">\(title)</th>"
        }
        text += "<th></th></tr></thead>\n<tbody>\n"
        for line in lines {
            let summary = line.summary
            let name = Self.escaped(line.table)
            let link = hasRows ? "<a href=\"#\(name)\">\(name)</a>" : name
            text += "<tr><td>\(link)</td>"
            text += "<td class=\"n\">\(grouped(summary.rowsAfter))</td>"
            for (kind, sign, count) in [
                ("added", "+", summary.added), ("removed", "−", summary.removed),
                ("changed", "~", summary.changed),
            ] {
                let shown = count == 0 ? "" : sign + grouped(count)
                text += "<td class=\"n \(kind)\">\(shown)</td>"
            }
            let notes = [line.note, summary.schemaChanges.isEmpty ? nil : "schema changed"]
            text += "<td>\(notes.compactMap { $0 }.joined(separator: ", "))</td></tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }

    /// The table's title and the changes of its schema.
    package mutating func begin(_ table: DiffTable) -> String {
        self.table = table
        rows = 0
        cellsBefore = RowCells(table.before)
        cellsAfter = RowCells(table.after)
        let pairs = SchemaComparison(from: table.before, to: table.after).pairs
        grid = table.after.columns.enumerated().map { index, column in
            GridColumn(
                name: column.name,
                isNumber: CellDisplay.isNumber(column.type),
                isKey: index < table.after.keyCount,
                before: pairs.first { $0.after == index }?.before,
                after: index
            )
        }
        for (index, column) in table.before.columns.enumerated()
        where !pairs.contains(where: { $0.before == index }) {
            grid.append(
                GridColumn(
                    name: column.name,
                    isNumber: CellDisplay.isNumber(column.type),
                    isKey: index < table.before.keyCount,
                    before: index,
                    after: nil
                )
            )
        }
        let name = Self.escaped(table.name)
        let note = table.note.map { " <small>\($0)</small>" } ?? ""
        var text = "<section id=\"\(name)\">\n<h2>\(name)\(note)</h2>\n"
        if !table.schemaChanges.isEmpty {
            text += "<ul>\n"
            for change in table.schemaChanges {
                text += "<li>\(Self.escaped(change.description))</li>\n"
            }
            text += "</ul>\n"
        }
        return text
    }

    /// One line of the grid.
    package mutating func row(_ change: RowChange) throws(Failure) -> String {
        var text = ""
        if rows == 0 {
            text += "<div class=\"scroll\"><table>\n<thead><tr><th></th>"
            for column in grid {
                text += "<th\(column.isNumber ? " class=\"n\"" : "")>"
                text += "\(Self.escaped(column.name))</th>"
            }
            text += "</tr></thead>\n<tbody>\n"
        }
        rows += 1
        let old = try change.before.flatMap { (row) throws(Failure) in try cellsBefore?(row) }
        let new = try change.after.flatMap { (row) throws(Failure) in try cellsAfter?(row) }
        let (sign, word) =
            switch change.kind {
            case .added: ("+", "added")
            case .removed: ("−", "removed")
            case .changed: ("~", "changed")
            }
        let times = change.count > 1 ? "×\(grouped(change.count))" : ""
        text += "<tr class=\"\(change.kind.rawValue)\">"
        text += "<td class=\"sign\" title=\"\(word)\">\(sign)\(times)</td>"
        for column in grid {
            let before = column.before.flatMap { old?[$0] }
            let after = column.after.flatMap { new?[$0] }
            let isChanged = change.cells.contains { $0.column == column.name }
            var classes = column.isNumber ? ["n"] : []
            if column.isKey { classes.append("key") }
            var content = Self.cell(after ?? before)
            if isChanged, column.after != nil {
                classes.append("cell")
                content = "<del>\(Self.cell(before))</del> <ins>\(Self.cell(after))</ins>"
            }
            let attribute = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
            text += "<td\(attribute)>\(content)</td>"
        }
        return text + "</tr>\n"
    }

    /// The end of the grid and what was left out.
    package func end(_ summary: DiffSummary, leftOut: Int) -> String {
        var text = rows > 0 ? "</tbody></table></div>\n" : ""
        if leftOut > 0 {
            text += "<p class=\"more\">… and \(CellDisplay.counted(leftOut, "more row"))</p>\n"
        }
        return text + "</section>\n"
    }

    /// The end of the page.
    package func finish() -> String { "</main>\n</body>\n</html>\n" }

    private static func cell(_ json: [UInt8]?) -> String {
        guard let json else { return "" }
        guard let plain = CellDisplay.plain(json) else { return "<i>null</i>" }
        guard !plain.isEmpty else { return "<i>empty</i>" }
        let safe = TerminalText.safe(plain.utf8)
        let isLong = safe.count > cellLimit
        return escaped(isLong ? safe.prefix(cellLimit - 1) + "…" : safe)
    }

    /// `text` as HTML, in elements and in quoted attributes.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static let style = """
        :root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --line: #d1d9e0;
          --page: #fff; --band: #f6f8fa; --add: #e6ffec; --add-mark: #abf2bc; --del: #ffebe9;
          --del-mark: #ffc1bc; --plus: #116329; --minus: #a40e26; --tilde: #7d4e00; --link: #0550ae; }
        @media (prefers-color-scheme: dark) {
          :root { --text: #e6edf3; --dim: #9198a1; --line: #3d444d; --page: #0d1117;
            --band: #151b23; --add: #12261e; --add-mark: #1f6f3a; --del: #2d1418;
            --del-mark: #8e2a32; --plus: #56d364; --minus: #ff8f89; --tilde: #e3b341;
            --link: #79b8ff; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 1200px; padding: 24px 16px 64px; color: var(--text);
          background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
        h1 { font-size: 24px; margin: 0; } header p { margin: 4px 0 20px; color: var(--dim); }
        h2 { font-size: 17px; margin: 36px 0 8px; } h2 small { color: var(--dim); font-weight: 400; }
        ul { margin: 0 0 10px; padding-left: 20px; color: var(--dim); }
        a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
        code { font: 13px/1.5 ui-monospace, monospace; background: var(--band); padding: 2px 6px;
          border-radius: 6px; color: var(--text); }
        .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
        table { border-collapse: collapse; width: 100%; font-size: 13px; }
        td, th { padding: 5px 12px; text-align: left; vertical-align: top;
          border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        th { background: var(--band); font-weight: 600; white-space: nowrap; }
        tbody tr:last-child td { border-bottom: 0; }
        td:not(.sign) { max-width: 420px; }
        .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td i { color: var(--dim); font-style: normal; opacity: .8; }
        td:first-child.sign { width: 1%; }
        .sign { font-weight: 700; text-align: center; white-space: nowrap; }
        .key { font-weight: 600; }
        tr.added td { background: var(--add); } tr.removed td { background: var(--del); }
        tr.changed td:not(.cell):not(.key):not(.sign) { color: var(--dim); }
        .added .sign, td.added { color: var(--plus); }
        .removed .sign, td.removed { color: var(--minus); }
        .changed .sign, td.changed { color: var(--tilde); }
        del, ins { text-decoration: none; padding: 1px 4px; border-radius: 4px; }
        del { background: var(--del-mark); text-decoration: line-through; }
        ins { background: var(--add-mark); }
        .more { color: var(--dim); }

        """
}
