import Foundation
import Testing

/// The documents say what is there.
struct DocumentationTests {
    @Test func `the documents mention every command`() throws {
        let documents = try documents()
        let files = Project.names(in: "Sources/osodata/Commands")
            .filter { $0.hasSuffix("Command.swift") }
        #expect(!files.isEmpty)
        for file in files {
            let command = file.dropLast("Command.swift".count).lowercased()
            #expect(
                documents.contains("osodata \(command)"),
                "no document mentions osodata \(command)"
            )
        }
    }

    @Test func `make help lists every target of the Makefile`() throws {
        let help = try run(
            URL(filePath: "/usr/bin/env"),
            ["make", "-C", Project.root.path, "help"]
        )
        #expect(help.status == 0, "\(help.output)")
        for target in [
            "run", "build", "test", "lint", "format", "check", "golden", "bench-crash", "clean",
        ] {
            #expect(help.output.contains("make \(target) "), "\(help.output)")
        }
    }

    @Test func `links between the documents lead somewhere`() throws {
        var checked = 0
        for document in documentNames {
            let folder = Project.root.appending(path: document).deletingLastPathComponent()
            for match in try Project.text(document).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
                checked += 1
                let target = folder.appending(path: String(match.1)).standardizedFileURL
                #expect(
                    FileManager.default.fileExists(atPath: target.path),
                    "\(document) links to \(match.1)"
                )
            }
        }
        #expect(checked > 0)
    }

    /// Every Markdown file at top level and in `docs`.
    private var documentNames: [String] {
        (Project.names(in: ".") + Project.names(in: "docs").map { "docs/\($0)" })
            .filter { $0.hasSuffix(".md") }
    }

    private func documents() throws -> String {
        try documentNames.map { try Project.text($0) }.joined(separator: "\n")
    }
}
