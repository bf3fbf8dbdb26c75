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

    /// The counts of `oso-reference.md`, 1.2 and 1.3: 79 repositories whose owner is elsewhere, one
    /// URL and nine addresses in two projects; beside them seven addresses on `any_evm` and a network.
    @Test func `its known faults are found, and none of them is an error`() throws {
        let root = folder.path + "/data"
        let findings = try DirectoryCheck(root: root, threads: 2).run()
        var counts: [String: Int] = [:]
        for problem in findings.problems {
            var rule = String(problem.failure.code.description.dropFirst("directory.".count))
            if rule == "not-a-slug" {
                rule +=
                    problem.failure.place?.file.hasPrefix("projects/") == true
                    ? "" : " (collection)"
            }
            if rule == "artifact-taken" {
                let message = problem.failure.message
                rule += message.contains("owner") ? " (owner)" : ""
                rule += message.contains("(theirs:") ? " (any_evm)" : ""
            }
            counts[rule, default: 0] += 1
        }
        #expect(
            counts == [
                "artifact-taken (owner)": 79, "artifact-taken": 10, "artifact-taken (any_evm)": 7,
                "display-name-taken": 16, "not-a-slug": 24, "not-a-slug (collection)": 7,
                "wrong-folder": 3, "listed-twice": 179, "url-host": 8, "url-shape": 13,
                "address-shape": 5, "address-checksum": 1, "odd-character": 1,
            ]
        )
        #expect(findings.problems.allSatisfy { $0.severity == .warning })
        let alone = try DirectoryCheck(root: root, threads: 1).run()
        #expect(alone.problems.map(\.identity) == findings.problems.map(\.identity))
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
