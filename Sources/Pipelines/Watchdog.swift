import Querying
import Synchronization

/// Interrupts the statements of models when a run is cancelled or their time is up.
///
/// It has to look again and again: an interrupt between two statements of a model is lost on DuckDB.
final class Watchdog: Sendable {
    /// One engine that is at work.
    private struct Watched {
        let engine: Connection
        let deadline: ContinuousClock.Instant?
        var isLate = false
    }

    private let watched = Mutex<[Int: Watched]>([:])
    private let cancellation: Cancellation

    /// Watches none yet.
    init(_ cancellation: Cancellation) { self.cancellation = cancellation }

    /// Watches an engine under a number until `forget` of it.
    func watch(_ engine: Connection, number: Int, timeout: Duration?) {
        let deadline = timeout.map { ContinuousClock().now + $0 }
        watched.withLock { $0[number] = Watched(engine: engine, deadline: deadline) }
    }

    /// Watches no longer.
    ///
    /// - Returns: whether the time was up.
    func forget(_ number: Int) -> Bool {
        watched.withLock { $0.removeValue(forKey: number)?.isLate ?? false }
    }

    /// Interrupts what is to end now; to be called a few times a second.
    func look() {
        let now = ContinuousClock().now
        // Under the lock, so that no engine is interrupted that was given back.
        watched.withLock { watched in
            for (number, entry) in watched {
                let isLate = entry.deadline.map { $0 <= now } ?? false
                if isLate { watched[number]?.isLate = true }
                if isLate || cancellation.isCancelled { entry.engine.interrupt() }
            }
        }
    }
}
