import Connectors
import Diagnostics
import Fetching
import Foundation
import Records
import Testing

/// Extraction again: what is unchanged is not read again, and the table comes out the same.
struct IncrementalTests {
    let world: ArchiveWorld

    init() throws {
        world = try ArchiveWorld()
        for hour in 0..<3 {
            let time = "2015-01-01T0\(hour):10:00Z"
            let events = (0..<4).map { event(id: "\(hour)-\($0)", at: time) }
            try world.write("2015-01-01-\(hour)", events)
        }
    }

    private func text(_ rows: RowSet?) -> [[UInt8]] {
        rows.map { rows in (0..<rows.count).map { rows.row($0) } } ?? []
    }

    @Test func `with nothing new nothing changes`() throws {
        let first = try world.extract("2015-01-01-0", "2015-01-01-2")
        #expect(first.changed)
        let second = try world.extract("2015-01-01-0", "2015-01-01-2", previous: first)
        #expect(!second.changed)
        #expect(second.coverage == first.coverage)
        #expect(world.progress.suffix(3).allSatisfy { $0.contains("unchanged") })
    }

    @Test func `a new hour is added to the rows there are`() throws {
        let first = try world.extract("2015-01-01-0", "2015-01-01-1")
        let second = try world.extract("2015-01-01-0", "2015-01-01-2", previous: first)
        let whole = try world.extract("2015-01-01-0", "2015-01-01-2")
        #expect(text(second.rows) == text(whole.rows))
        #expect(second.rows?.count == 12)
        #expect(second.coverage == whole.coverage)
        #expect(world.progress.filter { $0.contains("unchanged") }.count == 2)
    }

    @Test func `a changed hour is read again, the others are not`() throws {
        let first = try world.extract("2015-01-01-0", "2015-01-01-2")
        try world.write("2015-01-01-1", [event(id: "new", at: "2015-01-01T01:00:00Z")])
        let second = try world.extract("2015-01-01-0", "2015-01-01-2", previous: first)
        let whole = try world.extract("2015-01-01-0", "2015-01-01-2")
        #expect(text(second.rows) == text(whole.rows))
        #expect(second.coverage == whole.coverage)
        #expect(second.rows?.count == 9)
        #expect(world.progress.filter { $0.contains("unchanged") }.count == 2)
    }

    @Test func `an hour left out takes its rows along`() throws {
        let first = try world.extract("2015-01-01-0", "2015-01-01-2")
        let second = try world.extract("2015-01-01-1", "2015-01-01-2", previous: first)
        #expect(second.rows?.count == 8)
        #expect(second.coverage.map(\.partition) == ["2015-01-01-1", "2015-01-01-2"])
    }

    /// Four rows of a source "one", and four of a source "two" added to them.
    private func twoSources() throws -> Extracted {
        let first = try world.extract("2015-01-01-0", "2015-01-01-0", source: "one")
        return try world.extract(
            "2015-01-01-1",
            "2015-01-01-1",
            table: first.rows,
            source: "two"
        )
    }

    @Test func `rows of another source stay`() throws {
        let both = try twoSources()
        let sources = try both.objects().map { $0["source"] as? String }
        #expect(sources.count == 8)
        #expect(sources.filter { $0 == "one" }.count == 4)
        #expect(both.coverage.map(\.source) == ["two"])
    }

    @Test func `rows of a source that is gone go`() throws {
        let both = try twoSources()
        let edit = RawEdit(table: GitHubArchive.table, results: [], gone: ["one"])
        #expect(!edit.isEmpty)
        let gone = try both.table.objects().enumerated().filter { index, _ in
            try edit.drops(both.table.row(index))
        }
        #expect(gone.count == 4 && gone.allSatisfy { $1["source"] as? String == "one" })
    }

    @Test func `of two rows with one key that of the first hour stays, whichever comes later`()
        throws
    {
        let double = event(id: "double", at: "2015-01-01T00:59:00Z")
        try world.write("2015-01-01-1", [double, event(id: "x", at: "2015-01-01T01:00:00Z")])
        let second = try world.extract("2015-01-01-1", "2015-01-01-1")
        #expect(second.rows?.count == 2)
        // The hour before comes to have it, too: with other content.
        try world.write(
            "2015-01-01-0",
            [event(id: "double", login: "eve", at: "2015-01-01T00:59:00Z")]
        )
        let both = try world.extract("2015-01-01-0", "2015-01-01-1", previous: second)
        let whole = try world.extract("2015-01-01-0", "2015-01-01-1")
        #expect(text(both.rows) == text(whole.rows))
        #expect(both.coverage == whole.coverage)
        #expect(both.coverage.map(\.rows) == [1, 1])
        #expect(both.coverage.map(\.conflicting) == [0, 1])
        #expect(try both.objects().map { $0["actor_login"] as? String } == ["eve", "joe"])
    }

    @Test func `an hour that is gone keeps its rows, and a note says so`() throws {
        let first = try world.extract("2015-01-01-0", "2015-01-01-2")
        #expect(first.notes.isEmpty)
        try world.remove("2015-01-01-1")
        let second = try world.extract("2015-01-01-0", "2015-01-01-3", previous: first)
        #expect(!second.changed)
        #expect(Array(second.coverage.prefix(3)) == first.coverage)
        #expect(
            second.notes == [
                "no longer there, rows stay: 2015-01-01-1", "not there: 2015-01-01-3",
            ]
        )
        // Rows that another rule chose cannot stay.
        let keep = EventFilter.directory(owners: ["ann"], repositories: [])
        let third = try world.extract(
            "2015-01-01-0",
            "2015-01-01-2",
            keep: keep,
            previous: first
        )
        #expect(third.rows?.count == 8)
        #expect(
            third.notes == [
                "no longer there, and what to keep has changed, so rows go: 2015-01-01-1"
            ]
        )
    }

    @Test func `of many hours that are not there a note names the first`() throws {
        let result = try world.extract("2015-01-01", "2015-01-01")
        #expect(
            result.notes == [
                "not there: 2015-01-01-3, 2015-01-01-4, 2015-01-01-5, 2015-01-01-6, 2015-01-01-7"
                    + " and 16 more"
            ]
        )
    }

    @Test func `a folder that is gone is an error, not one of missing hours`() throws {
        let first = try world.extract("2015-01-01-0", "2015-01-01-2")
        try FileManager.default.removeItem(at: world.folder)
        let failure = try #require(throws: Failure.self) {
            try Self.extract(folder: world.folder.path, previous: first)
        }
        #expect(failure.code == .fetchAddress)
        #expect(failure.message == "There is no folder \"\(world.folder.path)\".")
    }

    /// Extracts with a fetcher that may read that folder only.
    private static func extract(folder: String, previous: Extracted) throws -> ExtractResult {
        try GitHubArchive.extract(
            endpoint: "file://\(folder)",
            from: "2015-01-01-0",
            to: "2015-01-01-2",
            keep: .all,
            fetcher: Fetcher(
                options: FetchOptions(
                    userAgent: "osodata-test",
                    fileRoot: folder,
                    sleep: { _ in },
                    now: { 0 }
                )
            ),
            context: SourceContext(
                sourceName: "archive",
                emailKey: Array("public-demo".utf8),
                previousCoverage: previous.coverage,
                now: 0
            )
        )
    }

    @Test func `no server is asked for hours to come`() throws {
        // Nobody listens there, and it is 2026-01-01-0.
        let result = try world.extract(
            "2026-01-01-1",
            "2030-01-01",
            endpoint: "http://127.0.0.1:9"
        )
        #expect(result.coverage.count == 35_087)
        #expect(result.coverage.allSatisfy { $0.state == .missing && $0.coveredUntil == nil })
        #expect(result.notes.isEmpty)
    }

    @Test func `behind a missing hour nothing is covered, until it comes`() throws {
        try world.remove("2015-01-01-1")
        let first = try world.extract("2015-01-01-0", "2015-01-01-2")
        #expect(first.coverage.map(\.state) == [.covered, .missing, .covered])
        #expect(first.coverage.map { $0.coveredUntil != nil } == [true, false, false])
        #expect(first.rows?.count == 8)

        try world.write("2015-01-01-1", [event(id: "late", at: "2015-01-01T01:00:00Z")])
        let second = try world.extract("2015-01-01-0", "2015-01-01-2", previous: first)
        #expect(second.rows?.count == 9)
        #expect(second.coverage == (try world.extract("2015-01-01-0", "2015-01-01-2")).coverage)
        #expect(second.coverage.map(\.coveredUntil).allSatisfy { $0 != nil })
    }

    @Test func `made-up hours state no time`() throws {
        let result = try world.extract("2015-01-01-0", "2015-01-01-2", madeUp: true)
        #expect(result.coverage.allSatisfy { $0.coveredUntil == nil && $0.madeUp })
    }

    @Test func `no hours at all give an empty table once`() throws {
        let first = try world.extract("2019-01-01-0", "2019-01-01-1")
        #expect(first.rows?.count == 0)
        let second = try world.extract("2019-01-01-0", "2019-01-01-1", previous: first)
        #expect(!second.changed)
    }

    @Test func `coverage survives being a table`() throws {
        try world.remove("2015-01-01-2")
        let coverage = try world.extract("2015-01-01-0", "2015-01-01-2").coverage
        let table = try CoverageRow.rowSet(coverage.reversed())
        #expect(try CoverageRow.rows(of: table) == coverage)
        #expect(table.schema.key == ["source", "partition"])
    }
}
