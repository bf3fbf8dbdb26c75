import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import GitStore

/// Which repositories can be opened, and what is said of the others.
struct RepositoryTests {
    @Test func `a new repository has an unborn branch and a work tree`() throws {
        let test = try TestRepository()
        let repository = try Repository(discovering: try test.folder.write("", "work/a/b"))
        #expect(repository.workTree == test.folder.path("work"))
        #expect(repository.gitDirectory == test.folder.path("work/.git"))
        #expect(try repository.head() == .branch(name: "refs/heads/main", commit: nil))
        #expect(!repository.isShallow && !repository.isFiltered)
        #expect(try test.git("symbolic-ref", "HEAD") == "refs/heads/main")
        let failure = #expect(throws: Failure.self) { try repository.resolve("HEAD") }
        #expect(failure?.code == .unknownRevision)
        #expect(failure?.hint == "This branch has no commits yet.")
    }

    @Test func `a repository is not made twice`() throws {
        let test = try TestRepository()
        let failure = #expect(throws: Failure.self) { try Repository.create(at: test.path) }
        #expect(failure?.code == .repositoryExists)
    }

    @Test func `a folder in no repository is named`() throws {
        isolateFromMachineConfiguration()
        let folder = try TemporaryFolder()
        for path in [folder.path, folder.path("nothing")] {
            let failure = #expect(throws: Failure.self) { try Repository(discovering: path) }
            #expect(failure?.code == .notARepository)
            #expect(failure?.message == "'\(path)' is in no git repository.")
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root can give a repository away"))
    func `a repository of another user is refused with the way out`() throws {
        let test = try TestRepository()
        let chown = Process()
        chown.executableURL = URL(filePath: "/usr/bin/env")
        chown.arguments = ["chown", "-R", "12345", test.path]
        try chown.run()
        chown.waitUntilExit()
        let failure = #expect(throws: Failure.self) { try Repository(discovering: test.path) }
        #expect(failure?.code == .foreignOwned)
        #expect(failure?.hint?.contains("git config --global --add safe.directory '/") == true)
        #expect(failure?.hint?.contains(test.folder.path("work")) == true)
    }

    @Test func `a SHA-256 repository is refused`() throws {
        let test = try TestRepository()
        let other = test.folder.path("sha256")
        try test.git("init", "-q", "--object-format=sha256", other)
        let failure = #expect(throws: Failure.self) { try Repository(discovering: other) }
        #expect(failure?.code == .sha256Repository)
    }

    @Test func `an unknown extension is refused`() throws {
        let test = try TestRepository()
        try test.git("config", "core.repositoryformatversion", "1")
        try test.git("config", "extensions.somethingNew", "true")
        let failure = #expect(throws: Failure.self) { try Repository(discovering: test.path) }
        #expect(failure?.code == .unsupportedExtension)
        #expect(failure?.cause?.contains("somethingnew") == true)
    }

    @Test func `a bare repository has no work tree and nothing to check out`() throws {
        let test = try TestRepository()
        let commit = try test.commit(["snapshots/a": "1"])
        let path = test.folder.path("bare.git")
        try test.git("clone", "-q", "--bare", test.path, path)
        let bare = try Repository(discovering: path)
        #expect(bare.workTree == nil)
        #expect(try bare.head().commit == commit)
        #expect(try bare.dirtyPaths(under: "snapshots").isEmpty)
        #expect(
            try bare.checkout(prefix: "snapshots", from: nil, to: bare.commit(commit).tree) == []
        )
        #expect(!FileManager.default.fileExists(atPath: "\(path)/snapshots"))
    }

    @Test func `a detached head is said to be one`() throws {
        let test = try TestRepository()
        let commit = try test.commit(["a": "1"])
        try test.git("checkout", "-q", "--detach")
        #expect(try test.repository.head() == .detached(commit))
    }

    @Test func `a linked work tree shares objects and has its own head`() throws {
        let test = try TestRepository()
        let commit = try test.commit(["snapshots/a": "1"])
        let path = test.folder.path("linked")
        try test.git("worktree", "add", "-q", "-b", "other", path)
        let linked = try Repository(discovering: path)
        #expect(linked.workTree == path)
        #expect(linked.commonDirectory == test.repository.gitDirectory)
        #expect(try linked.head() == .branch(name: "refs/heads/other", commit: commit))
    }

    @Test func `a shallow clone is walked to its end`() throws {
        let test = try TestRepository()
        for number in 0..<4 { try test.commit(["a": "\(number)"], "commit \(number)") }
        let path = test.folder.path("shallow")
        try test.git("clone", "-q", "--depth=2", "file://\(test.path)", path)
        let clone = try Repository(discovering: path)
        #expect(clone.isShallow)
        for firstParent in [false, true] {
            var seen: [String] = []
            try clone.walk(from: try clone.resolve("HEAD"), firstParent: firstParent) {
                seen.append($0.summary)
                return true
            }
            #expect(seen == ["commit 3", "commit 2"])
        }
        let failure = #expect(throws: Failure.self) { try clone.resolve("HEAD~3") }
        #expect(failure?.hint?.contains("--unshallow") == true)
    }

    @Test func `a filtered clone is walked, and what it lacks is named`() throws {
        let test = try TestRepository()
        for number in 0..<3 { try test.commit(["a": "\(number)"], "commit \(number)") }
        try test.git("config", "uploadpack.allowFilter", "true")
        let path = test.folder.path("filtered.git")
        try test.git("clone", "-q", "--bare", "--filter=tree:0", "file://\(test.path)", path)
        let clone = try Repository(discovering: path)
        #expect(clone.isFiltered && !clone.isShallow)
        var count = 0
        let head = try clone.resolve("HEAD")
        try clone.walk(from: head) { _ in
            count += 1
            return true
        }
        #expect(count == 3)
        let failure = #expect(throws: Failure.self) { try clone.tree(clone.commit(head).tree) }
        #expect(failure?.code == .missingObject)
        #expect(failure?.hint?.contains("filtered") == true)
    }

    @Test func `settings of one work tree are read`() throws {
        let test = try TestRepository()
        try test.commit(["a": "1"])
        try test.git("config", "uploadpack.allowFilter", "true")
        let path = test.folder.path("sparse")
        let from = "file://\(test.path)"
        try test.git("clone", "-q", "--filter=blob:none", "--sparse", from, path)
        try test.git("config", "--worktree", "user.name", "Zoë", in: path)
        let clone = try Repository(discovering: path)
        #expect(clone.isFiltered && clone.workTree == path)
        #expect(try clone.configString("user.name") == "Zoë")
        #expect(try clone.configFlag("core.sparseCheckout"))
    }

    @Test func `a repository that is bare by the settings of its work tree is bare`() throws {
        let test = try TestRepository()
        let commit = try test.commit(["a/b": "1"])
        let path = test.folder.path("bare.git")
        let linked = test.folder.path("linked")
        try test.git("clone", "-q", "--bare", test.path, path)
        try test.git("worktree", "add", "-q", "-b", "other", linked, in: path)
        // This moves core.bare to config.worktree.
        try test.git("sparse-checkout", "set", "a", in: linked)
        let bare = try Repository(discovering: path)
        #expect(bare.workTree == nil)
        #expect(try bare.head().commit == commit)
        #expect(try Repository(discovering: linked).workTree == linked)
    }

    @Test func `the work tree may lie where its settings say`() throws {
        let test = try TestRepository()
        try test.commit(["a": "1"])
        let elsewhere = test.folder.path("elsewhere")
        try test.git("config", "extensions.worktreeConfig", "true")
        try test.git("config", "--worktree", "core.worktree", elsewhere)
        try test.folder.write("1", "elsewhere/a")
        #expect(try Repository(discovering: test.path).workTree == elsewhere)
    }

    @Test func `the configuration tells who works here`() throws {
        let test = try TestRepository()
        #expect(try test.repository.identity() == nil)
        #expect(try test.repository.configString("user.name") == nil)
        #expect(try test.repository.configString("no dots") == nil)
        try test.git("config", "user.name", "Zoë")
        #expect(try test.repository.identity() == nil)
        try test.git("config", "user.email", "zoe@example.org")
        #expect(
            try test.repository.identity()
                == Signature(name: "Zoë", email: "zoe@example.org", time: 0, offset: 0)
        )
    }
}
