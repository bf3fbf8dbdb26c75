import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Pipelines
import Snapshots

/// `osodata diff`.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what changed between two revisions: rows and cells.",
        discussion: """
            Exit status 0 if nothing differs, 1 if something does, 2 for an error. What options \
            leave out does not count.
            """
    )

    /// How a difference is printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case terminal, json, ndjson, csv, markdown, html

        /// Rows a table that are printed unless the user says how many; nil for all.
        var limit: Int? {
            switch self {
            case .terminal: 50
            case .html: 1_000
            case .json, .ndjson, .csv, .markdown: nil
            }
        }
    }

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "The revision before.") var before: String
    @Argument(help: "The revision after.") var after: String
    @Argument(help: "Tables; all if none is named.") var tables: [TableArgument] = []
    @Flag(help: "Print counts a table instead of rows.") var stat = false
    @Flag(help: "Print the names of the tables that differ.") var nameOnly = false
    @Option(
        name: .customLong("where"),
        help: "Only rows for which this SQL condition holds, before or after."
    )
    var condition: String?
    @Option(help: "Compare and show these columns only, as a,b.") var columns: String?
    @Option(help: "Columns that do not count, as a,b.") var ignore: String?
    @Option(help: "Numbers that differ by at most this much are equal.") var tolerance: String?
    @Option(help: "Rows to print a table; 0 for all (default: 50, html 1000, others all).")
    var limit: Int?
    @Option(help: "terminal, json, ndjson, csv, markdown or html.") var format: Format?
    @Flag(help: "The same as --format ndjson.") var json = false

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit must not be negative.") }
        if columns != nil, ignore != nil {
            throw ValidationError("--columns and --ignore exclude each other.")
        }
        if stat, nameOnly {
            throw ValidationError("--stat and --name-only exclude each other.")
        }
        if json, let format, format != .ndjson {
            throw ValidationError("--json is --format ndjson; give one of the two.")
        }
        if nameOnly, format == .html {
            throw ValidationError("--name-only has no HTML form; --stat has.")
        }
        for list in [columns, ignore].compactMap({ $0 }) where Self.names(list).isEmpty {
            throw ValidationError("'\(list)' names no column.")
        }
    }

    func run() throws {
        let report = try report()
        let format = json ? .ndjson : format ?? .terminal
        let differing =
            nameOnly
            ? try printNames(report, format)
            : stat ? try printCounts(report, format) : try printRows(report, format)
        Output.flush()
        for table in report.wholeRowTables {
            Output.message(
                "note: \(table) has no key: its rows are compared whole, options choose what is shown"
            )
        }
        guard differing == 0 else { throw ExitCode(Failure.Kind.difference.rawValue) }
        Output.message("No table differs between '\(before)' and '\(after)'.")
    }

    private func report() throws -> DiffReport {
        let opened = try warehouse.open()
        let sides = (try opened.tree(before), try opened.tree(after))
        var names: Set<TableName> = []
        for case let tree? in [sides.0, sides.1] {
            names.formUnion(try opened.store.tables(inTree: tree))
        }
        for argument in tables {
            if let revision = argument.revision {
                throw Failure(
                    .diffRevision,
                    "'\(argument.table)@\(revision)' names a third revision.",
                    hint: "osodata diff \(before) \(after) \(argument.table)"
                )
            }
            let old = try sides.0.flatMap { try opened.store.snapshot(argument.table, inTree: $0) }
            if old == nil { _ = try opened.snapshot(argument, defaultRevision: after) }
        }
        let chosen = tables.isEmpty ? names : Set(tables.map(\.table))
        try opened.requireDifferences(of: chosen, between: sides.0, and: sides.1)
        var request = DiffReport.Request()
        request.tables = tables.map(\.table)
        request.condition = condition
        let options = engine.runnerOptions()
        request.threads = options.threads
        request.memoryLimit = options.memoryLimit
        request.rules = DiffRules(
            columns: columns.map { .only(Self.names($0)) }
                ?? ignore.map { .except(Self.names($0)) } ?? .all,
            tolerance: try tolerance.map { try Tolerance(parsing: $0) }
        )
        return try DiffReport(of: opened.store, from: sides.0, to: sides.1, request)
    }

    private static func names(_ list: String) -> [String] {
        list.split(separator: ",").map { part in
            String(part.drop { $0 == " " }.prefix { $0 != " " })
        }.filter { !$0.isEmpty }
    }

    /// Prints names; gives how many.
    private func printNames(_ report: DiffReport, _ format: Format) throws -> Int {
        let names = try report.names()
        switch format {
        case .json: Output.json(.array(names.map { .string($0) }))
        case .ndjson:
            for name in names {
                Output.line(JSONValue.object([("table", .string(name))]).serialized())
            }
        case .csv: Output.text((["table"] + names).map { $0 + "\n" }.joined())
        case .markdown: Output.text(names.map { "- `\($0)`\n" }.joined())
        case .terminal, .html: Output.text(names.map { $0 + "\n" }.joined())
        }
        return names.count
    }

    /// Prints counts; gives how many tables differ.
    private func printCounts(_ report: DiffReport, _ format: Format) throws -> Int {
        if format == .markdown {
            var writer = MarkdownRenderer(from: before, to: after, tables: report.tables.count)
            return try report.write(to: &writer, limit: 0, emit: Output.text).tables
        }
        let lines = try report.counts()
        switch format {
        case .json: Output.json(.array(lines.map(StatRenderer.json)))
        case .ndjson: for line in lines { Output.line(StatRenderer.json(line).serialized()) }
        case .csv: Output.text(StatRenderer.csv(lines))
        case .html:
            let page = HTMLRenderer(from: before, to: after, lines: lines, hasRows: false)
            Output.text(page.start() + page.finish())
        case .terminal, .markdown: if !lines.isEmpty { Output.text(StatRenderer().text(lines)) }
        }
        return lines.count
    }

    /// Prints rows; gives how many tables differ.
    private func printRows(_ report: DiffReport, _ format: Format) throws -> Int {
        let rows = limit.map { $0 == 0 ? nil : $0 } ?? format.limit
        func write(_ writer: some DiffWriter) throws -> DiffReport.Outcome {
            var writer = writer
            return try report.write(to: &writer, limit: rows, emit: Output.text)
        }
        let outcome: DiffReport.Outcome
        switch format {
        case .terminal:
            outcome = try write(
                TerminalRenderer(width: Output.width, isColoured: Output.isColoured)
            )
        case .json: outcome = try write(JSONRenderer(from: before, to: after))
        case .ndjson: outcome = try write(JSONLinesRenderer())
        case .csv: outcome = try write(CSVRenderer(tables: report.tables.map(\.table)))
        case .markdown:
            outcome = try write(
                MarkdownRenderer(from: before, to: after, tables: report.tables.count)
            )
        case .html:
            let lines = try report.counts()
            outcome = try write(HTMLRenderer(from: before, to: after, lines: lines))
        }
        if outcome.leftOut > 0, format == .csv || format == .ndjson {
            Output.message("\(grouped(outcome.leftOut)) more rows: --limit 0")
        }
        return outcome.tables
    }
}

extension Failure.Code {
    /// A table with a revision where two are named already.
    static let diffRevision = Self("diff.revision")
}
