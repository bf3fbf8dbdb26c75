import Diagnostics
import Foundation
import GitStore
import TestSupport
import Testing

@testable import Pipelines

/// The files a person wrote, in a work tree and in a commit: both must say the same.
struct WarehouseFilesTests {
    let folder: TemporaryFolder
    let files: [any WarehouseFiles]

    /// A work tree and a tree of the same content.
    init() throws {
        isolateFromMachineConfiguration()
        folder = try TemporaryFolder()
        let repository = try Repository.create(at: folder.path("work"))
        let batch = ObjectBatch(repository: repository)
        var editor = TreeEditor(repository: repository, batch: batch, base: nil)
        for (path, text) in [
            ("pipelines.toml", ""), ("models/marts/b.sql", "b"), ("models/marts/a.sql", "a"),
            ("models/marts.sql", "m"), ("models/Z.sql", "Z"), ("models/é.sql", "é"),
            ("models/.hidden.sql", "h"), ("models/.hidden/x.sql", "x"), ("modelsx/c.sql", "c"),
        ] {
            try folder.write(text, "work/\(path)")
            try editor.set(path, id: try batch.addBlob(Array(text.utf8), deflate: true))
        }
        try folder.write("#!/bin/sh\n", "work/models/run.sh")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: folder.path("work/models/run.sh")
        )
        try editor.set(
            "models/run.sh",
            mode: 0o100755,
            id: try batch.addBlob(Array("#!/bin/sh\n".utf8), deflate: true)
        )
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("work/models/link.sql"),
            withDestinationPath: "marts/a.sql"
        )
        try editor.set(
            "models/link.sql",
            mode: 0o120000,
            id: try batch.addBlob(Array("marts/a.sql".utf8), deflate: true)
        )
        let tree = try editor.finish()
        try batch.write().release()
        files = [
            WorkTreeFiles(root: folder.path("work")),
            CommitFiles(repository: repository, tree: tree),
        ]
    }

    @Test func `regular files are listed by bytes; hidden ones and links are not`() throws {
        for files in files {
            #expect(
                try files.list("models") == [
                    "models/Z.sql", "models/marts.sql", "models/marts/a.sql", "models/marts/b.sql",
                    "models/run.sh", "models/é.sql",
                ]
            )
            #expect(try files.list("models/marts") == ["models/marts/a.sql", "models/marts/b.sql"])
        }
    }

    @Test func `a folder that is not there has no files, nor has a file`() throws {
        for files in files {
            #expect(try files.list("nothing").isEmpty)
            #expect(try files.list("pipelines.toml").isEmpty)
        }
    }

    @Test func `a file has its bytes, what is none has nil`() throws {
        for files in files {
            #expect(try files.read("models/marts/a.sql") == Array("a".utf8))
            #expect(try files.read("models/é.sql") == Array("é".utf8))
            #expect(try files.read("models/run.sh") == Array("#!/bin/sh\n".utf8))
            #expect(try files.read("pipelines.toml") == [])
            #expect(try files.read("models/nothing.sql") == nil)
            #expect(try files.read("nothing/a.sql") == nil)
            #expect(try files.read("models") == nil)
        }
    }

    @Test func `a commit's files stay while the work tree moves on`() throws {
        try folder.write("new", "work/models/marts/a.sql")
        #expect(
            try files.map { try $0.read("models/marts/a.sql") } == [
                Array("new".utf8), Array("a".utf8),
            ]
        )
    }

    @Test func `a text that must be there is, or says what to do`() throws {
        let files = MemoryFiles(bytes: ["good": Array("é".utf8), "bad": [0xc3]])
        #expect(try files.requiredText("good", hint: "") == "é")
        let missing = try #require(throws: Failure.self) {
            try files.requiredText("gone", hint: "Restore the file.")
        }
        Expected(
            .configMissingFile,
            at: nil,
            "There is no file 'gone'.",
            hint: "Restore the file."
        ).check(missing)
        let bad = try #require(throws: Failure.self) { try files.requiredText("bad", hint: "") }
        Expected(.configSyntax, at: "bad", "The file 'bad' is not UTF-8.", hint: nil).check(bad)
    }
}
