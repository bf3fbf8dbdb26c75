import Codecs
import Diagnostics
import Testing

@testable import Pipelines

/// Places of keys, and values by type.
struct TOMLSettingsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let path: [String]
        let place: String
        var testDescription: String { text }
        init(_ text: String, _ path: [String], _ place: String) {
            self.text = text
            self.path = path
            self.place = place
        }
    }

    @Test(arguments: [
        Case("a = 1\nb = 2\n", ["b"], "f:2:1"),
        Case("[t]\na = 1\n  b = 2", ["t", "b"], "f:3:3"),
        Case("# b = 1\n[t] # [u]\n\"b\" = 2", ["t", "b"], "f:3:1"),
        Case("[ t . u ]\nb=1", ["t", "u", "b"], "f:2:1"),
        Case("[t.u]\n", ["t"], "f:1:1"),
        Case("x.y.z = 1\n", ["x", "y"], "f:1:1"),
        Case("[t]\n'a.b' = 1\na.b = 2\n", ["t", "a", "b"], "f:3:1"),
        Case("[t]\n'a.b' = 1\na.b = 2\n", ["t", "a.b"], "f:2:1"),
        Case("a = \"x = 1\"; b".replacing(";", with: "\n#"), ["x"], "f"),
        Case("a = \"\"\"\nb = 1\n[t]\n\\\"\"\"\"\nb = 2", ["b"], "f:5:1"),
        Case("a = '''\nb = 1\n''''\nb = 2", ["b"], "f:4:1"),
        Case("a = \"\"\nb = ''\nc = 1", ["c"], "f:3:1"),
        Case("a = \"\\\\\"\nb = '\\'\nc = 1", ["c"], "f:3:1"),
        Case("a = [\n  [1, 2],\n  # b = 1\n  [3]\n]\nb = 2", ["b"], "f:6:1"),
        Case("a = [\n  [1, 2],\n  [3, 40]\n]", ["a", "1", "1"], "f:3:7"),
        Case("a = { b = { c = 1 }, d = [ { e = 2 } ] }", ["a", "b", "c"], "f:1:13"),
        Case("a = { b = { c = 1 }, d = [ { e = 2 } ] }", ["a", "d", "0", "e"], "f:1:30"),
        Case(
            "[[t]]\na = 1\n[t.u]\nb = 1\n[[t]]\na = 2\n[t.u]\nb = 2",
            ["t", "1", "u", "b"],
            "f:8:1"
        ),
        Case(
            "[[t]]\n[[t.u]]\nb = 1\n[[t.u]]\nb = 2\n[[t]]\n[[t.u]]\nb = 3",
            ["t", "0", "u", "1", "b"],
            "f:5:1"
        ),
        Case("[[t]]\na = 1\n[[t]]\na = 2", ["t"], "f:1:1"),
        Case("a = 1979-05-27 07:32:00\nb = 0x1f\nc = 1", ["c"], "f:3:1"),
        Case("a = \"é\"\r\n[\"ü\"]\r\nb = 1\r\n", ["ü", "b"], "f:3:1"),
        Case("é = { 'ü' = { b = 1 } }".replacing("é", with: "\"é\""), ["é", "ü", "b"], "f:1:17"),
        Case("[t]\na = 1", ["t", "nothing", "of", "it"], "f:1:1"),
        Case("a = 1", ["nothing"], "f"),
    ])
    func `a key has the place where it is written, or that of the table around it`(_ item: Case)
        throws
    {
        _ = try TOMLSettings(parsing: item.text, file: "f")  // It is TOML.
        #expect(
            TOMLPlaces(text: item.text, file: "f").place(of: item.path).description == item.place
        )
    }

    @Test(arguments: [
        "", "[", "[[", "]", "}", "=", "\"", "'''", "a", "a =", "a = [", "a = {", "a = \"\\",
        "a = [}",
        "a = {]", "[a", "a = [[{", ".", "..", "a = ,", "\"\"\"", "#", "\0", "a = {b = [\n#]\n",
    ])
    func `the search for places ends, whatever the text`(_ text: String) {
        #expect(TOMLPlaces(text: text, file: "f").place(of: ["nothing"]).description == "f")
    }

    private func settings() throws -> TOMLSettings {
        try TOMLSettings(
            parsing: """
                text = "x"
                flag = false
                whole = 12
                part = 1.5
                day = 2025-01-01
                time = 12:00:00
                texts = ["a", "b"]
                mixed = ["a", 1]
                tables = [{ a = 1 }, { a = 2 }]
                [table]
                a = 3
                """,
            file: "f"
        )
    }

    @Test func `values are read by their type`() throws {
        let settings = try settings()
        #expect(try settings.string("text") == "x")
        #expect(try settings.bool("flag") == false)
        #expect(try settings.int("whole") == 12)
        #expect(try settings.strings("texts") == ["a", "b"])
        #expect(try settings.table("table")?.int("a") == 3)
        #expect(try settings.tables("tables")?.map { try $0.int("a") } == [1, 2])
        #expect(try settings.requiredString("text") == "x")
        #expect(
            settings.keys == [
                "day", "flag", "mixed", "part", "table", "tables", "text", "texts", "time", "whole",
            ]
        )
    }

    @Test func `a key that is not there is nil`() throws {
        let settings = try settings()
        #expect(try settings.string("x") == nil)
        #expect(try settings.bool("x") == nil)
        #expect(try settings.int("x") == nil)
        #expect(try settings.strings("x") == nil)
        #expect(try settings.table("x") == nil)
        #expect(try settings.tables("x") == nil)
    }

    @Test(arguments: ["flag", "whole", "part", "day", "time", "texts", "table"])
    func `only a string is a string`(_ key: String) throws {
        let settings = try settings()
        let failure = try #require(throws: Failure.self) { try settings.string(key) }
        #expect(failure.message == "The key '\(key)' must be a string.")
    }

    @Test func `a value of another type says which it must be`() throws {
        let settings = try settings()
        let failures = [
            try #require(throws: Failure.self) { try settings.bool("text") },
            try #require(throws: Failure.self) { try settings.int("part") },
            try #require(throws: Failure.self) { try settings.strings("text") },
            try #require(throws: Failure.self) { try settings.strings("mixed") },
            try #require(throws: Failure.self) { try settings.table("tables") },
            try #require(throws: Failure.self) { try settings.tables("table") },
            try #require(throws: Failure.self) { try settings.tables("texts") },
        ]
        #expect(
            failures.map { "\($0.place?.description ?? "") \($0.message)" } == [
                "f:1:1 The key 'text' must be true or false.",
                "f:4:1 The key 'part' must be a whole number.",
                "f:1:1 The key 'text' must be a list of strings.",
                "f:8:15 The key 'mixed' must be a list of strings.",
                "f:9:1 The key 'tables' must be a table.",
                "f:10:1 The key 'table' must be a list of tables.",
                "f:7:10 The key 'texts' must be a list of tables.",
            ]
        )
    }
}
