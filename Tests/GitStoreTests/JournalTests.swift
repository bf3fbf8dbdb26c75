import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import GitStore

/// What is done about a run that died.
struct JournalTests {
    /// A repository whose run died while it moved the branch.
    private func died() throws -> (test: TestRepository, old: ObjectID, new: ObjectID) {
        let test = try TestRepository()
        let old = try test.commit(["snapshots/a": "1"])
        let new = try test.batchCommit(["snapshots/a": [2]], on: old)
        // Without `finish`, the journal stays, as after death.
        _ = try Journal.begin(
            test.repository,
            ref: "refs/heads/main",
            from: old,
            to: new,
            prefixes: ["snapshots"]
        )
        return (test, old, new)
    }

    private func recover(_ test: TestRepository) throws -> Bool {
        try Journal.recover(try Repository(discovering: test.path) {})
    }

    @Test func `index and files of a branch that moved are finished`() throws {
        let (test, _, new) = try died()
        try test.git("update-ref", "refs/heads/main", new.hex)
        #expect(try test.git("status", "--porcelain") != "")
        #expect(try recover(test))
        try test.expectClean()
        #expect(try !recover(test))
    }

    @Test(arguments: [0, 7, 41])
    func `the lock of the branch that the run was moving is removed`(_ written: Int) throws {
        let (test, old, new) = try died()
        let lock = test.folder.path("work/.git/refs/heads/main.lock")
        try test.folder.write(
            String("\(new)\n".prefix(written)),
            "work/.git/refs/heads/main.lock"
        )
        for name in ["index", "HEAD"] {
            try test.folder.write("osodata: writing what this locks\n", "work/.git/\(name).lock")
        }
        #expect(try !recover(test))
        #expect(!FileManager.default.fileExists(atPath: lock))
        #expect(try test.repository.lingeringLocks() == [])
        #expect(try test.repository.head().commit == old)
        try test.expectClean()
    }

    @Test func `locks that others left stay`() throws {
        let (test, old, _) = try died()
        // Another content, another branch, and a lock older than the journal.
        try test.folder.write("\(old)\n", "work/.git/refs/heads/main.lock")
        try test.folder.write("", "work/.git/refs/heads/other.lock")
        #expect(try !recover(test))
        let (older, _, _) = try died()
        let lock = try older.folder.write("", "work/.git/refs/heads/main.lock")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)],
            ofItemAtPath: lock
        )
        #expect(try !recover(older))
        for path in [
            test.folder.path("work/.git/refs/heads/main.lock"),
            test.folder.path("work/.git/refs/heads/other.lock"), lock,
        ] {
            #expect(FileManager.default.fileExists(atPath: path), "\(path)")
        }
        let quick = try Repository(discovering: test.path) {}
        #expect(
            try quick.lingeringLocks() == [
                test.folder.path("work/.git/refs/heads/main.lock"),
                test.folder.path("work/.git/refs/heads/other.lock"),
            ]
        )
    }

    @Test func `a lock of another program hinders only what is left to do`() throws {
        let (test, _, _) = try died()
        let lock = try test.folder.write("", "work/.git/index.lock")
        #expect(try !recover(test))
        let (moved, _, tip) = try died()
        try moved.git("update-ref", "refs/heads/main", tip.hex)
        let other = try moved.folder.write("", "work/.git/index.lock")
        let failure = #expect(throws: Failure.self) { try recover(moved) }
        #expect(failure?.code == .locked)
        try FileManager.default.removeItem(atPath: other)
        #expect(try recover(moved))
        try moved.expectClean()
        #expect(FileManager.default.fileExists(atPath: lock))
    }
}
