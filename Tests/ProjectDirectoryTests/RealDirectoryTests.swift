import Diagnostics
import Foundation
import Records
import Testing

@testable import ProjectDirectory

/// The figures are those of `oso-reference.md`, 1.5, computed by another program.
@Suite(.enabled(if: RealDirectory.archive != nil))
struct RealDirectoryTests {
    /// Unpacked and read once: in debug it takes seconds.
    private static let loaded = Result {
        let folder = try RealDirectory.unpack(try #require(RealDirectory.archive))
        return (folder, try ProjectDirectoryReader.read(root: folder.path + "/data"))
    }

    let folder: TemporaryDirectory
    let directory: DirectoryContents

    init() throws { (folder, directory) = try Self.loaded.get() }

    @Test func `the real directory is read completely`() {
        #expect(directory.projects.count == 7_112)
        #expect(directory.collections.count == 117)
        #expect(directory.collections.map(\.projects.count).reduce(0, +) == 9_553)
        #expect(Set(directory.collections.flatMap(\.projects)).count == 4_656)
    }

    @Test func `its odd files are there`() {
        let files = Set(directory.projects.map(\.sourceFile))
        #expect(files.contains("projects/s/network-status-im.yaml"))
        let names = Set(directory.projects.map(\.name))
        #expect(names.isSuperset(of: ["rivalz_ai", "eugenix.io", "rob--w", "bravepay-"]))
    }

    @Test func `URLs that point to no owner and no repository yield no artifact`() throws {
        let owners = directory.githubOwners
        #expect(owners.count == 5_478)
        #expect(directory.githubRepositories.count == 18_708)
        #expect(owners.allSatisfy { !$0.contains("/") && $0 == $0.lowercased() })
    }

    @Test func `rows are as many as what they stand for, and in one order`() throws {
        let projects = try directory.projectRows()
        #expect(projects.count == 7_112)
        #expect(try directory.collectionRows().count == 117)
        let artifacts = try directory.artifactRows()
        #expect(artifacts.count == directory.projects.map(\.artifacts.count).reduce(0, +))
        #expect(artifacts.count > 60_000)
    }

    @Test func `one thread reads the same as four`() throws {
        // A part of it, for the sake of time.
        let part = try TemporaryDirectory(["projects/README.md": ""])
        try FileManager.default.copyItem(
            atPath: folder.path + "/data/projects/a",
            toPath: part.path + "/projects/a"
        )
        let one = try ProjectDirectoryReader.read(root: part.path, threads: 1)
        let four = try ProjectDirectoryReader.read(root: part.path, threads: 4)
        #expect(one.projects.count > 100)
        #expect(one.projects == four.projects)
        #expect(one.digest == four.digest)
        #expect(try ProjectDirectoryReader.digest(root: part.path) == one.digest)
    }
}
