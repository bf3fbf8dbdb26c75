package import Diagnostics
import Glibc

/// How many bytes each object takes on disk: as an entry of a pack, deltas and all, or as a file
/// of its own.
///
/// Reads the indexes of packs and nothing of the packs. Objects that lie in another repository
/// (`objects/info/alternates`) take nothing here.
package struct ObjectSizes: Sendable {
    private let packs: [PackContents]
    private let repository: Repository

    /// Reads the indexes of the packs that are there now.
    package init(_ repository: Repository) throws(Failure) {
        self.repository = repository
        var packs: [PackContents] = []
        let folder = repository.packDirectory
        for name in Files.names(in: folder) where name.hasSuffix(".idx") {
            // A repack beside us may take away either file.
            guard let status = try Files.status("\(folder)/\(name.dropLast(3))pack"),
                let index = try Files.read("\(folder)/\(name)"),
                let pack = PackContents(index: index, packBytes: UInt64(status.st_size))
            else { continue }
            packs.append(pack)
        }
        self.packs = packs
    }

    /// Bytes on disk; nil if the repository does not have the object.
    ///
    /// One that is there twice counts once.
    package func bytes(_ id: ObjectID) throws(Failure) -> Int? {
        for pack in packs {
            if let bytes = pack.bytes(id) { return bytes }
        }
        return try Files.status(repository.loosePath(id)).map { Int($0.st_size) }
    }
}

/// What the index of a pack (version 2, see `PackIndex`) says of its objects.
struct PackContents: Sendable {
    private let index: [UInt8]
    private let count: Int
    /// Where entries begin, sorted, and where the last one ends.
    private let offsets: [UInt64]

    private static let header = 8 + 1024

    /// Reads an index; nil if it is none of version 2.
    init?(index: [UInt8], packBytes: UInt64) {
        let magic: [UInt8] = [0xFF, UInt8(ascii: "t"), UInt8(ascii: "O"), UInt8(ascii: "c")]
        guard index.starts(with: magic + [0, 0, 0, 2]), index.count >= Self.header + 40 else {
            return nil
        }
        self.index = index
        count = Int(Self.number(index, Self.header - 4))
        let table = Self.header + count * 24
        guard index.count >= table + count * 4 + 40 else { return nil }
        var offsets: [UInt64] = []
        offsets.reserveCapacity(count + 1)
        for place in 0..<count {
            guard let offset = Self.offset(index, count, place) else { return nil }
            offsets.append(offset)
        }
        offsets.sort()
        // The pack ends in a checksum of 20 bytes.
        offsets.append(packBytes > 20 ? packBytes - 20 : 0)
        self.offsets = offsets
    }

    /// Bytes of an object's entry; nil if the pack does not have it.
    func bytes(_ id: ObjectID) -> Int? {
        let wanted = id.bytes
        let first = Int(id.firstByte)
        var low = first == 0 ? 0 : Int(Self.number(index, 8 + 4 * (first - 1)))
        var high = min(Int(Self.number(index, 8 + 4 * first)), count)
        while low < high {
            let middle = (low + high) / 2
            let start = Self.header + middle * 20
            let found = index[start..<(start + 20)]
            if found.elementsEqual(wanted) {
                guard let offset = Self.offset(index, count, middle) else { return nil }
                return entry(at: offset)
            }
            if found.lexicographicallyPrecedes(wanted) { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// Bytes from one entry to the next.
    private func entry(at offset: UInt64) -> Int? {
        var low = 0
        var high = offsets.count
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        guard low < offsets.count, offsets[low] > offset else { return nil }
        return Int(offsets[low] - offset)
    }

    /// Where the entry of the object at `place` begins; nil if the index is cut short.
    private static func offset(_ index: [UInt8], _ count: Int, _ place: Int) -> UInt64? {
        let short = number(index, header + count * 24 + place * 4)
        guard short & 1 << 31 != 0 else { return UInt64(short) }
        let start = header + count * 28 + Int(short & ~(1 << 31)) * 8
        guard start + 8 <= index.count else { return nil }
        return UInt64(number(index, start)) << 32 | UInt64(number(index, start + 4))
    }

    private static func number(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16
            | UInt32(bytes[place + 2]) << 8 | UInt32(bytes[place + 3])
    }
}
