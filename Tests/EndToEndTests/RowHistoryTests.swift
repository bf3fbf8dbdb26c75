import Foundation
import Testing

/// `osodata history`.
struct RowHistoryTests {
    @Test func `every change of a row is told with its run and its cells`() throws {
        let history = try History()
        defer { history.world.remove() }
        let done = try history.world.osodata("history", "marts.t", "2")
        #expect(done.status == 0, "\(done.messages)")
        let ids = try history.world.git("log", "--format=%h", "--abbrev=12").output
            .split(separator: "\n")
        #expect(
            done.output == """
                \(ids[0])  2026-11-05T00:00:00Z  run cccc  added
                    name  bo
                    n     9
                \(ids[1])  2026-11-03T00:00:00Z  run bbbb000000000003  removed
                    name  bob
                    n     2
                \(ids[3])  2026-11-01T10:00:00Z  run aaaa000000000001  added
                    name  bob
                    n     2

                """
        )
        #expect(done.messages.contains("3 changes of id = 2 in 4 versions of marts.t"))
        let changed = try history.world.osodata("history", "marts.t", "id=1")
        #expect(changed.output.contains("changed\n    n  1 → 5\n"), "\(changed.output)")
    }

    @Test func `the JSON has types, and what was read`() throws {
        let history = try History()
        defer { history.world.remove() }
        let answer = try history.history("marts.t", "1")
        #expect((answer["key"] as? [String: Int]) == ["id": 1])
        #expect(answer["end"] as? String == "beginning")
        #expect(answer["versions"] as? Int == 4)
        let changes = try #require(answer["changes"] as? [[String: Any]])
        #expect(changes.map { $0["change"] as? String } == ["changed", "added"])
        #expect(changes[0]["run"] as? String == History.runs[1])
        let cell = try #require((changes[0]["cells"] as? [[String: Any]])?.first)
        #expect(cell["column"] as? String == "n")
        #expect(cell["before"] as? Int == 1 && cell["after"] as? Int == 5)
        let limited = try history.history("marts.t", "1", "--limit", "1")
        #expect((limited["changes"] as? [Any])?.count == 1)
        #expect(limited["end"] as? String == "limit")
    }

    @Test(arguments: [
        (["2", "3"], "The key has 1 column, and 2 values are given."),
        (["two"], "\"two\" is no int64"),
        (["id=1", "id=2"], "\"id\" is given twice"),
        (["99"], "No version of marts.t up to 'HEAD' has a row with id = 99."),
    ])
    func `a key that names no row is refused`(key: [String], message: String) throws {
        let history = try History()
        defer { history.world.remove() }
        let done = try history.world.run(World.program.path, ["history", "marts.t"] + key)
        #expect(done.status == 2 && done.output.isEmpty, "\(done)")
        #expect(done.messages.contains(message), "\(done.messages)")
    }

    @Test func `tables without key and tables that are none are refused`() throws {
        let history = try History()
        defer { history.world.remove() }
        try history.world.write("in.csv", "a\nx\n")
        try history.world.osodata("import", "raw.bag", "in.csv")
        let bag = try history.world.osodata("history", "raw.bag", "x")
        #expect(bag.status == 2 && bag.messages.contains("\"raw.bag\" has no key"), "\(bag)")
        #expect(bag.messages.contains("osodata diff HEAD~1 HEAD raw.bag"))
        let none = try history.world.osodata("history", "marts.tt", "1")
        #expect(none.status == 2 && none.messages.contains("Did you mean 'marts.t'?"), "\(none)")
    }

    @Test func `a history that is cut off says so`() throws {
        let history = try History()
        defer { history.world.remove() }
        let from = "file://\(history.place)"
        try history.world.git("clone", "-q", "--depth", "2", from, "../shallow")
        let shallow = history.world.root.path + "/shallow"
        let done = try history.world.osodata("history", "marts.t", "1", "-C", shallow)
        #expect(done.status == 0 && done.output.isEmpty, "\(done)")
        #expect(done.messages.contains("where the row was there: git fetch --unshallow"))

        // Another key, and another row of the same name.
        try history.world.write("in.csv", "id,name,n\n1,ann,5\n")
        try history.world.osodata("import", "marts.t", "in.csv", "--key", "name")
        let rekeyed = try history.history("marts.t", "ann")
        #expect(rekeyed["end"] as? String == "rekeyed")
        let note = try #require(rekeyed["note"] as? String)
        #expect(note.contains("another key: (id), not (name)"))
        let before = try history.world.osodata("history", "marts.t@HEAD~1", "1")
        #expect(before.status == 0 && before.output.contains("1 → 5"), "\(before)")
    }

    @Test func `a removed table has a history all the same`() throws {
        let history = try History()
        defer { history.world.remove() }
        try history.world.shell("git rm -rq snapshots && git commit -qm gone")
        let done = try history.world.osodata("history", "marts.t", "3", "--limit", "1")
        #expect(done.output.contains("removed\n    name  cy\n"), "\(done)")
    }
}
