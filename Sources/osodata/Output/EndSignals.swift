import Foundation
import Pipelines

/// SIGINT and SIGTERM of a run: the first asks it to end, the next ends the process as they do
/// where nobody hears them.
final class EndSignals {
    private static let numbers = [SIGINT, SIGTERM]
    private let sources: [any DispatchSourceSignal]

    /// Hears them from now on.
    init(_ cancellation: Cancellation) {
        sources = Self.numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                cancellation.cancel()
                for number in Self.numbers { signal(number, SIG_DFL) }
            }
            source.resume()
            return source
        }
    }

    /// Hears them no more.
    func stop() {
        for source in sources { source.cancel() }
        for number in Self.numbers { signal(number, SIG_DFL) }
    }
}
