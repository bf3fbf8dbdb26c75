import Codecs
import Diffing
import Records
import Testing

struct RendererTests {
    private static func world() throws -> (before: ListSource, after: ListSource) {
        let table = try schema(
            [("id", "string"), ("name", "string"), ("stars", "int64")],
            key: ["id"]
        )
        return (
            ListSource(
                table,
                [
                    [
                        [
                            #"{"id":"a","name":"Old","stars":1}"#,
                            #"{"id":"b","name":"B|`x`","stars":2}"#,
                        ]
                    ]
                ]
            ),
            ListSource(
                table,
                [
                    [
                        [
                            #"{"id":"a","name":"New","stars":1500}"#,
                            #"{"id":"c","name":"C","stars":null}"#,
                        ]
                    ]
                ]
            )
        )
    }

    /// What a writer makes of a difference.
    private static func written(
        _ writer: some DiffWriter,
        _ before: ListSource,
        _ after: ListSource,
        leftOut: Int = 0
    ) throws -> String {
        var writer = writer
        let (list, summary) = try changes(before, after)
        let table = DiffTable(
            name: "marts.t",
            from: before.schema,
            to: after.schema,
            rowsBefore: summary.rowsBefore,
            rowsAfter: summary.rowsAfter,
            schemaChanges: summary.schemaChanges
        )
        var text = writer.start() + writer.begin(table)
        for change in list { text += try writer.row(change) }
        return text + writer.end(summary, leftOut: leftOut) + writer.finish()
    }

    @Test func `the terminal shows signs, keys and cells old to new, then the counts`() throws {
        let (before, after) = try Self.world()
        #expect(
            try Self.written(TerminalRenderer(), before, after, leftOut: 1_200) == """
                marts.t  2 rows
                ~ id="a"  name: "Old" → "New"  stars: 1 → 1500
                - "id":"b","name":"B|`x`","stars":2
                + "id":"c","name":"C","stars":null
                … and 1,200 more rows
                +1 added, -1 removed, ~1 changed


                """
        )
    }

    @Test(arguments: [20, 24, 33, 40, 80])
    func `no line is wider than the terminal, wide characters counted as two`(
        width: Int
    ) throws {
        let table = try schema(
            [("id", "string"), ("a_rather_long_name_of_a_column", "string"), ("n", "int64")],
            key: ["id"]
        )
        func row(_ text: String, _ number: Int) -> String {
            #"{"id":"日本","a_rather_long_name_of_a_column":"\#(text)","n":\#(number)}"#
        }
        let before = ListSource(table, [[[row("日本語日本語日本語日本語日本語", 1)]]])
        let after = ListSource(table, [[[row("short", 123_456_789)]]])
        for (old, new) in [(before, after), (ListSource(table, []), before)] {
            let text = try Self.written(TerminalRenderer(width: width), old, new)
            for line in text.split(separator: "\n") where !line.hasSuffix("changed") {
                let columns = line.unicodeScalars.reduce(0) {
                    $0 + ((0x2E80...0x9FFF).contains($1.value) ? 2 : 1)
                }
                #expect(columns <= width, "\(line)")
            }
        }
    }

    @Test func `cells of a row that does not fit one line stand below each other`() throws {
        let (before, after) = try Self.world()
        let text = try Self.written(TerminalRenderer(width: 40), before, after)
        #expect(
            text.contains(
                """
                ~ id="a"
                    name   "Old" → "New"
                    stars  1 → 1500

                """
            )
        )
    }

    @Test func `data cannot steer the terminal`() throws {
        let table = try schema([("id", "string")], key: ["id"])
        let before = ListSource(table, [])
        let after = ListSource(table, [[["{\"id\":\"\u{9B}31m\u{202E}x\u{7F}\"}"]]])
        let text = try Self.written(TerminalRenderer(), before, after)
        #expect(text.contains(#"+ "id":"\u009b31m\u202ex\u007f""# + "\n"))
    }

    @Test func `changed cells are marked by colours, only when asked for`() throws {
        let (before, after) = try Self.world()
        let text = try Self.written(TerminalRenderer(isColoured: true), before, after)
        #expect(text.contains("\u{1B}[32m+ \"id\":\"c\",\"name\":\"C\",\"stars\":null\u{1B}[0m\n"))
        #expect(
            text.contains("stars: \u{1B}[31m1\u{1B}[0m → \u{1B}[32m1500\u{1B}[0m"),
            "\(text.debugDescription)"
        )
        #expect(!(try Self.written(TerminalRenderer(), before, after)).contains("\u{1B}"))
    }

    @Test func `JSON lines hold the rows as stored`() throws {
        let (before, after) = try Self.world()
        #expect(
            try Self.written(JSONLinesRenderer(), before, after) == """
                {"table":"marts.t","change":"changed","count":1,"key":{"id":"a"},"columns":["name","stars"],"before":{"id":"a","name":"Old","stars":1},"after":{"id":"a","name":"New","stars":1500}}
                {"table":"marts.t","change":"removed","count":1,"key":{"id":"b"},"columns":[],"before":{"id":"b","name":"B|`x`","stars":2},"after":null}
                {"table":"marts.t","change":"added","count":1,"key":{"id":"c"},"columns":[],"before":null,"after":{"id":"c","name":"C","stars":null}}

                """
        )
    }

    @Test func `JSON is one document with rows and counts`() throws {
        let (before, after) = try Self.world()
        let text = try Self.written(
            JSONRenderer(from: "a\"b", to: "HEAD"),
            before,
            after,
            leftOut: 7
        )
        let json = try JSONValue(parsing: Array(text.utf8))
        #expect(json["before"]?.string == "a\"b")
        let table = try #require(json["tables"]?.array?.first)
        #expect(table["rows"]?.array?.count == 3)
        #expect(table["rows_left_out"]?.int == 7)
        #expect(table["cells_changed"]?["stars"]?.int == 1)
        let empty = JSONRenderer(from: "a", to: "b")
        let nothing = empty.start() + empty.finish()
        #expect(nothing == #"{"before":"a","after":"b","tables":[]}"# + "\n")
    }

    @Test func `CSV has a line a cell and tells NULL from empty text`() throws {
        let table = try schema(
            [("id", "string"), ("name", "string"), ("n", "int64")],
            key: ["id"]
        )
        let before = ListSource(
            table,
            [[[#"{"id":"a,b","name":"say \"hi\"","n":1}"#, #"{"id":"b","name":"x","n":2}"#]]]
        )
        let after = ListSource(
            table,
            [[[#"{"id":"a,b","name":null,"n":1}"#, #"{"id":"c","name":"","n":null}"#]]]
        )
        let tables = [DiffTable(name: "marts.t", from: table, to: table)]
        #expect(
            try Self.written(CSVRenderer(tables: tables), before, after) == """
                change,table,id,column,before,after
                changed,marts.t,"a,b",name,"say ""hi""\",
                removed,marts.t,b,name,x,
                removed,marts.t,b,n,2,
                added,marts.t,c,name,,""
                added,marts.t,c,n,,

                """
        )
    }

    @Test func `CSV counts rows of a table without key in its column _n`() throws {
        let bag = try schema([("word", "string")])
        let before = ListSource(bag, [[[#"{"word":"a","_n":3}"#]]])
        let after = ListSource(bag, [[[#"{"word":"a","_n":1}"#, #"{"word":"c","_n":2}"#]]])
        let tables = [DiffTable(name: "marts.t", from: bag, to: bag)]
        #expect(
            try Self.written(CSVRenderer(tables: tables), before, after) == """
                change,table,word,column,before,after
                removed,marts.t,a,_n,3,1
                added,marts.t,c,_n,,2

                """
        )
    }

    @Test func `every kind of schema change has a line in CSV and in JSON lines`() throws {
        let old = try schema(
            [("id", "int64"), ("name", "string"), ("stars", "int64"), ("gone", "bool")],
            key: ["id"]
        )
        let new = try schema(
            [("id", "int64"), ("title", "string"), ("stars", "double"), ("more", "date")],
            key: ["id"],
            ids: [1, 2, 3, 9]
        )
        let none = (ListSource(old, []), ListSource(new, []))
        let csv = try Self.written(CSVRenderer(tables: []), none.0, none.1)
        #expect(
            csv == """
                change,table,column,before,after
                column_renamed,marts.t,title,name,title
                column_retyped,marts.t,stars,int64,double
                column_added,marts.t,more,,date
                column_dropped,marts.t,gone,bool,

                """
        )
        let lines = try Self.written(JSONLinesRenderer(), none.0, none.1).split(separator: "\n")
        #expect(
            lines.first == """
                {"table":"marts.t","change":"schema","kind":"column_renamed","column":"title","before":"name","after":"title","description":"column \\"name\\" renamed to \\"title\\""}
                """
        )
        #expect(lines.count == 4)
    }

    @Test func `Markdown cells cannot break out of the table`() throws {
        let table = try schema([("id", "string"), ("name", "string")], key: ["id"])
        let before = ListSource(table, [[[#"{"id":"a|b","name":"x`y``z"}"#]]])
        let after = ListSource(table, [[[#"{"id":"a|b","name":"<b>"}"#]]])
        let text = try Self.written(
            MarkdownRenderer(from: "one", to: "two", tables: 1),
            before,
            after
        )
        #expect(
            text == """
                ### 1 table differs between `one` and `two`

                0 rows added, 0 removed, 1 changed.

                | table | rows | added | removed | changed | |
                |---|--:|--:|--:|--:|---|
                | `marts.t` | 1 | 0 | 0 | 1 |  |

                #### `marts.t`

                | | row | column | before | after |
                |---|---|---|---|---|
                | ~ | `id="a\\|b"` | name | ``` "x`y``z" ``` | `"<b>"` |

                """
        )
    }

    @Test(arguments: [(1, 3_000), (40, 200), (700, 3)])
    func `Markdown fits a comment and says exactly how much it left out`(
        tables: Int,
        rows: Int
    ) throws {
        let table = try schema([("id", "int64"), ("name", "string")], key: ["id"])
        let wide = String(repeating: "日本語", count: 30)
        let lines = (0..<rows).map { #"{"id":\#($0),"name":"\#(wide)"}"# }
        let (list, summary) = try changes(
            ListSource(table, [[lines.map { $0.replacing("日", with: "木") }]]),
            ListSource(table, [[lines]])
        )
        var writer = MarkdownRenderer(from: "a", to: "b", tables: tables)
        for number in 0..<tables {
            let name = "marts.table_\(number)_" + String(repeating: "x", count: 90)
            _ = writer.begin(DiffTable(name: name, from: table, to: table))
            for change in list { _ = writer.row(change) }
            _ = writer.end(summary, leftOut: 5)
        }
        let text = writer.finish()
        #expect(text.utf16.count <= 65_536)
        #expect(text.utf16.count > 30_000)
        func number(_ match: Substring) -> Int { Int(match.replacing(",", with: "")) ?? 0 }
        // Of tables with a section: rows shown and rows said to be left out are all there are.
        let shown = text.matches(of: #/\n\| ~ \| /#).count
        let sections = text.matches(of: #/\n#### /#).count
        let more = text.matches(of: /… and ([0-9,]+) more rows?\./).reduce(0) {
            $0 + number($1.output.1)
        }
        #expect(shown + more == sections * (rows + 5))
        // Tables with a line among the counts, and those said to be left out, likewise.
        let counted = text.matches(of: /\n\| `marts/).count
        let moreTables = text.firstMatch(of: /… and ([0-9,]+) more tables?\./)
        #expect(counted + (moreTables.map { number($0.output.1) } ?? 0) == tables)
        let hidden = text.firstMatch(of: /… and ([0-9,]+) more tables? with ([0-9,]+) rows/)
        #expect(sections + (hidden.map { number($0.output.1) } ?? 0) == tables)
        if let hidden { #expect(number(hidden.output.2) == (tables - sections) * rows) }
    }

    @Test func `the HTML page escapes every value and loads nothing`() throws {
        let table = try schema([("id", "string"), ("name", "string")], key: ["id"])
        let evil = #"</td><script>alert('x')</script>&"#
        let before = ListSource(table, [[[#"{"id":"<i>","name":"\#(evil)"}"#]]])
        let after = ListSource(table, [[[#"{"id":"<i>","name":null}"#]]])
        let summary = try changes(before, after).summary
        let lines = [StatRenderer.Line(table: "marts.t", summary: summary)]
        let page = HTMLRenderer(from: "<a>", to: "b\"", lines: lines)
        let text = try Self.written(page, before, after, leftOut: 2)
        #expect(!text.contains("<script") && !text.contains("<i><") && !text.contains("<a>"))
        #expect(text.contains("&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"))
        #expect(text.contains("<ins><i>null</i></ins>"))
        #expect(text.contains("… and 2 more rows"))
        #expect(text.contains("prefers-color-scheme: dark"))
        #expect(!text.contains("src=") && !text.contains("url(") && !text.contains("http"))
        #expect(text.hasPrefix("<!DOCTYPE html>\n") && text.hasSuffix("</html>\n"))
        for tag in ["table", "thead", "tbody", "tr", "td", "th", "section", "div", "main", "body"] {
            let opened = text.matches(of: try Regex("<\(tag)[ >]")).count
            #expect(opened == text.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
        }
    }

    @Test func `a renamed column has one place in the HTML page`() throws {
        let old = try schema([("id", "int64"), ("name", "string")], key: ["id"])
        let new = try schema([("id", "int64"), ("title", "string")], key: ["id"])
        let before = ListSource(old, [[[#"{"id":1,"name":"gone"}"#]]])
        let text = try Self.written(
            HTMLRenderer(from: "a", to: "b", lines: []),
            before,
            ListSource(new, [])
        )
        #expect(text.contains("<th>title</th>") && !text.contains("<th>name</th>"))
        #expect(text.contains("<td>gone</td>"))
    }

    @Test func `the table of counts lines up`() throws {
        let (before, after) = try Self.world()
        let summary = try changes(before, after).summary
        let text = StatRenderer().text([
            .init(table: "marts.t", summary: summary),
            .init(table: "raw.longer_name", summary: DiffSummary(), note: "new"),
        ])
        #expect(
            text == """
                table            rows  added  removed  changed  chunks read
                marts.t             2     +1       -1       ~1            2
                raw.longer_name     0     +0       -0       ~0            0  new
                2 tables changed: 1 row added, 1 removed, 1 changed

                """
        )
        #expect(StatRenderer().text([]) == "No table differs.\n")
    }
}
