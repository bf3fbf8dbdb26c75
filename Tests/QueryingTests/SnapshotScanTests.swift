import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

@testable import Querying

/// Querying what lies in a repository.
struct SnapshotScanTests {
    private let folder: TemporaryFolder
    private let name: TableName

    init() throws {
        folder = try TemporaryFolder()
        name = try TableName(parsing: "raw.t")
    }

    private func rows(_ count: Int) throws -> RowSet {
        var builder = RowBuilder(
            schema: try Schema([("k", "int64"), ("s", "string?"), ("j", "json?")], key: ["k"])
        )
        for k in 0..<count {
            try builder.int64(Int64(k))
            if k % 7 == 0 { try builder.null() } else { try builder.string("row \(k) \"é\"\n") }
            try builder.json(canonical: Array("{\"k\":\(k)}".utf8))
            try builder.endRow()
        }
        var rows = builder.finish()
        try rows.sort()
        return rows
    }

    /// Commits rows as the table, and opens it.
    private func snapshot(_ rows: RowSet) throws -> Snapshot {
        let repository = try Repository.create(at: folder.path, branch: "main")
        let store = SnapshotStore(repository: repository)
        let batch = ObjectBatch(repository: repository)
        let prepared = try store.write(
            SortedRows(rows),
            table: name,
            provenance: .object([]),
            previous: nil,
            into: batch
        )
        let person = Signature(name: "A", email: "a@example.org", time: 1_767_225_600, offset: 0)
        let published = try store.publish(
            RunCommit(
                tables: [prepared],
                subject: "run",
                trailers: [],
                author: person,
                committer: person,
                base: nil
            ),
            batch: batch
        )
        let tree = try repository.commit(published.commit).tree
        return try #require(try store.snapshot(name, inTree: tree))
    }

    @Test func `a committed table is queried and stored with equal bytes`() throws {
        let rows = try rows(12_000)
        let snapshot = try snapshot(rows)
        #expect(try snapshot.allChunks().count > 3)
        let connection = try connection()
        try connection.attach(snapshot, as: name)
        #expect(
            try connection.rows("SELECT count(*), sum(k), count(s) FROM raw.t")
                == [["12000", "71994000", "10285"]]
        )
        #expect(
            try connection.rows("SELECT s, j -> 'k' FROM raw.t WHERE k = 11999")
                == [[#""row 11999 \"é\"\n""#, "11999"]]
        )
        let stored = try connection.materialize(
            "SELECT * FROM raw.t ORDER BY s",
            schema: snapshot.schema
        ).rowSet()
        #expect(stored.count == rows.count)
        #expect((0..<rows.count).allSatisfy { stored.row($0) == rows.row($0) })
    }

    @Test func `a damaged chunk fails the query and names itself`() throws {
        let snapshot = try snapshot(try rows(12_000))
        let chunk = try snapshot.allChunks()[2]
        let repository = try Repository(discovering: folder.path)
        let packs = URL(fileURLWithPath: folder.path).appending(path: ".git/objects/pack")
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: packs.path)
                .first { $0.hasSuffix(".pack") }
        )
        let file = packs.appending(path: name)
        var bytes = try Data(contentsOf: file)
        // Stored in the pack as it is, so it can be found there.
        let place = try #require(bytes.range(of: Data(try repository.blob(chunk.blob))))
        bytes[place.lowerBound + place.count / 2] ^= 0x55
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        try bytes.write(to: file)
        let connection = try connection()
        try connection.attach(snapshot, as: self.name)
        let failure = try #require(connection.failure("SELECT max(s) FROM raw.t"))
        #expect(failure.code.description.hasPrefix("snapshot."), "\(failure)")
        #expect(failure.description.contains(chunk.file), "\(failure)")
        // What does not read the chunk still works.
        #expect(try connection.rows("SELECT count(*) FROM raw.t") == [["12000"]])
    }
}
