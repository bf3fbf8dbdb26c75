import Foundation
import Testing

/// The file rules of `Scripts/lint`: the project keeps them, and each of them can be broken.
struct LintTests {
    private let lint = Project.root.appending(path: "Scripts/lint")

    @Test func `the project keeps its file rules`() throws {
        let (status, output) = try run(lint, [Project.root.path])
        #expect(status == 0, "\(output)")
        #expect(output.contains(" 0 problems"))
    }

    /// A file that breaks one rule; its text is put together so that this file breaks none.
    struct Case: Sendable, CustomTestStringConvertible {
        let path: String
        let text: String
        let complaint: String
        var testDescription: String { "\(path): \(complaint)" }
    }

    static let cases = [
        Case(
            path: "Sources/A/A.swift",
            text: line(times: 801),
            complaint: "A.swift:801: 801 lines"
        ),
        Case(
            path: "Sources/A/A.swift",
            text: "try" + "! f()\n",
            complaint: "A.swift:1: a forced try"
        ),
        Case(
            path: "Sources/A/A.swift",
            text: "\n// TO" + "DO: f\n",
            complaint: "A.swift:2: TO" + "DO"
        ),
        Case(path: "Scripts/a.py", text: "x = 1 # FIX" + "ME\n", complaint: "a.py:1: FIX" + "ME"),
        Case(
            path: "Sources/A/A.swift",
            text: "final class A: @unchecked " + "Sendable {}\n",
            complaint: "without a comment"
        ),
        Case(path: "Tests/A/A.swift", text: "usleep" + "(1)\n", complaint: "a test that sleeps"),
        Case(path: "docs/a.md", text: "a \n", complaint: "a.md:1: blanks at the end"),
        Case(path: "docs/a.md", text: "a", complaint: "a.md:1: no newline at the end"),
        Case(path: "a.sql", text: "\u{9}SELECT 1\n", complaint: "a.sql:1: a tab"),
        Case(path: "docs/a b.md", text: "a\n", complaint: "a file name with a space"),
        Case(path: "Scripts/a", text: "#!/bin/bash\nif\n", complaint: "bash -n"),
        Case(path: "Scripts/a", text: "#!/usr/bin/env python3\nif\n", complaint: "python: "),
    ]

    @Test(arguments: cases) func `a broken rule is found and named`(_ broken: Case) throws {
        try withFolder { folder in
            try write(broken.text, to: broken.path, in: folder)
            let (status, output) = try run(lint, [folder.path])
            #expect(status == 1)
            #expect(output.contains(broken.complaint), "\(output)")
            #expect(output.contains(" 1 problems"))
        }
    }

    @Test func `a reason beside an unchecked conformance is enough`() throws {
        try withFolder { folder in
            let text = """
                final class A: @unchecked Sendable {
                    // @unchecked Sendable: it has no state.
                }

                """
            try write(text, to: "Sources/A/A.swift", in: folder)
            let (status, output) = try run(lint, [folder.path])
            #expect(status == 0, "\(output)")
        }
    }

    @Test func `a folder with nothing to check does not pass`() throws {
        try withFolder { folder in
            let (status, _) = try run(lint, [folder.path])
            #expect(status == 1)
        }
    }

    private static func line(times: Int) -> String { String(repeating: "// a\n", count: times) }

    private func write(_ text: String, to path: String, in folder: URL) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try text.write(to: file, atomically: true, encoding: .utf8)
    }
}
