import Diagnostics
import Dispatch
import Synchronization

/// An engine that is being opened on a thread of its own.
///
/// That takes 30 ms, most of what a short statement takes; meanwhile a repository can be opened.
package final class EngineStart: Sendable {
    private let opened = Mutex<Result<DatabaseHandle, Failure>?>(nil)
    private let isDone = DispatchSemaphore(value: 0)
    private let isTaken = Atomic<Bool>(false)

    /// Begins; `end()` must be called before the process exits.
    package init() {
        DispatchQueue.global(qos: .userInitiated).async { [self] in
            let result = Result { () throws(Failure) in try DatabaseHandle() }
            opened.withLock { $0 = result }
            isDone.signal()
        }
    }

    /// The engine, once; waits until it is open.
    ///
    /// - Returns: nil if somebody has taken it.
    /// - Throws: `query.engine-start`.
    func take() throws(Failure) -> DatabaseHandle? {
        guard !isTaken.exchange(true, ordering: .relaxed) else { return nil }
        isDone.wait()
        return try opened.withLock { opened in
            defer { opened = nil }
            return opened
        }?.get()
    }

    /// Waits for an engine that nobody took: exiting while it is opened would take from it what it
    /// stands on.
    package func end() { _ = try? take() }
}
