import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import TestSupport
import Testing

@testable import Snapshots

struct VerifyTests {
    /// A repository with one table of several chunks, all of them loose objects.
    private func world() throws -> World {
        let world = try World()
        try world.commit(try LongRows.rows(0..<120), "raw.t")
        try world.unpack()
        return world
    }

    /// Problems of raw.t at HEAD after its file `path` was replaced (nil removes it).
    private func problems(
        _ world: World,
        _ path: String,
        _ edit: ([UInt8]) throws -> [UInt8]?
    ) throws -> [VerifyProblem] {
        let snapshot = try world.snapshot("raw.t")
        let entry = try #require(try world.repository.entry(path: path, inTree: snapshot.tree))
        let batch = ObjectBatch(repository: world.repository)
        var editor = TreeEditor(
            repository: world.repository,
            batch: batch,
            base: snapshot.tree
        )
        if let bytes = try edit(try world.repository.blob(entry.id)) {
            try editor.set(path, id: try batch.addBlob(bytes, deflate: true))
        } else {
            try editor.remove(path)
        }
        let tree = try editor.finish()
        try batch.write().release()
        return world.store.verify(snapshot.table, tree: tree).problems
    }

    private func chunkPath(_ snapshot: Snapshot, _ index: Int) throws -> (
        path: String, file: String
    ) {
        let chunk = try snapshot.chunks(inSegment: 0)[index]
        return ("\(snapshot.manifest.segments[0].folder)/\(chunk.file)", chunk.file)
    }

    @Test func `an untouched table has no problem and everything was looked at`() throws {
        let world = try world()
        let snapshot = try world.snapshot("raw.t")
        let report = snapshot.verify()
        #expect(report.problems.map(\.description) == [])
        #expect(report.rows == 120 && report.bytes == snapshot.manifest.bytes && report.tables == 1)
        #expect(report.chunks == (try snapshot.allChunks().count) && report.chunks > 2)
    }

    @Test(arguments: 0..<8)
    func `a flipped bit in a chunk is found and named`(bit: Int) throws {
        let world = try world()
        let (path, file) = try chunkPath(try world.snapshot("raw.t"), 1)
        let found = try problems(world, path) { bytes in
            var bytes = bytes
            bytes[bytes.count * (bit + 1) / 10] ^= 1 << UInt8(bit)
            return bytes
        }
        #expect(found.contains { $0.kind == .digest && $0.chunk == file && $0.table == "raw.t" })
    }

    @Test func `a chunk with other rows in a sound frame is found and named`() throws {
        let world = try world()
        let (path, file) = try chunkPath(try world.snapshot("raw.t"), 1)
        let found = try problems(world, path) { bytes in
            var text = try ZstdDecompressor().decompress(bytes, limit: 1 << 24)
            let index = text.count - 10
            text[index] = text[index] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            return ZstdCompressor().compress(text)
        }
        #expect(found.map(\.kind) == [.digest] && found.first?.chunk == file)
        #expect(found.first?.message.contains("segment.json states") == true)
    }

    @Test func `a missing chunk, segment list and segment are found and named`() throws {
        let world = try world()
        let snapshot = try world.snapshot("raw.t")
        let (path, file) = try chunkPath(snapshot, 0)
        let folder = snapshot.manifest.segments[0].folder
        let chunk = try problems(world, path) { _ in nil }
        #expect(chunk.contains { $0.kind == .missing && $0.chunk == file && $0.segment == folder })
        let list = try problems(world, "\(folder)/segment.json") { _ in nil }
        #expect(list.contains { $0.kind == .missing && $0.segment == folder })
        let provenance = try problems(world, "provenance.json") { _ in nil }
        #expect(provenance.map(\.kind) == [.missing])
        let manifest = try problems(world, "manifest.json") { _ in nil }
        #expect(manifest.map(\.kind) == [.missing])
    }

    @Test func `no flipped byte of a manifest or segment list goes unnoticed`() throws {
        let world = try World()
        let table = try schema([("k", "int64"), ("s", "string")], key: ["k"])
        try world.commit(try rowSet(table, [#"{"k":1,"s":"a"}"#, #"{"k":2,"s":null}"#]), "raw.t")
        let folder = try world.snapshot("raw.t").manifest.segments[0].folder
        let snapshot = try world.snapshot("raw.t")
        let batch = ObjectBatch(repository: world.repository)
        var broken: [(name: String, tree: ObjectID)] = []
        for path in ["manifest.json", "\(folder)/segment.json"] {
            let entry = try world.repository.entry(path: path, inTree: snapshot.tree)
            let bytes = try world.repository.blob(try #require(entry).id)
            let text = String(decoding: bytes, as: UTF8.self)
            // Only git protects the highest id: no digest may depend on history.
            let highest = text.firstRange(of: "\"last_column_id\":2")?.upperBound
            let exempt = highest.map { text.utf8.distance(from: text.startIndex, to: $0) - 1 }
            for index in bytes.indices where index != exempt {
                var flipped = bytes
                flipped[index] ^= 1
                var editor = TreeEditor(
                    repository: world.repository,
                    batch: batch,
                    base: snapshot.tree
                )
                try editor.set(path, id: try batch.addBlob(flipped, deflate: true))
                broken.append(("\(path) byte \(index)", try editor.finish()))
            }
        }
        try batch.write().release()
        #expect(broken.count > 900)
        for (name, tree) in broken {
            let found = world.store.verify(snapshot.table, tree: tree).problems
            #expect(!found.isEmpty, "\(name)")
        }
    }

    @Test func `what does not belong there is named`() throws {
        let world = try world()
        let snapshot = try world.snapshot("raw.t")
        let batch = ObjectBatch(repository: world.repository)
        let blob = try batch.addBlob([1], deflate: true)
        var editor = TreeEditor(repository: world.repository, batch: batch, base: snapshot.tree)
        try editor.set("\(snapshot.manifest.segments[0].folder)/x", id: blob)
        try editor.set("0123/x", id: blob)
        try editor.set("notes.md", id: blob)
        let tree = try editor.finish()
        try batch.write().release()
        let found = world.store.verify(snapshot.table, tree: tree).problems
        #expect(found.map(\.kind) == [.unexpected, .unexpected, .unexpected])
        #expect(Set(found.map { $0.chunk ?? $0.segment ?? "" }) == ["x", "0123", "notes.md"])
    }

    @Test(arguments: [
        ("raw/notes.md", "snapshots/raw/notes.md: A layer holds tables and nothing else."),
        ("raw/u/x", "snapshots/raw/u: The folder has no manifest.json."),
        ("raw/T/manifest.json", "snapshots/raw/T: The folder's name is no table name."),
        ("rare/t/manifest.json", "snapshots/rare: The folder's name is no layer."),
        ("raw/t/x", "raw.t x: A table has no such file."),
        ("README.md", nil),
    ])
    func `what lies between tables is named, by both readers`(
        path: String,
        message: String?
    ) throws {
        let world = try world()
        try world.folder.write("1", "snapshots/\(path)")
        #expect(try Self.secondReader(world) == (message == nil))
        try world.git("add", "-A")
        try world.git("commit", "-qm", "stray")
        #expect(try again(world) == (message.map { [$0] } ?? []))
        #expect(try Self.secondReader(world, "--rev", "HEAD") == (message == nil))
    }

    @Test func `files that are not plain are named, by both readers`() throws {
        let world = try world()
        let segment = try world.snapshot("raw.t").manifest.segments[0].folder
        for file in ["provenance.json", "manifest.json", "\(segment)/segment.json"] {
            let path = world.folder.path("snapshots/raw/t/\(file)")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        #expect(try !Self.secondReader(world))
        try world.git("commit", "-qam", "modes")
        #expect(
            try again(world) == [
                "raw.t manifest.json: Its mode is 100755, not that of a plain file.",
                "raw.t provenance.json: Its mode is 100755, not that of a plain file.",
                "raw.t \(segment)/segment.json: Its mode is 100755, not that of a plain file.",
            ]
        )
        #expect(try !Self.secondReader(world, "--rev", "HEAD"))
    }

    /// Whether `Scripts/verify.py` finds nothing wrong.
    private static func secondReader(_ world: World, _ arguments: String...) throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Scripts/verify.py")
        process.arguments = ["python3", script.path] + arguments + [world.folder.path]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect([0, 1].contains(process.terminationStatus))
        return process.terminationStatus == 0
    }

    @Test func `rows out of order and rows with one key are found`() throws {
        let world = try World()
        let table = try schema([("k", "int64"), ("s", "string")], key: ["k"])
        for (ids, row) in [([2, 1, 3], 2), ([1, 2, 2], 3)] {
            let found = try forged(
                world,
                table,
                [[ids.map { #"{"k":\#($0),"s":"a"}"# + "\n" }.joined()]]
            )
            #expect(found.map(\.kind) == [.order])
            #expect(found.first?.message.contains("Row \(row)") == true)
        }
        let across = try forged(
            world,
            table,
            [[#"{"k":5,"s":"a"}"# + "\n", #"{"k":4,"s":"a"}"# + "\n"]]
        )
        #expect(across.contains { $0.kind == .order })
    }

    @Test func `rows cut elsewhere than the rule cuts are found`() throws {
        let world = try self.world()
        let snapshot = try world.snapshot("raw.t")
        let segment = try snapshot.chunks(inSegment: 0).map {
            String(decoding: try snapshot.text(of: $0), as: UTF8.self)
        }
        #expect(try forged(world, snapshot.schema, [segment]).isEmpty)
        // Two chunks in one, one in two, one segment in two.
        let merged = [segment[0] + segment[1]] + segment[2...]
        #expect(try forged(world, snapshot.schema, [merged]).contains { $0.kind == .boundary })
        let line = try #require(segment[0].firstIndex(of: "\n"))
        let split =
            [String(segment[0][...line]), String(segment[0][line...].dropFirst())]
            + segment[1...]
        #expect(try forged(world, snapshot.schema, [split]).contains { $0.kind == .boundary })
        let two = [Array(segment[..<2]), Array(segment[2...])]
        #expect(try forged(world, snapshot.schema, two).contains { $0.kind == .boundary })
    }

    @Test func `rows in another spelling than the canonical one are found`() throws {
        let world = try World()
        let table = try schema([("k", "int64"), ("x", "double")], key: ["k"])
        for row in [
            #"{"k":01,"x":1}"#, #"{"k":1,"x":1.0}"#, #"{"k":1, "x":1}"#, #"{"x":1,"k":1}"#,
            #"{"k":1}"#, #"{"k":null,"x":1}"#, #"{"k":1,"x":1}x"#, "",
        ] {
            let found = try forged(world, table, [[row + "\n"]], checkStatistics: false)
            #expect(found.contains { $0.kind == .malformed }, "\(row)")
        }
    }

    @Test func `statistics that do not describe the rows are found`() throws {
        let world = try World()
        let table = try schema([("k", "int64"), ("s", "string")], key: ["k"])
        let found = try forged(
            world,
            table,
            [[#"{"k":5,"s":"a"}"# + "\n"]],
            checkStatistics: false
        )
        #expect(found.map(\.kind) == [.statistics])
        #expect(found.first?.message.contains("\"k\"") == true)
    }

    /// Problems of a table whose digests fit but whose rows or cuts may not.
    private func forged(
        _ world: World,
        _ schema: Schema,
        _ segments: [[String]],
        checkStatistics: Bool = true
    ) throws -> [VerifyProblem] {
        let batch = ObjectBatch(repository: world.repository)
        var infos: [SegmentInfo] = []
        var entries: [TreeEntry] = []
        for chunks in segments {
            var folder: [TreeEntry] = []
            var list: [ChunkInfo] = []
            for text in chunks {
                let bytes = Array(text.utf8)
                var builder = StatisticsBuilder(schema: schema)
                if checkStatistics {
                    let reader = RowReader(schema: schema)
                    var cells: [Range<Int>] = []
                    try unsafe eachRow(of: bytes) { (row) throws(Failure) in
                        try unsafe reader.cells(row, into: &cells)
                        try unsafe builder.add(row, cells)
                    }
                }
                let info = ChunkInfo(
                    digest: .of(bytes),
                    rows: text.utf8.count { $0 == UInt8(ascii: "\n") },
                    bytes: bytes.count,
                    statistics: builder.finish(),
                    unknown: UnknownMembers()
                )
                let blob = try batch.addBlob(ZstdCompressor().compress(bytes), deflate: false)
                folder.append(TreeEntry(name: info.file, mode: TreeEntry.fileMode, id: blob))
                list.append(info)
            }
            let file = SegmentFile(chunks: list, schema: schema)
            let blob = try batch.addBlob(file.serialized(schema), deflate: true)
            folder.append(TreeEntry(name: SegmentFile.name, mode: TreeEntry.fileMode, id: blob))
            infos.append(file.info)
            entries.append(
                TreeEntry(
                    name: file.info.folder,
                    mode: TreeEntry.treeMode,
                    id: try batch.addTree(folder)
                )
            )
        }
        let manifest = Manifest(
            schema: schema,
            segments: infos,
            history: ManifestHistory(lastColumnID: 9)
        )
        for (name, bytes) in [
            ("manifest.json", manifest.serialized()), ("provenance.json", Array("{}\n".utf8)),
        ] {
            let blob = try batch.addBlob(bytes, deflate: true)
            entries.append(TreeEntry(name: name, mode: TreeEntry.fileMode, id: blob))
        }
        let tree = try batch.addTree(entries)
        try batch.write().release()
        return world.store.verify(try TableName(parsing: "raw.forged"), tree: tree).problems
    }

    @Test func `a flipped byte in any object of the repository is reported`() throws {
        let world = try world()
        let snapshot = try world.snapshot("raw.t")
        let segment = try #require(snapshot.entries[snapshot.manifest.segments[0].folder])
        var objects = try world.repository.tree(segment.id).map(\.id)
        objects += snapshot.entries.values.map(\.id) + [snapshot.tree]
        #expect(objects.count >= 7)
        for id in objects {
            let path = world.folder.path(".git/objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))")
            let url = URL(fileURLWithPath: path)
            let sound = try Data(contentsOf: url)
            var broken = sound
            broken[broken.count / 2] ^= 0x10
            try FileManager.default.removeItem(at: url)
            try broken.write(to: url)
            #expect(try !again(world).isEmpty, "\(id) flipped")
            try FileManager.default.removeItem(at: url)
            #expect(try !again(world).isEmpty, "\(id) missing")
            try sound.write(to: url)
        }
        #expect(try again(world).isEmpty)
    }

    /// Problems as a fresh handle sees them.
    private func again(_ world: World) throws -> [String] {
        let store = try world.again()
        let tree = try world.repository.commit(try #require(try world.head())).tree
        do {
            return try store.verify(inTree: tree).problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }
}
