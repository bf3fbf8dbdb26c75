import Diagnostics
package import GitStore
import Records
import Snapshots

extension Runner {
    /// What a run is told from outside.
    package struct Options: Sendable {
        /// Threads for parsing, compressing and SQL.
        package var threads: Int
        /// Memory for SQL, in bytes; nil for the engine's default.
        ///
        /// Engines that models are made on at the same time share it.
        package var memoryLimit: Int64?
        /// How many models are made at the same time, at least 1; nil for what the configuration
        /// says.
        package var jobs: Int?
        /// The time of the run, microseconds since 1970: the commit's date, and what a source that
        /// was asked now states to cover.
        package var now: Int64
        /// Author of the commit; nil for git's configuration, else a built-in one.
        package var author: Signature?
        /// The key of e-mail hashes, if it is in the environment.
        package var emailKey: [UInt8]?
        /// The program's version, a trailer of the commit.
        package var version: String
        /// Whether the run is a trial: it goes to `refs/osodata/scratch`, from files as they are, and
        /// changes nothing else.
        package var isTrial = false

        /// How much memory the rows of a table may take while they are made.
        ///
        /// A quarter of what SQL may, 512 MiB if that is not bounded, divided among the tables that
        /// are made at the same time; the rest goes to a folder of the warehouse.
        func sortLimit(for repository: Repository, sharedBy jobs: Int = 1) -> SortLimit {
            let bytes = Int(clamping: (memoryLimit ?? 2 << 30) / 4) / jobs
            return SortLimit(bytes: max(bytes, 16 << 20), storage: SpillFolder(of: repository))
        }

        /// Writes tables of HEAD to a sink's folder; nil to leave such sinks alone.
        package var writeSink: Sink.Export.Writer?
        /// Pushes the branch to a sink; nil to leave such sinks alone.
        package var push: Pusher?

        /// Where failures are posted to; nil for nowhere.
        package var webhook: String?

        /// PEM file of the certificates to trust; nil for the system's.
        package var certificateFile: String?
        /// Ends the run when it is cancelled.
        package var cancellation = Cancellation()

        /// Waits that many seconds, between attempts to fetch.
        package var sleep: @Sendable (Double) -> Void
        /// The time, microseconds since 1970, for `Retry-After` and time limits.
        package var clock: @Sendable () -> Int64

        /// Options of a run.
        package init(
            threads: Int,
            memoryLimit: Int64? = nil,
            now: Int64,
            author: Signature? = nil,
            emailKey: [UInt8]? = nil,
            version: String,
            certificateFile: String? = nil,
            sleep: @escaping @Sendable (Double) -> Void = { _ in },
            clock: @escaping @Sendable () -> Int64 = { 0 }
        ) {
            self.threads = threads
            self.memoryLimit = memoryLimit
            self.now = now
            self.author = author
            self.emailKey = emailKey
            self.version = version
            self.certificateFile = certificateFile
            self.sleep = sleep
            self.clock = clock
        }
    }
}
