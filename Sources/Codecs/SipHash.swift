/// SipHash-2-4 under the key 00 01 … 0f, the reference key of its paper
/// (https://www.aumasson.jp/siphash/siphash.pdf, appendix A).
///
/// The format cuts tables by it (docs/format.md, Cutting): the key is part of the format, not a
/// secret.
package func sipHash24(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    // The initial state: the paper's constants, each XOR one half of the key.
    let k0: UInt64 = 0x0706_0504_0302_0100
    let k1: UInt64 = 0x0f0e_0d0c_0b0a_0908
    var state = SipState(
        v0: 0x736f_6d65_7073_6575 ^ k0,
        v1: 0x646f_7261_6e64_6f6d ^ k1,
        v2: 0x6c79_6765_6e65_7261 ^ k0,
        v3: 0x7465_6462_7974_6573 ^ k1
    )
    let count = bytes.count
    var offset = 0
    while offset + 8 <= count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        state.compress(UInt64(littleEndian: word))
        offset += 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    var shift: UInt64 = 0
    while offset < count {
        unsafe last |= UInt64(bytes[offset]) << shift
        shift += 8
        offset += 1
    }
    state.compress(last)
    state.v2 ^= 0xff
    state.round()
    state.round()
    state.round()
    state.round()
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
}

/// SipHash-2-4 under the key 00 01 … 0f.
package func sipHash24(_ bytes: [UInt8]) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe sipHash24($0) }
}

private struct SipState {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    @inline(__always)
    mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    @inline(__always)
    mutating func round() {
        v0 &+= v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }
}
