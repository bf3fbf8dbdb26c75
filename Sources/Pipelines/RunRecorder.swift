import Codecs
import Diagnostics
import Foundation
import GitStore
import Snapshots

/// Records one run from its beginning to its end, for as long as it lives.
///
/// Where nothing can be recorded the run goes on all the same, and says so: a record is no result.
final class RunRecorder {
    private let records: RunRecords
    private let folder: String
    private let options: Runner.Options
    private let author: Signature
    private let tell: (String) -> Void
    private var record: RunRecord
    /// Held while the run lives, so that others can tell whether it does.
    private var lock: FileLock?
    private var isBegun = false

    /// A run that is about to begin.
    ///
    /// - Parameters:
    ///   - warehouse: where.
    ///   - selection: what it is about; nil for everything.
    ///   - options: its time, clock and author.
    ///   - tell: told what went wrong.
    /// - Throws: what git says of HEAD.
    init(
        _ warehouse: Warehouse,
        selection: Selection?,
        options: Runner.Options,
        tell: @escaping (String) -> Void
    ) throws(Failure) {
        records = RunRecords(warehouse.store)
        folder = try warehouse.requiredRoot() + "/.osodata/runs"
        self.options = options
        self.tell = tell
        author = try Runner.author(options, warehouse)
        let base = try warehouse.headCommit()
        let process = ProcessInfo.processInfo.processIdentifier
        let host = ProcessInfo.processInfo.hostName
        // Two runs of one second, of two processes or machines, are two.
        let id = Digest.of("\(options.now) \(process) \(host) \(base?.hex ?? "none")")
        record = RunRecord(
            run: String(id.hex.prefix(16)),
            startedAt: options.now,
            state: .running,
            selection: selection.map { $0.words.joined(separator: " ") },
            base: base?.hex,
            version: options.version
        )
    }

    /// What the run is called.
    var run: String { record.run }

    /// Says that the run is under way.
    func begin() {
        isBegun = true
        lock = try? FileLock.acquireIfFree("\(folder)/\(record.run)")
        write([])
    }

    /// Says how the run ended.
    func end(_ report: RunReport) {
        record.finishedAt = options.clock()
        record.state = report.failures.isEmpty ? .succeeded : .failed
        record.commit = report.commit?.hex
        record.asOf = report.asOf
        for table in report.tables { record.counts[table.state, default: 0] += 1 }
        record.errors = report.failures.count
        record.error = report.failures.first.map(Self.text)
        let sinks = report.sinks.map { sink in
            StepRecord(
                run: record.run,
                startedAt: record.startedAt,
                table: "sink \(sink.name)",
                state: sink.failure == nil ? "written" : "failed",
                reason: sink.amount,
                rowsBefore: nil,
                rows: 0,
                seconds: sink.seconds,
                digest: nil
            )
        }
        write(report.tables.filter { $0.state != .reused }.map { step(of: $0) } + sinks)
    }

    /// Says that the run was given up.
    func end(_ failure: Failure, tables: [RunReport.Table]) {
        record.finishedAt = options.clock()
        record.state = failure.code.kind == .cancelled ? .cancelled : .failed
        for table in tables { record.counts[table.state, default: 0] += 1 }
        record.errors = 1
        record.error = Self.text(failure)
        write(tables.filter { $0.state != .reused }.map { step(of: $0) })
    }

    private static func text(_ failure: Failure) -> String {
        (failure.place.map { "\($0): " } ?? "") + failure.message
            + (failure.cause.map { " (\($0))" } ?? "")
    }

    private func step(of table: RunReport.Table) -> StepRecord {
        StepRecord(
            run: record.run,
            startedAt: record.startedAt,
            table: table.table.description,
            state: table.state.rawValue,
            reason: table.reason.text,
            rowsBefore: table.rowsBefore.map { Int64($0) },
            rows: Int64(table.rows),
            seconds: table.seconds,
            digest: table.digest?.hex
        )
    }

    private func write(_ steps: [StepRecord]) {
        do throws(Failure) {
            try records.write(
                record,
                steps: steps,
                dead: isBegun ? deadRuns() : [],
                by: author
            )
        } catch {
            tell("The run is not recorded: \(error.message)")
        }
        if record.state != .running, lock != nil {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(record.run)")
            lock = nil
        }
    }

    /// Runs of this work tree whose processes are gone; their files go.
    private func deadRuns() -> Set<String> {
        var dead: Set<String> = []
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name != record.run {
            guard let left = try? FileLock.acquireIfFree("\(folder)/\(name)") else { continue }
            withExtendedLifetime(left) {
                _ = dead.insert(name)
                try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
        }
        return dead
    }
}
