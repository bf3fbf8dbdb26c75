import Diagnostics
import Synchronization

/// The tables scans may read, by name, and the failure a scan parked for the caller of DuckDB.
final class ScanRegistry: Sendable {
    /// The table function that views read from; statements of users never name it.
    static let functionName = "osodata_scan"

    private struct State {
        var sources: [String: any ScanSource] = [:]
        var failure: Failure?
        /// Of the scans since the last statement began.
        var tallies: [ScanTally] = []
    }

    private let state = Mutex(State())

    subscript(name: String) -> (any ScanSource)? {
        get { state.withLock { $0.sources[name] } }
        set { state.withLock { $0.sources[name] = newValue } }
    }

    /// Keeps the first failure of a scan, since DuckDB carries only text.
    func park(_ failure: Failure) {
        state.withLock { if $0.failure == nil { $0.failure = failure } }
    }

    func takeFailure() -> Failure? {
        state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
    }

    /// Forgets what belongs to the statement before.
    func beginStatement() {
        state.withLock { state in
            state.failure = nil
            state.tallies = []
        }
    }

    func add(_ tally: ScanTally) { state.withLock { $0.tallies.append(tally) } }

    /// The scans of the statement that runs or ran last, in the order in which they began.
    var tallies: [ScanTally] { state.withLock { $0.tallies } }
}
