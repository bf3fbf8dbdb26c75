package import Diagnostics
import Synchronization

/// Tells work that is under way that it is to end, from any thread.
package final class Cancellation: Sendable {
    private let cancelled = Atomic(false)

    /// Nothing is cancelled yet.
    package init() {}

    /// Asks what looks here to end, for good.
    package func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Whether the work is to end.
    package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Ends the work if it is to.
    ///
    /// - Throws: `run.cancelled`.
    package func check() throws(Failure) {
        guard isCancelled else { return }
        throw Failure(
            .runCancelled,
            "The run was cancelled; nothing was published.",
            hint: "Run again: what was fetched and made is not lost where it was kept."
        )
    }
}

extension Failure.Code {
    /// Somebody ended a run before it was done.
    package static let runCancelled = Self("run.cancelled", .cancelled)
}
