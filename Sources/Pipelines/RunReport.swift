package import Codecs
package import Diagnostics
import Diffing
import Foundation
package import GitStore
package import Snapshots

/// What a run did.
package struct RunReport: Sendable {
    /// What became of a table.
    package enum State: String, Sendable {
        /// Made, and its content is new.
        case built
        /// Made again, with the content it had.
        case equal
        /// Not made: nothing it depends on changed.
        case reused
        /// Left as committed: what it needs is missing (an e-mail key, a table that failed).
        case keptLastGood = "kept-last-good"
        /// Not made, and there is no version of it: a table it reads failed.
        case skipped
        /// Made, and not published: it fails a check. The last good version stays, if there is one.
        case failed
        /// No longer part of the pipeline.
        case removed
    }

    /// One table of the warehouse after the run.
    package struct Table: Sendable {
        package let table: TableName
        package let state: State
        package let rowsBefore: Int?
        package let rows: Int
        package let digest: Digest?
        package let seconds: Double
        package let reason: Reason

        /// Whether the table stays behind because one that it reads failed.
        package var isBehind: Bool {
            if case .inputsFailed = reason { true } else { false }
        }
    }

    package var tables: [Table]
    /// The commit made, or nil if nothing changed.
    package var commit: ObjectID?
    /// Whether the commit has one before it.
    package var hasParent = false
    /// The ref that moved.
    package var ref: String?
    /// Why the run went to `refs/osodata/scratch`; nil if it did not, or was asked to.
    package var scratchReason: String?
    /// What came of the checks of the tables that were looked at.
    package var checks: [CheckRow]
    /// Why tables failed, in the graph's order.
    package var causes: [Cause]
    package var asOf: String?
    package var warehouse: Digest?
    /// Sentences a reader must know: kept sources, made-up data.
    package var notes: [String]
    package var seconds: Double

    /// Sinks that lacked something.
    package var sinks: [SinkOutcome] = []

    /// Why one table failed.
    package struct Cause: Sendable {
        package let table: TableName
        package let failures: [Failure]
    }

    /// Why tables failed, in the graph's order, then sinks.
    package var failures: [Failure] {
        causes.flatMap(\.failures) + sinks.compactMap(\.failure)
    }

    /// Tables that are not what the files and sources say now: they failed, or wait for one.
    package var behind: [Table] {
        tables.filter { $0.state == .failed || $0.state == .skipped || $0.isBehind }
    }
}

/// What a run tells while it works.
package enum RunEvent: Sendable {
    /// So many tables are to be looked at.
    case planned(tables: Int)
    /// A step begins: a table's name, or what is read.
    case started(String)
    /// A step that reads, whose tables are told one by one, is done.
    case ended(String)
    /// How far a step is, for a line that is overwritten.
    case progress(String)
    /// A table is done.
    case finished(RunReport.Table)
    /// Something a reader must know.
    case note(String)
}

extension RunEvent {
    /// A line for people, of what is worth one: a note, a table that is not as it was.
    package var line: String? {
        switch self {
        case .note(let text): return "note: \(text)"
        case .finished(let table):
            guard table.state != .reused, table.state != .removed else { return nil }
            let seconds = String(format: "%.2f s", table.seconds)
            return
                "\(table.state.rawValue) \(table.table)  \(grouped(table.rows)) rows  \(seconds)  (\(table.reason.text))"
        case .planned, .started, .ended, .progress: return nil
        }
    }
}

extension Failure {
    /// The failure for scripts.
    package var json: JSONValue {
        .object([
            ("code", .string(code.description)), ("message", .string(message)),
            ("place", place.map { .string($0.description) } ?? .null),
            ("hint", hint.map { .string($0) } ?? .null),
            ("cause", cause.map { .string($0) } ?? .null),
        ])
    }
}
