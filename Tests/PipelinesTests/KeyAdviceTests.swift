import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

@testable import Pipelines

/// Which keys are advised against.
struct KeyAdviceTests {
    /// Cells of a row of counts; the value is what is counted.
    private struct Count: Hashable {
        var metric = 0
        var project = 0
        var day = 0
        var value = 7
    }

    /// Counts of all metrics and projects on some days: about 50 kB of text a day.
    private func counts(_ days: some Sequence<Int>) -> [Count] {
        days.flatMap { day in
            (0..<600).map { Count(metric: $0 / 150, project: $0 % 150, day: day) }
        }
    }

    private func rows(_ counts: [Count], key: [String], cutClass: CutClass = .small) throws
        -> RowSet
    {
        try rowSet(
            [("metric", "string"), ("project", "string"), ("date", "date"), ("value", "int64")],
            key: key,
            cutClass: cutClass,
            counts.map {
                [
                    "metric": "\"metric-\($0.metric)\"", "project": "\"project-\($0.project)\"",
                    "date": Self.date($0.day), "value": "\($0.value)",
                ]
            }
        )
    }

    private static func date(_ day: Int) -> String {
        let number = day % 28 + 1
        return
            "\"2026-\(day / 28 < 9 ? "0" : "")\(day / 28 + 1)-\(number < 10 ? "0" : "")\(number)\""
    }

    private let spread = ["metric", "project", "date"]

    @Test func `a table that grows behind its key should have the time first`() throws {
        let world = try TableWorld()
        try world.commit(try rows(counts(0..<20), key: spread))
        let before = try world.snapshot()
        try world.commit(try rows(counts(0..<21), key: spread))
        let after = try world.snapshot()
        let known = Set(try before.allChunks().map(\.digest))
        let fresh = try after.allChunks().filter { !known.contains($0.digest) }
        let advice = try #require(try world.advice())
        #expect(advice.chunks == (fresh.count, try after.allChunks().count))
        #expect(advice.rewritten == fresh.reduce(0) { $0 + $1.bytes })
        #expect(advice.changed == after.manifest.bytes - before.manifest.bytes)
        #expect(!advice.isEstimate)
        #expect(advice.times == 21)
        let commit = try #require(try world.head()).hex.prefix(12)
        let (all, written) = (advice.chunks.all, advice.chunks.written)
        #expect(
            advice.text == """
                marts.t: commit \(commit) rewrote \(byteText(advice.rewritten)) of text for \
                \(byteText(advice.changed)) of new and changed rows (21 times). Its key (metric, \
                project, date) spreads them over \(written) of \(all) chunks; with date first they \
                would lie together.
                """
        )
        #expect(advice.hint == #"key = ["date", "metric", "project"] in models/marts/t.sql"#)
        let imported = try world.advice(file: nil)
        #expect(imported?.hint == "osodata import marts.t FILE --key date,metric,project")
    }

    @Test func `the advised key ends the advice, at once and afterwards`() throws {
        let world = try TableWorld()
        try world.commit(try rows(counts(0..<20), key: spread))
        try world.commit(try rows(counts(0..<21), key: spread))
        let advice = try #require(try world.advice())
        try world.commit(try rows(counts(0..<21), key: advice.betterKey))
        #expect(try world.advice() == nil)
        try world.commit(try rows(counts(0..<22), key: advice.betterKey))
        #expect(try world.advice() == nil)
    }

    @Test func `of a table of many chunks a part is looked at`() throws {
        let world = try TableWorld()
        try world.commit(try rows(counts(0..<90), key: spread))
        try world.commit(try rows(counts(0..<91), key: spread))
        let day = try world.snapshot().manifest.bytes / 91
        let advice = try #require(try world.advice())
        #expect(advice.isEstimate && advice.text.contains(" for about "))
        #expect(advice.column == "date")
        #expect(abs(advice.changed - day) < day / 5, "\(advice.changed) of \(day)")
    }

    @Test func `edits anywhere are not the key's fault`() throws {
        let world = try TableWorld()
        var table = counts(0..<20)
        try world.commit(try rows(table, key: spread))
        for index in stride(from: 0, to: table.count, by: 47) { table[index].value = 8 }
        try world.commit(try rows(table, key: spread))
        let versions = try world.versions()
        try world.expectSuspicious(versions[0])
        #expect(try world.advice() == nil)
        // Neither is growth, where old rows change beside it everywhere.
        for index in stride(from: 1, to: table.count, by: 47) { table[index].value = 9 }
        try world.commit(try rows(table + counts(20..<21), key: spread))
        try world.expectSuspicious(try world.versions()[0])
        #expect(try world.advice() == nil)
    }

    @Test func `a table of few chunks may write them all`() throws {
        let day = stride(from: 0, to: 600, by: 20).map { counts(90..<91)[$0] }
        let world = try TableWorld()
        try world.commit(try rows(counts(0..<6), key: spread))
        try world.commit(try rows(counts(0..<6) + day, key: spread))
        #expect(try world.advice() == nil)
        // As many rows are few chunks of the other class.
        let large = try TableWorld()
        try large.commit(try rows(counts(0..<80), key: spread, cutClass: .large))
        try large.commit(try rows(counts(0..<80) + day, key: spread, cutClass: .large))
        #expect(try large.advice() == nil)
    }

    @Test func `a run that changes much may write much`() throws {
        let world = try TableWorld()
        try world.commit(try rows(counts(0..<20), key: spread))
        try world.commit(try rows(counts(0..<26), key: spread))
        #expect(try world.advice() == nil)
        try world.commit(try rows(counts(0..<30), key: spread))
        #expect(try world.advice()?.times == 8)
    }

    @Test func `the last version that wrote much is looked at`() throws {
        let world = try TableWorld()
        var table = counts(0..<20)
        try world.commit(try rows(table, key: spread))
        table = counts(0..<21)
        let growth = try world.commit(try rows(table, key: spread))
        table[3].value = 8
        try world.commit(try rows(table, key: spread))
        #expect(try world.advice()?.commit == growth)
        // Only so many versions back.
        for value in 9..<12 {
            table[3].value = value
            try world.commit(try rows(table, key: spread))
        }
        #expect(try world.advice() == nil)
    }

    @Test func `corrections of the last days lie with the new rows`() throws {
        let world = try TableWorld()
        var table = counts(0..<40)
        try world.commit(try rows(table, key: spread))
        for index in table.indices.suffix(900) where index % 7 == 0 { table[index].value = 8 }
        try world.commit(try rows(table + counts(40..<41), key: spread))
        #expect(try world.advice()?.column == "date")
        // But not those of the last half.
        for index in table.indices.suffix(12_000) where index % 71 == 0 { table[index].value = 9 }
        try world.commit(try rows(table + counts(40..<42), key: spread))
        try world.expectSuspicious(try world.versions()[0])
        #expect(try world.advice() == nil)
    }

    @Test func `days that are dropped at the beginning do no harm`() throws {
        let world = try TableWorld()
        try world.commit(try rows(counts(0..<30), key: spread))
        try world.commit(try rows(counts(1..<31), key: spread))
        #expect(try world.advice()?.column == "date")
        let holes = counts(1..<31).enumerated().filter { $0.offset % 47 > 0 }.map(\.element)
        try world.commit(try rows(holes + counts(31..<32), key: spread))
        try world.expectSuspicious(try world.versions()[0])
        #expect(try world.advice() == nil)
    }

    /// Rows keyed by what looks random, that came in the order of a time or of a number.
    private func events(
        _ ids: Range<Int>,
        numbered: Bool = false,
        without: Int? = nil
    ) throws -> RowSet {
        try rowSet(
            [("id", "string"), ("number", "int64"), ("at", "timestamp")],
            key: ["id"],
            ids.map { id in
                let time = Date(timeIntervalSince1970: 1_767_225_600 + (numbered ? 0 : Double(id)))
                return [
                    "id": "\"\(Digest.of("\(id)").hex)\"", "number": "\(numbered ? id : 1)",
                    "at": id == without ? "null" : "\"\(time.ISO8601Format())\"",
                ]
            }
        )
    }

    @Test func `a time outside the key is found, and said to become part of it`() throws {
        let world = try TableWorld()
        try world.commit(try events(0..<7_000))
        try world.commit(try events(0..<7_300))
        let advice = try #require(try world.advice())
        #expect(
            advice.hint == """
                key = ["at", "id"] in models/marts/t.sql; at then is part of what names a row
                """
        )
        // Which a column with a NULL in it cannot be.
        try world.commit(try events(0..<7_300, without: 9))
        try world.commit(try events(0..<7_600, without: 9))
        try world.expectSuspicious(try world.versions()[0])
        #expect(try world.advice() == nil)
    }

    @Test func `a number counts if it counts on`() throws {
        let world = try TableWorld()
        try world.commit(try events(0..<7_000, numbered: true))
        try world.commit(try events(0..<7_300, numbered: true))
        #expect(try world.advice()?.betterKey == ["number", "id"])
        // Of the new rows all, and of the old ones few have the flag: that is no order in time.
        let flags = try TableWorld()
        func flagged(_ ids: Range<Int>) throws -> RowSet {
            try rowSet(
                [("id", "string"), ("flag", "int64"), ("text", "string")],
                key: ["id"],
                ids.map { id in
                    [
                        "id": "\"\(Digest.of("\(id)").hex)\"", "flag": id >= 6_900 ? "1" : "0",
                        "text": "\"\(Digest.of("text \(id)").hex)\"",
                    ]
                }
            )
        }
        try flags.commit(try flagged(0..<7_000))
        try flags.commit(try flagged(0..<7_300))
        try flags.expectSuspicious(try flags.versions()[0])
        #expect(try flags.advice() == nil)
    }

    @Test func `rows of unchanged and hardly changed tables are not read`() throws {
        let world = try TableWorld()
        var table = counts(0..<20)
        try world.commit(try rows(table, key: spread))
        #expect(try world.versions().isEmpty)
        table[3].value = 8
        try world.commit(try rows(table, key: spread))
        try world.removeChunks()
        #expect(try world.advice() == nil)
        // What is missing where rows must be read fails, for who asks to pass over.
        let other = try TableWorld()
        try other.commit(try rows(counts(0..<20), key: spread))
        try other.commit(try rows(counts(0..<21), key: spread))
        #expect(try other.advice() != nil)
        try other.removeChunks()
        #expect(throws: Failure.self) { try other.advice() }
    }
}

/// A repository with one table, `marts.t`.
private final class TableWorld {
    let folder: TemporaryFolder
    let repository: Repository
    let table: TableName

    init() throws {
        folder = try TemporaryFolder()
        repository = try Repository.create(at: folder.path)
        table = try TableName(parsing: "marts.t")
    }

    /// Looks at the repository afresh, as another process would.
    private func store() throws -> SnapshotStore {
        SnapshotStore(repository: try Repository(discovering: folder.path))
    }

    func head() throws -> ObjectID? {
        guard case .branch(_, let commit) = try repository.head() else { return nil }
        return commit
    }

    func snapshot() throws -> Snapshot {
        let head = try #require(try head())
        return try store().snapshot(table, at: head)
    }

    /// Commits rows as the next version.
    @discardableResult
    func commit(_ rows: RowSet) throws -> ObjectID? {
        let store = try store()
        let base = try head()
        let previous = try base.map { try store.snapshot(table, at: $0) }
        let batch = ObjectBatch(repository: store.repository)
        let written = try store.write(
            SortedRows(rows),
            table: table,
            provenance: .object([]),
            previous: previous,
            into: batch
        )
        let signature = Signature(
            name: "A",
            email: "a@example.org",
            time: 1_767_225_600,
            offset: 0
        )
        return try store.publish(
            RunCommit(
                tables: [written],
                subject: "run",
                trailers: [
                    ("Osodata-Run", "1"), ("Osodata-Warehouse", ""), ("Osodata-Version", "0"),
                ],
                author: signature,
                committer: signature,
                base: base
            ),
            batch: batch
        ).commit
    }

    func versions() throws -> [TableVersion] {
        try store().recentVersions(
            of: [table],
            from: try #require(try head()),
            commits: 50,
            versions: 3
        )[table] ?? []
    }

    func advice(file: String? = "models/marts/t.sql") throws -> KeyAdvice? {
        try KeyAdvice(table, file: file, versions: versions(), store: store())
    }

    /// Checks that a version is looked at, and writes much more than it changes: that there is no
    /// advice has another reason.
    func expectSuspicious(_ version: TableVersion) throws {
        let store = try store()
        let trees = [try #require(version.previousTree), try #require(version.tree)]
        let before = try #require(try store.snapshot(table, tree: trees[0]))
        let after = try #require(try store.snapshot(table, tree: trees[1]))
        let rewrite = try #require(try Rewrite(from: before, to: after))
        #expect(rewrite.chunks >= KeyAdvice.leastChunks)
        #expect(rewrite.bytes >= KeyAdvice.leastChunks * CutClass.small.target)
        let sample = try RewriteSample(of: rewrite, limit: KeyAdvice.sampleLimit(.small))
        #expect(sample.bytes > KeyAdvice.patience * sample.changedBytes)
    }

    /// Removes all rows, leaving manifests and lists.
    func removeChunks() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.currentDirectoryURL = folder.url
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": folder.path, "GIT_CONFIG_NOSYSTEM": "1",
        ]
        process.arguments = [
            "-ec",
            """
            mv .git/objects/pack/*.pack .git/
            rm -f .git/objects/pack/*
            for pack in .git/*.pack; do git unpack-objects -q <$pack; done
            for commit in $(git rev-list HEAD); do
                git ls-tree -r $commit | grep 'zst$' | cut -f1 | cut -d' ' -f3
            done | sort -u | sed 's|^..|.git/objects/&/|' | xargs rm
            """,
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}

/// Sorted rows of a schema from the texts of their cells.
private func rowSet(
    _ columns: [(name: String, type: String)],
    key: [String],
    cutClass: CutClass = .small,
    _ cells: [[String: String]]
) throws -> RowSet {
    var list: [Column] = []
    for (index, column) in columns.enumerated() {
        list.append(
            Column(
                id: index + 1,
                name: column.name,
                type: try ColumnType(parsing: column.type)
            )
        )
    }
    let schema = try Schema(columns: list, key: key, cutClass: cutClass)
    var rows = RowSet(schema: schema)
    for row in cells {
        let members = schema.columns.map { "\"\($0.name)\":\(row[$0.name] ?? "null")" }
        try rows.append(row: Array("{\(members.joined(separator: ","))}\n".utf8))
    }
    try rows.sort()
    return rows
}
