import Codecs
import Diagnostics
import Lineage
import Pipelines
import Querying
import Snapshots

/// What a column is made of and what is made of it, as text, JSON and a flowchart.
struct ColumnTree {
    let flow: ColumnFlow
    let tables: TableFlow
    let focus: ColumnName

    // MARK: Text

    /// Trees, for a person.
    var text: String {
        var text = "\(focus)\(note(focus))\n"
        func section(_ title: String, _ lines: String) {
            if !lines.isEmpty { text += "\n\(title)\n\(lines)" }
        }
        var seen: Set<ColumnName> = []
        section("made of", branches(of: focus, .upstream, indent: "", &seen))
        let lineage = flow.lineages[focus.table]
        section(
            "rows chosen by",
            Self.list(
                (lineage?.filters ?? []).map(\.description)
                    + (lineage?.unknownFilters ?? []).map(Self.unknown)
            )
        )
        seen = []
        section("makes", branches(of: focus, .downstream, indent: "", &seen))
        section(
            "chooses rows of",
            Self.list(flow.tables(filteredBy: focus).map(\.description))
        )
        return text
    }

    private func branches(
        of column: ColumnName,
        _ direction: TableFlow.Direction,
        indent: String,
        _ seen: inout Set<ColumnName>
    ) -> String {
        let next = flow.neighbours(of: column, direction)
        let unknown = direction == .upstream ? flow.made(column)?.unknown ?? [] : []
        var text = ""
        for (index, name) in next.enumerated() {
            let isLast = index == next.count - 1 && unknown.isEmpty
            let isNew = seen.insert(name).inserted
            let hasMore = !flow.neighbours(of: name, direction).isEmpty
            text += indent + (isLast ? "└─ " : "├─ ") + name.description
            text += (isNew || !hasMore ? "" : " …") + note(name) + "\n"
            guard isNew else { continue }
            text += branches(
                of: name,
                direction,
                indent: indent + (isLast ? "   " : "│  "),
                &seen
            )
        }
        return text + Self.list(unknown.map(Self.unknown), indent: indent)
    }

    private static func list(_ items: [String], indent: String = "") -> String {
        items.enumerated().map { index, item in
            indent + (index == items.count - 1 ? "└─ " : "├─ ") + item + "\n"
        }.joined()
    }

    private static func unknown(_ reason: String) -> String { "unknown: \(reason)" }

    /// Where a column's expression stands, and whether it computes something.
    private func note(_ column: ColumnName) -> String {
        guard let made = flow.made(column), let model = tables.models[column.table] else {
            return ""
        }
        let place = made.position?.place(in: model.file).description ?? model.file
        let how = made.sources.isEmpty && made.unknown.isEmpty ? "of no column" : Self.how(made)
        return "  \(place), \(how)"
    }

    private static func how(_ made: ColumnLineage.Output) -> String {
        made.isUnchanged ? "unchanged" : "computed"
    }

    // MARK: For programs

    /// The columns that are reached, and of every table that is read, what chooses its rows.
    var json: JSONValue {
        let columns = reached.sorted().map { column -> JSONValue in
            let made = flow.made(column)
            return .object([
                ("column", .string(column.description)),
                ("file", made.flatMap { _ in file(of: column.table) }.map { .string($0) } ?? .null),
                ("line", made?.position.map { .int(Int64($0.line)) } ?? .null),
                ("made", made.map { .string(Self.how($0)) } ?? .null),
                ("inputs", Self.names(flow.neighbours(of: column, .upstream))),
                ("outputs", Self.names(flow.neighbours(of: column, .downstream))),
                ("filters", Self.names(flow.tables(filteredBy: column))),
                ("unknown", Self.names(made?.unknown ?? [])),
            ])
        }
        let read = tables.reach(from: [focus.table], .upstream).sorted()
        let filters = read.map { table -> JSONValue in
            let lineage = flow.lineages[table]
            return .object([
                ("table", .string(table.description)),
                ("file", file(of: table).map { .string($0) } ?? .null),
                ("rows_of", Self.names(tables.neighbours(of: table, .upstream))),
                ("filters", Self.names(lineage?.filters ?? [])),
                ("unknown", Self.names(lineage?.unknownFilters ?? [])),
            ])
        }
        return .object([
            ("column", .string(focus.description)), ("columns", .array(columns)),
            ("rows", .array(filters)),
        ])
    }

    private var reached: Set<ColumnName> {
        flow.reach(from: focus, .upstream).union(flow.reach(from: focus, .downstream))
    }

    private func file(of table: TableName) -> String? { tables.models[table]?.file }

    private static func names(_ names: [some CustomStringConvertible]) -> JSONValue {
        .array(names.map { .string($0.description) })
    }

    /// A flowchart, as GitHub and GitLab render it in Markdown.
    var mermaid: String {
        func id(_ column: ColumnName) -> String {
            "\(column.table.layer)__\(column.table.name)__\(column.column)"
        }
        let reached = reached
        let columns = reached.sorted()
        var text = "flowchart LR\n"
        for column in columns { text += "  \(id(column))[\"\(column)\"]\n" }
        for column in columns {
            let label = flow.made(column)?.isUnchanged == true ? "-->|unchanged|" : "-->"
            for input in flow.neighbours(of: column, .upstream) where reached.contains(input) {
                text += "  \(id(input)) \(label) \(id(column))\n"
            }
            if flow.made(column)?.unknown.isEmpty == false {
                text += "  \(id(column))__unknown[\"unknown\"] -.-> \(id(column))\n"
            }
        }
        return text + "  style \(id(focus)) stroke-width:4px\n"
    }
}
