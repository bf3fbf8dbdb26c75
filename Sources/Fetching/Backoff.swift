import CCurl
import Foundation

/// How long to wait before the next attempt.
struct Backoff {
    private var generator: SplitMix64
    private let base: Double
    private let maximum: Double

    init(seed: UInt64, base: Double, maximum: Double) {
        generator = SplitMix64(state: seed)
        self.base = base
        self.maximum = maximum
    }

    /// Seconds after attempt number `attempt` (from 1) failed: doubling, the second half of each
    /// wait random, so that many clients turned away together do not come back together.
    mutating func wait(afterAttempt attempt: Int) -> Double {
        let whole = min(maximum, base * Double(UInt64(1) << UInt64(min(attempt - 1, 40))))
        return whole * (0.5 + 0.5 * Double.random(in: 0..<1, using: &generator))
    }

    /// Seconds a server asks to wait; nil if it does not ask.
    ///
    /// It does so with `Retry-After` (seconds or an HTTP date) or GitHub's `X-RateLimit-Reset`. `now`
    /// is in microseconds since 1970.
    static func asked(by headers: [(name: String, value: String)], now: Int64) -> Double? {
        func value(_ name: String) -> String? { headers.last { $0.name == name }?.value }
        if let text = value("retry-after") {
            if let seconds = Int64(text) { return Double(max(0, seconds)) }
            let time = unsafe curl_getdate(text, nil)
            if time >= 0 { return max(0, Double(time) - Double(now) / 1e6) }
        }
        if value("x-ratelimit-remaining") == "0", let reset = value("x-ratelimit-reset"),
            let time = Int64(reset)
        {
            return max(0, Double(time) - Double(now) / 1e6)
        }
        return nil
    }
}

/// A small generator whose numbers depend on the seed alone
/// (https://prng.di.unimi.it/splitmix64.c).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
