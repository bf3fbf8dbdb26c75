@testable import Connectors
import Diagnostics
import Foundation
import Records
import Testing

/// Real hours of GitHub Archive, where they are beside the project; see SOURCES.md there.
enum RealData {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appending(path: "../../../shared/data/gharchive")
        .standardizedFileURL

    static var isThere: Bool { FileManager.default.fileExists(atPath: folder.path) }

    static let hours = [
        "2011-02-15-0", "2013-02-15-0", "2015-01-01-0", "2015-01-01-1", "2016-01-01-1",
        "2016-01-01-2", "2016-01-01-3", "2016-01-01-4", "2016-01-01-5", "2016-01-01-6",
    ]

    /// Lines of a packed file, unpacked by the gzip program and not by our code.
    static func lines(_ name: String) throws -> [[String: Any]] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", folder.appending(path: "hours/\(name)").path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return try data.split(separator: UInt8(ascii: "\n")).map { line in
            try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
        }
    }

    /// Rows of an hour in the order of its lines, and its coverage.
    static func extract(_ hour: String) throws -> (rows: RowSet, coverage: CoverageRow) {
        let context = SourceContext(sourceName: "real", emailKey: Array("test".utf8), now: 0)
        let result = try GitHubArchive.extract(
            endpoint: "file://\(folder.appending(path: "hours").path)",
            from: hour,
            to: hour,
            keep: .all,
            fetcher: ArchiveWorld.fetcher,
            context: context
        )
        let extracted = try Extracted(result, GitHubArchive.table, to: nil)
        return (extracted.table, try #require(extracted.coverage.first))
    }

    static func inLineOrder(_ rows: RowSet) throws -> [[String: Any]] {
        try rows.objects().sorted { one, other in
            (one["source_line"] as? Int ?? 0) < (other["source_line"] as? Int ?? 0)
        }
    }
}

@Suite(.enabled(if: RealData.isThere))
struct RealArchiveTests {
    /// `*.transformed.json.gz` are the same lines in the shape of 2015, made by another program.
    @Test(arguments: ["2011-02-15-0", "2013-02-15-0"])
    func `rows agree with another program's reading of old formats`(hour: String) throws {
        let (rows, coverage) = try RealData.extract(hour)
        let mine = try RealData.inLineOrder(rows)
        let theirs = try RealData.lines("\(hour).transformed.json.gz")
        #expect(mine.count == theirs.count && Int(coverage.lines) == theirs.count)
        #expect(mine.count > 1600)
        var compared = (repos: 0, actors: 0, organizations: 0)
        for (row, event) in zip(mine, theirs) {
            let time = (event["created_at"] as? String)?.replacing(" ", with: "T") ?? ""
            #expect(row["created_at"] as? String == time + "Z")
            #expect(row["event_type"] as? String == event["type"] as? String)
            #expect(row["is_public"] as? Bool == event["public"] as? Bool)

            let actor = event["actor"] as? [String: Any] ?? [:]
            #expect(row["actor_login"] as? String == nonEmpty(actor["login"]))
            #expect(row["actor_id"] as? Int == actor["id"] as? Int)
            if row["actor_login"] is String { compared.actors += 1 }

            let repo = event["repo"] as? [String: Any] ?? [:]
            #expect(row["repo_id"] as? Int == repo["id"] as? Int)
            let name = repo["name"] as? String
            if let mine = row["repo_name"] as? String {
                // In 2013 they give the name without its owner.
                #expect(mine == name || mine.hasSuffix("/" + (name ?? "?")))
                compared.repos += 1
            } else {
                #expect(name == nil || name == "/" || hour.hasPrefix("2013"))
            }
            if hour.hasPrefix("2011") {
                let organization = event["org"] as? [String: Any] ?? [:]
                #expect(row["org_login"] as? String == nonEmpty(organization["login"]))
                #expect(row["org_id"] as? Int == organization["id"] as? Int)
                #expect(row["event_id"] as? String == event["id"] as? String)
            }
            if row["org_login"] is String { compared.organizations += 1 }
        }
        // 161 events of 2013 have no repository, 39 one without owner.
        #expect(compared.repos == (hour.hasPrefix("2011") ? 1443 : 6651))
        #expect(compared.actors == (hour.hasPrefix("2011") ? 1628 : 6848))
        #expect(compared.organizations == (hour.hasPrefix("2011") ? 289 : 2434))
        // "2013-02-15-0" is told in California: 08:00 to 09:00 UTC.
        let end: Int64 = hour.hasPrefix("2011") ? 1_297_731_600_000_000 : 1_360_918_800_000_000
        #expect(coverage.coveredUntil == end)
    }

    private func nonEmpty(_ value: Any?) -> String? {
        (value as? String).flatMap { $0.isEmpty ? nil : $0 }
    }

    @Test func `rows agree with the lines of today's format`() throws {
        let (rows, coverage) = try RealData.extract("2016-01-01-5")
        let mine = try RealData.inLineOrder(rows)
        let lines = try RealData.lines("2016-01-01-5.json.gz")
        #expect(mine.count == 10_578 && lines.count == 10_578)
        #expect(coverage.folded == 0 && coverage.conflicting == 0)
        for (row, event) in zip(mine, lines) {
            #expect(row["event_id"] as? String == event["id"] as? String)
            #expect(row["created_at"] as? String == event["created_at"] as? String)
            let actor = event["actor"] as? [String: Any] ?? [:]
            #expect(row["actor_login"] as? String == actor["login"] as? String)
            let repo = event["repo"] as? [String: Any] ?? [:]
            #expect(row["repo_name"] as? String == repo["name"] as? String)
            let payload = row["payload"] as? NSObject
            // Where nothing was scrubbed, the payload says what it said.
            if event["type"] as? String == "WatchEvent" {
                #expect(payload == event["payload"] as? NSObject)
            }
            #expect(row["other"] is NSNull)
        }
    }

    @Test func `no address is left in any row, and the real U+0000 is counted`() throws {
        var rowCount = 0
        var scrubbed: Int64 = 0
        var replaced: Int64 = 0
        for hour in RealData.hours {
            let (rows, coverage) = try RealData.extract(hour)
            for index in 0..<rows.count {
                let row = rows.row(index)
                if let left = AddressSearch.first(in: row) {
                    Issue.record("\(hour) line \(index): \(left)")
                }
            }
            #expect(Int64(rows.count) + coverage.folded == coverage.lines)
            rowCount += rows.count
            scrubbed += coverage.scrubbedEmails
            replaced += coverage.replacedCharacters
        }
        #expect(rowCount == 92_942)
        #expect(scrubbed > 50_000)
        #expect(replaced > 0)
    }

    @Test func `fixtures of every type and year are read`() throws {
        let folder = RealData.folder.appending(path: "arfon_fixtures")
        var count = 0
        for year in 2011...2016 {
            let files = try FileManager.default
                .contentsOfDirectory(atPath: folder.appending(path: "\(year)").path)
                .filter { $0.hasSuffix("_raw.json") }
            for file in files.sorted() {
                let path = folder.appending(path: "\(year)/\(file)")
                let rows = try read([UInt8](Data(contentsOf: path)), file)
                let row = try #require(rows.first)
                #expect(rows.count == 1)
                #expect(row["event_type"] as? String == file.replacing("_raw.json", with: ""))
                #expect((row["created_at"] as? String)?.hasPrefix("\(year)-") == true)
                // One event, a gist of 2014, was made by nobody.
                let isAnonymous = file == "GistEvent_raw.json" && year == 2014
                #expect(row["actor_login"] is String == !isAnonymous)
                count += 1
            }
        }
        #expect(count == 91)
    }

    @Test func `samples, answers of the API and the format since 2025-10 are read`() throws {
        var counts: [String: Int] = [:]
        for part in ["samples", "api_fixtures", "format_2025-10+"] {
            let folder = RealData.folder.appending(path: part)
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
                // A list of events is no archive; the other is the same file packed.
                guard file != "simdjson_github_events.json", !file.hasSuffix(".gz") else {
                    continue
                }
                let data = try Data(contentsOf: folder.appending(path: file))
                counts[file] = try read([UInt8](data), file).count
            }
        }
        #expect(counts["pinot_2021-07-21-few-hours.json"] == 800)
        #expect(counts["2018-01-01-0.slice.json"] == 10)
        #expect(counts["transcribed_2026_events.ndjson"] == 7)
        #expect(counts["push_event_post_drift_2025-12-15-0.json"] == 1)
        #expect(counts["github3.py_events.ndjson"] == 681)
        #expect(counts["PyGithub_events.ndjson"] == 218)
        #expect(counts["gethub_2025_events.ndjson"] == 56)
        #expect(counts.values.reduce(0, +) > 1775)
    }

    /// Reads a text of events, a line each or one pretty-printed over several.
    private func read(_ text: [UInt8], _ file: String) throws -> [[String: Any]] {
        let context = SourceContext(sourceName: "real", emailKey: Array("test".utf8), now: 0)
        var reader = EventReader(file: file, rule: .all, context: context)
        var number: Int64 = 0
        let isByLine = text.split(separator: UInt8(ascii: "\n")).allSatisfy {
            $0.first == UInt8(ascii: "{") && $0.last == UInt8(ascii: "}")
        }
        let lines = isByLine ? text.split(separator: UInt8(ascii: "\n")).map(Array.init) : [text]
        for line in lines {
            number += 1
            unsafe try line.withUnsafeBufferPointer { (line) throws(Failure) in
                unsafe try reader.read(line, number: number)
            }
        }
        var coverage = CoverageRow(
            source: "real",
            partition: file,
            connector: GitHubArchive.name,
            location: file,
            state: .covered,
            madeUp: false
        )
        return try reader.finish(&coverage).objects()
    }
}

/// Looks for addresses in the text of rows, written apart from the scrubber.
enum AddressSearch {
    /// The first thing that looks like one, but for repositories (`git@host:`).
    static func first(in row: [UInt8]) -> String? {
        unsafe row.withUnsafeBytes { bytes in
            var start = 0
            while let base = bytes.baseAddress, start < bytes.count,
                let found = unsafe memchr(base + start, 0x40, bytes.count - start)
            {
                let at = unsafe UnsafeRawPointer(found) - base
                if isAddress(row, at) {
                    let around = row[max(0, at - 30)..<min(row.count, at + 40)]
                    return String(decoding: around, as: UTF8.self)
                }
                start = at + 1
            }
            return nil
        }
    }

    private static func isAddress(_ row: [UInt8], _ at: Int) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
        }
        let before = row[..<at].reversed().prefix { isWord($0) || "._%+-".utf8.contains($0) }
        guard let last = before.first else { return false }
        // "\n@name" is a line end and a name, not an address.
        if before.count == 1, row[at - 2] == UInt8(ascii: "\\"), "nrtbf".utf8.contains(last) {
            return false
        }
        let domain = row[(at + 1)...].prefix { isWord($0) || $0 == 0x2D || $0 == 0x2E }
        let labels = domain.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard labels.count > 1, labels.first?.isEmpty == false else { return false }
        let hasTop = labels.dropFirst().contains { label in
            label.count > 1 && label.prefix(2).allSatisfy { (0x61...0x7A).contains($0 | 0x20) }
        }
        let isGit = before.count == 3 && String(decoding: before, as: UTF8.self) == "tig"
        let next = domain.endIndex < row.count ? row[domain.endIndex] : 0
        return hasTop && !(isGit && (next == UInt8(ascii: ":") || next == UInt8(ascii: "/")))
    }
}
