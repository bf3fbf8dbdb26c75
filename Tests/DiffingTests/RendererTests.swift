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

    @Test func `the terminal shows signs, keys and cells old to new`() throws {
        let (before, after) = try Self.world()
        let renderer = TerminalRenderer(from: before.schema, to: after.schema)
        let (list, summary) = try changes(before, after)
        let text = renderer.header(table: "marts.t", summary) + list.map(renderer.text).joined()
        #expect(
            text == """
                marts.t  2 rows  +1 -1 ~1
                ~ id="a"  name: "Old" → "New"  stars: 1 → 1500
                - "id":"b","name":"B|`x`","stars":2
                + "id":"c","name":"C","stars":null

                """
        )
    }

    @Test(arguments: [20, 24, 40, 80])
    func `no line is wider than the terminal`(width: Int) throws {
        let (before, after) = try Self.world()
        let renderer = TerminalRenderer(from: before.schema, to: after.schema, width: width)
        for change in try changes(before, after).list {
            for line in renderer.text(change).split(separator: "\n") {
                #expect(line.count <= max(width, 30), "\(line)")
            }
        }
    }

    @Test func `data cannot steer the terminal`() throws {
        let table = try schema([("id", "string")], key: ["id"])
        let before = ListSource(table, [])
        let after = ListSource(table, [[["{\"id\":\"\u{9B}31m\u{202E}x\u{7F}\"}"]]])
        let renderer = TerminalRenderer(from: table, to: table)
        let change = try #require(try changes(before, after).list.first)
        #expect(renderer.text(change) == #"+ "id":"\u009b31m\u202ex\u007f""# + "\n")
    }

    @Test func `colours are only there when asked for`() throws {
        let (before, after) = try Self.world()
        let renderer = TerminalRenderer(from: before.schema, to: after.schema, isColoured: true)
        let change = try #require(try changes(before, after).list.last)
        #expect(
            renderer.text(change)
                == "\u{1B}[32m+ \"id\":\"c\",\"name\":\"C\",\"stars\":null\u{1B}[0m\n"
        )
    }

    @Test func `JSON lines hold the rows as stored`() throws {
        let (before, after) = try Self.world()
        let renderer = JSONLinesRenderer(table: "marts.t", from: before.schema, to: after.schema)
        let lines = try changes(before, after).list.map { text(renderer.line($0)) ?? "" }
        #expect(
            lines.joined() == """
                {"table":"marts.t","change":"changed","count":1,"key":{"id":"a"},"columns":["name","stars"],"before":{"id":"a","name":"Old","stars":1},"after":{"id":"a","name":"New","stars":1500}}
                {"table":"marts.t","change":"removed","count":1,"key":{"id":"b"},"columns":[],"before":{"id":"b","name":"B|`x`","stars":2},"after":null}
                {"table":"marts.t","change":"added","count":1,"key":{"id":"c"},"columns":[],"before":null,"after":{"id":"c","name":"C","stars":null}}

                """
        )
    }

    @Test func `Markdown cells cannot break out of the table`() throws {
        let (before, after) = try Self.world()
        let renderer = MarkdownRenderer(from: after.schema, to: before.schema)
        let (list, summary) = try changes(after, before)
        #expect(
            renderer.header(table: "marts.t", summary).hasPrefix(
                "### `marts.t`\n\n1 rows added, 1 removed, 1 changed.\n\n| | row |"
            )
        )
        #expect(
            list.map(renderer.rows).joined() == """
                | ~ | `id="a"` | name | `"New"` | `"Old"` |
                | ~ | `id="a"` | stars | `1500` | `1` |
                | + | `id="b"` | | | |
                | - | `id="c"` | | | |

                """
        )
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
                2 tables changed: 1 rows added, 1 removed, 1 changed

                """
        )
        #expect(StatRenderer().text([]) == "No table differs.\n")
    }
}
