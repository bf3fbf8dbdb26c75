import Diagnostics
import Foundation
import Records
import Testing

@testable import ProjectDirectory

@Suite struct ReadingTests {
    @Test func `an empty folder is an empty directory`() throws {
        let folder = try TemporaryDirectory()
        let directory = try ProjectDirectoryReader.read(root: folder.path)
        #expect(directory.projects.isEmpty && directory.collections.isEmpty)
        #expect(directory.digest == DirectoryContents.empty.digest)
    }

    @Test func `a project is read with its artifacts and where they are listed`() throws {
        let folder = try TemporaryDirectory([
            "projects/a/alpha.yaml": projectText(
                "alpha",
                """
                description: What it does.
                websites:
                  - url: https://Alpha.example
                social:
                  twitter:
                    - url: https://twitter.com/Alpha
                  telegram:
                    - url: https://t.me/alpha
                github:
                  - url: https://github.com/Alpha
                  - url: https://github.com/Beta/Tools.git
                  - url: https://github.com/alpha/
                  - url: https://gitlab.com/alpha
                npm:
                  - url: https://www.npmjs.com/package/@Alpha/core
                blockchain:
                  - address: 0x00000000000000000000000000000000000000Aa
                    tags: [contract, proxy]
                    networks: [mainnet, base]
                """
            ),
            "collections/all.yaml": """
            version: 7
            name: all
            display_name: All
            projects: [alpha]
            """,
        ])
        let directory = try ProjectDirectoryReader.read(root: folder.path)
        let project = try #require(directory.projects.first)
        #expect(project.name == "alpha")
        #expect(project.displayName == "Project alpha")
        #expect(project.description == "What it does.")
        #expect(project.sourceFile == "projects/a/alpha.yaml")
        #expect(project.sourceLine == 2)
        let artifacts = project.artifacts.map {
            "\($0.source) \($0.type) '\($0.namespace)' '\($0.name)' \($0.sourceLine)"
        }
        let address = "0x00000000000000000000000000000000000000aa"
        #expect(
            artifacts == [
                "WWW WEBSITE '' 'https://alpha.example' 6",
                "GITHUB OWNER 'alpha' '' 13",
                "GITHUB REPOSITORY 'beta' 'tools' 14",
                "NPM PACKAGE 'alpha' '@alpha/core' 18",
                "TWITTER SOCIAL_HANDLE '' 'alpha' 9",
                "MAINNET CONTRACT '' '\(address)' 20",
                "MAINNET PROXY '' '\(address)' 20",
                "BASE CONTRACT '' '\(address)' 20",
                "BASE PROXY '' '\(address)' 20",
            ]
        )
        #expect(directory.githubOwners == ["alpha"])
        #expect(directory.githubRepositories == ["beta/tools"])
        #expect(directory.collections.first?.projects == ["alpha"])
    }

    @Test func `a byte order mark is no part of a file`() throws {
        let mark = Data([0xEF, 0xBB, 0xBF])
        let folder = try TemporaryDirectory()
        try folder.write(mark + Data(projectText("a").utf8), "projects/a.yaml")
        #expect(try ProjectDirectoryReader.read(root: folder.path).projects.map(\.name) == ["a"])
        try folder.write(mark + Data("version: 7\nname: [a\n".utf8), "projects/a.yaml")
        let failure = try #require(throws: Failure.self) {
            try ProjectDirectoryReader.read(root: folder.path)
        }
        #expect(failure.place?.description == "projects/a.yaml:3:1")
    }

    @Test func `a document keeps every field, and no text becomes a number`() throws {
        let folder = try TemporaryDirectory([
            "projects/a/a.yaml": projectText(
                "a",
                """
                new_field: {z: 0x10, b: [1, -2, 1.5, 007, true, yes, ~, "3", 2024-01-01]}
                description: "tab\\t \\u00e9"
                """
            )
        ])
        let project = try #require(
            try ProjectDirectoryReader.read(root: folder.path).projects.first
        )
        #expect(
            String(decoding: project.document, as: UTF8.self)
                == #"{"description":"tab\t é","display_name":"Project a","name":"a","#
                + #""new_field":{"b":[1,-2,"1.5","007",true,"yes",null,"3","2024-01-01"],"z":"0x10"},"#
                + #""version":7}"#
        )
    }

    @Test func `an id is what Open Source Observer publishes`() {
        #expect(
            osoID("OSS_DIRECTORY", "oso", "opensource-observer")
                == "UuWbpo5bpL5QsYvlukUWNm2uE8HFjxQxzCM0e+HMZfk="
        )
        #expect(
            osoID("OSO", "oso", "GITHUB_commits_daily")
                == "0xy+em6XN6wQKZMqtspcmc49ze3hD4BofTyMG+PU2OE="
        )
    }

    @Test func `rows come in the order of their ids`() throws {
        let names = ["a", "b", "c", "d"]
        let folder = try TemporaryDirectory(
            Dictionary(uniqueKeysWithValues: names.map { ("projects/\($0).yaml", projectText($0)) })
        )
        let rows = try ProjectDirectoryReader.read(root: folder.path).projectRows()
        let ids = names.map { osoID("OSS_DIRECTORY", "oso", $0) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(rows.count == 4)
        for (index, id) in ids.enumerated() {
            #expect(
                String(decoding: rows.row(index), as: UTF8.self).hasPrefix(
                    #"{"project_id":"\#(id)""#
                )
            )
        }
    }

    @Test(
        arguments: [
            ("https://github.com/Owner", "owner", nil),
            ("https://github.com/owner/", "owner", nil),
            ("http://github.com/o/R.js", "o", "r.js"),
            ("https://github.com/o/r.git/", "o", "r"),
            ("https://github.com/o?tab=repositories", "o", nil),
            ("https://github.com/o/r#readme", "o", "r"),
            ("https://github.com/", nil, nil),
            ("https://github.com/o/r/tree/main", nil, nil),
            ("https://github.com//r", nil, nil),
            ("https://www.github.com/o", nil, nil),
            ("https://github.com.evil.example/o", nil, nil),
            ("https://ophis-fi", nil, nil),
            ("https://github.com/o w/r", nil, nil),
            ("", nil, nil),
        ] as [(String, String?, String?)]
    )
    func `a GitHub URL points to an owner, a repository or nothing`(
        url: String,
        owner: String?,
        repository: String?
    ) {
        let address = GitHubAddress(url: url)
        #expect(address?.owner == owner)
        #expect(address?.repository == repository)
    }
}

@Suite struct OwnDirectoryTests {
    @Test func `this repository's directory is read, and its samples say what they are`() throws {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let root = folder.appending(path: "directory").path
        let directory = try ProjectDirectoryReader.read(root: root)
        #expect(directory.githubRepositories.contains("osodata/osodata"))
        let samples = directory.projects.filter { $0.name != "osodata" }
        #expect(samples.count >= 3)
        for sample in samples {
            #expect(sample.displayName.hasSuffix("(made-up data)"))
            #expect(sample.description?.hasPrefix("A sample, not a real project.") == true)
        }
    }

    @Test func `this repository's directory passes its check, by the schemas of this program`()
        throws
    {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let root = folder.appending(path: "directory").path
        // One sample lists a repository of another's owner, to show what that makes of the numbers.
        let problems = try DirectoryCheck(root: root, threads: 1).run().problems
        #expect(problems.map(\.failure.code) == [.artifactTaken])
        #expect(problems.first?.failure.place?.file == "projects/s/sample-orchard.yaml")
        for schema in DirectorySchema.allCases {
            let text = try String(contentsOfFile: "\(root)/\(schema.path)", encoding: .utf8)
            #expect(text == schema.json, "osodata schema \(schema) > directory/\(schema.path)")
        }
    }
}
