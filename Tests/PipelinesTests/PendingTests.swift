import Codecs
import Diagnostics
import Foundation
import Snapshots
import TestSupport
import Testing

@testable import Pipelines

/// Changes that wait for a commit.
struct PendingTests {
    let folder: TemporaryFolder
    let pending: Pending
    let table: TableName
    let digest = Digest.of("committed")

    init() throws {
        folder = try TemporaryFolder()
        pending = Pending(root: folder.path)
        table = try TableName(parsing: "marts.a")
    }

    @Test func `nothing waits at first`() {
        #expect(pending.provenance(table, digest: digest) == nil)
        #expect(pending.rows(table, digest: digest) == nil)
        #expect(pending.rows(table, digest: nil) == nil)
    }

    @Test func `what is kept is found by another run`() throws {
        let provenance = try provenance()
        try pending.keep(provenance.json, table, digest: digest)
        try pending.keep(rows: [1, 2, 0, 255], table, digest: digest)
        let other = Pending(root: folder.path)
        #expect(Provenance(json: other.provenance(table, digest: digest)) == provenance)
        #expect(other.rows(table, digest: digest) == [1, 2, 0, 255])
    }

    @Test func `what is kept stands for one digest of one table`() throws {
        try pending.keep(rows: [1], table, digest: digest)
        try pending.keep(rows: [2], table, digest: nil)
        try pending.keep(JSONValue.null, table, digest: digest)
        let other = try TableName(parsing: "marts.ab")
        #expect(pending.rows(table, digest: digest) == [1])
        #expect(pending.rows(table, digest: nil) == [2])
        #expect(pending.rows(table, digest: .of("pulled")) == nil)
        #expect(pending.provenance(table, digest: .of("pulled")) == nil)
        #expect(pending.rows(other, digest: digest) == nil)
    }

    @Test func `what is kept again replaces what was`() throws {
        try pending.keep(rows: [1, 2, 3], table, digest: digest)
        try pending.keep(rows: [4], table, digest: digest)
        #expect(pending.rows(table, digest: digest) == [4])
    }

    @Test func `clearing forgets all, twice is once`() throws {
        try pending.keep(rows: [1], table, digest: digest)
        try pending.keep(JSONValue.null, table, digest: digest)
        pending.clear()
        pending.clear()
        #expect(pending.rows(table, digest: digest) == nil)
        #expect(pending.provenance(table, digest: digest) == nil)
        #expect(!FileManager.default.fileExists(atPath: folder.path(".osodata/pending")))
    }

    @Test func `a broken file is as none`() throws {
        try pending.keep(JSONValue.null, table, digest: digest)
        try folder.write("{", ".osodata/pending/marts.a.\(digest.short).json")
        #expect(pending.provenance(table, digest: digest) == nil)
    }

    @Test func `a folder that cannot be is a failure with the way out`() throws {
        try folder.write("a file", ".osodata")
        let failure = try #require(throws: Failure.self) {
            try pending.keep(rows: [1], table, digest: digest)
        }
        #expect(failure.code == .pendingUnwritable)
        #expect(failure.message.contains(".osodata/pending"))
        #expect(failure.hint != nil)
        #expect(failure.cause != nil)
    }
}
