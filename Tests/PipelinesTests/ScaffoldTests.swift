import Diagnostics
import Foundation
import GitStore
import Snapshots
import TestSupport
import Testing

@testable import Pipelines

/// The files of a new warehouse.
struct ScaffoldTests {
    private static let files = [
        "pipelines.toml", "directory/projects/e/example.yaml",
        "directory/collections/examples.yaml", "models/marts/projects.sql", ".gitignore",
    ]

    init() { isolateFromMachineConfiguration() }

    @Test func `a new warehouse has files and a repository`() throws {
        let folder = try TemporaryFolder()
        let root = folder.path("new/warehouse")
        #expect(try Scaffold.write(into: root) == [".git"] + Self.files)
        for file in Self.files {
            #expect(FileManager.default.fileExists(atPath: "\(root)/\(file)"))
        }
        #expect(try Repository(discovering: root).workTree?.hasSuffix("new/warehouse") == true)
    }

    @Test func `a second time writes nothing`() throws {
        let folder = try TemporaryFolder()
        _ = try Scaffold.write(into: folder.path)
        let before = try Self.files.map { try folder.read($0) }
        #expect(try Scaffold.write(into: folder.path).isEmpty)
        #expect(try Self.files.map { try folder.read($0) } == before)
    }

    @Test func `a file that is there stays as it is, what is missing comes`() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine", "pipelines.toml")
        try folder.write("", ".gitignore")
        let written = try Scaffold.write(into: folder.path)
        #expect(
            written == [".git"] + Self.files.filter { $0 != "pipelines.toml" && $0 != ".gitignore" }
        )
        #expect(try folder.read("pipelines.toml") == Array("mine".utf8))
        #expect(try folder.read(".gitignore").isEmpty)
    }

    @Test func `a symbolic link is something that is there, even if it leads nowhere`() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("pipelines.toml"),
            withDestinationPath: "elsewhere.toml"
        )
        #expect(try Scaffold.write(into: folder.path) == [".git"] + Self.files.dropFirst())
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("pipelines.toml"))
                == "elsewhere.toml"
        )
    }

    @Test func `the files are a warehouse that can be read`() throws {
        let folder = try TemporaryFolder()
        _ = try Scaffold.write(into: folder.path)
        let files = WorkTreeFiles(root: folder.path)
        let configuration = try Configuration(files: files)
        #expect(configuration.directory == "directory")
        #expect(configuration.privacy.keyVariable == "OSODATA_EMAIL_KEY")
        #expect(configuration.sources.isEmpty)
        let models = try Model.load(files)
        #expect(models.map(\.table.description) == ["marts.projects"])
        #expect(models.first?.key == ["project_id"])
    }

    @Test func `the sources to start from are right when they are uncommented`() throws {
        let folder = try TemporaryFolder()
        _ = try Scaffold.write(into: folder.path)
        let text = String(decoding: try folder.read("pipelines.toml"), as: UTF8.self)
            .split(separator: "\n")
            .map {
                $0.hasPrefix("# ") && ($0.contains(" = ") || $0.hasPrefix("# ["))
                    ? $0.dropFirst(2) : $0
            }
            .joined(separator: "\n")
        let configuration = try Configuration(files: MemoryFiles(["pipelines.toml": text]))
        #expect(configuration.sources.map(\.name) == ["github", "history"])
    }

    @Test func `a folder that cannot be is a failure with the way out`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a file", "taken")
        let failure = try #require(throws: Failure.self) {
            try Scaffold.write(into: folder.path("taken/warehouse"))
        }
        #expect(failure.code == .initUnwritable)
        #expect(failure.message == "'\(folder.path("taken/warehouse"))' cannot be written.")
        #expect(failure.hint == "Choose a folder you may write to: osodata init FOLDER")
        let second = try TemporaryFolder()
        try second.write("a file", "models")
        let inside = try #require(throws: Failure.self) { try Scaffold.write(into: second.path) }
        #expect(inside.message == "'models/marts/projects.sql' cannot be written.")
    }
}
