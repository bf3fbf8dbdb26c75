package import Diagnostics
import Dispatch
import Synchronization

/// Computes `body(0)` to `body(count - 1)` on up to `threads` threads; the results are in order.
///
/// Each thread has a state of its own, made once (a compression context, a buffer). Threads take
/// the next index as they become free, so that one long chunk does not hold up the others. If
/// some fail, the failure of the lowest index is thrown, whatever ran first.
package func parallelMap<State, Result: Sendable>(
    _ count: Int,
    threads: Int,
    state makeState: @Sendable () -> State,
    _ body: @Sendable (Int, inout State) throws(Failure) -> Result
) throws(Failure) -> [Result] {
    let workers = max(1, min(threads, count))
    if workers == 1 {
        var state = makeState()
        var results: [Result] = []
        results.reserveCapacity(count)
        for index in 0..<count { results.append(try body(index, &state)) }
        return results
    }
    let next = Atomic<Int>(0)
    let outcome = Mutex<Outcome<Result>>(Outcome(count: count))
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
        var state = makeState()
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            do throws(Failure) {
                let result = try body(index, &state)
                outcome.withLock { $0.results[index] = result }
            } catch {
                outcome.withLock { outcome in
                    if outcome.failure.map({ index < $0.index }) ?? true {
                        outcome.failure = (index, error)
                    }
                }
                // Indices below this one are taken already and will be finished.
                next.store(count, ordering: .relaxed)
                return
            }
        }
    }
    let (results, failure) = outcome.withLock { ($0.results, $0.failure) }
    if let failure { throw failure.error }
    return results.compactMap { $0 }
}

private struct Outcome<Result: Sendable>: Sendable {
    var results: [Result?]
    var failure: (index: Int, error: Failure)?

    init(count: Int) { results = [Result?](repeating: nil, count: count) }
}
