import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Pipelines
import Snapshots

/// What a person reads at the end of a run.
struct RunSummary {
    let report: RunReport
    /// Sources whose data is invented.
    let madeUp: [String]

    /// The summary's lines.
    var text: String {
        let seconds = String(format: "%.2f s", report.seconds)
        guard let commit = report.commit else {
            let fine = report.tables.count - report.behind.count
            let text =
                "Nothing new: \(fine) tables are up to date, no commit made (\(seconds)).\n"
            return (report.behind.isEmpty ? text : table(report.behind) + "\n" + text) + sinks
        }
        var text = table(report.tables) + "\n"
        let ref = report.ref ?? ""
        text += "commit    \(commit.hex.prefix(12)) on \(ref)\n"
        if let asOf = report.asOf { text += "as of     \(asOf)\n" }
        if let warehouse = report.warehouse { text += "warehouse \(warehouse.short)\n" }
        text += sinks + "time      \(seconds)\n"
        if !madeUp.isEmpty {
            text +=
                "\nThe data of \(madeUp.joined(separator: ", ")) is made up; every number made from it says so in its column made_up.\n"
        }
        if let reason = report.scratchReason {
            text += "\nThe run went to \(ref), not to a branch: \(reason)\n"
        }
        return text + suggestions
    }

    /// A line for each sink that was given something.
    private var sinks: String {
        report.sinks.filter { $0.failure == nil }.map { sink in
            "sink      \(sink.name): \(sink.amount)\n"
        }.joined()
    }

    private func table(_ rows: [RunReport.Table]) -> String {
        var table = TextTable([
            ("TABLE", .left), ("STATE", .left), ("ROWS", .right), ("CHANGE", .right),
            ("DIGEST", .left),
        ])
        for row in rows {
            let change = row.rowsBefore.map { row.rows - $0 }
            table.add([
                row.table.description, row.state.rawValue, grouped(row.rows),
                row.state == .built
                    ? change.map { ($0 >= 0 ? "+" : "") + grouped($0) } ?? "new" : "",
                String(row.digest?.short.prefix(12) ?? ""),
            ])
        }
        return table.rendered()
    }

    /// What to do next, as the program was called, so that the lines can be pasted.
    private var suggestions: String {
        let program = CommandLine.arguments.first ?? "osodata"
        if let ref = report.ref, ref == SnapshotStore.scratch, report.scratchReason == nil {
            let lines = [
                "\(program) diff HEAD osodata/scratch --stat",
                "\(program) query --at osodata/scratch \"…\"",
                "git update-ref -d \(ref)   # forget it",
            ]
            return "\nNothing else changed. Look at it:\n" + lines.map { "  \($0)\n" }.joined()
        }
        let tables = report.tables.filter { $0.state != .removed }.map(\.table.description)
        let events = "intermediate.events"
        var lines: [String] = []
        for wanted in ["marts.code_metrics_by_project_v1", tables.first { $0.hasPrefix("marts.") }]
        {
            guard let wanted, tables.contains(wanted), lines.isEmpty else { continue }
            lines.append("show \(wanted)")
        }
        if tables.contains(events) {
            lines.append("query \"select event_type, count(*) from \(events) group by 1\"")
        }
        if report.hasParent { lines.append("diff HEAD~1 HEAD --stat") }
        lines.append("verify --rebuild")
        return "\nTry next:\n" + lines.map { "  \(program) \($0)\n" }.joined()
    }
}

extension RunReport {
    /// The report for scripts.
    var json: JSONValue {
        .object([
            ("commit", commit.map { .string($0.hex) } ?? .null),
            ("ref", ref.map { .string($0) } ?? .null),
            ("as_of", asOf.map { .string($0) } ?? .null),
            ("warehouse", warehouse.map { .string($0.hex) } ?? .null),
            ("seconds", .double(seconds)),
            ("notes", .array(notes.map { .string($0) })),
            ("failures", .array(failures.map(\.json))),
            (
                "checks",
                .array(
                    checks.map { row in
                        .object([
                            ("table", .string(row.table.description)),
                            ("check", .string(row.check)), ("kind", .string(row.kind)),
                            ("severity", .string(row.severity.rawValue)),
                            ("state", .string(row.state.rawValue)),
                            ("failing_rows", .int(row.failingRows)),
                            ("sample", row.sample ?? .null),
                        ])
                    }
                )
            ),
            ("tables", .array(tables.map(\.json))),
            (
                "sinks",
                .array(
                    sinks.map { sink in
                        .object([
                            ("sink", .string(sink.name)),
                            ("tables", .array(sink.tables.map { .string($0.description) })),
                            ("error", sink.failure.map(\.json) ?? .null),
                            ("seconds", .double(sink.seconds)),
                        ])
                    }
                )
            ),
        ])
    }
}

extension RunReport.Table {
    /// The table for scripts.
    var json: JSONValue {
        .object([
            ("table", .string(table.description)), ("state", .string(state.rawValue)),
            ("rows_before", rowsBefore.map { .int(Int64($0)) } ?? .null),
            ("rows", .int(Int64(rows))), ("digest", digest.map { .string($0.hex) } ?? .null),
            ("reason", .string(reason.text)), ("seconds", .double(seconds)),
        ])
    }
}
