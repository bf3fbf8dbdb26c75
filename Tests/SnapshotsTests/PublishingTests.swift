import Codecs
import Diagnostics
import Dispatch
import Foundation
import GitStore
import Records
import Synchronization
import TestSupport
import Testing

@testable import Snapshots

struct PublishingTests {
    @Test func `a published run is sound to git and clean in the work tree`() throws {
        let world = try World()
        let result = try world.commit(try LongRows.rows(0..<300), "raw.t").result
        #expect(result.reference == "refs/heads/main" && !result.isScratch && result.attempts == 1)
        try world.commit(try LongRows.rows(0..<310), "raw.t")
        try world.git("fsck", "--strict", "--full", "--no-dangling")
        #expect(try world.git("status", "--porcelain") == "")
        #expect(
            FileManager.default.fileExists(
                atPath: world.folder.path("snapshots/raw/t/manifest.json")
            )
        )
        #expect(try world.git("rev-list", "--count", "HEAD") == "2\n")
        #expect(
            try world.git("check-attr", "diff", "snapshots/raw/t/a/b.ndjson.zst").hasSuffix(
                ": osodata\n"
            )
        )
    }

    @Test(arguments: [3, 3000])
    func `few and many new objects become one pack that git accepts`(count: Int) throws {
        let world = try World()
        let result = try world.commit(try LongRows.rows(0..<count), "raw.t").result
        #expect(count < 10 ? result.writtenObjects < 15 : result.writtenObjects >= 100)
        try world.git("fsck", "--strict", "--full")
        #expect(try world.git("count-objects", "-v").contains("packs: 1"))
        #expect(try world.git("status", "--porcelain") == "")
        #expect(
            try world.store.verify(
                inTree: try world.repository.commit(result.commit).tree
            ).problems.isEmpty
        )
    }

    @Test func `plain tools read a chunk`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        let chunk = try #require(try world.snapshot("raw.t").allChunks().first)
        let path = try world.git("ls-files", "snapshots/*\(chunk.file)").split(separator: "\n")
        #expect(path.count == 1)
        let bytes = try world.folder.read(String(try #require(path.first)))
        #expect(try ZstdDecompressor().decompress(bytes, limit: 1 << 20).count == chunk.bytes)
    }

    @Test func `the message has subject, trailers and the warehouse digest`() throws {
        let world = try World()
        let result = try world.commit(try LongRows.rows(0..<3), "marts.t").result
        let commit = try world.repository.commit(result.commit)
        #expect(commit.summary == "run: 1 tables changed")
        #expect(
            commit.trailers.map(\.key) == ["Osodata-Run", "Osodata-Warehouse", "Osodata-Version"]
        )
        #expect(commit.trailers[1].value == result.warehouse.hex)
        #expect(try world.store.warehouseDigest(inTree: commit.tree) == result.warehouse)
        try world.commit(try LongRows.rows(0..<9), "meta.runs")
        let later = try world.repository.commit(try #require(try world.head()))
        #expect(try world.store.warehouseDigest(inTree: later.tree) == result.warehouse)
        #expect(
            try world.store.tables(inTree: later.tree).map(\.description) == [
                "marts.t", "meta.runs",
            ]
        )
    }

    @Test func `rules in gitattributes that are there stay as they are`() throws {
        let world = try World()
        try world.folder.write("*.png binary", ".gitattributes")
        try world.git("add", ".gitattributes")
        try world.git("commit", "--quiet", "-m", "one")
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        #expect(
            try world.git("show", "HEAD:.gitattributes")
                == "*.png binary\n*.ndjson.zst binary -delta diff=osodata\n"
        )
        #expect(try world.git("status", "--porcelain") == "")
        let other = try World()
        try other.folder.write("*.ndjson.zst -diff\n", ".gitattributes")
        try other.git("add", ".gitattributes")
        try other.git("commit", "--quiet", "-m", "one")
        try other.commit(try LongRows.rows(0..<3), "raw.t")
        #expect(try other.git("show", "HEAD:.gitattributes") == "*.ndjson.zst -diff\n")
    }

    @Test func `a removed table leaves tree and work tree`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.a")
        try world.commit(try LongRows.rows(0..<3), "raw.b")
        var run = World.run([], base: try world.head())
        run.removed = [try TableName(parsing: "raw.a")]
        let result = try world.store.publish(run, batch: ObjectBatch(repository: world.repository))
        #expect(try world.store.tables(at: result.commit).map(\.description) == ["raw.b"])
        #expect(
            !FileManager.default.fileExists(
                atPath: world.folder.path("snapshots/raw/a/manifest.json")
            )
        )
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test func `files a person changed outside the snapshots stay untouched`() throws {
        let world = try World()
        try world.folder.write("one\n", "notes.txt")
        try world.git("add", "notes.txt")
        try world.git("commit", "--quiet", "-m", "one")
        try world.folder.write("two\n", "notes.txt")
        try world.folder.write("new\n", "other.txt")
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        #expect(try world.git("status", "--porcelain") == " M notes.txt\n?? other.txt\n")
    }

    @Test func `a run rebuilds its tree on what others published`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.base")
        let base = try world.head()
        let (one, batchOne) = try prepare(world.store, "raw.one")
        let (two, batchTwo) = try prepare(world.store, "raw.two")
        _ = try world.store.publish(World.run([one], base: base), batch: batchOne)
        let result = try world.store.publish(World.run([two], base: base), batch: batchTwo)
        #expect(
            try world.store.tables(at: result.commit).map(\.description)
                == ["raw.base", "raw.one", "raw.two"]
        )
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test func `a run on inputs that changed meanwhile is refused`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.base")
        let base = try world.head()
        let (one, batch) = try prepare(world.store, "raw.one")
        try world.folder.write("SELECT 1\n", "models/marts/a.sql")
        try world.git("add", "models")
        try world.git("commit", "--quiet", "-m", "model")
        let tip = try world.head()
        let failure = try #require(throws: Failure.self) {
            try world.store.publish(World.run([one], base: base), batch: batch)
        }
        #expect(failure.code == .inputsMoved && failure.message.contains("models"))
        #expect(try world.head() == tip)
        let (other, otherBatch) = try prepare(world.store, "raw.base")
        let moved = try #require(throws: Failure.self) {
            var run = World.run([other], base: nil)
            run.inputs = []
            return try world.store.publish(run, batch: otherBatch)
        }
        #expect(moved.code == .tableMoved)
    }

    @Test func `two publishers racing on different tables both succeed`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.base")
        let base = try world.head()
        let rounds = 12
        let failures = Mutex<[String]>([])
        let attempts = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 2) { publisher in
            do {
                let store = try world.again()
                for round in 0..<rounds {
                    let (table, batch) = try prepare(store, "raw.t\(publisher)_\(round)")
                    let result = try store.publish(World.run([table], base: base), batch: batch)
                    attempts.withLock { $0 += result.attempts }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(attempts.withLock { $0 } >= 2 * rounds)
        let tip = try #require(try world.head())
        #expect(try world.store.tables(at: tip).count == 1 + 2 * rounds)
        #expect(try world.git("rev-list", "--count", "HEAD") == "\(1 + 2 * rounds)\n")
        try world.git("fsck", "--strict")
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test func `a detached HEAD sends the run to scratch`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        try world.git("checkout", "--quiet", "--detach")
        let tip = try world.head()
        let result = try world.commit(try LongRows.rows(0..<4), "raw.t").result
        #expect(result.isScratch && result.reference == "refs/osodata/scratch")
        #expect(result.scratchReason?.contains("detached") == true)
        #expect(try world.head() == tip)
        #expect(try world.repository.readRef("refs/heads/main") == tip)
        #expect(try world.repository.commit(result.commit).parents == [try #require(tip)])
        // A second run on the same HEAD replaces the first.
        let again = try world.commit(try LongRows.rows(0..<5), "raw.t").result
        #expect(try world.repository.readRef("refs/osodata/scratch") == again.commit)
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test func `a HEAD that names its branch by another name is published to`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        try world.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
        try world.git("symbolic-ref", "HEAD", "refs/heads/alias")
        let (table, batch) = try prepare(world.store, "raw.one")
        var run = World.run([table], base: try world.head())
        run.destination = .checkedOut(configured: "main")
        let result = try world.store.publish(run, batch: batch)
        #expect(result.reference == "refs/heads/main" && result.attempts == 1)
        #expect(try world.folder.read(".git/HEAD") == Array("ref: refs/heads/alias\n".utf8))
        #expect(try world.git("status", "--porcelain") == "")
        let (other, otherBatch) = try prepare(world.store, "raw.two")
        run = World.run([other], base: result.commit)
        run.destination = .reference("refs/heads/alias")
        #expect(try world.store.publish(run, batch: otherBatch).reference == "refs/heads/main")
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test(arguments: [["-b", "other"], ["--detach"]])
    func `a branch switched to during the run keeps its index and files`(
        _ arguments: [String]
    ) throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        let base = try world.head()
        let (table, batch) = try prepare(world.store, "raw.one")
        let run = World.run([table], base: base)
        var failure: (any Error)?
        let result = try world.store.publish(run, batch: batch) {
            do {
                try World.git(["checkout", "-q"] + arguments, in: world.folder.path)
            } catch {
                failure = error
            }
        }
        #expect(failure == nil)
        #expect(result.reference == "refs/heads/main")
        #expect(result.leftAloneReason?.contains("meanwhile") == true)
        #expect(try world.repository.readRef("refs/heads/main") == result.commit)
        #expect(try world.head() == base)
        #expect(try world.git("status", "--porcelain") == "")
        try world.git("checkout", "-q", "main")
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test func `a branch that comes to be checked out during the run shows it`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        try world.git("branch", "data")
        let (table, batch) = try prepare(world.store, "raw.one")
        var run = World.run([table], base: try world.head())
        run.destination = .reference("refs/heads/data")
        var failure: (any Error)?
        let result = try world.store.publish(run, batch: batch) {
            do { try world.git("checkout", "-q", "data") } catch { failure = error }
        }
        #expect(failure == nil && result.leftAloneReason == nil)
        #expect(try world.head() == result.commit)
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test func `while index and files go along nobody can switch branches`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        let lock = try world.repository.lockWorkTree()
        let names = try FileManager.default.contentsOfDirectory(atPath: world.folder.path(".git"))
        #expect(names.contains("index.lock") && names.contains("HEAD.lock"))
        try lock?.finish()
    }

    @Test func `another branch than the configured one sends the run to scratch`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        try world.git("checkout", "--quiet", "-b", "topic")
        let (table, batch) = try prepare(world.store, "raw.one")
        var run = World.run([table], base: try world.head())
        run.destination = .checkedOut(configured: "main")
        let result = try world.store.publish(run, batch: batch)
        #expect(result.reference == "refs/osodata/scratch")
        #expect(result.scratchReason?.contains("\"topic\"") == true)
    }

    @Test func `data can go to a branch of its own`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        let (table, batch) = try prepare(world.store, "raw.one")
        var run = World.run([table], base: nil)
        run.destination = .reference("refs/heads/data")
        let result = try world.store.publish(run, batch: batch)
        #expect(result.reference == "refs/heads/data" && !result.isScratch)
        #expect(try world.repository.commit(result.commit).parents == [])
        #expect(try world.store.tables(at: result.commit).map(\.description) == ["raw.one"])
        #expect(try world.git("status", "--porcelain") == "")
    }

    @Test func `a bare repository is published to without a checkout`() throws {
        let world = try World(bare: true)
        #expect(world.repository.workTree == nil)
        let result = try world.commit(try LongRows.rows(0..<3), "raw.t").result
        #expect(result.reference == "refs/heads/main")
        #expect(try lines(world.snapshot("raw.t").rowSet()).count == 3)
        #expect(!FileManager.default.fileExists(atPath: world.folder.path("snapshots")))
        try world.git("fsck", "--strict")
    }

    @Test func `an unknown table names those that are there`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<3), "raw.t")
        let failure = try #require(throws: Failure.self) { try world.snapshot("raw.x") }
        #expect(failure.code == .unknownTable)
        #expect(failure.hint?.contains("raw.t") == true)
    }

    @Test func `tables are locked against other runs only`() throws {
        let world = try World()
        let a = try TableName(parsing: "raw.a")
        let b = try TableName(parsing: "raw.b")
        let first = try TableLocks.acquire([a], in: world.repository)
        let failure = try #require(throws: Failure.self) {
            try TableLocks.acquire([b, a], in: world.repository)
        }
        #expect(failure.message.contains("raw.a"))
        // The failed attempt gave back what it had.
        let second = try TableLocks.acquire([b], in: world.repository)
        first.release()
        second.release()
        try TableLocks.acquire([a, b], in: world.repository).release()
    }

    private func prepare(
        _ store: SnapshotStore,
        _ table: String
    ) throws -> (PreparedTable, ObjectBatch) {
        let batch = ObjectBatch(repository: store.repository)
        let prepared = try store.write(
            SortedRows(try LongRows.rows(0..<4)),
            table: try TableName(parsing: table),
            provenance: .object([("table", .string(table))]),
            previous: nil,
            into: batch
        )
        return (prepared, batch)
    }
}
