import ArgumentParser
import Codecs
import Diagnostics
import Lineage
import Pipelines
import Snapshots

/// `osodata lineage`.
struct LineageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Show what a table or a column is made of, and what is made of it.",
        discussion: """
            Read from the models' statements; nothing is run. Without a table, all of them. A table \
            or column whose inputs stand above already is marked with …

            Of a column, what it is computed from is told apart from what chooses the rows of its \
            table (WHERE, ON, GROUP BY and the like). What cannot be followed is told as unknown.
            """
    )

    /// How to print it.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, mermaid
    }

    @Argument(help: "The table, as layer.table, or the column, as layer.table.column.")
    var subject: LineageArgument?
    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Option(help: "text, json or mermaid.") var format = Format.text
    @Option(
        name: .customLong("at"),
        help: "The revision whose models are read (default: the work tree)."
    )
    var revision: String?

    func run() throws {
        let revision = subject?.revision ?? revision
        let warehouse = try warehouse.open()
        let options = engine.runnerOptions()
        let flow = try TableFlow(warehouse, revision: revision, options: options)
        let focus = try subject.map { try known($0.table, in: flow) }
        if let focus, let column = subject?.column {
            let columns = try ColumnFlow(
                flow,
                around: focus,
                of: warehouse,
                revision: revision,
                options: options
            )
            return show(
                ColumnTree(
                    flow: columns,
                    tables: flow,
                    focus: try known(column, of: focus, in: columns)
                )
            )
        }
        let shown = focus.map {
            flow.reach(from: [$0], .upstream).union(flow.reach(from: [$0], .downstream))
        }
        let tables = flow.tables.filter { shown?.contains($0) ?? true }
        var sinks: [TableName: [String]] = [:]
        for sink in flow.sinks where format == .json || !sink.isPush {
            for table in try flow.tables(of: sink) { sinks[table, default: []].append(sink.name) }
        }
        switch format {
        case .text: printText(flow, sinks, focus)
        case .json: Output.json(.array(tables.map { Self.json($0, flow, sinks) }))
        case .mermaid: Output.text(Self.mermaid(tables, flow, sinks, focus))
        }
    }

    private func known(_ table: TableName, in flow: TableFlow) throws(Failure) -> TableName {
        guard !flow.tables.contains(table) else { return table }
        let near = nearest(to: table, among: flow.tables)
        throw Failure(
            .unknownTable,
            "No model, source or import makes '\(table)'.",
            hint: near.map { "Did you mean '\($0)'?" } ?? "List the tables: osodata lineage"
        )
    }

    private func show(_ tree: ColumnTree) {
        switch format {
        case .text: Output.text(tree.text)
        case .json: Output.json(tree.json)
        case .mermaid: Output.text(tree.mermaid)
        }
    }

    private func known(
        _ column: String,
        of table: TableName,
        in flow: ColumnFlow
    ) throws(Failure) -> ColumnName {
        guard let columns = flow.columns(of: table) else { return ColumnName(table, column) }
        if let name = columns.first(where: { $0.lowercased() == column.lowercased() }) {
            return ColumnName(table, name)
        }
        let near = nearest(to: column, among: columns)
        throw Failure(
            .unknownColumn,
            "The table '\(table)' has no column '\(column)'.",
            hint: near.map { "Did you mean '\(table).\($0)'?" }
                ?? "Columns: \(columns.joined(separator: ", "))."
        )
    }

    // MARK: Text

    private func printText(
        _ flow: TableFlow,
        _ sinks: [TableName: [String]],
        _ focus: TableName?
    ) {
        guard let focus else {
            var table = TextTable([("TABLE", .left), ("MADE OF", .left)])
            for name in flow.tables {
                let inputs = flow.neighbours(of: name, .upstream).map(\.description)
                table.add([name.description, inputs.joined(separator: ", ")])
            }
            for sink in flow.sinks {
                let inputs = flow.tables.filter { sinks[$0]?.contains(sink.name) ?? false }
                let names = inputs.map(\.description).joined(separator: ", ")
                table.add(["sink \(sink.name)", sink.isPush ? Self.everything : names])
            }
            return Output.text(table.rendered(limit: 100))
        }
        var text = "\(focus)\(Self.origin(of: focus, flow))\n"
        for (title, direction) in [
            ("made of", TableFlow.Direction.upstream), ("makes", .downstream),
        ] where !flow.neighbours(of: focus, direction).isEmpty {
            text += "\n\(title)\n"
            var seen: Set<TableName> = []
            text += Self.branches(of: focus, direction, flow, indent: "", &seen)
        }
        let below = flow.reach(from: [focus], .downstream).sorted().filter { sinks[$0] != nil }
        func names(_ sinks: [String]) -> String {
            sinks.map { "sink \($0)" }.joined(separator: ", ")
        }
        var ends = below.map { "\($0): \(names(sinks[$0] ?? []))" }
        let pushed = flow.sinks.filter(\.isPush).map(\.name)
        if !pushed.isEmpty { ends.append("\(Self.everything): \(names(pushed))") }
        if !ends.isEmpty { text += "\ngoes to\n" }
        for (index, end) in ends.enumerated() {
            text += (index == ends.count - 1 ? "└─ " : "├─ ") + "\(end)\n"
        }
        Output.text(text)
    }

    /// What is pushed.
    private static let everything = "every table"

    private static func branches(
        of table: TableName,
        _ direction: TableFlow.Direction,
        _ flow: TableFlow,
        indent: String,
        _ seen: inout Set<TableName>
    ) -> String {
        let next = flow.neighbours(of: table, direction)
        var text = ""
        for (index, name) in next.enumerated() {
            let isLast = index == next.count - 1
            let isNew = seen.insert(name).inserted
            let hasMore = !flow.neighbours(of: name, direction).isEmpty
            text += indent + (isLast ? "└─ " : "├─ ") + name.description
            text += (isNew || !hasMore ? "" : " …") + origin(of: name, flow) + "\n"
            guard isNew else { continue }
            text += branches(
                of: name,
                direction,
                flow,
                indent: indent + (isLast ? "   " : "│  "),
                &seen
            )
        }
        return text
    }

    private static func origin(of table: TableName, _ flow: TableFlow) -> String {
        flow.models[table]?.owner.map { "  (\($0))" } ?? ""
    }

    // MARK: For programs

    private static func json(
        _ table: TableName,
        _ flow: TableFlow,
        _ sinks: [TableName: [String]]
    ) -> JSONValue {
        let model = flow.models[table]
        func names(_ tables: [TableName]) -> JSONValue {
            .array(tables.map { .string($0.description) })
        }
        return .object([
            ("table", .string(table.description)),
            ("file", model.map { .string($0.file) } ?? .null),
            ("description", model?.description.map { .string($0) } ?? .null),
            ("owner", model?.owner.map { .string($0) } ?? .null),
            ("tags", .array((model?.tags ?? []).map { .string($0) })),
            ("inputs", names(flow.neighbours(of: table, .upstream))),
            ("outputs", names(flow.neighbours(of: table, .downstream))),
            ("sinks", .array((sinks[table] ?? []).map { .string($0) })),
        ])
    }

    /// A flowchart, as GitHub and GitLab render it in Markdown.
    private static func mermaid(
        _ tables: [TableName],
        _ flow: TableFlow,
        _ sinks: [TableName: [String]],
        _ focus: TableName?
    ) -> String {
        func id(_ table: TableName) -> String { "\(table.layer)__\(table.name)" }
        var text = "flowchart LR\n"
        for table in tables { text += "  \(id(table))[\"\(table)\"]\n" }
        for table in tables {
            for input in flow.neighbours(of: table, .upstream) where tables.contains(input) {
                text += "  \(id(input)) --> \(id(table))\n"
            }
        }
        for sink in flow.sinks {
            // What is pushed is so after all else.
            let given = tables.filter { table in
                sink.isPush
                    ? flow.neighbours(of: table, .downstream).isEmpty
                    : sinks[table]?.contains(sink.name) ?? false
            }
            if !given.isEmpty { text += "  sink__\(sink.name)[/\"sink \(sink.name)\"/]\n" }
            for table in given { text += "  \(id(table)) --> sink__\(sink.name)\n" }
        }
        if let focus { text += "  style \(id(focus)) stroke-width:4px\n" }
        return text
    }
}

/// A table or a column named on the command line, `layer.table`, `layer.table.column`, or either with
/// `@revision`.
struct LineageArgument: ExpressibleByArgument {
    let table: TableName
    let column: String?
    let revision: String?

    init?(argument: String) {
        let name = argument.prefix { $0 != "@" }
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        let rest = argument.dropFirst(name.count)
        guard let table = TableArgument(argument: parts.prefix(2).joined(separator: ".") + rest),
            parts.count < 3 || !parts[2].isEmpty
        else { return nil }
        self.table = table.table
        revision = table.revision
        column = parts.count == 3 ? String(parts[2]) : nil
    }
}

extension Failure.Code {
    /// A column that is not there.
    static let unknownColumn = Self("command.unknown-column")
}
