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
        let tree = try editor.finish()
        try batch.write().release()
        files = [
            WorkTreeFiles(root: folder.path("work")),
            CommitFiles(repository: repository, tree: tree),
        ]
    }

    @Test func `regular files are listed by bytes, hidden ones are not`() throws {
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
        }
    }

    /// A work tree in which a file less would be taken for a deleted one.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let spoil: String
        let path: String
        let message: String
        var code = Failure.Code.configUnusableFile

        static let link = "is a symbolic link; a commit of it could not be rebuilt."
    }

    static let cases = [
        Case(
            testDescription: "a linked folder of models",
            spoil: "mv models ../m && ln -s ../m models",
            path: "models",
            message: Case.link
        ),
        Case(
            testDescription: "a linked folder of a layer",
            spoil: "mv models/marts ../m && ln -s ../../m models/marts",
            path: "models/marts",
            message: Case.link
        ),
        Case(
            testDescription: "a link that leads nowhere",
            spoil: "rm -r models/marts && ln -s ../../nowhere models/marts",
            path: "models/marts",
            message: Case.link
        ),
        Case(
            testDescription: "a linked model",
            spoil: "ln -s a.sql models/marts/c.sql",
            path: "models/marts/c.sql",
            message: Case.link
        ),
        Case(
            testDescription: "a file for the folder of models",
            spoil: "rm -r models && touch models",
            path: "models",
            message: "is not a folder."
        ),
        Case(
            testDescription: "a pipe",
            spoil: "mkfifo models/marts/c.sql",
            path: "models/marts/c.sql",
            message: "is not a regular file."
        ),
        Case(
            testDescription: "another ending",
            spoil: "rm models/*.sql && mv models/marts/a.sql models/marts/a.SQL",
            path: "models/marts/a.SQL",
            message: "does not end in \".sql\".",
            code: .modelFile
        ),
    ]

    private func spoil(_ line: String) throws {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", line]
        shell.currentDirectoryURL = URL(fileURLWithPath: folder.path("work"))
        try shell.run()
        shell.waitUntilExit()
        try #require(shell.terminationStatus == 0)
    }

    @Test(arguments: cases)
    func `what cannot be listed is an error, not a model less`(_ item: Case) throws {
        try spoil(item.spoil)
        let failure = try #require(throws: Failure.self) { try Model.load(files[0]) }
        #expect(failure.code == item.code)
        #expect(failure.place?.description == item.path)
        #expect(failure.message.contains("'\(item.path)' \(item.message)"), "\(failure.message)")
        #expect(failure.hint != nil)
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"), arguments: ["", "/marts"])
    func `a folder one may not read is an error`(_ below: String) throws {
        try spoil("chmod 0 models\(below)")
        defer { try? spoil("chmod 755 models\(below)") }
        let failure = try #require(throws: Failure.self) { try Model.load(files[0]) }
        #expect(failure.code == .configMissingFile)
        #expect(failure.place?.description == "models\(below)")
    }

    @Test func `a linked file that nobody reads may be there`() throws {
        try spoil("ln -s ../pipelines.toml models/README.md")
        #expect(try !files[0].list("models").contains("models/README.md"))
    }

    @Test func `a link or a pipe is not read`() throws {
        try spoil("ln -s marts/a.sql models/macros.sql; mkfifo models/pipe.sql")
        for path in ["models/macros.sql", "models/pipe.sql"] {
            let failure = try #require(throws: Failure.self) { try files[0].read(path) }
            #expect(failure.code == .configUnusableFile)
            #expect(failure.place?.description == path)
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

    @Test func `a byte order mark is no part of a text`() throws {
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let files = MemoryFiles(bytes: [
            "pipelines.toml": mark + Array("[warehouse]\nnam = \"x\"\n".utf8),
            "models/marts/a.sql": mark + Array("/* key = [\"x\"] */ SELECT 1 AS x".utf8),
        ])
        #expect(try Model.load(files).map(\.sql) == ["/* key = [\"x\"] */ SELECT 1 AS x"])
        let failure = try #require(throws: Failure.self) { try Configuration(files: files) }
        #expect(failure.place?.description == "pipelines.toml:2:1")
    }

    @Test func `U+0000 in a text is refused where it is`() throws {
        let files = MemoryFiles(["models/marts/a.sql": "/**/ SELECT 1\n AS \0x"])
        let failure = try #require(throws: Failure.self) { try Model.load(files) }
        Expected(
            .configSyntax,
            at: "models/marts/a.sql:2:5",
            "The file holds the character U+0000.",
            hint: "Remove it: it is invisible in most editors."
        ).check(failure)
    }
}
