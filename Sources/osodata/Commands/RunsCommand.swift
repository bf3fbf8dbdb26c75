import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import Pipelines

/// `osodata runs`.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List runs: those under way, done, failed and cancelled; or the steps of one.",
        discussion: """
            What is recorded lies on refs/osodata/runs as the tables meta.runs and meta.steps, \
            which query and show read like any other.
            """
    )

    @Argument(
        help: ArgumentHelp("A run, by the first digits of its name.", valueName: "run")
    )
    var name: String?
    @OptionGroup var warehouse: WarehouseOptions
    @Option(name: .shortAndLong, help: "How many runs to list, the latest first.")
    var limit = 20
    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
        let contents = try RunRecords(warehouse.open().store).read()
        guard let name else { return list(contents.runs.suffix(max(0, limit)).reversed()) }
        let found = contents.runs.filter { $0.run.hasPrefix(name) }
        guard found.count == 1, let record = found.first else {
            throw Failure(
                .unknownRun,
                found.isEmpty
                    ? "There is no run '\(name)'." : "\(found.count) runs begin with '\(name)'.",
                hint: "List them: osodata runs"
            )
        }
        show(record, contents.steps.filter { $0.run == record.run })
    }

    private func list(_ runs: [RunRecord]) {
        if json { return Output.json(.array(runs.map(\.json))) }
        guard !runs.isEmpty else { return Output.message("No run is recorded yet.") }
        var table = TextTable([
            ("RUN", .left), ("STARTED", .left), ("STATE", .left), ("SECONDS", .right),
            ("BUILT", .right), ("FAILED", .right), ("COMMIT", .left), ("ERROR", .left),
        ])
        for run in runs {
            table.add([
                run.run, run.startedText, run.state.rawValue, run.secondsText,
                "\(run.counts[.built] ?? 0)", "\(run.counts[.failed] ?? 0)",
                String(run.commit?.prefix(12) ?? ""), run.error ?? "",
            ])
        }
        Output.text(table.rendered(limit: 60))
    }

    private func show(_ run: RunRecord, _ steps: [StepRecord]) {
        if json {
            return Output.json(
                .object([("run", run.json), ("steps", .array(steps.map(\.json)))])
            )
        }
        let lines: [(String, String?)] = [
            ("run", run.run), ("started", run.startedText),
            ("state", run.state.rawValue), ("seconds", run.secondsText),
            ("selected", run.selection), ("base", run.base), ("commit", run.commit),
            ("as of", run.asOf), ("error", run.error),
        ]
        for (name, text) in lines {
            guard let text, !text.isEmpty else { continue }
            Output.line(name.padding(toLength: 10, withPad: " ", startingAt: 0) + text)
        }
        guard !steps.isEmpty else { return }
        var table = TextTable([
            ("TABLE", .left), ("STATE", .left), ("ROWS", .right), ("SECONDS", .right),
            ("REASON", .left),
        ])
        for step in steps {
            table.add([
                step.table, step.state, grouped(Int(step.rows)),
                String(format: "%.2f", step.seconds), step.reason,
            ])
        }
        Output.text("\n" + table.rendered(limit: 100))
    }
}

extension RunRecord {
    fileprivate var startedText: String {
        Date(timeIntervalSince1970: Double(startedAt) / 1e6).ISO8601Format()
    }

    fileprivate var seconds: Double? { finishedAt.map { Double($0 - startedAt) / 1e6 } }

    fileprivate var secondsText: String { seconds.map { String(format: "%.2f", $0) } ?? "" }

    /// The run for scripts.
    fileprivate var json: JSONValue {
        .object([
            ("run", .string(run)), ("started_at", .string(startedText)),
            ("state", .string(state.rawValue)), ("seconds", seconds.map { .double($0) } ?? .null),
            ("selection", selection.map { .string($0) } ?? .null),
            ("base_commit", base.map { .string($0) } ?? .null),
            ("commit", commit.map { .string($0) } ?? .null),
            ("as_of", asOf.map { .string($0) } ?? .null),
            (
                "tables",
                .object(
                    counts.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                        ($0.key.rawValue, JSONValue.int(Int64($0.value)))
                    }
                )
            ),
            ("errors", .int(Int64(errors))), ("error", error.map { .string($0) } ?? .null),
            ("version", .string(version)),
        ])
    }
}

extension StepRecord {
    /// The step for scripts.
    fileprivate var json: JSONValue {
        .object([
            ("table", .string(table)), ("state", .string(state)), ("reason", .string(reason)),
            ("rows_before", rowsBefore.map { .int($0) } ?? .null), ("rows", .int(rows)),
            ("seconds", .double(seconds)), ("digest", digest.map { .string($0) } ?? .null),
        ])
    }
}

extension Failure.Code {
    /// A run that is not recorded.
    static let unknownRun = Self("command.unknown-run")
}
