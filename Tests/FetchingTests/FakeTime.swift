import Fetching
import Synchronization

/// A clock that only sleeping moves, and that remembers how long it slept.
final class FakeTime: Sendable {
    /// 2026-01-01T00:00:00Z.
    static let start: Int64 = 1_767_225_600_000_000

    private let slept = Mutex<[Double]>([])

    var sleeps: [Double] { slept.withLock { $0 } }

    func options(fileRoot: String? = nil) -> FetchOptions {
        FetchOptions(
            userAgent: "osodata-test",
            fileRoot: fileRoot,
            sleep: { seconds in self.slept.withLock { $0.append(seconds) } },
            now: { Self.start + Int64(self.sleeps.reduce(0, +) * 1e6) }
        )
    }
}

/// The failure `body` throws, or nil.
func failure<R>(of body: () throws -> R) -> (any Error)? {
    do {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
