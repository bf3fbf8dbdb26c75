import ArgumentParser
import Codecs
import Diagnostics
import Pipelines
import Snapshots

/// `osodata lineage`.
struct LineageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Show what a table is made of, and what is made of it.",
        discussion: """
            Read from the models' statements; nothing is run. Without a table, all of them. A table \
            whose inputs stand above already is marked with …
            """
    )

    /// How to print it.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, mermaid
    }

    @Argument(help: "The table.") var table: TableArgument?
    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Option(help: "text, json or mermaid.") var format = Format.text
    @Option(
        name: .customLong("at"),
        help: "The revision whose models are read (default: the work tree)."
    )
    var revision: String?

    func run() throws {
        let revision = table?.revision ?? revision
        let flow = try TableFlow(
            warehouse.open(),
            revision: revision,
            options: engine.runnerOptions()
        )
        let focus = try table.map { try known($0.table, in: flow) }
        let shown = focus.map {
            flow.reach(from: [$0], .upstream).union(flow.reach(from: [$0], .downstream))
        }
        let tables = flow.tables.filter { shown?.contains($0) ?? true }
        switch format {
        case .text: printText(flow, focus)
        case .json: Output.json(.array(tables.map { Self.json($0, flow) }))
        case .mermaid: Output.text(Self.mermaid(tables, flow, focus))
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

    // MARK: Text

    private func printText(_ flow: TableFlow, _ focus: TableName?) {
        guard let focus else {
            var table = TextTable([("TABLE", .left), ("MADE OF", .left)])
            for name in flow.tables {
                let inputs = flow.neighbours(of: name, .upstream).map(\.description)
                table.add([name.description, inputs.joined(separator: ", ")])
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
        Output.text(text)
    }

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

    private static func json(_ table: TableName, _ flow: TableFlow) -> JSONValue {
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
        ])
    }

    /// A flowchart, as GitHub and GitLab render it in Markdown.
    private static func mermaid(
        _ tables: [TableName],
        _ flow: TableFlow,
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
        if let focus { text += "  style \(id(focus)) stroke-width:4px\n" }
        return text
    }
}
