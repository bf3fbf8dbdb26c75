import Dispatch
import Foundation
import Synchronization

/// What threads hand in, one after another, to one that waits for it.
final class JobResults<Result: Sendable>: Sendable {
    private let waiting = Mutex<[Result]>([])
    private let count = DispatchSemaphore(value: 0)
    /// As the main thread has: DuckDB takes stack for every level of a statement.
    private static var stackSize: Int { 8 << 20 }

    /// Does work on a thread of its own.
    func start(_ work: @escaping @Sendable () -> Result) {
        let thread = Thread { [self] in
            let result = work()
            waiting.withLock { $0.append(result) }
            count.signal()
        }
        thread.stackSize = Self.stackSize
        thread.start()
    }

    /// How often one who waits looks up, in milliseconds.
    private static var interval: Int { 50 }

    /// The next result, in the order in which they come; waits for it.
    ///
    /// - Parameter meanwhile: called now and then.
    /// - Returns: what a thread handed in.
    func next(_ meanwhile: () -> Void) -> Result {
        while count.wait(timeout: .now() + .milliseconds(Self.interval)) == .timedOut {
            meanwhile()
        }
        return waiting.withLock { $0.removeFirst() }
    }
}
