import Foundation
import Testing

/// The blocks of docs/recipes.md, each run as it stands.
struct RecipeTests {
    /// A block of code, and the line it begins in.
    struct Block: Sendable, CustomTestStringConvertible {
        let language: String
        let line: Int
        let code: String
        var testDescription: String { "recipes.md:\(line)" }
    }

    static let blocks: [Block] = {
        let path = World.package.appending(path: "docs/recipes.md")
        let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        var blocks: [Block] = []
        var open: (language: String, line: Int, code: [Substring])?
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let (language, start, code) = open {
                    let code = code.joined(separator: "\n")
                    blocks.append(Block(language: language, line: start, code: code))
                    open = nil
                } else {
                    open = (String(line.dropFirst(3)), index + 1, [])
                }
            } else {
                open?.code.append(line)
            }
        }
        return blocks
    }()

    /// What a block prints; of those that print much, what they must mention.
    static let expected: [String] = [
        "10\n", "go\t5\nit's\t\nzig\t3\n", "ndjson.zst", "zig\ngo\n", "id,name,stars\n",
        "[('go', 5)]\n", "[(3,)]\n", "[('zig', 4), ('go', 5), ('nim', 1)]\n", "stars_before",
        "removed",
    ]

    /// A Python with DuckDB and pandas, put together once; nil where PyPI is not to be reached.
    static let python: String? = {
        let folder = World.package.appending(path: ".deps/recipes-venv").path
        let python = "\(folder)/bin/python"
        let stamp = "\(folder)/complete"
        guard !FileManager.default.fileExists(atPath: stamp) else { return python }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [
            "-c",
            """
            /usr/bin/python3 -m venv --clear --without-pip '\(folder)' &&
            /usr/bin/python3 -m pip --python '\(python)' install -q --disable-pip-version-check \
            duckdb==2.0.0 pandas==2.2.3 numpy==1.26.4 >/dev/null 2>&1 && touch '\(stamp)'
            """,
        ]
        try? process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? python : nil
    }()

    private func makeWorld() throws -> World {
        let world = try World()
        try world.initWarehouse()
        for csv in ["1,zig,3\n2,go,5\n3,\"it's\",\n", "1,zig,4\n2,go,5\n4,nim,1\n"] {
            try world.write("t.csv", "id,name,stars\n\(csv)")
            try world.osodata("import", "marts.langs_v1", "t.csv", "--key", "id")
        }
        return world
    }

    @Test func `there is an expectation for every block`() {
        #expect(Self.blocks.count == Self.expected.count)
    }

    @Test(arguments: zip(blocks, expected))
    func `recipes do what they say`(block: Block, expected: String) throws {
        if block.language == "python" && Self.python == nil {
            print("not run, since PyPI is not to be reached: \(block.testDescription)")
            return
        }
        let world = try makeWorld()
        defer { world.remove() }
        let program = block.language == "python" ? Self.python ?? "" : "/bin/bash"
        let out = try world.run(
            program,
            ["-c", block.code],
            environment: ["PATH": "\(World.program.deletingLastPathComponent().path):/usr/bin:/bin"]
        )
        #expect(out.status == 0, "\(out.messages)")
        let isWhole = expected.hasSuffix("\n")
        #expect(isWhole ? out.output == expected : out.output.contains(expected), "\(out.output)")
    }
}
