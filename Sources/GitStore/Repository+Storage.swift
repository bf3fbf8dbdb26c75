package import Diagnostics
import Glibc

/// How a repository's objects lie on disk.
package struct ObjectStorage: Hashable, Sendable {
    /// Packs with an index.
    package internal(set) var packs = 0
    /// Bytes of packs, indexes and what else lies with them.
    package internal(set) var packBytes = 0
    /// Bytes of the largest pack.
    package internal(set) var largestPack = 0
    /// Objects that are files of their own.
    package internal(set) var looseObjects = 0
    package internal(set) var looseBytes = 0
    /// Files that dead processes of ours left.
    package internal(set) var abandonedFiles = 0

    /// All bytes.
    package var bytes: Int { packBytes + looseBytes }

    /// Makes one of an empty repository.
    package init() {}
}

extension Repository {
    /// Measures the folder of objects; those of another repository (`alternates`) do not count.
    package func objectStorage() throws(Failure) -> ObjectStorage {
        var storage = ObjectStorage()
        for name in Files.names(in: packDirectory) {
            guard let status = try Files.status("\(packDirectory)/\(name)") else { continue }
            let bytes = Int(status.st_size)
            storage.packBytes += bytes
            if name.hasSuffix(".idx") { storage.packs += 1 }
            if name.hasSuffix(".pack") { storage.largestPack = max(storage.largestPack, bytes) }
        }
        try TemporaryFile.forEachAbandoned(in: packDirectory) { (_) in storage.abandonedFiles += 1 }
        for folder in Files.names(in: objectDirectory) where folder.utf8.count == 2 {
            for name in Files.names(in: "\(objectDirectory)/\(folder)") {
                guard name.utf8.count == 38,
                    let status = try Files.status("\(objectDirectory)/\(folder)/\(name)")
                else { continue }
                storage.looseObjects += 1
                storage.looseBytes += Int(status.st_size)
            }
        }
        return storage
    }

    /// How many packs there are.
    package var packCount: Int { Files.names(in: packDirectory).count { $0.hasSuffix(".idx") } }

    /// Removes the files that dead processes of ours left among the objects.
    ///
    /// - Returns: how many.
    package func removeAbandonedFiles() throws(Failure) -> Int {
        var count = 0
        try TemporaryFile.forEachAbandoned(in: packDirectory) { (path) throws(Failure) in
            try Files.remove(path)
            count += 1
        }
        try KeepFile.removeStale(in: packDirectory)
        return count
    }

    /// Bytes of the largest file of a tree that this clone has, links and submodules aside, and
    /// aside from what lies at `excluded`.
    package func largestFile(
        inTree root: ObjectID,
        except excluded: String? = nil
    ) throws(Failure) -> Int {
        var largest = 0
        for entry in try tree(root) where entry.name != excluded {
            if entry.isTree {
                largest = max(largest, try largestFile(inTree: entry.id))
            } else if entry.mode == TreeEntry.fileMode {
                largest = max(largest, size(of: entry.id) ?? 0)
            }
        }
        return largest
    }
}
