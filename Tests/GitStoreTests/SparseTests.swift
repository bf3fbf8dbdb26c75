import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import GitStore

/// Work trees that have only some files.
struct SparseTests {
    /// Publishes as a run does, which opens the repository anew and reads its settings.
    @discardableResult
    private func publish(
        _ test: TestRepository,
        _ files: [String: [UInt8]?],
        on parent: ObjectID
    ) throws -> ObjectID {
        let commit = try test.batchCommit(files, on: parent)
        let repository = try Repository(discovering: test.path)
        try test.git("update-ref", "refs/heads/main", commit.hex)
        try repository.checkout(
            prefix: "snapshots",
            from: repository.commit(parent).tree,
            to: repository.commit(commit).tree
        )
        return commit
    }

    @Test(arguments: ["--cone", "--no-cone"])
    func `files that a sparse work tree leaves out are clean and stay out`(mode: String) throws {
        let test = try TestRepository()
        let first = try test.commit(["models/a": "1", "snapshots/raw/t/a": "1", "top": "1"])
        try test.git("sparse-checkout", "set", mode, "models")
        let repository = try Repository(discovering: test.path)
        #expect(try repository.dirtyPaths(under: "snapshots") == [])
        // Changed, new beside it, new in a folder of its own, and gone.
        let second = try publish(
            test,
            [
                "snapshots/raw/t/a": [2], "snapshots/raw/t/b": [2], "snapshots/marts/u/a": [2],
            ],
            on: first
        )
        try test.expectClean()
        #expect(try repository.dirtyPaths(under: "snapshots") == [])
        #expect(!FileManager.default.fileExists(atPath: test.folder.path("work/snapshots")))
        #expect(
            try test.git("ls-files", "-t", "snapshots")
                == "S snapshots/marts/u/a\nS snapshots/raw/t/a\nS snapshots/raw/t/b"
        )
        try publish(test, ["snapshots/raw/t/b": [UInt8]?.none], on: second)
        try test.expectClean()
        try test.git("sparse-checkout", "disable")
        try test.expectClean()
        #expect(try test.folder.read("work/snapshots/raw/t/a") == [2])
    }

    @Test func `a table that a sparse work tree has is checked out`() throws {
        let test = try TestRepository()
        let first = try test.commit(["snapshots/raw/t/a": "1", "snapshots/marts/u/a": "1"])
        try test.git("sparse-checkout", "set", "snapshots/marts/u")
        try publish(
            test,
            ["snapshots/raw/t/b": [2], "snapshots/marts/u/s/b": [2], "snapshots/marts/v/a": [2]],
            on: first
        )
        try test.expectClean()
        #expect(try test.folder.read("work/snapshots/marts/u/s/b") == [2])
        for path in ["raw/t/b", "marts/v/a"] {
            #expect(
                !FileManager.default.fileExists(atPath: test.folder.path("work/snapshots/\(path)"))
            )
        }
        try test.folder.write("3", "work/snapshots/marts/u/a")
        #expect(
            try test.repository.dirtyPaths(under: "snapshots") == ["snapshots/marts/u/a"]
        )
    }

    @Test(arguments: [
        ("/*\n!/*/\n", "a", true), ("/*\n!/*/\n", "d/a", false),
        ("/*\n!/*/\n/d/\n!/d/*/\n", "d/a", true), ("/*\n!/*/\n/d/\n!/d/*/\n", "d/e/a", false),
        ("/*\n!/*/\n/d/\n!/d/*/\n/d/e/\n", "d/e/f/a", true), ("d\n", "c/d/a", true),
        ("d/\n", "c/d", false), ("*.md\n", "c/d.md", true), ("/c/**/e\n", "c/e", true),
        ("/c/**/e\n", "c/d/d/e", true), ("**/e\n", "c/e", true), ("c/**\n", "c/d", true),
        ("c/**\n", "c", false), ("# c\n\n/*\n!c\n", "c/d", false), ("", "a", false),
        ("/[ab]/\n", "a/x", true), ("/\\*x/\n", "*x/y", true), ("/c/d\n", "b/c/d", false),
    ])
    func `patterns mean what they mean to git`(text: String, path: String, has: Bool) throws {
        #expect(SparsePatterns(parsing: text).includes(path) == has)
        // What git says of the same.
        let test = try TestRepository()
        try test.commit([path: "1", "zzz": "1"])
        try test.git("config", "core.sparseCheckout", "true")
        try test.folder.write(text.isEmpty ? "#\n" : text, "work/.git/info/sparse-checkout")
        _ = try TestRepository.run(
            ["read-tree", "-mu", "HEAD"],
            in: test.path,
            home: test.folder.path
        )
        #expect(try test.git("ls-files", "-t", path).hasPrefix(has ? "H" : "S"))
    }
}
