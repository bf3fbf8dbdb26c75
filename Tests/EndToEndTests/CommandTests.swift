import Foundation
import Testing

/// What commands print and take, beyond a run.
@Suite struct CommandTests {
    private func ran() throws -> World {
        let world = try World()
        try world.makeWarehouse()
        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        return world
    }

    @Test func `a folder may be named before the command, as git takes it`() throws {
        let world = try ran()
        defer { world.remove() }
        let before = try world.run(
            World.program.path,
            ["-C", world.folder.path, "tables", "--json"]
        )
        let after = try world.osodata("tables", "-C", world.folder.path, "--json")
        #expect(before.status == 0, "\(before.messages)")
        #expect(before.output == after.output)
        #expect(before.output.contains("marts.counts_v1"))
    }

    @Test func `the first run suggests what is there`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let first = try world.commitAndRun()
        #expect(first.output.contains("show marts.counts_v1\n"), "\(first.output)")
        #expect(first.output.contains("diff HEAD~1 HEAD --stat"))
        #expect(!first.output.contains("intermediate.events"))
    }

    @Test func `a table without its layer gets a hint`() throws {
        let world = try ran()
        defer { world.remove() }
        let query = try world.osodata("query", "select * from counts_v1")
        #expect(query.status == 2)
        #expect(query.messages.contains("Did you mean 'marts.counts_v1'?"), "\(query.messages)")
        let common = try world.osodata(
            "query",
            "with counts_v1 as (select 1 as a) select * from counts_v1",
            "--format",
            "csv"
        )
        #expect(common.output == "a\n1\n", "\(common.messages)")
    }

    @Test func `a change of the schema alone shows in every kind of diff`() throws {
        let world = try ran()
        defer { world.remove() }
        let file = "models/marts/counts_v1.sql"
        let model = try #require(World.models[file])
        try world.write(
            file,
            model.replacingOccurrences(
                of: "description =",
                with: "class = \"large\"\ndescription ="
            )
            .replacingOccurrences(of: "*/", with: "[columns]\nevents = \"How many.\"\n*/")
        )
        try world.git("commit", "-qam", "Another class")
        #expect(try world.commitAndRun().status == 0)
        let text = try world.osodata("diff", "HEAD~1", "HEAD")
        #expect(text.status == 1)
        #expect(text.output.contains("class changed from small to large"), "\(text.output)")
        #expect(text.output.contains("column \"events\" has another description"))
        let json = try world.osodata("diff", "HEAD~1", "HEAD", "--json")
        #expect(json.output.contains(#""change":"schema""#), "\(json.output)")
        let third = try world.osodata("diff", "HEAD~1", "HEAD", "marts.counts_v1@HEAD")
        #expect(third.status == 2)
        #expect(third.messages.contains("names a third revision"))
    }

    @Test func `show gives cells as JSON with their types`() throws {
        let world = try ran()
        defer { world.remove() }
        let show = try world.osodata("show", "marts.counts_v1", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(show.output.utf8))
        let sample = try #require((object as? [String: Any])?["sample"] as? [[String: Any]])
        #expect(sample.first?["event_type"] as? String == "ForkEvent")
        #expect(sample.first?["events"] as? Int == 1)
    }

    @Test func `CSV tells empty text from NULL, as import reads it`() throws {
        let world = try ran()
        defer { world.remove() }
        let sql = "select 1 as k, '' as a, null::varchar as b, 'x,\"y\"' as c"
        let written = try world.osodata("query", sql, "--format", "csv")
        #expect(written.output == "k,a,b,c\n1,\"\",,\"x,\"\"y\"\"\"\n", "\(written.messages)")
        try world.write("back.csv", written.output)
        #expect(try world.osodata("import", "raw.back", "back.csv", "--key", "k").status == 0)
        let rows = try world.osodata("query", "select * from raw.back", "--format", "ndjson")
        #expect(rows.output == #"{"k":1,"a":"","b":null,"c":"x,\"y\""}"# + "\n", "\(rows.messages)")
    }

    @Test func `a closed pipe ends a command quietly, a full disk does not`() throws {
        let world = try ran()
        defer { world.remove() }
        let line = "\(World.program.path) query 'select * from range(200000)' --format csv"
        let closed = try world.shell("set -o pipefail; \(line) | head -1")
        #expect(closed.output == "range\n", "\(closed.messages)")
        #expect(closed.status == 0)
        let full = try world.shell("\(line) > /dev/full")
        #expect(full.status == 2)
        #expect(full.messages.contains("No space left on device"), "\(full.messages)")
    }
}
