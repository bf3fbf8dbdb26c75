@testable import Connectors
import Diagnostics
import Foundation
import Records
import Synchronization
import Testing

/// A repository made by the git program, with no configuration but its own.
final class HistoryWorld: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "osodata-history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try git("init", "-q", "-b", "main", "repo")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var path: String { folder.appending(path: "repo").path }

    func git(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: [UInt8]? = nil
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = folder
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder.path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org",
            "GIT_AUTHOR_DATE": "1700000000 +0100", "GIT_COMMITTER_NAME": "Joe",
            "GIT_COMMITTER_EMAIL": "joe@example.org", "GIT_COMMITTER_DATE": "1700000100 +0000",
        ].merging(environment) { $1 }
        process.standardError = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardInput = input == nil ? FileHandle.nullDevice : pipe
        try process.run()
        if let input {
            try pipe.fileHandleForWriting.write(contentsOf: Data(input))
            try pipe.fileHandleForWriting.close()
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }

    func commit(_ message: String, environment: [String: String] = [:]) throws {
        try git(
            "-C",
            "repo",
            "commit",
            "-q",
            "--allow-empty",
            "--cleanup=verbatim",
            "-F",
            "-",
            environment: environment,
            input: Array(message.utf8)
        )
    }

    func extract(
        _ repositories: [(path: String, url: String)]? = nil,
        previous: Extracted? = nil,
        now: Int64 = 5_000_000
    ) throws -> Extracted {
        let context = SourceContext(
            sourceName: "git",
            emailKey: Array("public-demo".utf8),
            previousCoverage: previous?.coverage ?? [],
            now: now
        )
        let result = try GitHistory.extract(
            repositories: repositories ?? [(path, "https://GitHub.com/Ann/Tools.git")],
            context: context
        )
        return try Extracted(result, GitHistory.table, to: previous?.table)
    }
}

struct GitHistoryTests {
    let world: HistoryWorld

    init() throws { world = try HistoryWorld() }

    private let scrubber = EmailScrubber(key: Array("public-demo".utf8))

    @Test func `a commit becomes a row`() throws {
        try world.commit("first\n")
        let bot = "49699333+Dependabot[bot]@users.noreply.github.com"
        try world.commit(
            "second, thanks joe@example.org\n\nbody\n",
            environment: ["GIT_AUTHOR_EMAIL": bot, "GIT_COMMITTER_DATE": "1700000200 +0000"]
        )
        let result = try world.extract()
        let rows = try result.objects()
        #expect(rows.count == 2)
        #expect(rows[0]["committed_at"] as? String == "2023-11-14T22:15:00Z")
        #expect(rows[0]["authored_at"] as? String == "2023-11-14T22:13:20Z")
        #expect(rows[0]["repository"] as? String == "https://github.com/ann/tools")
        #expect(rows[0]["author_name"] as? String == "Ann")
        #expect(rows[0]["author_login"] is NSNull)
        #expect(rows[0]["author_email"] as? String == scrubber.hash("ann@example.org"))
        #expect(rows[0]["committer_email"] as? String == scrubber.hash("joe@example.org"))
        #expect(rows[0]["parents"] as? [String] == [])
        #expect(rows[0]["message"] as? String == "first\n")
        #expect(rows[0]["source"] as? String == "git")
        #expect(rows[0]["source_ref"] as? String == "HEAD")
        #expect(rows[1]["author_login"] as? String == "dependabot[bot]")
        #expect(rows[1]["author_email"] as? String == scrubber.hash(bot))
        #expect(rows[1]["parents"] as? [String] == [rows[0]["sha"] as? String ?? ""])
        let message = "second, thanks \(scrubber.hash("joe@example.org"))\n\nbody\n"
        #expect(rows[1]["message"] as? String == message)
        let coverage = try #require(result.coverage.first)
        #expect(coverage.partition == "https://github.com/ann/tools")
        #expect(coverage.rows == 2 && coverage.lines == 2 && coverage.scrubbedEmails == 5)
        #expect(coverage.coveredUntil == 5_000_000)
        #expect(coverage.table == "raw.git_commits")
    }

    @Test func `commits of osodata's own runs are left out, and change nothing`() throws {
        try world.commit("first\n")
        let first = try world.extract()
        try world.commit("run: 3 tables changed\n\nOsodata-Run: 1\nOsodata-As-Of: x\n")
        let second = try world.extract(previous: first, now: 9_000_000)
        #expect(!second.changed)
        #expect(second.coverage == first.coverage)
        let anew = try world.extract()
        #expect(anew.rows?.count == 1)
        #expect(anew.coverage[0].dropped == 1)

        try world.commit("real work\n")
        let third = try world.extract(previous: first, now: 9_000_000)
        #expect(third.rows?.count == 2)
        #expect(third.coverage[0].coveredUntil == 9_000_000)
    }

    @Test func `an unchanged repository keeps its rows beside a changed one`() throws {
        try world.commit("first\n")
        try world.git("clone", "-q", "repo", "other")
        let other = world.folder.appending(path: "other").path
        let both = [(world.path, "https://x.org/a"), (other, "https://x.org/b")]
        let first = try world.extract(both)
        try world.commit("second\n")
        let second = try world.extract(both, previous: first, now: 7_000_000)
        #expect(second.rows?.count == 3)
        #expect(second.coverage.map(\.coveredUntil) == [7_000_000, 5_000_000])
        let less = try world.extract([both[1]], previous: second)
        #expect(less.rows?.count == 1)
    }

    @Test func `odd dates and texts are repaired and counted`() throws {
        try world.commit("x\n", environment: ["GIT_COMMITTER_DATE": "@999999999999 +0000"])
        try world.git(
            "-C",
            "repo",
            "-c",
            "i18n.commitEncoding=none",
            "commit",
            "-q",
            "--allow-empty",
            "-F",
            "-",
            input: [0x61, 0xFF, 0x62, 0x0A]
        )
        let result = try world.extract()
        let rows = try result.objects()
        #expect(rows.map { $0["message"] as? String } == ["a\u{FFFD}b\n", "x\n"])
        #expect(rows[1]["committed_at"] as? String == "9999-12-31T23:59:59Z")
        #expect(result.coverage[0].clampedTimes == 1)
        #expect(result.coverage[0].replacedCharacters == 1)
    }

    @Test func `a repository without commits is covered`() throws {
        let result = try world.extract()
        #expect(result.rows?.count == 0)
        #expect(result.coverage[0].state == .covered)
        #expect(!(try world.extract(previous: result)).changed)
    }

    @Test func `a shallow repository is refused with the command that mends it`() throws {
        try world.commit("first\n")
        try world.commit("second\n")
        try world.git("clone", "-q", "--depth=1", "file://\(world.path)", "shallow")
        let shallow = world.folder.appending(path: "shallow").path
        let thrown = #expect(throws: Failure.self) {
            try world.extract([(shallow, "https://x.org/a")])
        }
        #expect(thrown?.code == .historyShallow)
        #expect(thrown?.hint?.contains("fetch --unshallow") == true)
    }

    @Test func `two repositories of one address are refused`() throws {
        let twice = [(world.path, "https://x.org/a"), (world.path, "https://X.org/a.git/")]
        let thrown = #expect(throws: Failure.self) { try world.extract(twice) }
        #expect(thrown?.code == .historyAddress)
    }

    @Test(arguments: [
        ("1234+joe@users.noreply.github.com", "joe"), ("Joe@users.noreply.github.com", "joe"),
        ("1+a+b@users.noreply.github.com", "a+b"), ("joe@example.org", nil),
        ("x+joe@users.noreply.github.com", "x+joe"), ("@users.noreply.github.com", nil),
    ])
    func `a noreply address tells the login`(email: String, login: String?) {
        #expect(GitHistory.login(in: email) == login)
    }
}
