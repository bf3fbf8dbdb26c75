import Codecs
package import Diagnostics
package import Foundation
package import GitStore
import Querying
import Records
package import Snapshots

/// Large tables as DuckDB keeps them, which it reads many times faster than rows of text.
///
/// A file holds one version of a table, named by its digest, and is made from the snapshot when
/// somebody has time. It can be removed at any moment; what a query gives does not depend on it.
package struct TableCache: Sendable {
    /// A file of the cache.
    package struct Entry: Sendable {
        package let path: String
        package let bytes: Int
        /// When it was last used.
        package let used: Date
    }

    /// Bytes of files to keep.
    package static let limit = 4 << 30
    /// Tables of less text are scanned as fast as a file is opened.
    package static let leastBytes = 16 << 20

    private let folder: String
    private let limit: Int

    /// The cache of a repository, in `.osodata/cache`, of a bare one in `osodata/cache`.
    package init(of repository: Repository, limit: Int = TableCache.limit) {
        let base = repository.workTree.map { "\($0)/.osodata" }
        folder = (base ?? "\(repository.gitDirectory)/osodata") + "/cache"
        self.limit = limit
    }

    private static let suffix = ".\(Database.engineVersion).duckdb"

    private func path(_ snapshot: Snapshot) -> String {
        "\(folder)/\(snapshot.manifest.digest.hex)\(Self.suffix)"
    }

    /// The file of a version of a table, if there is one; it counts as used now.
    func file(of snapshot: Snapshot) -> String? {
        let path = path(snapshot)
        return unsafe utimes(path, nil) == 0 ? path : nil
    }

    /// Whether a version of a table is worth a file and has none.
    package func wants(_ snapshot: Snapshot) -> Bool {
        snapshot.manifest.bytes >= Self.leastBytes && snapshot.manifest.bytes / 4 <= limit
            && !FileManager.default.fileExists(atPath: path(snapshot))
    }

    /// Makes the files of tables that want one; nothing if another process is at it.
    ///
    /// What is read is held against its digests. Files used longest ago go when there is no room.
    ///
    /// - Parameters:
    ///   - snapshots: the tables.
    ///   - options: threads and memory.
    /// - Returns: how many files were made.
    /// - Throws: what reading and DuckDB say; `git.*` for a folder that cannot be written.
    package func warm(
        _ snapshots: [Snapshot],
        options: Runner.Options
    ) throws(Failure) -> Int {
        guard snapshots.contains(where: wants) else { return 0 }
        let lock = try FileLock.acquireIfFree("\(folder)/lock")
        guard let lock else { return 0 }
        return try withExtendedLifetime(lock) { () throws(Failure) -> Int in
            // Whoever made these is dead, or would hold the lock.
            for name in names where name.hasSuffix(".part") || name.hasSuffix(".part.wal") {
                _ = unsafe unlink("\(folder)/\(name)")
            }
            var made = 0
            for snapshot in snapshots where wants(snapshot) {
                try make(snapshot, options)
                made += 1
                try shrink(keeping: path(snapshot))
            }
            return made
        }
    }

    private func make(_ snapshot: Snapshot, _ options: Runner.Options) throws(Failure) {
        let path = path(snapshot)
        let part = "\(path).part"
        let database = try Database(
            options: .init(
                threads: options.threads,
                memoryLimit: options.memoryLimit ?? Self.memory,
                tempDirectory: "\(folder)/tmp",
                isSealed: false
            )
        )
        let connection = try database.connect()
        try connection.attach(snapshot, as: snapshot.table)
        let name =
            quotedIdentifier(snapshot.table.layer) + "." + quotedIdentifier(snapshot.table.name)
        do throws(Failure) {
            try connection.execute(
                """
                ATTACH \(quotedLiteral(part)) AS osodata_cache;
                CREATE TABLE osodata_cache.\(Self.table) AS FROM \(name);
                DETACH osodata_cache
                """
            )
        } catch {
            _ = unsafe unlink(part)
            _ = unsafe unlink("\(part).wal")
            throw error
        }
        guard unsafe rename(part, path) == 0 else {
            throw Failure(.cacheFailed, "The file '\(path)' of the cache cannot be made.")
        }
    }

    /// Bytes that making a file may take where nobody says.
    private static let memory: Int64 = 1 << 30

    /// What a file calls its table.
    private static let table = "cached"

    /// Makes a version of a table that is here a table of a connection; false if it is not.
    ///
    /// A file that cannot be opened is removed.
    func attach(
        _ snapshot: Snapshot,
        schema: String,
        name: String,
        to connection: Connection
    ) throws(Failure) -> Bool {
        guard let file = file(of: snapshot) else { return false }
        let catalog = "osodata_\(snapshot.manifest.digest.short)"
        let columns = snapshot.schema.dataColumns.map { quotedIdentifier($0.name) }
        do throws(Failure) {
            try connection.execute(
                """
                ATTACH IF NOT EXISTS \(quotedLiteral(file)) AS \(catalog) (READ_ONLY);
                CREATE SCHEMA IF NOT EXISTS \(quotedIdentifier(schema));
                CREATE OR REPLACE VIEW \(quotedIdentifier(schema)).\(quotedIdentifier(name)) AS
                SELECT \(columns.joined(separator: ", ")) FROM \(catalog).\(Self.table)
                """
            )
            return true
        } catch {
            _ = unsafe unlink(file)
            return false
        }
    }

    /// Removes the file of a version of a table.
    func remove(_ snapshot: Snapshot) { _ = unsafe unlink(path(snapshot)) }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// The files, those used longest ago first.
    package func entries() -> [Entry] {
        names.filter { $0.hasSuffix(".duckdb") }.compactMap { name in
            let path = "\(folder)/\(name)"
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            let used = Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
            return Entry(path: path, bytes: Int(status.st_size), used: used)
        }.sorted { ($0.used, $0.path) < ($1.used, $1.path) }
    }

    /// Removes files, those used longest ago first, until the rest has room; one stays in any case.
    private func shrink(keeping kept: String) throws(Failure) {
        let entries = entries()
        var bytes = entries.reduce(0) { $0 + $1.bytes }
        for entry in entries where bytes > limit && entry.path != kept {
            _ = unsafe unlink(entry.path)
            bytes -= entry.bytes
        }
    }

    /// Removes all files.
    ///
    /// - Returns: how many, and their bytes.
    package func clear() -> (files: Int, bytes: Int) {
        let entries = entries()
        for entry in entries { _ = unsafe unlink(entry.path) }
        return (entries.count, entries.reduce(0) { $0 + $1.bytes })
    }
}

extension Failure.Code {
    /// A file of the cache cannot be made.
    package static let cacheFailed = Self("cache.failed")
}
