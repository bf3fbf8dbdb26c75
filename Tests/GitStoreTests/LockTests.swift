import Diagnostics
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import GitStore

/// Lock files of git's that are in the way.
struct LockTests {
    /// A second handle whose pauses are counted; `path` goes in the third.
    private func impatient(
        _ test: TestRepository,
        removing path: String?
    ) throws -> (repository: Repository, pauses: Counter) {
        let pauses = Counter()
        let repository = try Repository(discovering: test.path) {
            if pauses.next() == 3, let path { try? FileManager.default.removeItem(atPath: path) }
        }
        return (repository, pauses)
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func next() -> Int {
            value.withLock {
                $0 += 1
                return $0
            }
        }
    }

    @Test func `a lock that another command holds for a moment is waited for`() throws {
        let test = try TestRepository()
        let first = try test.commit(["snapshots/a": "1"])
        let second = try test.batchCommit(["snapshots/a": [2]], on: first)
        let index = test.folder.path("work/.git/index.lock")
        let branch = test.folder.path("work/.git/refs/heads/main.lock")
        for step in 0..<3 {
            let path = step == 1 ? branch : index
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            let (repository, pauses) = try impatient(test, removing: path)
            switch step {
            case 0: #expect(try repository.dirtyPaths(under: "snapshots") == [])
            case 1:
                #expect(
                    try repository.updateRef(
                        "refs/heads/main",
                        to: second,
                        expecting: first,
                        message: "run"
                    )
                )
            default:
                try repository.checkout(
                    prefix: "snapshots",
                    from: repository.commit(first).tree,
                    to: repository.commit(second).tree
                )
            }
            #expect(pauses.count == 3, "step \(step)")
        }
        try test.expectClean()
    }

    @Test func `a lock is given up although a child that is being started has its file open`()
        throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path("lock")
        let lock = try #require(try FileLock.acquireIfFree(path))
        #expect(try FileLock.acquireIfFree(path) == nil)
        // What a child has between fork and exec: a copy of the descriptor.
        let copies = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap { Int32($0) }
            .filter { file in
                let link = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/fd/\(file)"
                )
                return link == URL(filePath: path).resolvingSymlinksInPath().path
            }
            .map { dup($0) }
        #expect(copies.count == 1)
        lock.release()
        #expect(try FileLock.acquireIfFree(path) != nil)
        for copy in copies { close(copy) }
    }

    @Test func `a lock that stays is named after a second and stays`() throws {
        let test = try TestRepository()
        let first = try test.commit(["snapshots/a": "1"])
        let lock = try test.folder.write("", "work/.git/index.lock")
        let (repository, pauses) = try impatient(test, removing: nil)
        let failure = #expect(throws: Failure.self) {
            try repository.checkout(
                prefix: "snapshots",
                from: nil,
                to: repository.commit(first).tree
            )
        }
        #expect(failure?.code == .locked && failure?.hint?.contains("rm '\(lock)'") == true)
        #expect(pauses.count == 100)
        #expect(FileManager.default.fileExists(atPath: lock))
    }
}
