import Diffing
import Dispatch
import Querying
import Synchronization

/// How far the scans of a statement are, on a line of the terminal that is overwritten; from the
/// second second on.
final class ScanProgress: Sendable {
    private struct State {
        var isShown = false
        var isOver = false
    }

    private let connection: Connection
    private let state = Mutex(State())

    /// Shows the scans of a connection until `end` is called; nothing where nobody would see it.
    init(_ connection: Connection) {
        self.connection = connection
        if Output.hasTerminal { schedule(.seconds(1)) }
    }

    private func schedule(_ interval: DispatchTimeInterval) {
        DispatchQueue.global().asyncAfter(deadline: .now() + interval) { [weak self] in
            guard let self, self.show() else { return }
            self.schedule(.milliseconds(200))
        }
    }

    /// Shows the scan that began last; gives whether to go on.
    private func show() -> Bool {
        state.withLock { state in
            guard !state.isOver else { return false }
            guard let tally = connection.scanTallies.last else { return true }
            let part = tally.chunks > 0 ? tally.chunksRead * 100 / tally.chunks : 100
            Output.status(
                "\r\u{1B}[K… \(tally.table)  \(part) %  \(grouped(tally.bytesRead >> 20)) MiB"
            )
            state.isShown = true
            return true
        }
    }

    /// Removes the line; none comes after.
    func end() {
        state.withLock { state in
            if state.isShown { Output.status("\r\u{1B}[K") }
            state = State(isShown: false, isOver: true)
        }
    }
}
