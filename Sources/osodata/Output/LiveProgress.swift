import Foundation
import Pipelines
import Synchronization

/// Progress on standard error: one line that is overwritten in a terminal, plain lines elsewhere.
final class LiveProgress: Sendable {
    private let lineIsOpen = Mutex(false)

    /// Shows an event of a run.
    func show(_ event: RunEvent) {
        switch event {
        case .started(let step): overwrite("… \(step)")
        case .progress(let text): overwrite("… \(text)")
        case .note(let text): line("note: \(text)")
        case .finished(let table):
            guard table.state != .reused, table.state != .removed else { return }
            let seconds = String(format: "%.2f s", table.seconds)
            line(
                "\(table.state.rawValue) \(table.table)  \(grouped(table.rows)) rows  \(seconds)  (\(table.reason.text))"
            )
        }
    }

    /// Removes the line that is being overwritten.
    func clear() {
        lineIsOpen.withLock { isOpen in
            if isOpen { Output.status("\r\u{1B}[K") }
            isOpen = false
        }
    }

    private func overwrite(_ text: String) {
        guard Output.hasTerminal else { return }
        lineIsOpen.withLock { isOpen in
            Output.status("\r\u{1B}[K\(TextTable.printable(text).prefix(78))")
            isOpen = true
        }
    }

    private func line(_ text: String) {
        clear()
        Output.message(text)
    }
}
