import Foundation

/// A random number generator that can be started again: it prints its seed and takes it back from
/// the environment variable `OSODATA_SEED`.
///
/// SplitMix64 (https://prng.di.unimi.it/splitmix64.c): small, and equal on every machine.
package struct SeededRandom: RandomNumberGenerator {
    package let seed: UInt64
    private var state: UInt64

    /// Starts from `seed`, or else from `OSODATA_SEED`, or else from a random seed.
    ///
    /// Prints it, so that a failure can be repeated; `name` says for which test.
    package init(seed: UInt64? = nil, _ name: String = #function) {
        let given = ProcessInfo.processInfo.environment["OSODATA_SEED"].flatMap { UInt64($0) }
        self.seed = seed ?? given ?? UInt64.random(in: 0...UInt64.max)
        state = self.seed
        if seed == nil { print("OSODATA_SEED=\(self.seed) \(name)") }
    }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Whether a chance of one in `n` came up.
    package mutating func oneIn(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &self) == 0 }

    /// A number of a range.
    package mutating func int(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    /// Some bytes.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// A string of up to `count` scalars: ASCII, control characters, quotes, accents, emoji.
    package mutating func text(upTo count: Int) -> String {
        var text = ""
        for _ in 0..<int(0...count) {
            let scalar: UInt32 =
                switch int(0...9) {
                case 0: UInt32(int(1...31))
                case 1: [34, 92, 47, 127][int(0...3)]
                case 2: UInt32(int(0x80...0x7ff))
                case 3: UInt32(int(0x800...0xd7ff))
                case 4: UInt32(int(0xe000...0xffff))
                case 5: UInt32(int(0x10000...0x10ffff))
                default: UInt32(int(32...126))
                }
            if let scalar = Unicode.Scalar(scalar) { text.unicodeScalars.append(scalar) }
        }
        return text
    }
}
