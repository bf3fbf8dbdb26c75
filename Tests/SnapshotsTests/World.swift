import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

/// A repository of its own with a snapshot store over it.
final class World: Sendable {
    let folder: TemporaryFolder
    let repository: Repository
    let store: SnapshotStore

    init(bare: Bool = false) throws {
        folder = try TemporaryFolder()
        if bare {
            try Self.git(["init", "--quiet", "--bare", "-b", "main", folder.path], in: folder.path)
            repository = try Repository(discovering: folder.path)
        } else {
            repository = try Repository.create(at: folder.path, branch: "main")
        }
        store = SnapshotStore(repository: repository)
    }

    /// Another handle on the same repository.
    func again() throws -> SnapshotStore {
        SnapshotStore(repository: try Repository(discovering: folder.path))
    }

    @discardableResult
    func git(_ arguments: String...) throws -> String {
        try Self.git(arguments, in: folder.path)
    }

    /// Runs git without any configuration of the machine; fails the test if git fails.
    @discardableResult
    static func git(_ arguments: [String], in path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", path] + arguments
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
        #expect(process.terminationStatus == 0, "git \(arguments.joined(separator: " ")): \(text)")
        return text
    }

    /// Makes every object a file of its own, so that a test can spoil one.
    func unpack() throws {
        let line =
            "cd .git && mv objects/pack/*.pack . && rm -f objects/pack/* && "
            + "for pack in *.pack; do git unpack-objects -q <$pack && rm $pack; done"
        try git("-c", "alias.unpack=!\(line)", "unpack")
    }

    static let signature = Signature(
        name: "Tester",
        email: "tester@example.org",
        time: 1_767_225_600,
        offset: 0
    )

    /// The commit HEAD is at.
    func head() throws -> ObjectID? {
        switch try repository.head() {
        case .branch(_, let commit): commit
        case .detached(let commit): commit
        }
    }

    /// Writes rows as a new version of a table on HEAD and publishes it.
    @discardableResult
    func commit(
        _ rows: RowSet,
        _ table: String,
        was: [String: String] = [:]
    ) throws -> (prepared: PreparedTable, result: PublishResult) {
        let name = try TableName(parsing: table)
        let base = try head()
        let previous = try base.flatMap {
            try store.snapshot(name, inTree: repository.commit($0).tree)
        }
        let batch = ObjectBatch(repository: repository)
        let prepared = try store.write(
            SortedRows(rows),
            table: name,
            provenance: .object([("inputs", .array([]))]),
            previous: previous,
            was: was,
            into: batch
        )
        let result = try store.publish(Self.run([prepared], base: base), batch: batch)
        return (prepared, result)
    }

    static func run(_ tables: [PreparedTable], base: ObjectID?) -> RunCommit {
        RunCommit(
            tables: tables,
            subject: "run: \(tables.count) tables changed",
            trailers: [("Osodata-Run", "1"), ("Osodata-Warehouse", ""), ("Osodata-Version", "0")],
            author: signature,
            committer: signature,
            base: base
        )
    }

    /// The table as HEAD has it.
    func snapshot(_ table: String) throws -> Snapshot {
        let head = try #require(try head())
        return try store.snapshot(try TableName(parsing: table), at: head)
    }
}

/// A schema from names and types; ids count from 1; columns outside the key may be null.
func schema(
    _ columns: [(String, String)],
    key: [String] = [],
    cutClass: CutClass = .small
) throws -> Schema {
    var list: [Column] = []
    for (index, (name, type)) in columns.enumerated() {
        list.append(
            Column(
                id: index + 1,
                name: name,
                type: try ColumnType(parsing: type),
                isNullable: !key.contains(name)
            )
        )
    }
    return try Schema(columns: list, key: key, cutClass: cutClass)
}

/// Sorted rows from canonical lines in any order.
func rowSet(_ schema: Schema, _ lines: some Sequence<String>) throws -> RowSet {
    var rows = RowSet(schema: schema)
    for line in lines { try rows.append(row: Array("\(line)\n".utf8)) }
    try rows.sort()
    return rows
}

/// The lines of some rows, in order.
func lines(_ rows: RowSet) -> [String] {
    (0..<rows.count).map { String(decoding: rows.row($0), as: UTF8.self) }
}

/// A table of long rows: `id` and `text`, cut into many chunks and several segments.
enum LongRows {
    static func schema() throws -> Schema {
        try SnapshotsTests.schema([("id", "int64"), ("text", "string")], key: ["id"])
    }

    /// Letters that the texts are cut from: making each text anew would take most of the time.
    private static let letters: [UInt8] = {
        var random = SeededRandom(seed: 1)
        return (0..<(1 << 18)).map { _ in 97 + UInt8(truncatingIfNeeded: random.next() % 26) }
    }()

    /// The row of an id: about 4 kB that compress a little.
    static func line(_ id: Int, _ version: Int = 0) -> String {
        var random = SeededRandom(seed: UInt64(id) << 8 | UInt64(version))
        let start = random.int(0...(letters.count - 8000))
        let text = letters[start..<(start + random.int(500...7500))]
        return #"{"id":\#(id),"text":"\#(String(decoding: text, as: UTF8.self))"}"#
    }

    static func rows(_ ids: some Sequence<Int>) throws -> RowSet {
        try rowSet(try schema(), ids.map { line($0) })
    }
}
