import Foundation
import TestSupport
import Testing

@testable import GitStore

/// What objects take on disk.
struct StorageTests {
    /// What `git cat-file` says, by id.
    private func sizes(_ test: TestRepository) throws -> [ObjectID: Int] {
        let format = "--batch-check=%(objectname) %(objectsize:disk)"
        let lines = try test.git("cat-file", "--batch-all-objects", "--unordered", format)
        var sizes: [ObjectID: Int] = [:]
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: " ")
            sizes[try #require(ObjectID(hex: parts[0]))] = Int(parts[1])
        }
        return sizes
    }

    @Test func `sizes on disk are those that git states, loose and packed`() throws {
        let test = try TestRepository()
        var text = ""
        for number in 0..<60 {
            text += "line \(number) of a file that grows\n"
            try test.commit(["a": text, "b\(number)": "\(number)"])
            // Two packs with deltas, and loose objects.
            if number == 20 || number == 40 { try test.git("repack", "-q", "-d") }
        }
        let wanted = try sizes(test)
        let found = try ObjectSizes(test.repository)
        #expect(wanted.count > 200)
        for (id, bytes) in wanted { #expect(try found.bytes(id) == bytes, "\(id)") }
        #expect(try found.bytes(.zero) == nil)
    }

    @Test func `storage counts packs, loose objects and what dead processes left`() throws {
        let test = try TestRepository()
        try test.commit(["a": "1"])
        try test.git("repack", "-q", "-d")
        try test.commit(["a": "2"])
        let left = "work/.git/objects/pack/osodata_tmp_1"
        try test.folder.write("x", left)
        let held = try TemporaryFile(in: test.repository.packDirectory)
        let storage = try test.repository.objectStorage()
        let lines = try test.git("count-objects", "-v").split(separator: "\n")
        #expect(lines.contains("count: \(storage.looseObjects)"))
        #expect(lines.contains("packs: \(storage.packs)"))
        #expect(storage.looseObjects == 3 && storage.packs == 1)
        #expect(storage.largestPack > 0 && storage.largestPack < storage.packBytes)
        #expect(storage.abandonedFiles == 1)

        #expect(try test.repository.removeAbandonedFiles() == 1)
        #expect(!FileManager.default.fileExists(atPath: test.folder.path(left)))
        #expect(FileManager.default.fileExists(atPath: held.file.path))
    }

    @Test func `an index that is cut short is none`() {
        let place = PackPlace(id: .zero, crc: 1, offset: 12)
        let index = PackIndex.serialize([place], packChecksum: [UInt8](repeating: 0, count: 20))
        #expect(PackContents(index: index, packBytes: 50)?.bytes(.zero) == 18)
        for count in [0, 7, 1000, index.count - 1] {
            #expect(PackContents(index: Array(index.prefix(count)), packBytes: 50) == nil)
        }
        var damaged = index
        damaged[8 + 1020] = 0x7F
        #expect(PackContents(index: damaged, packBytes: 50) == nil)
    }

    @Test func `offsets past two gigabytes are read`() throws {
        let far = ObjectID(bytes: [UInt8](repeating: 7, count: 20)) ?? .zero
        let places = [
            PackPlace(id: .zero, crc: 1, offset: 12), PackPlace(id: far, crc: 1, offset: 5 << 30),
        ]
        let index = PackIndex.serialize(places, packChecksum: [UInt8](repeating: 0, count: 20))
        let pack = try #require(PackContents(index: index, packBytes: 5 << 30 + 120))
        #expect(pack.bytes(.zero) == 5 << 30 - 12)
        #expect(pack.bytes(far) == 100)
    }

    @Test func `the largest file of a tree is found`() throws {
        let test = try TestRepository()
        let commit = try test.commit(["a": "1", "b/c": "1234567", "d/e": "123456789"])
        let tree = try test.repository.commit(commit).tree
        #expect(try test.repository.largestFile(inTree: tree) == 9)
        #expect(try test.repository.largestFile(inTree: tree, except: "d") == 7)
    }

    @Test func `who holds a lock is known without taking it`() throws {
        let folder = try TemporaryFolder()
        let lock = try FileLock.acquire(folder.path("raw.a"), what: "a")
        try folder.write("1\n", "raw.b")
        let holders = try FileLock.holders(in: folder.path)
        #expect(holders.map(\.name) == ["raw.a"])
        #expect(holders.first?.process == Int(ProcessInfo.processInfo.processIdentifier))
        lock.release()
        #expect(try FileLock.holders(in: folder.path).isEmpty)
        #expect(try FileLock.holders(in: folder.path("none")).isEmpty)
    }
}
