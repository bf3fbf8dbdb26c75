import Diagnostics
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import GitStore

/// Compare and swap of references.
struct ReferenceTests {
    @Test func `a reference moves only from where it was expected`() throws {
        let test = try TestRepository()
        let first = try test.commit(["a": "1"])
        let second = try test.commit(["a": "2"])
        let repository = test.repository
        let name = "refs/osodata/runs"
        func move(_ to: ObjectID, _ from: ObjectID?) throws -> Bool {
            try repository.updateRef(name, to: to, expecting: from, message: "test")
        }
        #expect(try repository.readRef(name) == nil)
        #expect(try !move(first, second))
        #expect(try repository.readRef(name) == nil)
        #expect(try move(first, nil))
        #expect(try !move(second, nil))
        #expect(try !move(second, second))
        #expect(try repository.readRef(name) == first)
        #expect(try move(second, first))
        try test.git("pack-refs", "--all")
        #expect(try move(first, second))
        #expect(try test.git("rev-parse", name) == first.hex)
        #expect(throws: Failure.self) { try repository.readRef("not a name") }
    }

    @Test func `an unborn branch is born by a move that expects nothing`() throws {
        let test = try TestRepository()
        let commit = try test.batchCommit(["a": [1]], on: nil)
        #expect(
            try test.repository.updateRef(
                "refs/heads/main",
                to: commit,
                expecting: nil,
                message: "run: first"
            )
        )
        #expect(try test.repository.head().commit == commit)
        #expect(try test.git("reflog", "--format=%gs").contains("run: first"))
    }

    @Test func `symbolic references are followed to the one that moves`() throws {
        let test = try TestRepository()
        let first = try test.commit(["a": "1"])
        let second = try test.batchCommit(["a": [2]], on: first)
        try test.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
        try test.git("symbolic-ref", "HEAD", "refs/heads/alias")
        let repository = test.repository
        #expect(try repository.head() == .branch(name: "refs/heads/main", commit: first))
        #expect(
            try repository.updateRef(
                "refs/heads/alias",
                to: second,
                expecting: first,
                message: "test"
            )
        )
        #expect(try repository.readRef("refs/heads/main") == second)
        #expect(try test.git("symbolic-ref", "refs/heads/alias") == "refs/heads/main")
        try test.git("symbolic-ref", "refs/heads/main", "refs/heads/alias")
        #expect(throws: Failure.self) { try repository.head() }
    }

    @Test func `of many that race for a reference each round has one winner`() throws {
        let test = try TestRepository()
        let start = try test.batchCommit(["a": [0]], on: nil)
        #expect(
            try test.repository.updateRef(
                "refs/heads/main",
                to: start,
                expecting: nil,
                message: ""
            )
        )
        let repositories = try (0..<4).map { _ in try Repository(discovering: test.path) }
        let commits = try (0..<4).map { try test.batchCommit(["a": [UInt8($0 + 1)]], on: start) }
        let wins = Mutex<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { place in
            do {
                let won = try repositories[place].updateRef(
                    "refs/heads/main",
                    to: commits[place],
                    expecting: start,
                    message: "race"
                )
                if won { wins.withLock { $0.append(place) } }
            } catch {
                Issue.record(error)
            }
        }
        let winners = wins.withLock { $0 }
        #expect(winners.count == 1)
        let head = try test.repository.readRef("refs/heads/main")
        #expect(winners.first.map { commits[$0] } == head)
    }

    @Test func `a stale lock of a reference is named with its remedy`() throws {
        let test = try TestRepository()
        let commit = try test.commit(["a": "1"])
        let lock = try test.folder.write("", "work/.git/refs/heads/main.lock")
        let failure = #expect(throws: Failure.self) {
            try test.repository.updateRef(
                "refs/heads/main",
                to: commit,
                expecting: commit,
                message: ""
            )
        }
        #expect(failure?.code == .locked)
        #expect(failure?.hint?.contains("rm '\(lock)'") == true)
    }
}
