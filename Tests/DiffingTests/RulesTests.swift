import Diagnostics
import Diffing
import Records
import Testing

struct RulesTests {
    private static func table(_ type: String = "int64") throws -> Schema {
        try schema(
            [("id", "int64"), ("name", "string"), ("n", type), ("note", "string")],
            key: ["id"]
        )
    }

    private static func row(_ id: Int, _ name: String, _ n: String, _ note: String) -> String {
        #"{"id":\#(id),"name":"\#(name)","n":\#(n),"note":"\#(note)"}"#
    }

    /// The changes under rules, as shown.
    private static func changes(
        _ before: ListSource,
        _ after: ListSource,
        _ rules: DiffRules
    ) throws -> (list: [RowChange], summary: DiffSummary) {
        let shown = try ShownColumns(from: before.schema, to: after.schema, rules: rules)
        var list: [RowChange] = []
        let summary = try differences(from: before, to: after, rules: rules) {
            (change) throws(Failure) in
            list.append(try shown.apply(to: change))
            return true
        }
        return (list, summary)
    }

    private static func world() throws -> (ListSource, ListSource) {
        (
            ListSource(
                try table(),
                [[[row(1, "a", "1", "x"), row(2, "b", "2", "x"), row(3, "c", "3", "x")]]]
            ),
            ListSource(
                try table(),
                [[[row(1, "A", "1", "y"), row(2, "b", "5", "x"), row(4, "d", "4", "x")]]]
            )
        )
    }

    @Test func `only the columns asked for are compared, counted and shown`() throws {
        let (before, after) = try Self.world()
        let (list, summary) = try Self.changes(before, after, DiffRules(columns: .only(["N"])))
        #expect(list.map(\.kind) == [.changed, .removed, .added])
        #expect(list.map(\.changedColumns) == [["n"], [], []])
        #expect(text(list[0].before) == #"{"id":2,"n":2}"#)
        #expect(text(list[2].after) == #"{"id":4,"n":4}"#)
        #expect(summary.changed == 1)
        #expect(summary.cellsChanged.map(\.column) == ["n"])
    }

    @Test func `columns that do not count change no row`() throws {
        let (before, after) = try Self.world()
        let rules = DiffRules(columns: .except(["name", "n", "note"]))
        let (list, summary) = try Self.changes(before, after, rules)
        #expect(list.map(\.kind) == [.removed, .added])
        #expect(summary.changed == 0 && summary.cellsChanged.isEmpty)
        #expect(text(list[0].before) == #"{"id":3}"#)
    }

    @Test func `a renamed column answers to both its names, and hides its change of schema`() throws
    {
        let renamed = try schema(
            [("id", "int64"), ("title", "string"), ("n", "int64"), ("note", "string")],
            key: ["id"]
        )
        let before = ListSource(try Self.table(), [[[Self.row(1, "a", "1", "x")]]])
        let after = ListSource(renamed, [[[#"{"id":1,"title":"b","n":1,"note":"y"}"#]]])
        for name in ["name", "title"] {
            let only = try Self.changes(before, after, DiffRules(columns: .only([name])))
            #expect(only.list.map(\.changedColumns) == [["title"]])
            #expect(text(only.list[0].before) == #"{"id":1,"name":"a"}"#)
            #expect(only.summary.schemaChanges.count == 1)
            let rest = try Self.changes(before, after, DiffRules(columns: .except([name])))
            #expect(rest.list.map(\.changedColumns) == [["note"]])
            #expect(rest.summary.schemaChanges.isEmpty)
        }
    }

    @Test func `what is shown of a table without key still has its count`() throws {
        let bag = try schema([("word", "string"), ("place", "string")])
        let before = ListSource(bag, [])
        let after = ListSource(bag, [[[#"{"word":"a","place":"p","_n":2}"#]]])
        let (list, _) = try Self.changes(before, after, DiffRules(columns: .except(["word"])))
        #expect(text(list[0].after) == #"{"place":"p","_n":2}"#)
        #expect(list[0].key.map { text($0) } == ["\"p\""])
    }

    @Test(
        arguments: [
            ("int64", "1", "3", "2", true), ("int64", "1", "4", "2", false),
            ("int64", "-9223372036854775808", "9223372036854775807", "1e19", false),
            ("int64", "-9223372036854775808", "9223372036854775807", "1.9e19", true),
            ("int64", "9007199254740993", "9007199254740992", "0.5", false),
            ("decimal(38,2)", "\"0.80\"", "\"0.70\"", "0.1", true),
            ("decimal(38,2)", "\"0.80\"", "\"0.69\"", "0.1", false),
            (
                "decimal(38,0)", "\"99999999999999999999999999999999999999\"",
                "\"-99999999999999999999999999999999999999\"", "5", false
            ),
            ("double", "1285.7142857142858", "1285.7142857152858", "1e-6", true),
            ("double", "1285.7142857142858", "1285.7142857152858", "1e-10", false),
            ("double", "1", "null", "5", false), ("string", "\"1\"", "\"2\"", "5", false),
            ("int64", "1", "2", "0", false),
        ]
    )
    func `a tolerance is an absolute amount, exact where numbers are`(
        type: String,
        old: String,
        new: String,
        amount: String,
        isEqual: Bool
    ) throws {
        let table = try Self.table(type)
        let before = ListSource(table, [[[Self.row(1, "a", old, "x")]]])
        let after = ListSource(table, [[[Self.row(1, "a", new, "x")]]])
        let rules = DiffRules(tolerance: try Tolerance(parsing: amount))
        #expect(try Self.changes(before, after, rules).list.isEmpty == isEqual)
    }

    @Test(arguments: [
        "", "-1", "nan", "inf", "1e", "e5", "abc", "1r", "0x1", "1e99", "--1", "1.2.3",
    ])
    func `what is no tolerance is refused`(_ amount: String) {
        #expect(throws: Failure.self) { try Tolerance(parsing: amount) }
    }

    @Test func `a tolerance is for cells, never for keys`() throws {
        let before = ListSource(try Self.table(), [[[Self.row(1, "a", "1", "x")]]])
        let after = ListSource(try Self.table(), [[[Self.row(2, "a", "1", "x")]]])
        let rules = DiffRules(tolerance: try Tolerance(parsing: "5"))
        #expect(try Self.changes(before, after, rules).list.map(\.kind) == [.removed, .added])
    }
}
