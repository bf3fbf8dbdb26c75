import Diffing
import Foundation
import Pipelines
import Snapshots
import Synchronization

/// Progress on standard error: one line that is overwritten in a terminal, plain lines elsewhere.
final class LiveProgress: Sendable {
    private struct State {
        var lineIsOpen = false
        /// Tables to be looked at, and those that are done.
        var planned = 0
        var done = 0
        /// Steps under way, in the order in which they began.
        var running: [String] = []
    }

    private let state = Mutex(State())

    /// Shows an event of a run; events come from several threads.
    func show(_ event: RunEvent) {
        state.withLock { state in
            switch event {
            case .planned(let tables):
                state.planned = tables
            case .started(let step):
                state.running.append(step)
                overwrite(nil, &state)
            case .ended(let step):
                state.running.removeAll { $0 == step }
            case .progress(let text):
                overwrite(text, &state)
            case .note:
                break
            case .finished(let table):
                state.running.removeAll { $0 == table.table.description }
                state.done += 1
            }
            guard let text = event.line else { return }
            line(text, &state)
            if !state.running.isEmpty { overwrite(nil, &state) }
        }
    }

    /// Removes the line that is being overwritten.
    func clear() { state.withLock { Self.clear(&$0) } }

    private static func clear(_ state: inout State) {
        if state.lineIsOpen { Output.status("\r\u{1B}[K") }
        state.lineIsOpen = false
    }

    /// Shows how far the run is, and what it is at: a text, or the steps under way.
    private func overwrite(_ text: String?, _ state: inout State) {
        guard Output.hasTerminal else { return }
        let count = state.planned > 0 ? "[\(state.done)/\(state.planned)] " : ""
        let what = TextTable.printable(text ?? state.running.joined(separator: ", "))
        Output.status("\r\u{1B}[K\("\(count)… \(what)".prefix(78))")
        state.lineIsOpen = true
    }

    private func line(_ text: String, _ state: inout State) {
        Self.clear(&state)
        Output.message(text)
    }
}
