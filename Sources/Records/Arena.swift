/// Append-only memory for many small byte strings: nothing moves as it grows.
///
/// A value: copies share their blocks, and who appends to a shared block starts a new one.
struct Arena: Sendable {
    /// Where a byte string is.
    struct Place: Sendable {
        var block: UInt32
        var offset: UInt32
    }

    /// Memory that is written once and then only read.
    @safe
    private final class Block: @unchecked Sendable {
        // @unchecked Sendable: bytes below an arena's `used` never change, and only the one arena
        // that holds the only reference writes above.
        let base: UnsafeMutablePointer<UInt8>
        let capacity: Int

        init(capacity: Int) {
            unsafe base = .allocate(capacity: capacity)
            self.capacity = capacity
        }

        deinit { unsafe base.deallocate() }
    }

    /// Blocks double up to this size.
    private static let blockSize = 8 << 20

    private var blocks: [Block] = []
    /// Bytes of the last block.
    private var used = 0

    init() {}

    /// Copies bytes in.
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) -> Place {
        let count = bytes.count
        var last = blocks.count - 1
        let fits = last >= 0 && used + count <= blocks[last].capacity
        if !fits || !isKnownUniquelyReferenced(&blocks[last]) {
            let grown = blocks.last.map { min($0.capacity * 2, Self.blockSize) } ?? 1 << 12
            blocks.append(Block(capacity: max(grown, count)))
            used = 0
            last += 1
        }
        if let source = bytes.baseAddress, count > 0 {
            unsafe (blocks[last].base + used).update(from: source, count: count)
        }
        let place = Place(
            block: UInt32(truncatingIfNeeded: last),
            offset: UInt32(truncatingIfNeeded: used)
        )
        used += count
        return place
    }

    /// Takes over another arena's strings.
    ///
    /// - Returns: what the blocks of their places become higher by.
    mutating func take(_ other: Arena) -> UInt32 {
        let offset = UInt32(truncatingIfNeeded: blocks.count)
        guard !other.blocks.isEmpty else { return offset }
        blocks += other.blocks
        used = other.used
        return offset
    }

    /// Lends a byte string.
    @inline(__always)
    func with<R>(
        _ place: Place,
        count: Int,
        _ body: (UnsafeBufferPointer<UInt8>) -> R
    ) -> R {
        let block = blocks[Int(place.block)]
        return withExtendedLifetime(block) {
            unsafe body(
                UnsafeBufferPointer(start: block.base + Int(place.offset), count: count)
            )
        }
    }

    /// Lends the addresses of all blocks, for loops that visit many strings.
    func withBases<R>(_ body: (UnsafeBufferPointer<UnsafeMutablePointer<UInt8>>) -> R) -> R {
        let bases = unsafe blocks.map { unsafe $0.base }
        return withExtendedLifetime(blocks) {
            unsafe bases.withUnsafeBufferPointer { unsafe body($0) }
        }
    }
}
