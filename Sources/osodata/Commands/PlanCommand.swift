import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Pipelines
import Snapshots

/// `osodata plan`.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what a run would do, and why.",
        discussion: """
            Warns of keys that made one of the last runs write over 5 times what it changed. Exit \
            status 0 whether or not there is something to do.
            """
    )

    @OptionGroup var selection: SelectionArguments
    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Flag(help: "Show what changed since a table was made: lines, keys, inputs, before and after.")
    var why = false
    @Flag(help: "Show requests, bytes and seconds of each step, as far as runs before tell.")
    var estimate = false
    @Flag(help: "Print the plan as JSON.") var json = false

    func run() throws {
        let runner = try Runner(
            warehouse.open(),
            selecting: Selection.parse(selection.words),
            options: engine.runnerOptions()
        ) { _ in }
        let plan = try runner.plan()
        let advice = runner.keyAdvice(imported: false)
        var changes: [TableName: [Plan.Change]] = [:]
        if why {
            for step in plan.steps { changes[step.tables[0]] = try runner.changes(of: step) }
        }
        let estimates = estimate ? try runner.estimate(plan) : nil
        if json {
            Output.json(
                .array(
                    plan.steps.enumerated().map { index, step in
                        .object([
                            ("kind", .string(step.kind.name)),
                            ("tables", .array(step.tables.map { .string($0.description) })),
                            ("reason", .string(step.reason.text)),
                            ("will_run", .bool(step.reason != .upToDate)),
                            ("partitions", step.partitions?.json ?? .null),
                            ("estimate", estimates?[index].json ?? .null),
                            (
                                "changes",
                                .array((changes[step.tables[0]] ?? []).map(\.json))
                            ),
                            (
                                "warnings",
                                .array(
                                    advice.filter { step.tables.contains($0.table) }.map(\.json)
                                )
                            ),
                        ])
                    } + plan.sinks.map(\.json)
                )
            )
            return
        }
        var table = TextTable(
            [("STEP", .left), ("TABLE", .left)]
                + (estimate
                    ? [("REQUESTS", .right), ("BYTES", .right), ("SECONDS", .right)] : [])
                + [("REASON", .left)]
        )
        for (index, step) in plan.steps.enumerated() {
            for name in step.tables {
                // Tables that are made together cost once.
                let cells =
                    name == step.tables[0]
                    ? estimates?[index].cells : estimates.map { _ in ["", "", ""] }
                table.add(
                    [step.kind.name, name.description] + (cells ?? []) + [
                        step.reason.text + (step.partitions.map { "; \($0.text)" } ?? "")
                    ]
                )
            }
        }
        for sink in plan.sinks {
            let cells = estimate ? ["", "", ""] : []
            table.add(["sink", sink.sink.name] + cells + [sink.reason])
        }
        Output.text(table.rendered(limit: 100))
        for step in plan.steps {
            let changes = changes[step.tables[0]] ?? []
            guard !changes.isEmpty else { continue }
            Output.line("\n\(step.tables[0]): \(step.reason.text)")
            for change in changes { Output.text(change.text) }
        }
        for problem in plan.sinks.compactMap(\.problem) {
            Output.message("warning: \(problem.description.dropFirst("error: ".count))")
        }
        for advice in advice {
            Output.message("warning: \(advice.text)\n  hint: \(advice.hint)")
        }
        if let estimates { Output.message(Self.text(of: estimates)) }
        let count = plan.pending.flatMap(\.tables).count
        Output.message(
            count == 0 && !plan.sinks.contains { $0.lack != nil }
                ? "Everything is up to date."
                : "\(count) of \(plan.steps.flatMap(\.tables).count) tables to look at. Run it: osodata run"
        )
    }
}

extension PlanCommand {
    /// The sum, and what is not in it.
    private static func text(of estimates: [Plan.Estimate]) -> String {
        let requests = estimates.reduce(0) { $0 + $1.requests }
        let bytes = estimates.compactMap(\.bytes).reduce(0, +)
        let seconds = String(format: "%.1f", estimates.compactMap(\.seconds).reduce(0, +))
        let unknown = estimates.count { $0.seconds == nil || $0.bytes == nil }
        return
            "About \(grouped(requests)) requests, \(byteText(Int(bytes))) to fetch, \(seconds) s of work"
            + (unknown > 0 ? "; \(unknown) steps were never done before and are not in it." : ".")
    }
}

extension Plan.SinkStep {
    fileprivate var reason: String { lack ?? "up to date" }

    /// The sink for scripts.
    fileprivate var json: JSONValue {
        .object([
            ("kind", .string("sink")), ("sink", .string(sink.name)),
            ("tables", .array(stale.map { .string($0.description) })),
            ("reason", .string(reason)), ("will_run", .bool(lack != nil)),
        ])
    }
}

extension Plan.Estimate {
    /// For people: requests, bytes, seconds; `?` for what is not known.
    fileprivate var cells: [String] {
        [
            requests == 0 ? "" : grouped(requests),
            bytes.map { $0 == 0 ? "" : grouped(Int($0)) } ?? "?",
            seconds.map { $0 == 0 ? "" : String(format: "%.2f", $0) } ?? "?",
        ]
    }

    /// For scripts.
    fileprivate var json: JSONValue {
        .object([
            ("requests", .int(Int64(requests))), ("bytes", bytes.map { .int($0) } ?? .null),
            ("seconds", seconds.map { .double($0) } ?? .null),
        ])
    }
}

extension Plan.Partitions {
    /// As `2 of 31 partitions: 2026-01-04 … 2026-01-05`.
    fileprivate var text: String {
        "\(stale.count) of \(count) partitions" + (stale.isEmpty ? "" : ": \(stale.text)")
    }

    /// The partitions for scripts.
    fileprivate var json: JSONValue {
        .object([
            ("count", .int(Int64(count))),
            ("stale", .array(stale.map { .string($0.label) })),
        ])
    }
}

extension Plan.Change {
    /// The change for people.
    fileprivate var text: String {
        guard lines.isEmpty else {
            return "  \(what)\n" + lines.map { "    \($0)\n" }.joined()
        }
        return "  \(what): \(before ?? "nothing") -> \(after ?? "nothing")\n"
    }

    /// The change for scripts.
    fileprivate var json: JSONValue {
        .object([
            ("what", .string(what)), ("before", before.map { .string($0) } ?? .null),
            ("after", after.map { .string($0) } ?? .null),
            ("lines", .array(lines.map { .string($0) })),
        ])
    }
}

extension KeyAdvice {
    /// The advice for scripts.
    fileprivate var json: JSONValue {
        .object([
            ("table", .string(table.description)), ("message", .string(text)),
            ("hint", .string(hint)), ("commit", .string(commit.hex)),
            ("rewritten_bytes", .int(Int64(rewritten))), ("changed_bytes", .int(Int64(changed))),
            ("is_estimate", .bool(isEstimate)), ("chunks_written", .int(Int64(chunks.written))),
            ("chunks", .int(Int64(chunks.all))), ("key", .array(key.map { .string($0) })),
            ("better_key", .array(betterKey.map { .string($0) })),
        ])
    }
}
