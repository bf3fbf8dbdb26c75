import Codecs
import Diagnostics

/// A pack being written: entries go to a temporary file as they come, then the phases below are
/// called in their order.
///
/// Readers find packs by their `.idx`, so that comes last; `git gc --prune=now` deletes packs that
/// no reference leads to, so `.keep` comes first (design/snapshot-format.md, section 6).
/// libgit2's own pack builder looks for deltas and takes thirty times as long.
final class PackWriter {
    private let folder: String
    private let pack: TemporaryFile
    private var index: TemporaryFile?
    private var buffer: [UInt8] = []
    private var places: [PackPlace] = []
    /// Where in `places` an object is.
    private var numbers: [ObjectID: Int] = [:]
    private var checksum: [UInt8] = []
    /// How long the pack is so far.
    private(set) var size: UInt64

    /// The kind of file, its version and the number of entries, which is filled in at the end.
    private static func header(count: Int) -> [UInt8] {
        Array("PACK".utf8) + [0, 0, 0, 2]
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    }

    /// Begins a pack in the folder `objects/pack`.
    init(folder: String) throws(Failure) {
        self.folder = folder
        pack = try TemporaryFile(in: folder)
        buffer = Self.header(count: 0)
        size = UInt64(buffer.count)
    }

    /// How many entries it has.
    var count: Int { places.count }

    /// Appends the entry of an object, as `NewObject.packBytes` gives it.
    func append(_ id: ObjectID, _ entry: [UInt8]) throws(Failure) {
        numbers[id] = places.count
        places.append(PackPlace(id: id, crc: Zlib.crc32(0, entry), offset: size))
        size += UInt64(entry.count)
        if entry.count >= Self.bufferSize {
            try flush()
            try pack.file.write(entry)
        } else {
            buffer += entry
            if buffer.count >= Self.bufferSize { try flush() }
        }
    }

    private static let bufferSize = 1 << 20

    /// The content of an object that was appended; nil if it was not.
    func content(of id: ObjectID) throws(Failure) -> [UInt8]? {
        guard let number = numbers[id] else { return nil }
        let start = places[number].offset
        let end = number + 1 < places.count ? places[number + 1].offset : size
        let written = size - UInt64(buffer.count)
        let entry: [UInt8]
        if start >= written {
            entry = Array(buffer[Int(start - written)..<Int(end - written)])
        } else {
            entry = try pack.file.read(Int(end - start), at: Int(start))
        }
        return try NewObject.unpacked(entry)
    }

    private func flush() throws(Failure) {
        try pack.file.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Phase 1: makes the pack complete and durable under its temporary name.
    func seal() throws(Failure) {
        try flush()
        try pack.file.write(Self.header(count: places.count), at: 0)
        // The number of entries is at the front and hashed first, so the file is read once more, in
        // pieces small enough that the memory of one is there for the next.
        var hash = SHA1()
        var offset = 0
        while true {
            let piece = try pack.file.read(1 << 16, at: offset)
            if piece.isEmpty { break }
            hash.update(piece)
            offset += piece.count
        }
        checksum = hash.finalize()
        try pack.file.write(checksum)
        try pack.file.sync()
    }

    /// Phase 2: the same for the index.
    func sealIndex() throws(Failure) {
        let made = try TemporaryFile(in: folder)
        try made.file.write(PackIndex.serialize(places, packChecksum: checksum))
        try made.file.sync()
        index = made
    }

    /// Phase 3: keeps `git gc` off the pack that is about to come.
    func keep() throws(Failure) -> KeepFile {
        let file = try KeepFile(path(".keep"))
        try Files.syncFolder(folder)
        return file
    }

    /// Phase 4: gives the pack its name.
    func publishPack() throws(Failure) { try pack.publish(as: path(".pack")) }

    /// Phase 5: gives the index its name, upon which readers see the objects.
    func publishIndex() throws(Failure) {
        try index?.publish(as: path(".idx"))
        try Files.syncFolder(folder)
    }

    /// All phases.
    func finish() throws(Failure) -> KeepFile {
        try seal()
        try sealIndex()
        let keep = try keep()
        try publishPack()
        try publishIndex()
        return keep
    }

    private func path(_ suffix: String) -> String {
        let name = ObjectID(bytes: checksum) ?? .zero
        return "\(folder)/pack-\(name)\(suffix)"
    }
}
