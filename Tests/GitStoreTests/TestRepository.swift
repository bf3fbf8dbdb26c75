import Foundation
import TestSupport
import Testing

@testable import GitStore

/// A repository in a folder of its own, and the real git beside it, both without any configuration
/// of the machine.
final class TestRepository {
    let folder: TemporaryFolder
    let repository: Repository
    var path: String { repository.workTree ?? repository.gitDirectory }

    static let person = Signature(
        name: "A U Thor",
        email: "author@example.org",
        time: 1_700_000_000,
        offset: 60
    )

    init() throws {
        isolateFromMachineConfiguration()
        folder = try TemporaryFolder()
        repository = try Repository.create(at: folder.path("work"))
    }

    /// Runs git in the work tree.
    ///
    /// - Returns: what it printed, without the last newline.
    @discardableResult
    func git(
        _ arguments: String...,
        in directory: String? = nil,
        input: [UInt8] = [],
        fails: Bool = false
    ) throws -> String {
        let result = try Self.run(arguments, in: directory ?? path, input, home: folder.path)
        try #require(
            (result.status == 0) != fails,
            "git \(arguments) gave \(result.status): \(result.output)"
        )
        return result.output
    }

    static func run(
        _ arguments: [String],
        in directory: String,
        _ input: [UInt8] = [],
        home: String
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = URL(filePath: directory)
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "A U Thor", "GIT_AUTHOR_EMAIL": "author@example.org",
            "GIT_AUTHOR_DATE": "1700000000 +0100", "GIT_COMMITTER_NAME": "A U Thor",
            "GIT_COMMITTER_EMAIL": "author@example.org",
            "GIT_COMMITTER_DATE": "1700000000 +0100", "LC_ALL": "C",
        ]
        let output = Pipe()
        let file = "\(home)/input-\(UUID().uuidString)"
        try Data(input).write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: file))
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        var text = String(decoding: data, as: UTF8.self)
        if text.hasSuffix("\n") { text.removeLast() }
        return (process.terminationStatus, text)
    }

    /// Writes files and commits them with git.
    @discardableResult
    func commit(_ files: [String: String], _ message: String = "files") throws -> ObjectID {
        for (name, text) in files { try folder.write(text, "work/\(name)") }
        try git("add", "-A")
        try git("commit", "-q", "-m", message)
        return try #require(ObjectID(hex: try git("rev-parse", "HEAD")))
    }

    /// A commit of ours on top of `parent`, with `files` put into its tree.
    func batchCommit(
        _ files: [String: [UInt8]?],
        on parent: ObjectID?,
        _ message: String = "run",
        batch: ObjectBatch? = nil
    ) throws -> ObjectID {
        let batch = batch ?? ObjectBatch(repository: repository)
        let base = try parent.map { try repository.commit($0).tree }
        var editor = TreeEditor(repository: repository, batch: batch, base: base)
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            if let content {
                try editor.set(path, id: try batch.addBlob(content, deflate: true))
            } else {
                try editor.remove(path)
            }
        }
        let commit = try batch.addCommit(
            tree: try editor.finish(),
            parents: parent.map { [$0] } ?? [],
            author: Self.person,
            committer: Self.person,
            message: message
        )
        try batch.write().release()
        return commit
    }

    /// Publishes a commit as a run does.
    @discardableResult
    func publish(
        _ files: [String: [UInt8]?],
        on parent: ObjectID?,
        prefix: String = "snapshots"
    ) throws -> ObjectID {
        let commit = try batchCommit(files, on: parent)
        #expect(
            try repository.updateRef(
                "refs/heads/main",
                to: commit,
                expecting: parent,
                message: "run"
            )
        )
        try repository.checkout(
            prefix: prefix,
            from: try parent.map { try repository.commit($0).tree },
            to: try repository.commit(commit).tree
        )
        return commit
    }

    /// `git fsck` finds nothing to say.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let said = try git("fsck", "--full", "--strict", "--no-dangling")
        #expect(said == "", sourceLocation: sourceLocation)
    }

    /// `git status` and `git diff` see no change.
    func expectClean(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try git("status", "--porcelain") == "", sourceLocation: sourceLocation)
        #expect(try git("diff") == "", sourceLocation: sourceLocation)
        #expect(try git("diff", "--cached") == "", sourceLocation: sourceLocation)
    }
}
