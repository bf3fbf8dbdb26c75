import Synchronization

/// The last lines of what a run told; events come from several threads.
final class RunLog: Sendable {
    private static let limit = 30

    private let kept = Mutex<[String]>([])

    /// Keeps the line of an event, if it has one.
    func take(_ event: RunEvent) {
        guard let line = event.line else { return }
        kept.withLock { lines in
            lines.append(line)
            if lines.count > Self.limit { lines.removeFirst() }
        }
    }

    /// The lines, the oldest first.
    var lines: [String] { kept.withLock { $0 } }
}
