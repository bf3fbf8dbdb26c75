package import Codecs
import Diagnostics
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
        /// Left as committed: something a step needs is missing (an e-mail key).
        case kept
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
    }

    package var tables: [Table]
    /// The commit made, or nil if nothing changed.
    package var commit: ObjectID?
    /// Whether the commit has one before it.
    package var hasParent = false
    /// The ref that moved.
    package var ref: String?
    /// Why the run went to `refs/osodata/scratch`; nil if it went to the branch.
    package var scratchReason: String?
    package var asOf: String?
    package var warehouse: Digest?
    /// Sentences a reader must know: kept sources, made-up data.
    package var notes: [String]
    package var seconds: Double
}

/// What a run tells while it works.
package enum RunEvent: Sendable {
    /// A step begins.
    case started(String)
    /// How far a step is, for a line that is overwritten.
    case progress(String)
    /// A table is done.
    case finished(RunReport.Table)
    /// Something a reader must know.
    case note(String)
}
