import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

/// Tables of many segments, which lie in groups: here of more than three, not of more than 1,024.
struct SegmentGroupTests {
    /// Rows so long that each is a segment; of some, the segment's digest ends a group.
    private enum Rows {
        static let text = String(repeating: "a long row ends a segment. ", count: 160_000)

        static func line(_ id: Int, _ version: Int) -> String {
            "{\"id\":\(id),\"v\":\"\(version) \(text)\"}"
        }

        /// A version of a row whose segment just ends a group, or just does not: its digest begins
        /// with six zero bits and no more, or with five.
        static func version(of id: Int, ends: Bool, from first: Int = 0) -> Int {
            let tail = Array(" \(text)\"}\n".utf8)
            return (first...).first { version in
                let chunk = Digest.of(Array("{\"id\":\(id),\"v\":\"\(version)".utf8) + tail)
                let byte = Digest.of("chunk \(chunk.hex) 1\n").bytes[0]
                return ends ? (2...3).contains(byte) : (4...7).contains(byte)
            } ?? 0
        }
    }

    private let world: World
    private let store: SnapshotStore
    private let table = try? TableName(parsing: "marts.t")
    private let schema: Schema

    init() throws {
        world = try World()
        store = SnapshotStore(repository: world.repository, groupLimit: 3)
        schema = try SnapshotsTests.schema([("id", "int64"), ("v", "string")], key: ["id"])
    }

    private func publish(_ prepared: PreparedTable, _ batch: ObjectBatch) throws -> Snapshot {
        let run = World.run([prepared], base: try world.head())
        let result = try store.publish(run, batch: batch)
        return try store.snapshot(prepared.table, at: result.commit)
    }

    private func write(_ lines: [Int: String], previous: Snapshot? = nil) throws -> Snapshot {
        let batch = ObjectBatch(repository: world.repository)
        let prepared = try store.write(
            SortedRows(try rowSet(schema, lines.values)),
            table: try #require(table),
            provenance: .object([]),
            previous: previous,
            into: batch
        )
        return try publish(prepared, batch)
    }

    private func verifiesAgree(_ snapshot: Snapshot) throws {
        #expect(snapshot.verify().problems.map(\.description) == [])
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Scripts/verify.py")
        let process = Process()
        process.executableURL = script
        process.arguments = ["--group-above", "3", world.folder.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: output, as: UTF8.self))")
    }

    @Test func `segments lie in groups, and edits touch only theirs`() throws {
        var lines: [Int: String] = [:]
        for id in 0..<6 {
            lines[id] = Rows.line(id, Rows.version(of: id, ends: id == 2 || id == 4))
        }
        let first = try write(lines)
        #expect(first.manifest.segments.count == 6 && first.manifest.largestFolder == 5)
        let listing = try world.git("ls-tree", "-r", "--name-only", "HEAD", "snapshots/marts/t")
        let paths = listing.split(separator: "\n").map { $0.split(separator: "/").dropFirst(3) }
        #expect(paths.filter { $0.last == "group.json" }.count == 3)
        #expect(paths.filter { $0.last == "segment.json" && $0.count == 3 }.count == 6)
        try verifiesAgree(first)

        // An edit of the last group leaves the folders of the others as they are.
        let new = Rows.line(5, Rows.version(of: 5, ends: false, from: 1_000))
        lines[5] = new
        let batch = ObjectBatch(repository: world.repository)
        let (prepared, counts) = try store.apply(
            TableEdit(putting: SortedRows(try rowSet(schema, [new])), collision: .replaces),
            to: first,
            provenance: .object([]),
            into: batch
        )
        let second = try publish(prepared, batch)
        #expect(counts.replaced == 1 && prepared.newChunks == 1)
        func folders(_ revision: String) throws -> Set<Substring> {
            Set(
                try world.git("ls-tree", "-d", revision, "snapshots/marts/t/").split(
                    separator: "\n"
                )
            )
        }
        #expect(try folders("HEAD").intersection(try folders("HEAD~1")).count == 2)
        #expect(second.tree == (try write(lines)).tree)
        #expect(lines.count == (try second.rowSet().count))
        let changed = try changes(first, second)
        #expect(changed.list.count == 1 && changed.summary.chunksRead == 2)
        try verifiesAgree(second)

        // With fewer segments they lie flat again.
        let gone = try rowSet(
            try SnapshotsTests.schema([("id", "int64")], key: ["id"]),
            [1, 3, 4].map { "{\"id\":\($0)}" }
        )
        let last = ObjectBatch(repository: world.repository)
        let flat = try store.apply(
            TableEdit(putting: SortedRows(gone), collision: .removes),
            to: second,
            provenance: .object([]),
            into: last
        )
        #expect(flat.counts.removed == 3)
        for id in [1, 3, 4] { lines[id] = nil }
        let third = try publish(flat.table, last)
        #expect(third.tree == (try write(lines)).tree)
        #expect(third.manifest.largestFolder == 5)
        try verifiesAgree(third)
    }

    @Test func `a group that is not as it says is found`() throws {
        var lines: [Int: String] = [:]
        for id in 0..<4 { lines[id] = Rows.line(id, Rows.version(of: id, ends: id == 1)) }
        let snapshot = try write(lines)
        let folder = try #require(
            try world.repository.tree(snapshot.tree).first { entry in
                entry.isTree
                    && (try? world.repository.tree(entry.id).count) == 3
            }
        )
        let group = "\(folder.name)/group.json"
        let text = try world.repository.blob(
            try #require(try world.repository.entry(path: group, inTree: snapshot.tree)).id
        )
        func problems(_ edit: (inout TreeEditor, ObjectBatch) throws -> Void) throws -> [String] {
            let batch = ObjectBatch(repository: world.repository)
            var editor = TreeEditor(
                repository: world.repository,
                batch: batch,
                base: snapshot.tree
            )
            try edit(&editor, batch)
            let tree = try editor.finish()
            _ = try batch.write()
            return store.verify(try #require(table), tree: tree).problems.map(\.description)
        }
        for (old, new) in [("\"rows\":1", "\"rows\":2"), ("\"nulls\":0", "\"nulls\":1")] {
            let changed = String(decoding: text, as: UTF8.self)
                .replacing(old, with: new, maxReplacements: 1)
            let found = try problems { editor, batch in
                let id = try batch.addBlob(Array(changed.utf8), deflate: true)
                try editor.set(group, id: id)
            }
            #expect(!found.isEmpty, "\(old)")
        }
        let stray = try problems { editor, batch in
            let id = try batch.addBlob([65], deflate: true)
            try editor.set("\(folder.name)/stray", id: id)
        }
        #expect(stray.count == 1 && stray[0].contains("stray"), "\(stray)")
        let missing = try problems { editor, _ in try editor.remove(group) }
        #expect(missing.count == 1 && missing[0].contains("group.json"), "\(missing)")
    }
}
