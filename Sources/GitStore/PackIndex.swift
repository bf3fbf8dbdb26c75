import Codecs

/// Where an object lies in a pack.
struct PackPlace: Sendable {
    let id: ObjectID
    /// Of the entry as it lies in the pack.
    let crc: UInt32
    let offset: UInt64
}

/// The index of a pack, version 2, as git's Documentation/gitformat-pack has it.
///
///     8        ff 't' 'O' 'c', version 2
///     256 × 4  how many objects have a first byte of at most 0, 1, … 255
///     n × 20   ids, sorted
///     n × 4    CRC-32 of each entry
///     n × 4    offset of each entry; with the top bit, a place in the next table
///     m × 8    offsets of 2 GiB and more
///     20       SHA-1 at the end of the pack
///     20       SHA-1 of all the above
enum PackIndex {
    /// The bytes of the index of a pack that ends in `packChecksum`.
    static func serialize(_ places: [PackPlace], packChecksum: [UInt8]) -> [UInt8] {
        let sorted = places.sorted { $0.id < $1.id }
        var out: [UInt8] = [0xFF, UInt8(ascii: "t"), UInt8(ascii: "O"), UInt8(ascii: "c")]
        out.reserveCapacity(8 + 1024 + sorted.count * 28 + 40)
        append(UInt32(2), to: &out)
        var next = 0
        for first in 0..<256 {
            while next < sorted.count, sorted[next].id.firstByte <= first { next += 1 }
            append(UInt32(next), to: &out)
        }
        for place in sorted { out += place.id.bytes }
        for place in sorted { append(place.crc, to: &out) }
        var large: [UInt64] = []
        for place in sorted {
            if place.offset < 1 << 31 {
                append(UInt32(place.offset), to: &out)
            } else {
                append(UInt32(1) << 31 | UInt32(large.count), to: &out)
                large.append(place.offset)
            }
        }
        for offset in large { append(offset, to: &out) }
        out += packChecksum
        var hash = SHA1()
        hash.update(out)
        return out + hash.finalize()
    }

    private static func append(_ value: some FixedWidthInteger, to out: inout [UInt8]) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
