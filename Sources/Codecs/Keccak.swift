/// Keccak-256, as Ethereum uses it: the hash that became SHA-3 before its padding was changed.
///
/// libcrypto of OpenSSL 3.0 has SHA-3 only. Source: "The Keccak reference", version 3.0
/// (https://keccak.team/files/Keccak-reference-3.0.pdf).
package enum Keccak {
    /// Bytes taken in by one permutation.
    private static let rate = 136

    /// Keccak-256 of bytes.
    ///
    /// - Parameters:
    ///   - bytes: the message.
    ///   - padding: what follows the message; SHA-3 has 6.
    /// - Returns: 32 bytes.
    package static func hash256(_ bytes: some Collection<UInt8>, padding: UInt8 = 1) -> [UInt8] {
        var state = [UInt64](repeating: 0, count: 25)
        var filled = 0
        func absorb(_ byte: UInt8) {
            state[filled / 8] ^= UInt64(byte) << UInt64(filled % 8 * 8)
        }
        for byte in bytes {
            absorb(byte)
            filled += 1
            if filled == rate {
                permute(&state)
                filled = 0
            }
        }
        absorb(padding)
        filled = rate - 1
        absorb(0x80)
        permute(&state)
        return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> UInt64($0 % 8 * 8)) }
    }

    private static let roundConstants: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808A, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808B, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008A, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000A,
        0x0000_0000_8000_808B, 0x8000_0000_0000_008B, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800A, 0x8000_0000_8000_000A,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
    /// By how much each lane of the walk below is turned, and where it goes.
    private static let turns: [UInt64] = [
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    ]
    private static let lanes = [
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    ]

    private static func permute(_ state: inout [UInt64]) {
        var columns = [UInt64](repeating: 0, count: 5)
        for constant in roundConstants {
            for x in 0..<5 {
                columns[x] =
                    state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
            }
            for x in 0..<5 {
                let next = columns[(x + 1) % 5]
                let change = columns[(x + 4) % 5] ^ (next << 1 | next >> 63)
                for y in stride(from: 0, to: 25, by: 5) { state[x + y] ^= change }
            }
            var moved = state[1]
            for (turn, lane) in zip(turns, lanes) {
                let taken = state[lane]
                state[lane] = moved << turn | moved >> (64 - turn)
                moved = taken
            }
            for y in stride(from: 0, to: 25, by: 5) {
                for x in 0..<5 { columns[x] = state[x + y] }
                for x in 0..<5 {
                    state[x + y] = columns[x] ^ (~columns[(x + 1) % 5] & columns[(x + 2) % 5])
                }
            }
            state[0] ^= constant
        }
    }
}
