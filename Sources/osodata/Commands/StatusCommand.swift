import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Pipelines
import Snapshots

/// `osodata status`.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show where the warehouse stands, and when its host's limits are reached.",
        discussion: """
            Limits are GitHub's: 100 MB a file, 2 GB a push; 10 GB a repository and 3,000 entries \
            a folder are advice. The forecast is from the last 30 runs.
            """
    )

    @OptionGroup var warehouse: WarehouseOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let opened = try warehouse.open()
        let status = try WarehouseStatus(opened)
        let now = Int64(Date().timeIntervalSince1970)
        let stale = Self.staleTables(opened, now: now)
        let lastRun = try RunRecords(opened.store).read().runs.last
        if json { return Output.json(Self.json(status, stale, now: now)) }
        var lines: [(name: String, text: String)] = []
        lines.append(
            ("branch", status.branch ?? "HEAD is detached: runs go to refs/osodata/scratch")
        )
        if let run = status.runs.first {
            let age = Self.age(now - run.commit.committer.time)
            lines.append(
                (
                    "last run",
                    "\(run.commit.id.hex.prefix(12)), \(Self.time(run.commit)), \(age) ago"
                )
            )
        } else {
            lines.append(("last run", "none yet. Run: osodata run"))
        }
        lines.append(
            (
                "tables",
                "\(status.tables), \(grouped(status.rows)) rows, \(byteText(status.bytes)) of text"
            )
        )
        let storage = status.storage
        lines.append(
            (
                "repository",
                "\(byteText(storage.bytes)): \(storage.packs) packs of "
                    + "\(byteText(storage.packBytes)), \(grouped(storage.looseObjects)) loose "
                    + "objects of \(byteText(storage.looseBytes))"
                    + (storage.needsRepack ? ". Pack them: osodata gc" : "")
            )
        )
        if let bytes = status.forecast.bytesPerRun {
            let count = status.runs.count { !$0.isFirst }
            lines.append(
                (
                    "growth",
                    "\(byteText(bytes)) a run, over the last \(count) run\(count == 1 ? "" : "s")"
                        + (status.forecast.runsPerDay.map { ", \(Self.tenths($0)) runs a day" }
                            ?? "")
                )
            )
        } else {
            lines.append(("growth", "not known before the second run"))
        }
        for limit in status.forecast.limits {
            lines.append((limit.kind.rawValue == "repository" ? "limits" : "", limit.text))
            if limit.needsAttention { lines.append(("", "  hint: \(limit.advice)")) }
        }
        lines.append(("inputs", Self.files(status.uncommitted, "not committed", "as committed")))
        lines.append(("snapshots", Self.files(status.edited, "edited", "as committed")))
        if status.waiting > 0 {
            lines.append(
                ("pending", "\(status.waiting) changes too small for a commit wait for the next")
            )
        }
        for lock in status.locks {
            lines.append(("writing", "\(lock.table), by process \(lock.process)"))
        }
        if let lastRun, lastRun.state != .succeeded {
            let error = lastRun.error.map { ": \($0)" } ?? ""
            lines.append(("attention", "run \(lastRun.run) \(lastRun.state.rawValue)\(error)"))
        }
        for stale in stale { lines.append(("attention", stale.text)) }
        for (name, text) in lines {
            let padding = String(repeating: " ", count: max(12 - name.count, 0))
            Output.line(TextTable.printable(name + padding + text))
        }
    }

    private static func files(_ paths: [String], _ what: String, _ none: String) -> String {
        guard let first = paths.first else { return none }
        return "\(first)" + (paths.count > 1 ? " and \(paths.count - 1) more files" : "")
            + " \(what)"
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(seconds, 0)) seconds"
        case ..<7200: "\(seconds / 60) minutes"
        case ..<172_800: "\(seconds / 3600) hours"
        default: "\(seconds / 86_400) days"
        }
    }

    private static func time(_ commit: CommitInfo) -> String {
        Date(timeIntervalSince1970: TimeInterval(commit.committer.time)).ISO8601Format()
    }

    /// Tables whose data is too old; none where files make no sense, which plan and doctor tell of.
    private static func staleTables(_ warehouse: Warehouse, now: Int64) -> [StaleTable] {
        guard let root = warehouse.root,
            let models = try? Model.load(WorkTreeFiles(root: root)),
            models.contains(where: { $0.freshness != nil })
        else { return [] }
        let options = EngineOptions.runnerOptions(threads: nil, memoryLimit: nil)
        let runner = try? Runner(warehouse, options: options) { _ in }
        return (try? runner?.staleTables(now: now * 1_000_000)) ?? []
    }

    private static func json(
        _ status: WarehouseStatus,
        _ stale: [StaleTable],
        now: Int64
    ) -> JSONValue {
        let storage = status.storage
        func optional(_ number: Int?) -> JSONValue { number.map { .int(Int64($0)) } ?? .null }
        func number(_ number: Int) -> JSONValue { .int(Int64(number)) }
        func list(_ paths: [String]) -> JSONValue { .array(paths.map { .string($0) }) }
        func describe(_ run: CommitSize) -> JSONValue {
            .object([
                ("commit", .string(run.commit.id.hex)), ("time", .string(time(run.commit))),
                ("subject", .string(run.commit.summary)), ("bytes", number(run.bytes)),
            ])
        }
        let age = status.runs.first.map { Int(now - $0.commit.committer.time) }
        let limits = status.forecast.limits.map { limit -> JSONValue in
            .object([
                ("limit", .string(limit.kind.rawValue)), ("used", number(limit.used)),
                ("of", number(limit.limit)), ("runs_left", optional(limit.runsLeft)),
                ("days_left", optional(limit.daysLeft)),
                ("advice", limit.needsAttention ? .string(limit.advice) : .null),
            ])
        }
        return .object([
            ("branch", status.branch.map { .string($0) } ?? .null),
            ("commit", status.head.map { .string($0.hex) } ?? .null),
            ("last_run", status.runs.first.map(describe) ?? .null),
            ("last_run_age_seconds", optional(age)),
            ("tables", number(status.tables)), ("rows", number(status.rows)),
            ("bytes", number(status.bytes)),
            (
                "repository",
                .object([
                    ("bytes", number(storage.bytes)), ("packs", number(storage.packs)),
                    ("pack_bytes", number(storage.packBytes)),
                    ("loose_objects", number(storage.looseObjects)),
                    ("loose_bytes", number(storage.looseBytes)),
                ])
            ),
            ("bytes_per_run", optional(status.forecast.bytesPerRun)),
            ("runs_per_day", status.forecast.runsPerDay.map { .double($0) } ?? .null),
            ("runs", .array(status.runs.map(describe))), ("limits", .array(limits)),
            ("stale", list(stale.map(\.table.description))),
            ("uncommitted", list(status.uncommitted)), ("edited", list(status.edited)),
            ("pending", number(status.waiting)),
            (
                "locks",
                .array(
                    status.locks.map {
                        .object([("table", .string($0.table)), ("process", number($0.process))])
                    }
                )
            ),
        ])
    }
}
