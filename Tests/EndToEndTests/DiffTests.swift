import Foundation
import Testing

/// `osodata diff` as a user sees it.
struct DiffTests {
    /// A world whose table `marts.t` has 200 rows at the tag `one`, and six changes later.
    private func world() throws -> World {
        let world = try World()
        try world.git("init", "-q", "-b", "main", ".")
        try world.write(".gitignore", ".osodata/\n")
        try world.git("add", "-A")
        try world.git("commit", "-qm", "Start")
        try importing(world, "marts.t", Self.rows(), key: "id")
        try importing(world, "raw.bag", [#"{"w":"a","k":1}"#, #"{"w":"a","k":1}"#])
        try world.git("tag", "one")
        var rows = Self.rows()
        rows[7] = Self.row(7, "seven", stars: 1_000, score: "1")
        rows[9] = Self.row(9, "project 9", stars: 9, score: "1.000000001")
        rows.remove(at: 5)
        rows.append(Self.row(200, "名前 <b>", stars: 1, score: "1"))
        try importing(world, "marts.t", rows, key: "id")
        try importing(world, "raw.bag", [#"{"w":"a","k":1}"#, #"{"w":"c","k":2}"#])
        return world
    }

    private static func row(_ id: Int, _ name: String, stars: Int, score: String) -> String {
        #"{"id":\#(id),"name":"\#(name)","stars":\#(stars),"score":\#(score)}"#
    }

    private static func rows() -> [String] {
        (0..<200).map { row($0, "project \($0)", stars: $0, score: $0 == 9 ? "1" : "2.5") }
    }

    private func importing(
        _ world: World,
        _ table: String,
        _ rows: [String],
        key: String? = nil
    ) throws {
        try world.write("rows.ndjson", rows.map { $0 + "\n" }.joined())
        let arguments = ["import", table, "rows.ndjson"] + (key.map { ["--key", $0] } ?? [])
        let outcome = try world.run(World.program.path, arguments)
        #expect(outcome.status == 0, "\(outcome.messages)")
        try world.shell("rm rows.ndjson")
    }

    @Test func `rows and cells come in key order, counts after them, and the status is 1`() throws {
        let world = try world()
        defer { world.remove() }
        let diff = try world.osodata("diff", "one", "HEAD")
        #expect(diff.status == 1)
        #expect(
            diff.output == """
                marts.t  200 rows
                - "id":5,"name":"project 5","stars":5,"score":2.5
                ~ id=7  name: "project 7" → "seven"  stars: 7 → 1000  score: 2.5 → 1
                ~ id=9  score: 1 → 1.000000001
                + "id":200,"name":"名前 <b>","stars":1,"score":1
                +1 added, -1 removed, ~2 changed

                raw.bag  1 → 2 rows
                - "w":"a","k":1,"_n":2
                + "w":"c","k":2,"_n":1
                +1 added, -1 removed, ~0 changed


                """
        )
        let limited = try world.osodata("diff", "one", "HEAD", "marts.t", "--limit", "1")
        #expect(limited.output.contains("… and 3 more rows\n+1 added, -1 removed, ~2 changed"))
        let same = try world.osodata("diff", "HEAD", "HEAD")
        #expect(same.status == 0 && same.output == "")
        #expect(same.messages.contains("No table differs"))
    }

    @Test func `a condition chooses rows by their state before or after`() throws {
        let world = try world()
        defer { world.remove() }
        func names(_ condition: String) throws -> [String] {
            let diff = try world.osodata(
                "diff",
                "one",
                "HEAD",
                "marts.t",
                "--json",
                "--where",
                condition
            )
            let lines = diff.output.split(separator: "\n")
            #expect(diff.status == (lines.isEmpty ? 0 : 1), "\(diff.messages)")
            return try lines.map { line in
                let json = try JSONSerialization.jsonObject(with: Data(line.utf8))
                let key = (json as? [String: Any])?["key"] as? [String: Any]
                return "\(key?["id"] as? Int ?? -1)"
            }
        }
        #expect(try names("stars > 500") == ["7"])
        #expect(try names("name = 'project 7'") == ["7"])
        #expect(try names("name LIKE 'project%' -- a comment") == ["5", "7", "9"])
        #expect(try names("id IN (5, 200) OR stars IS NULL") == ["5", "200"])
        #expect(try names("false") == [])
        let stat = try world.osodata(
            "diff",
            "one",
            "HEAD",
            "marts.t",
            "--stat",
            "--format",
            "csv",
            "--where",
            "stars > 500"
        )
        #expect(stat.output.contains("\nmarts.t,,200,200,0,0,1,0,2,"), "\(stat.output)")
        let bag = try world.osodata("diff", "one", "HEAD", "raw.bag", "--where", "w = 'c'")
        #expect(bag.output.contains("+ \"w\":\"c\""))
        #expect(bag.output.contains("+1 added, -0 removed"))
    }

    @Test func `a condition that does not fit names the column and the one that was meant`() throws
    {
        let world = try world()
        defer { world.remove() }
        let typo = try world.osodata("diff", "one", "HEAD", "marts.t", "--where", "starz > 1")
        #expect(typo.status == 2)
        #expect(
            typo.messages == """
                error: --where:1:1: There is no column 'starz'.
                  hint: Did you mean 'stars'?

                """
        )
        let all = try world.osodata("diff", "one", "HEAD", "--where", "stars > 1")
        #expect(all.status == 2)
        #expect(all.messages.contains("raw.bag: There is no column 'stars'"), "\(all.messages)")
        #expect(all.messages.contains("Name the tables"))
        // Also where nothing differs: a typo must not look like "the same".
        let equal = try world.osodata("diff", "HEAD", "HEAD", "marts.t", "--where", "starz > 1")
        #expect(equal.status == 2)
        let syntax = try world.osodata("diff", "one", "HEAD", "marts.t", "--where", "stars >> ")
        let second = try world.osodata("diff", "one", "HEAD", "marts.t", "--where", "id >\n> 1")
        #expect(second.messages.contains("--where:2:1: syntax error"), "\(second.messages)")
        #expect(syntax.status == 2 && syntax.messages.contains("is not complete"))
        let column = try world.osodata("diff", "one", "HEAD", "--columns", "nmae")
        #expect(column.status == 2)
        #expect(column.messages.contains("Did you mean 'name'?"), "\(column.messages)")
        let both = try world.osodata("diff", "one", "HEAD", "--columns", "name", "--ignore", "id")
        #expect(both.status == 2)
        let wrong = try world.osodata("diff", "one", "HEAD", "--tolerance", "much")
        #expect(wrong.status == 2 && wrong.messages.contains("'much' is no tolerance"))
    }

    @Test func `columns and a tolerance decide what counts, in every kind of output`() throws {
        let world = try world()
        defer { world.remove() }
        let score = try world.osodata(
            "diff",
            "one",
            "HEAD",
            "marts.t",
            "--columns",
            "score",
            "--tolerance",
            "1e-6"
        )
        #expect(score.output.contains("~ id=7  score: 2.5 → 1\n"))
        #expect(score.output.contains("-1 removed, ~1 changed"))
        #expect(score.output.contains("+ \"id\":200,\"score\":1\n"))
        #expect(!score.output.contains("id=9"))
        let ignored = try world.osodata(
            "diff",
            "one",
            "HEAD",
            "marts.t",
            "--ignore",
            "name, stars,score",
            "--where",
            "id = 7"
        )
        #expect(ignored.status == 0, "\(ignored.output)")
        let stat = try world.osodata(
            "diff",
            "one",
            "HEAD",
            "--ignore",
            "score",
            "--stat",
            "--format",
            "json"
        )
        let tables = try JSONSerialization.jsonObject(with: Data(stat.output.utf8))
        let first = (tables as? [[String: Any]])?.first
        #expect(first?["changed"] as? Int == 1)
        // A table without such a column is no part of the answer.
        let names = try world.osodata("diff", "one", "HEAD", "--columns", "stars", "--name-only")
        #expect(names.status == 1 && names.output == "marts.t\n")
        let none = try world.osodata(
            "diff",
            "one",
            "HEAD",
            "marts.t",
            "--name-only",
            "--where",
            "id = 9",
            "--tolerance",
            "0.1"
        )
        #expect(none.status == 0 && none.output == "")
        let bag = try world.osodata("diff", "one", "HEAD", "raw.bag", "--ignore", "k")
        #expect(bag.messages.contains("raw.bag has no key"))
    }

    @Test func `every format says the same`() throws {
        let world = try world()
        defer { world.remove() }
        func diff(_ format: String) throws -> String {
            let outcome = try world.osodata("diff", "one", "HEAD", "--format", format)
            #expect(outcome.status == 1, "\(outcome.messages)")
            return outcome.output
        }
        let lines = try diff("ndjson")
        #expect(lines == (try world.osodata("diff", "one", "HEAD", "--json").output))
        #expect(lines.split(separator: "\n").count == 6)
        let json = try JSONSerialization.jsonObject(with: Data(try diff("json").utf8))
        let tables = try #require((json as? [String: Any])?["tables"] as? [[String: Any]])
        #expect(tables.map { ($0["rows"] as? [Any])?.count } == [4, 2])
        let csv = try diff("csv").split(separator: "\n")
        #expect(csv.first == "change,table,id,w,k,column,before,after")
        #expect(csv.contains("changed,marts.t,7,,,name,project 7,seven"))
        #expect(csv.contains("removed,raw.bag,,a,1,_n,2,1"))
        let markdown = try diff("markdown")
        #expect(markdown.hasPrefix("### 2 tables differ between `one` and `HEAD`\n"))
        #expect(markdown.contains("| ~ | `id=7` | stars | `7` | `1000` |"))
        let page = try diff("html")
        #expect(page.contains("名前 &lt;b&gt;") && page.hasSuffix("</html>\n"))
        for format in ["terminal", "json", "ndjson", "csv", "markdown", "html"] {
            let same = try world.osodata("diff", "HEAD", "HEAD", "--format", format)
            #expect(same.status == 0, "\(format)")
        }
        let names = try world.osodata("diff", "one", "HEAD", "--name-only", "--format", "json")
        #expect(names.output.filter { !$0.isWhitespace } == #"["marts.t","raw.bag"]"#)
    }

    @Test func `an equal table is not read, and one edit in a big table reads two chunks`() throws {
        let world = try world()
        defer { world.remove() }
        let rows = (0..<60_000).map { Self.row($0, "project \($0)", stars: $0, score: "2.5") }
        try importing(world, "marts.big", rows, key: "id")
        var edited = rows
        edited[30_000] = Self.row(30_000, "edited", stars: 0, score: "2.5")
        try importing(world, "marts.big", edited, key: "id")
        let stat = try world.osodata("diff", "HEAD~1", "HEAD", "--stat", "--json")
        let lines = stat.output.split(separator: "\n")
        #expect(lines.count == 1, "\(stat.output)")
        let json = try JSONSerialization.jsonObject(with: Data(stat.output.utf8)) as? [String: Any]
        #expect(json?["table"] as? String == "marts.big")
        #expect(json?["chunks_read"] as? Int == 2)
        let bytes = try #require(json?["bytes_read"] as? Int)
        #expect(bytes < rows.joined().utf8.count / 5)
        // Through a column that is the same, nothing is left, at the same cost.
        let other = try world.osodata("diff", "HEAD~1", "HEAD", "--stat", "--columns", "score")
        #expect(other.status == 0)
        // Without git objects of the equal table's chunks there is nothing to read them from.
        let chunks = try world.shell(
            "git ls-tree -r HEAD snapshots/raw/bag | grep zst | cut -f1 | cut -d' ' -f3"
        ).output
        for id in chunks.split(separator: "\n") {
            try world.shell("rm -f .git/objects/\(id.prefix(2))/\(id.dropFirst(2))")
        }
        let equal = try world.osodata("diff", "HEAD~1", "HEAD", "raw.bag")
        #expect(equal.status == 0, "\(equal.messages)")
    }

    @Test func `a terminal gives colours and its width; NO_COLOR takes the colours`() throws {
        let world = try world()
        defer { world.remove() }
        let program = World.program.path
        func inTerminal(_ environment: String) throws -> String {
            try world.shell(
                "\(environment) script -qec 'stty cols 44; \(program) diff one HEAD marts.t' /dev/null"
            ).output
        }
        let coloured = try inTerminal("TERM=xterm")
        #expect(coloured.contains("\u{1B}[31m\"project 7\"\u{1B}[0m"), "\(coloured)")
        let plain = try inTerminal("TERM=xterm NO_COLOR=1")
        #expect(!plain.contains("\u{1B}[3"))
        #expect(plain.contains("~ id=7\r\n    name   \"project 7\" → \"seven\""), "\(plain)")
        for line in plain.split(separator: "\r\n") { #expect(line.count <= 44, "\(line)") }
    }

    @Test func `a renamed column is a rename, together with the rows that changed`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        #expect(try world.commitAndRun().status == 0)
        let file = "models/marts/counts_v1.sql"
        let model = try #require(World.models[file])
        try world.write(
            file,
            model.replacingOccurrences(of: "AS events", with: "* 10 AS events")
                .replacingOccurrences(of: "AS actors", with: "AS people")
                .replacingOccurrences(of: "*/", with: "[was]\npeople = \"actors\"\n*/")
        )
        try world.git("commit", "-qam", "Another name")
        #expect(try world.commitAndRun().status == 0)
        let diff = try world.osodata("diff", "HEAD~1", "HEAD", "marts.counts_v1")
        #expect(
            diff.output == """
                marts.counts_v1  2 rows
                ! column "actors" renamed to "people"
                ~ event_type="ForkEvent"  events: 1 → 10
                ~ event_type="WatchEvent"  events: 2 → 20
                +0 added, -0 removed, ~2 changed


                """
        )
        let other = try world.osodata(
            "diff",
            "HEAD~1",
            "HEAD",
            "marts.counts_v1",
            "--ignore",
            "actors,events"
        )
        #expect(other.status == 0, "\(other.output)")
        let names = try world.osodata("diff", "HEAD~1", "HEAD", "--name-only")
        #expect(names.output == "marts.counts_v1\n")
        // Every layer, meta too.
        let all = try world.osodata("diff", "HEAD~3", "HEAD", "--name-only")
        for layer in ["raw.", "staging.", "marts.", "meta."] {
            #expect(all.output.contains("\n" + layer) || all.output.hasPrefix(layer), "\(layer)")
        }
    }
}
