import Diagnostics
import Foundation
import Testing

@testable import ProjectDirectory

struct BrokenCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let files: [String: String]
    let code: Failure.Code
    /// Relative to the directory's root.
    let place: String
    let message: String

    init(
        _ what: String,
        _ files: [String: String],
        _ code: Failure.Code,
        _ place: String,
        _ message: String
    ) {
        testDescription = what
        self.files = files
        self.code = code
        self.place = place
        self.message = message
    }

    /// A case of one broken project file, `projects/a/a.yaml`.
    static func file(
        _ what: String,
        _ text: String,
        _ code: Failure.Code,
        _ place: String,
        _ message: String
    ) -> BrokenCase {
        BrokenCase(what, ["projects/a/a.yaml": text], code, "projects/a/a.yaml\(place)", message)
    }
}

@Suite struct FailureTests {
    static let cases: [BrokenCase] = [
        .file("broken YAML", "version: 7\nname: [a\n", .brokenYAML, ":3:1", "did not find"),
        .file("a tab", "version: 7\n\tname: a\n", .brokenYAML, ":2:1", "tab character"),
        .file("a control character", "version: 7\nname: \u{1}\n", .brokenYAML, ":2:7", "control"),
        .file("two documents", "a: 1\n---\nb: 2\n", .brokenYAML, ":2:1", "another document"),
        .file("a repeated key", projectText("a", "name: a\n"), .brokenYAML, ":4:1", "\"name\""),
        .file("an unknown alias", "version: *x\n", .brokenYAML, ":1:10", "alias"),
        .file("an anchor", "version: &x 7\n", .brokenYAML, ":1:10", "\"&x\""),
        .file("a key that is a list", "[a]: 1\n", .brokenYAML, ":1:1", "key"),
        .file("an empty file", "", .brokenYAML, ":1", "empty"),
        .file("a list", "- a\n", .invalidDocument, ":1:1", "mapping"),
        .file(
            "no version",
            "name: a\ndisplay_name: A\n",
            .invalidDocument,
            ":1:1",
            "\"version\""
        ),
        .file("no name", "version: 7\ndisplay_name: A\n", .invalidDocument, ":1:1", "\"name\""),
        .file(
            "no display name",
            "version: 7\nname: a\n",
            .invalidDocument,
            ":1:1",
            "\"display_name\""
        ),
        .file(
            "a null name",
            "version: 7\nname:\ndisplay_name: A\n",
            .invalidDocument,
            ":1:1",
            "\"name\""
        ),
        .file(
            "a name that is a list",
            "version: 7\nname: [a]\n",
            .invalidDocument,
            ":2:7",
            "must be a string"
        ),
        .file(
            "an old version",
            "version: 6\nname: a\ndisplay_name: A\n",
            .wrongVersion,
            ":1:10",
            "\"6\""
        ),
        .file(
            "another name",
            "version: 7\nname: b\ndisplay_name: B\n",
            .nameMismatch,
            ":2:7",
            "\"a.yaml\""
        ),
        .file(
            "URLs that are no list",
            projectText("a", "github: x\n"),
            .invalidDocument,
            ":4:9",
            "\"github\" must be a list"
        ),
        .file(
            "an element without URL",
            projectText("a", "npm:\n  - link: x\n"),
            .invalidDocument,
            ":5:5",
            "has no \"url\""
        ),
        .file(
            "an address without networks",
            projectText("a", "blockchain:\n  - address: \"0x1\"\n    tags: [eoa]\n"),
            .invalidDocument,
            ":5:5",
            "\"networks\""
        ),
        .file(
            "U+0000",
            projectText("a", "description: \"x\\0\"\n"),
            .invalidDocument,
            ":4:14",
            "U+0000"
        ),
        BrokenCase(
            "one name twice",
            ["projects/a/a.yaml": projectText("a"), "projects/b/a.yaml": projectText("a")],
            .duplicateName,
            "projects/b/a.yaml:2",
            "\"projects/a/a.yaml\""
        ),
        BrokenCase(
            "an unknown project",
            ["collections/c.yaml": "version: 7\nname: c\ndisplay_name: C\nprojects:\n  - nobody\n"],
            .unknownProject,
            "collections/c.yaml:5:5",
            "\"nobody\""
        ),
        BrokenCase(
            "a collection of nothing",
            ["collections/c.yaml": "version: 7\nname: c\ndisplay_name: C\nprojects: []\n"],
            .invalidDocument,
            "collections/c.yaml:4:11",
            "no project"
        ),
        BrokenCase(
            "another ending",
            ["projects/a/a.yml": projectText("a")],
            .wrongExtension,
            "projects/a/a.yml",
            "\".yaml\""
        ),
    ]

    @Test(arguments: cases)
    func `a broken directory is refused with the place`(_ broken: BrokenCase) throws {
        let folder = try TemporaryDirectory(broken.files)
        let failure = try #require(throws: Failure.self) {
            try ProjectDirectoryReader.read(root: folder.path)
        }
        #expect(failure.code == broken.code)
        #expect(failure.place?.description == broken.place)
        #expect(failure.message.contains(broken.message), "\(failure.message)")
        #expect(failure.message.hasSuffix("."))
    }

    @Test func `bytes that are no UTF-8 are named by their line`() throws {
        let folder = try TemporaryDirectory()
        try folder.write(Data(projectText("a").utf8) + [0xC3, 0x28], "projects/a.yaml")
        let failure = try #require(throws: Failure.self) {
            try ProjectDirectoryReader.read(root: folder.path)
        }
        #expect(failure.code == .brokenYAML)
        #expect(failure.place?.line == 4)
    }

    @Test func `the first of several failures is thrown, the others counted`() throws {
        let files = ["projects/b.yaml": "", "projects/a.yaml": "", "collections/c.yaml": ""]
        let folder = try TemporaryDirectory(files)
        let failure = try #require(throws: Failure.self) {
            try ProjectDirectoryReader.read(root: folder.path)
        }
        #expect(failure.place?.file == "projects/a.yaml")
        #expect(failure.hint == "2 more problems were found.")
        let failures = try ProjectDirectoryReader.check(root: folder.path).failures
        #expect(failures.count == 3)
    }

    @Test func `deep nesting is refused, not followed`() throws {
        let deep = String(repeating: "[", count: 100_000)
        let blocks = (0..<100).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        for text in ["x: \(deep)\n", blocks] {
            let folder = try TemporaryDirectory(["projects/a.yaml": text])
            let failure = try #require(throws: Failure.self) {
                try ProjectDirectoryReader.read(root: folder.path)
            }
            #expect(failure.code == .brokenYAML)
        }
    }

    @Test func `a link is not followed`() throws {
        let folder = try TemporaryDirectory(["a.yaml": projectText("a"), "projects/README.md": ""])
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/projects/a.yaml",
            withDestinationPath: "../a.yaml"
        )
        let failure = try #require(throws: Failure.self) {
            try ProjectDirectoryReader.read(root: folder.path)
        }
        #expect(failure.code == .unreadableFile)
        #expect(failure.message.contains("symbolic link"))
    }
}
