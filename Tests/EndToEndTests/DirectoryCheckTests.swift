import Foundation
import Testing

/// `osodata directory check`, in a repository and beside one.
@Suite struct DirectoryCheckTests {
    private static func project(_ name: String, _ more: String = "") -> String {
        "version: 7\nname: \(name)\ndisplay_name: Project \(name)\n\(more)"
    }

    private func makeDirectory() throws -> World {
        let world = try World()
        try world.makeWarehouse()
        try world.write("directory/projects/z/z.yaml", Self.project("z"))
        try world.write(
            "directory/projects/y/y.yaml",
            Self.project("y", "github:\n  - url: https://github.com/o/r/tree/main\n")
        )
        try world.commitInputs()
        return world
    }

    @Test func `what an edit brings fails, with place, hint and an annotation`() throws {
        let world = try makeDirectory()
        defer { world.remove() }
        let clean = try world.osodata("directory", "check", "--since", "HEAD")
        #expect(clean.status == 0, "\(clean.messages)")
        #expect(clean.output.isEmpty)
        #expect(clean.messages.contains("0 files changed since HEAD"), "\(clean.messages)")
        #expect(clean.messages.contains("In other files 1 were there before"))

        try world.write(
            "directory/projects/z/z.yaml",
            Self.project("z", "github:\n  - url: https://gitlab.com/o/r%, and\n")
        )
        let text = try world.osodata("directory", "check", "--since", "HEAD")
        #expect(text.status == 1)
        #expect(
            text.output == """
                directory/projects/z/z.yaml:5:10: error: "https://gitlab.com/o/r%, and" has no host \
                of the web, or blanks. [directory.url-shape]
                  hint: Write it as https://github.com/OWNER or https://github.com/OWNER/REPOSITORY.

                """
        )
        #expect(text.messages.contains("1 file changed since HEAD: 1 error, 0 warnings"))

        let github = try world.osodata(
            "directory",
            "check",
            "--since",
            "HEAD",
            "--format",
            "github"
        )
        #expect(
            github.output.hasPrefix(
                "::error file=directory/projects/z/z.yaml,line=5,col=10,"
                    + "title=directory.url-shape::\"https://gitlab.com/o/r%25, and\" has no host"
            ),
            "\(github.output)"
        )
        #expect(github.output.contains("%0AWrite it as"))

        let json = try world.osodata("directory", "check", "--format", "json")
        #expect(json.status == 0, "without a base these rules warn")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        )
        let problems = try #require(object["problems"] as? [[String: Any]])
        #expect(object["warnings"] as? Int == 2)
        #expect(problems.map { $0["line"] as? Int } == [5, 5])
        #expect(problems.map { $0["rule"] as? String }.contains("directory.url-shape"))
    }

    @Test func `the base is where the branch began, not what others did since`() throws {
        let world = try makeDirectory()
        defer { world.remove() }
        let main = try world.git("branch", "--show-current").output
            .trimmingCharacters(in: .newlines)
        try world.git("switch", "-qc", "edit")
        try world.write("directory/projects/x/x.yaml", Self.project("x"))
        try world.git("add", "-A")
        try world.git("commit", "-qm", "Add x")
        try world.git("switch", "-q", main)
        try world.write("directory/projects/y/y.yaml", Self.project("y"))
        try world.git("commit", "-qam", "Mend y")
        try world.git("switch", "-q", "edit")
        let check = try world.osodata("directory", "check", "--since", main)
        #expect(check.status == 0, "\(check.output)")
        #expect(check.messages.contains("1 file changed since \(main)"), "\(check.messages)")
    }

    @Test func `a folder that is no warehouse is checked as well`() throws {
        let world = try World()
        defer { world.remove() }
        try world.write("data/projects/a/a.yaml", Self.project("b"))
        let check = try world.osodata("directory", "check", "--path", "data")
        #expect(check.status == 1)
        #expect(check.output.hasPrefix("data/projects/a/a.yaml:2:7: error: The name is \"b\""))
        let missing = try world.osodata("directory", "check", "--path", "nowhere")
        #expect(missing.status == 2)
        #expect(missing.messages.contains("There is no folder"))
    }
}
