import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import ProjectDirectory

/// The rules of `osodata directory check`, one by one.
@Suite struct CheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let files: [String: String]
        let code: Failure.Code
        let severity: DirectoryProblem.Severity
        /// Relative to the directory's root.
        let place: String
        let message: String
        let hint: String
    }

    /// A case of more lines of `projects/a/a.yaml`, which begins with three.
    private static func more(
        _ what: String,
        _ more: String,
        _ code: Failure.Code,
        _ severity: DirectoryProblem.Severity,
        _ place: String,
        _ message: String,
        _ hint: String
    ) -> Case {
        Case(
            testDescription: what,
            files: ["projects/a/a.yaml": projectText("a", more)],
            code: code,
            severity: severity,
            place: "projects/a/a.yaml\(place)",
            message: message,
            hint: hint
        )
    }

    private static func address(_ text: String, network: String = "base") -> String {
        "blockchain:\n  - address: \"\(text)\"\n    tags: [eoa]\n    networks: [\(network)]\n"
    }

    private static let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

    static let cases: [Case] = [
        more("a misspelled key", "gihub: []\n", .unknownKey, .error, ":4:1", "gihub", "\"github\""),
        more(
            "a key nobody knows",
            "colour: red\n",
            .unknownKey,
            .error,
            ":4:1",
            "colour",
            "Known are version"
        ),
        more(
            "a misspelled network",
            address(right, network: "optimsm"),
            .unknownValue,
            .error,
            ":7:16",
            "optimsm",
            "\"optimism\""
        ),
        more(
            "a tag nobody knows",
            address(right).replacing("[eoa]", with: "[whale]"),
            .unknownValue,
            .error,
            ":6:12",
            "whale",
            "It may be bridge, contract"
        ),
        more(
            "a list that is none",
            "npm: x\n",
            .invalidDocument,
            .error,
            ":4:6",
            "\"npm\" must be a list",
            "\"- \""
        ),
        more(
            "an empty list of tags",
            address(right).replacing("[eoa]", with: "[]"),
            .invalidDocument,
            .error,
            ":6:11",
            "\"tags\" is empty",
            "at least 1"
        ),
        more(
            "a key without a value",
            "websites:\n",
            .invalidDocument,
            .error,
            ":4:10",
            "no value",
            "remove the key"
        ),
        more(
            "a social network nobody knows",
            "social:\n  discord:\n    - url: https://discord.gg/x\n",
            .unknownKey,
            .error,
            ":5:3",
            "discord",
            "Known are farcaster"
        ),
        more(
            "a repeated key",
            "name: a\n",
            .brokenYAML,
            .error,
            ":4:1",
            "\"name\" occurs twice",
            "line 2"
        ),
        more("a tab", "\tx: 1\n", .brokenYAML, .error, ":4:1", "tab character", "not tabs"),
        more(
            "the wrong host",
            "crates:\n  - url: https://www.npmjs.com/package/x\n",
            .urlHost,
            .warning,
            ":5:10",
            "npmjs.com",
            "below \"npm\""
        ),
        more(
            "a path into a repository",
            "github:\n  - url: https://github.com/o/r/tree/main\n",
            .urlShape,
            .warning,
            ":5:10",
            "tree/main",
            "OWNER/REPOSITORY"
        ),
        more(
            "no scheme",
            "websites:\n  - url: example.org\n",
            .urlShape,
            .warning,
            ":5:10",
            "no URL",
            "https://example.org"
        ),
        more(
            "a hyphen that is none",
            "github:\n  - url: https://github.com/o/r\u{2011}s\n",
            .oddCharacter,
            .warning,
            ":5:10",
            "U+2011",
            "hyphen of the keyboard"
        ),
        more(
            "a character nobody sees",
            "description: a\u{200B}b\n",
            .oddCharacter,
            .warning,
            ":4:14",
            "U+200B",
            "Remove it"
        ),
        more(
            "an address that is too short",
            address("0x5aAeb6"),
            .addressShape,
            .warning,
            ":5:14",
            "6 digits",
            "Copy"
        ),
        more(
            "an address with a blank",
            address(right + " "),
            .addressShape,
            .warning,
            ":5:14",
            "blank",
            "Remove it"
        ),
        more(
            "an address with a wrong digit",
            address(right.replacing("0x5", with: "0x6")),
            .addressChecksum,
            .warning,
            ":5:14",
            "checksum",
            "If it is right, write 0x6"
        ),
        more(
            "one repository twice",
            "github:\n  - url: https://github.com/O/r\n  - url: http://www.github.com/o/R.git/\n",
            .listedTwice,
            .warning,
            ":6:10",
            "twice",
            "line 5"
        ),
        Case(
            testDescription: "a name that is no slug",
            files: ["projects/M/My_App.yaml": projectText("My_App")],
            code: .notASlug,
            severity: .warning,
            place: "projects/M/My_App.yaml",
            message: "My_App",
            hint: "\"my-app\""
        ),
        Case(
            testDescription: "the wrong folder",
            files: ["projects/b/a.yaml": projectText("a")],
            code: .wrongFolder,
            severity: .warning,
            place: "projects/b/a.yaml",
            message: "first character",
            hint: "projects/a/a.yaml"
        ),
        Case(
            testDescription: "an unknown project",
            files: [
                "projects/s/sample.yaml": projectText("sample"),
                "collections/c.yaml":
                    "version: 7\nname: c\ndisplay_name: C\nprojects: [sampel]\n",
            ],
            code: .unknownProject,
            severity: .error,
            place: "collections/c.yaml:4:12",
            message: "sampel",
            hint: "\"sample\""
        ),
        Case(
            testDescription: "a display name in another case",
            files: [
                "projects/a/a.yaml": projectText("a"),
                "projects/b/b.yaml": projectText("b").replacing("Project b", with: "PROJECT A"),
            ],
            code: .displayNameTaken,
            severity: .warning,
            place: "projects/b/b.yaml:3:15",
            message: "projects/a/a.yaml:3",
            hint: "apart"
        ),
        Case(
            testDescription: "a package in two projects",
            files: [
                "projects/a/a.yaml": projectText(
                    "a",
                    "npm:\n  - url: https://www.npmjs.com/package/@o/p\n"
                ),
                "projects/b/b.yaml": projectText(
                    "b",
                    "npm:\n  - url: https://npmjs.com/package/@O/p/\n"
                ),
            ],
            code: .artifactTaken,
            severity: .warning,
            place: "projects/b/b.yaml:5:10",
            message: "belongs to the project \"a\", too (projects/a/a.yaml:5)",
            hint: "one of the two"
        ),
        Case(
            testDescription: "a repository whose owner is listed whole elsewhere",
            files: [
                "projects/a/a.yaml": projectText("a", "github:\n  - url: https://github.com/O/r\n"),
                "projects/b/b.yaml": projectText("b", "github:\n  - url: https://github.com/o\n"),
            ],
            code: .artifactTaken,
            severity: .warning,
            place: "projects/a/a.yaml:5:10",
            message: "an owner that the project \"b\" lists whole",
            hint: "one of the two"
        ),
        Case(
            testDescription: "an address on any_evm and on one network",
            files: [
                "projects/a/a.yaml": projectText("a", address(right, network: "any_evm")),
                "projects/b/b.yaml": projectText("b", address(right.lowercased())),
            ],
            code: .artifactTaken,
            severity: .warning,
            place: "projects/b/b.yaml:5:14",
            message: "on base (theirs: any_evm)",
            hint: "one of the two"
        ),
        Case(
            testDescription: "another ending",
            files: ["projects/a/a.yml": projectText("a")],
            code: .wrongExtension,
            severity: .error,
            place: "projects/a/a.yml",
            message: ".yaml",
            hint: "Rename"
        ),
        Case(
            testDescription: "a byte order mark",
            files: ["projects/a/a.yaml": "\u{FEFF}" + projectText("a")],
            code: .byteOrderMark,
            severity: .warning,
            place: "projects/a/a.yaml:1:1",
            message: "byte order mark",
            hint: "without"
        ),
    ]

    private static func check(
        _ folder: TemporaryDirectory,
        since base: DirectoryCheck.Base? = nil,
        threads: Int = 2
    ) throws -> DirectoryCheck.Findings {
        try DirectoryCheck(root: folder.path, threads: threads).run(since: base)
    }

    @Test(arguments: cases)
    func `each rule finds its problem, and only that`(_ broken: Case) throws {
        let findings = try Self.check(TemporaryDirectory(broken.files))
        let problem = try #require(findings.problems.first)
        #expect(findings.problems.count == 1, "\(findings.problems.map(\.failure))")
        #expect(problem.failure.code == broken.code)
        #expect(problem.severity == broken.severity)
        #expect(problem.failure.place?.description == broken.place)
        #expect(problem.failure.message.contains(broken.message), "\(problem.failure)")
        #expect(problem.failure.hint?.contains(broken.hint) == true, "\(problem.failure)")
    }

    @Test func `all problems of a file are told, in its order`() throws {
        let folder = try TemporaryDirectory([
            "projects/a/a.yaml":
                "version: 6\nname: b\nwebsite:\n  - url: x\ngithub:\n  - link: x\n"
        ])
        let findings = try Self.check(folder)
        #expect(
            findings.problems.map { "\($0.failure.place?.line ?? 0) \($0.failure.code)" } == [
                "1 directory.invalid-document", "1 directory.wrong-version",
                "2 directory.name-mismatch", "3 directory.unknown-key",
                "6 directory.unknown-key", "6 directory.invalid-document",
            ]
        )
    }

    @Test func `two addresses of one network in one project, or of two networks, are fine`() throws
    {
        let folder = try TemporaryDirectory([
            "projects/a/a.yaml": projectText("a", Self.address(Self.right)),
            "projects/b/b.yaml": projectText("b", Self.address(Self.right, network: "optimism")),
        ])
        #expect(try Self.check(folder).problems.isEmpty)
    }

    // MARK: Before and after

    private static func base(_ files: [String: String]) -> DirectoryCheck.Base {
        DirectoryCheck.Base(
            blobs: files.mapValues { DirectoryCheck.blob(Array($0.utf8)) }
        ) { path in Array((files[path] ?? "").utf8) }
    }

    @Test func `what an edit brings is an error, what was there before a warning`() throws {
        let url = "  - url: https://github.com/o/r\n"
        let before = [
            "projects/a/a.yaml": projectText("a", "github:\n\(url)"),
            "projects/b/b.yaml": projectText("b", "github:\n\(url)"),
            "projects/c/c.yaml": projectText("c"),
        ]
        var after = before
        // A line more moves what is old.
        after["projects/b/b.yaml"] = projectText("b", "description: B\ngithub:\n\(url)")
        after["projects/c/c.yaml"] = projectText("c", "github:\n\(url)")
        let findings = try Self.check(TemporaryDirectory(after), since: Self.base(before))
        #expect(findings.changed == ["projects/b/b.yaml", "projects/c/c.yaml"])
        #expect(
            findings.problems.map {
                "\($0.failure.place?.description ?? "") \($0.severity) \($0.isOld)"
            } == ["projects/b/b.yaml:6:10 warning true", "projects/c/c.yaml:5:10 error false"]
        )
    }

    @Test func `of two that disagree the one that is edited is complained about`() throws {
        let before = [
            "projects/a/a.yaml": projectText("a"),
            "projects/b/b.yaml": projectText("b", "github:\n  - url: https://github.com/o/r\n"),
        ]
        var after = before
        after["projects/a/a.yaml"] = projectText("a", "github:\n  - url: https://github.com/o\n")
        let findings = try Self.check(TemporaryDirectory(after), since: Self.base(before))
        let failure = try #require(findings.problems.first).failure
        #expect(failure.place?.description == "projects/a/a.yaml:5:10")
        #expect(failure.message.contains("is the owner of \"https://github.com/o/r\""))
        #expect(findings.problems.count == 1)
    }

    @Test func `a project taken away is missed in a collection nobody touched`() throws {
        let collection = "version: 7\nname: c\ndisplay_name: C\nprojects: [a, b]\n"
        let before = [
            "projects/a/a.yaml": projectText("a"), "projects/b/b.yaml": projectText("b"),
            "collections/c.yaml": collection,
        ]
        var after = before
        after["projects/b/b.yaml"] = nil
        let findings = try Self.check(TemporaryDirectory(after), since: Self.base(before))
        #expect(findings.changed == ["projects/b/b.yaml"])
        let problem = try #require(findings.problems.first)
        #expect(problem.failure.code == .unknownProject)
        #expect(problem.severity == .error)
    }

    // MARK: Schemas

    @Test func `the directory's own schema counts`() throws {
        let text = DirectorySchema.project.json.replacing("\"zora\"", with: "\"zora\", \"moon\"")
        let files = [
            "projects/a/a.yaml": projectText("a", Self.address(Self.right, network: "moon"))
        ]
        #expect(try Self.check(TemporaryDirectory(files)).problems.count == 1)
        let own = files.merging(["schema/project.json": text]) { $1 }
        #expect(try Self.check(TemporaryDirectory(own)).problems.isEmpty)
    }

    @Test(
        arguments: [
            (#"{"type": "object", "maxItems": 3}"#, "maxItems"), (#"{"type": "strong"}"#, "type"),
            (##"{"$ref": "#/$defs/x"}"##, "leads nowhere"), ("{", "not JSON"), ("[]", "object"),
            (
                ##"{"$defs": {"x": {"items": {"$ref": "#/$defs/x"}}}, "$ref": "#/$defs/x"}"##,
                "circle"
            ),
        ]
    )
    func `a schema that promises what nobody checks is refused`(text: String, part: String) throws {
        let folder = try TemporaryDirectory(["schema/project.json": text])
        let failure = try #require(throws: Failure.self) { try Self.check(folder) }
        #expect(failure.code == .invalidSchema)
        #expect(failure.message.contains(part), "\(failure)")
        #expect(failure.place?.file == "schema/project.json")
    }

    // MARK: Any bytes

    /// 100,000 files that were damaged at random: each gives problems with places, or none.
    @Test func `damaged files are complained about, never more`() throws {
        var random = SeededRandom()
        let rules = try FileRules(of: DirectoryFolder(root: "/nowhere"))
        let whole = Array(
            projectText(
                "a",
                """
                description: "Two words: \\u00e9"
                github:
                  - url: https://github.com/o/r
                social: {twitter: [{url: 'https://x.com/a'}]}
                \(Self.address(Self.right))
                comments:
                  - |
                    a
                    b

                """
            ).utf8
        )
        let signs = Array("\t\n :-[]{}&*!|>'\"%@`#?,\0\u{2011}".utf8) + [0xFF, 0xC3]
        var broken = 0
        for _ in 0..<100_000 {
            var bytes = whole
            for _ in 0...random.int(0...3) {
                let place = random.int(0...(bytes.count - 1))
                let sign = signs[random.int(0...(signs.count - 1))]
                switch random.int(0...4) {
                case 0: bytes[place] = sign
                case 1: bytes.insert(sign, at: place)
                case 2: bytes.remove(at: place)
                case 3: bytes.removeLast(bytes.count - place)
                default: bytes += bytes[place...]
                }
                if bytes.isEmpty { bytes = [sign] }
            }
            let file = CheckedFile("projects/a/a.yaml", .success(bytes), rules)
            let lines = bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + 2
            for problem in file.problems {
                let line = problem.failure.place?.line ?? 1
                // U+0085, U+2028 and U+2029 end lines of YAML, too; none is made here.
                #expect((1...lines).contains(line), "\(problem.failure)")
            }
            if !file.isReadable { broken += 1 }
            if let document = try? YAMLParser.parse(bytes, file: "projects/a/a.yaml") {
                _ = try? Project(yaml: document.root, path: "projects/a/a.yaml")
            }
        }
        #expect((20_000..<90_000).contains(broken))
    }
}
