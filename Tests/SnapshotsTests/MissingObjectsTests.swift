import Diagnostics
import GitStore
import Records
import Snapshots
import Synchronization
import TestSupport
import Testing

/// Reading a clone that fetches what it lacks.
struct MissingObjectsTests {
    /// Fetches through git, and remembers how much each time.
    private final class Remote: MissingObjects {
        private let counts = Mutex<[Int]>([])

        /// How many objects each exchange brought since this was last asked.
        var taken: [Int] {
            counts.withLock { counts in
                defer { counts = [] }
                return counts
            }
        }

        func fetch(_ ids: [ObjectID], into repository: Repository) throws(Failure) {
            counts.withLock { $0.append(ids.count) }
            do {
                try World.git(
                    ["fetch", "--quiet", "--no-tags", "--filter=blob:none"]
                        + repository.promisorRemotes.prefix(1) + ids.map(\.hex),
                    in: repository.gitDirectory
                )
            } catch {
                throw Failure(wrapping: error)
            }
        }
    }

    @Test func `a table of several segments takes three exchanges, a comparison what differs`()
        throws
    {
        let world = try World()
        let before = try LongRows.rows(0..<4_000)
        try world.commit(before, "raw.t")
        var lines = (0..<4_000).map { LongRows.line($0) }
        lines[7] = LongRows.line(7, 1)
        let changed = try world.commit(try rowSet(try LongRows.schema(), lines), "raw.t")
        try world.git("config", "uploadpack.allowFilter", "true")
        let folder = try TemporaryFolder()
        let from = "file://\(world.folder.path)"
        try world.git("clone", "-q", "--bare", "--filter=blob:none", from, "\(folder.path)/c.git")

        let remote = Remote()
        let repository = try Repository(discovering: "\(folder.path)/c.git")
        let store = SnapshotStore(repository: repository, missing: remote)
        let table = try TableName(parsing: "raw.t")
        let head = try #require(try world.head())
        let parent = try #require(try repository.commit(head).parents.first)
        let trees = try [parent, head].map {
            try repository.entry(path: table.path, inTree: repository.commit($0).tree)?.id
        }
        try store.requireDifferences(ofTables: [(trees[0], trees[1])])
        let segments = changed.prepared.segmentCount
        try #require(segments > 2)
        // Manifest and provenance of both, a list a segment and one more, and the chunk as it
        // was and as it is.
        let files = try #require(remote.taken.first)
        #expect(files <= 3 + segments + 1 + 2 * changed.prepared.newChunks)

        let snapshot = try store.snapshot(table, at: parent)
        #expect(remote.taken.isEmpty)
        #expect(try snapshot.rowSet().count == 4_000)
        // Everything else of the table, at once.
        #expect(remote.taken.count == 1)
        // Without a provider the object is missing, and what to do is said.
        let bare = try TemporaryFolder()
        try world.git("clone", "-q", "--bare", "--filter=blob:none", from, "\(bare.path)/c.git")
        let alone = SnapshotStore(repository: try Repository(discovering: "\(bare.path)/c.git"))
        let failure = #expect(throws: Failure.self) { try alone.snapshot(table, at: head) }
        #expect(failure?.hint?.contains("git fetch --refetch --no-filter") == true)
    }

    @Test func `the history of a row fetches for many versions at once`() throws {
        let world = try World()
        for version in 0..<7 {
            let lines = (0..<40).map { LongRows.line($0, $0 == 7 ? version : 0) }
            try world.commit(try rowSet(try LongRows.schema(), lines), "raw.t")
        }
        try world.git("config", "uploadpack.allowFilter", "true")
        let folder = try TemporaryFolder()
        let from = "file://\(world.folder.path)"
        try world.git("clone", "-q", "--bare", "--filter=blob:none", from, "\(folder.path)/c.git")
        let remote = Remote()
        let repository = try Repository(discovering: "\(folder.path)/c.git")
        let store = SnapshotStore(repository: repository, missing: remote)
        var changes = 0
        let head = try #require(try world.head())
        let summary = try store.rowHistory(["7"], of: TableName(parsing: "raw.t"), from: head) {
            (_) throws(Failure) in
            changes += 1
            return true
        }
        #expect(changes == 7 && summary?.versions == 7)
        // Manifests, lists, chunks.
        #expect(remote.taken.count == 3)
    }
}
