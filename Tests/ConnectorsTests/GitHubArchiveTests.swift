@testable import Connectors
import Diagnostics
import Foundation
import Records
import Testing

/// Hours of events made by the tests.
struct GitHubArchiveTests {
    let world: ArchiveWorld

    init() throws { world = try ArchiveWorld() }

    private let hour = "2015-01-01-0"

    private func failure(_ body: () throws -> Void) -> Failure? {
        do {
            try body()
            return nil
        } catch {
            return Failure(wrapping: error)
        }
    }

    @Test func `an event of today becomes a row`() throws {
        let line =
            #"{"id":"42","type":"PushEvent","actor":{"id":7,"login":"Joe","avatar_url":"a"},"#
            + #""repo":{"id":9,"name":"Ann/Tools"},"org":{"id":3,"login":"acme"},"#
            + #""payload":{"b":1.50,"a":[]},"public":true,"#
            + #""created_at":"2015-01-01T00:00:05Z","extra":{"z":1}}"#
        try world.write(hour, [line])
        let result = try world.extract(hour, hour)
        let rows = try #require(result.rows)
        let text = String(decoding: rows.row(0), as: UTF8.self)
        #expect(rows.count == 1)
        #expect(
            text == #"{"created_at":"2015-01-01T00:00:05Z","event_id":"42","#
                + #""event_type":"PushEvent","actor_id":7,"actor_login":"Joe","repo_id":9,"#
                + #""repo_name":"Ann/Tools","org_id":3,"org_login":"acme","is_public":true,"#
                + #""payload":{"a":[],"b":1.5},"other":{"extra":{"z":1}},"source":"archive","#
                + #""source_file":"2015-01-01-0.json.gz","source_line":1}"# + "\n"
        )
        let coverage = try #require(result.coverage.first)
        #expect(coverage.partition == hour)
        #expect(coverage.location == "file://samples/2015-01-01-0.json.gz")
        #expect(coverage.state == .covered)
        #expect(coverage.rows == 1 && coverage.lines == 1)
        #expect(coverage.coveredUntil == 1_420_074_000_000_000)
        #expect(coverage.contentSHA256?.count == 64)
        #expect(coverage.table == "raw.github_events")
    }

    @Test func `an event of the timeline becomes a row`() throws {
        let line =
            #"{"created_at":"2013-02-15T00:00:39-08:00","payload":{},"public":true,"#
            + #""type":"WatchEvent","url":"https://github.com/ann/tools","actor":"joe","#
            + #""actor_attributes":{"login":"joe"},"#
            + #""repository":{"id":9,"name":"tools","owner":"ann","organization":"acme"}}"#
        try world.write("2013-02-15-0", [line])
        let result = try world.extract("2013-02-15-0", "2013-02-15-0")
        let row = try #require(try result.objects().first)
        #expect(row["created_at"] as? String == "2013-02-15T08:00:39Z")
        #expect(row["actor_login"] as? String == "joe")
        #expect(row["actor_id"] is NSNull)
        #expect(row["repo_name"] as? String == "ann/tools")
        #expect(row["repo_id"] as? Int == 9)
        #expect(row["org_login"] as? String == "acme")
        #expect((row["event_id"] as? String)?.count == 64)
        let other = try #require(row["other"] as? [String: Any])
        #expect(Set(other.keys) == ["url", "actor_attributes", "repository"])
        // The hour's name is the hour in California: it ends at 09:00 UTC.
        #expect(result.coverage.first?.coveredUntil == 1_360_918_800_000_000)
    }

    @Test func `what does not fit a column stays in other`() throws {
        try world.write(
            hour,
            [
                #"{"id":1,"type":"A","created_at":"2015-01-01T00:00:00Z","actor":{"id":"x"},"#
                    + #""repo":{"id":9,"name":"nameless"},"public":"yes","payload":null}"#,
                #"{"id":"2","type":"A","created_at":"2015-01-01T00:00:01Z","actor":null,"#
                    + #""repo":{"name":"/","url":"u"}}"#,
            ]
        )
        let result = try world.extract(hour, hour)
        let rows = try result.objects()
        #expect(rows[0]["event_id"] as? String == "1")
        #expect(rows[0]["actor_id"] is NSNull)
        #expect(rows[0]["repo_name"] is NSNull)
        #expect(rows[0]["repo_id"] as? Int == 9)
        #expect(rows[0]["payload"] is NSNull)
        let other = try #require(rows[0]["other"] as? [String: Any])
        #expect(Set(other.keys) == ["actor", "repo", "public"])
        #expect(rows[1]["other"] is NSNull)
        #expect(rows[1]["repo_name"] is NSNull)
    }

    // MARK: Bad input

    @Test func `a file that is cut off is refused, and nothing of it kept`() throws {
        let lines = (0..<3000).map { event(id: "\($0)", payload: #"{"n":\#($0 * 7919)}"#) }
        try world.write(hour, lines)
        let file = world.folder.appending(path: "\(hour).json.gz")
        let whole = [UInt8](try Data(contentsOf: file))
        for count in [whole.count - 1, whole.count / 2, 20, 5] {
            try world.write(hour, bytes: Array(whole.prefix(count)))
            let thrown = failure { _ = try world.extract(hour, hour) }
            #expect(thrown?.code == .archiveContent)
            #expect(thrown?.place?.file == "2015-01-01-0.json.gz")
        }
        try world.write(hour, bytes: [])
        #expect(failure { _ = try world.extract(hour, hour) }?.code == .archiveContent)
        try world.write(hour, bytes: Array("<html>not found</html>".utf8))
        #expect(failure { _ = try world.extract(hour, hour) }?.code == .archiveContent)
    }

    @Test(arguments: [
        "not json", "{", "{\"id\":1}}", "[]", "17", "null", #"{"id":"1","type":"A"}"#,
        #"{"id":"1","created_at":"2015-01-01T00:00:00Z"}"#,
        #"{"id":"1","type":"A","created_at":"yesterday"}"#,
        #"{"id":"1","type":null,"created_at":"2015-01-01T00:00:00Z"}"#, "{}x", "{} 1",
        #"{"id":"1","type":"A","created_at":"2015-01-01T00:00:00Z","payload":{"n":1e999}}"#,
    ])
    func `a line that is no event is refused with its place`(line: String) throws {
        try world.write(hour, [event(), "", line, event(id: "3")])
        let thrown = try #require(failure { _ = try world.extract(hour, hour) })
        #expect(thrown.place?.description == "2015-01-01-0.json.gz:3")
        #expect(thrown.message.hasSuffix("."))
    }

    @Test func `of several bad hours the first is reported, whatever the threads do`() throws {
        try world.write("2015-01-01-0", [event()])
        for number in 1...8 { try world.write("2015-01-01-\(number)", ["no"]) }
        for threads in [1, 4] {
            let thrown = failure {
                _ = try world.extract("2015-01-01", "2015-01-01", threads: threads)
            }
            #expect(thrown?.place?.file == "2015-01-01-1.json.gz")
        }
    }

    @Test func `U+0000, lone surrogates and broken UTF-8 are replaced and counted`() throws {
        var text = Array(
            (event(id: "1", login: #"a\u0000b"#, payload: #"{"k\ud800":"\u0000\udc00"}"#) + "\n")
                .utf8
        )
        text += Array(event(id: "2", payload: #"{"b":"#).utf8.prefix { _ in true })
        text += [0x22, 0xFF, 0x22]
        let tail = #"},"public":true,"created_at":"2015-01-01T00:00:00Z"}"#
        let head = #"{"id":"2","type":"A","payload":{"b":"#
        text = Array(text.prefix { $0 != 0x0A }) + [0x0A] + Array(head.utf8) + [0x22, 0xFF, 0x22]
        text += Array(tail.utf8)
        try world.write(hour, bytes: Gzip.pack(text))
        let result = try world.extract(hour, hour)
        let rows = try result.objects()
        #expect(rows[0]["actor_login"] as? String == "a\u{FFFD}b")
        #expect(rows[0]["payload"] as? [String: String] == ["k\u{FFFD}": "\u{FFFD}\u{FFFD}"])
        #expect(rows[1]["payload"] as? [String: String] == ["b": "\u{FFFD}"])
        #expect(result.coverage[0].replacedCharacters == 5)
    }

    @Test func `of equal keys the last stays, and is counted`() throws {
        let line =
            #"{"id":"1","id":"2","type":"A","created_at":"2015-01-01T00:00:00Z","#
            + #""payload":{"a":1,"a":2}}"#
        try world.write(hour, [line])
        let result = try world.extract(hour, hour)
        let row = try #require(try result.objects().first)
        #expect(row["event_id"] as? String == "2")
        #expect(row["payload"] as? [String: Int] == ["a": 2])
        #expect(result.coverage[0].duplicateKeys == 2)
    }

    @Test func `several events in a line, as in 2012, are several rows`() throws {
        try world.write(
            hour,
            [event(id: "1") + event(id: "2") + " " + event(id: "3"), event(id: "4")]
        )
        let result = try world.extract(hour, hour)
        let rows = try result.objects()
        #expect(rows.map { $0["event_id"] as? String } == ["1", "2", "3", "4"])
        #expect(rows.map { $0["source_line"] as? Int } == [1, 1, 1, 2])
        let place = failure {
            try world.write(hour, [event() + "{]"])
            _ = try world.extract(hour, hour)
        }?.place
        #expect(place?.line == 1)
    }

    // MARK: Equal and conflicting events

    @Test func `equal lines fold and are counted`() throws {
        try world.write(hour, [event(id: "1"), event(id: "2"), event(id: "1")])
        let result = try world.extract(hour, hour)
        #expect(result.rows?.count == 2)
        #expect(result.coverage[0].folded == 1)
        #expect(result.coverage[0].conflicting == 0)
        #expect(result.coverage[0].rows == 2)
        #expect(result.coverage[0].lines == 3)
        let row = try result.objects().first
        #expect(row?["source_line"] as? Int == 1)
    }

    @Test func `of two contents of one id the first stays, and the other is counted`() throws {
        try world.write(hour, [event(id: "1"), event(id: "1", login: "ann")])
        let result = try world.extract(hour, hour)
        #expect(result.coverage[0].conflicting == 1)
        let row = try #require(try result.objects().first)
        #expect(row["actor_login"] as? String == "joe")
        #expect(result.rows?.count == 1)
    }

    @Test(arguments: [1, 3])
    func `an event in two hours is of the first`(threads: Int) throws {
        let late = "2015-01-01T01:30:00Z"
        try world.write("2015-01-01-0", [event(id: "1"), event(id: "2", at: late)])
        try world.write(
            "2015-01-01-1",
            [event(id: "2", at: late), event(id: "3", at: late)]
        )
        try world.write("2015-01-01-2", [event(id: "3", login: "ann", at: late)])
        let result = try world.extract("2015-01-01-0", "2015-01-01-2", threads: threads)
        #expect(result.coverage.map(\.rows) == [2, 1, 0])
        #expect(result.coverage.map(\.folded) == [0, 1, 0])
        #expect(result.coverage.map(\.conflicting) == [0, 0, 1])
        let files = try result.objects().map { $0["source_file"] as? String }
        #expect(files == ["2015-01-01-0.json.gz", "2015-01-01-0.json.gz", "2015-01-01-1.json.gz"])
    }

    @Test func `an event without id is known by its line`() throws {
        let line = #"{"type":"A","created_at":"2013-01-01T00:00:00Z","actor":"joe"}"#
        let other = #"{"type":"A","created_at":"2013-01-01T00:00:00Z","actor":"ann"}"#
        try world.write(hour, [line, other, line])
        let result = try world.extract(hour, hour)
        #expect(result.rows?.count == 2)
        #expect(result.coverage[0].folded == 1)
    }

    // MARK: Keep rule

    @Test func `only events of the directory are kept`() throws {
        try world.write(
            hour,
            [
                event(id: "1", repo: "Ann/Tools"), event(id: "2", repo: "ann/other"),
                event(id: "3", repo: "ACME/anything"), event(id: "4", repo: "acme2/x"),
                event(id: "5", repo: "/"), event(id: "6", repo: "joe/acme"),
            ]
        )
        let keep = EventFilter.directory(owners: ["acme"], repositories: ["ann/tools"])
        let result = try world.extract(hour, hour, keep: keep)
        let ids = try result.objects().map { $0["event_id"] as? String }
        #expect(ids == ["1", "3"])
        #expect(result.coverage[0].dropped == 4)
        #expect(result.coverage[0].lines == 6)

        let all = try world.extract(hour, hour, previous: result)
        #expect(all.rows?.count == 6)
        #expect(all.coverage[0].filter != result.coverage[0].filter)
    }

    // MARK: Addresses

    @Test func `addresses leave in no string, key or name`() throws {
        let payload =
            #"{"commits":[{"author":{"email":"joe@laptop","name":"joe@example.org"},"#
            + #""message":"by joe\u0040example.org, see git@github.com:a/b"}],"#
            + #""ann@example.org":1,"shas":[["x","ann@home","m"]]}"#
        try world.write(hour, [event(type: "PushEvent", login: "x@example.org", payload: payload)])
        let result = try world.extract(hour, hour)
        let text = String(decoding: try #require(result.rows?.row(0)), as: UTF8.self)
        #expect(!text.contains("example.org"))
        #expect(!text.contains("joe@laptop") && !text.contains("ann@home"))
        #expect(text.contains("git@github.com:a/b"))
        #expect(result.coverage[0].scrubbedEmails == 6)
        let scrubber = EmailScrubber(key: Array("public-demo".utf8))
        #expect(text.contains(scrubber.hash("joe@laptop")))
    }
}
