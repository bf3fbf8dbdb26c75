import Diagnostics
import Records
import Testing

struct SchemaTests {
    @Test(arguments: [
        "bool", "int64", "double", "decimal(38,9)", "decimal(1,0)", "decimal(38,38)", "uint256",
        "string", "bytes", "date", "timestamp", "json", "list<string>", "list<list<decimal(3,1)>>",
    ])
    func `types read back as they are spelled`(text: String) throws {
        #expect(try ColumnType(parsing: text).description == text)
    }

    @Test(arguments: [
        "", "int", "INT64", "decimal", "decimal(39,0)", "decimal(0,0)", "decimal(3,4)",
        "decimal(03,1)", "decimal(3, 1)", "decimal(+3,1)", "list", "list<>", "list<int>",
        "list<string", " string", "decimal(3,1,1)", "decimal(-3,1)",
        String(repeating: "list<", count: 17) + "json" + String(repeating: ">", count: 17),
    ])
    func `other types are refused`(text: String) {
        #expect(code { _ = try ColumnType(parsing: text) } == .unknownType)
    }

    @Test func `key columns come first, in the key's order, and are never null`() throws {
        let schema = try Schema(
            columns: ["a", "b", "c", "d"].enumerated().map {
                Column(id: $0.offset + 1, name: $0.element, type: .string)
            },
            key: ["c", "a"],
            cutClass: .large
        )
        #expect(schema.columns.map(\.name) == ["c", "a", "b", "d"])
        #expect(schema.columns.map(\.isNullable) == [false, false, true, true])
        #expect(schema.columns.map(\.id) == [3, 1, 2, 4])
        #expect(Array(schema.dataColumns) == schema.columns)
        #expect(schema.keyCount == 2 && !schema.isMultiset)
    }

    @Test func `a table without key has a count`() throws {
        let schema = try Schema(
            columns: [Column(id: 7, name: "a", type: .double)],
            key: [],
            cutClass: .small
        )
        #expect(schema.isMultiset)
        #expect(schema.columns.last == Column(id: 8, name: "_n", type: .int64, isNullable: false))
        #expect(schema.dataColumns.map(\.name) == ["a"])
        #expect(schema.orderCount == 1)
    }

    @Test(
        arguments: [
            ([], []), (["a", "a"], []), (["a", "A"], []), (["_n"], []), (["_N"], []), (["1a"], []),
            (["a b"], []), (["é"], []), ([""], []), (["a"], ["b"]), (["a"], ["a", "a"]),
        ] as [([String], [String])]
    )
    func `impossible tables are refused`(names: [String], key: [String]) {
        let columns = names.map { Column(id: 1, name: $0, type: .string) }
        let refusal = code { _ = try Schema(columns: columns, key: key, cutClass: .small) }
        #expect(refusal == .invalidSchema)
    }

    @Test func `lists nest no deeper than a manifest can say`() throws {
        func nested(_ depth: Int) -> [Column] {
            let type = (0..<depth).reduce(ColumnType.int64) { (type, _) in .list(type) }
            return [Column(id: 1, name: "a", type: type)]
        }
        let deepest = try Schema(columns: nested(16), key: [], cutClass: .small)
        let type = deepest.columns[0].type
        #expect(try ColumnType(parsing: type.description) == type)
        let refusal = #expect(throws: Failure.self) {
            try Schema(columns: nested(17), key: [], cutClass: .small)
        }
        #expect(refusal?.code == .invalidSchema)
        #expect(refusal?.message == "The column \"a\" has lists nested 17 deep.")
    }

    @Test(arguments: [.double, .json, .list(.int64)] as [ColumnType])
    func `types without one order are no key`(type: ColumnType) {
        let columns = [Column(id: 1, name: "a", type: type)]
        let refusal = code { _ = try Schema(columns: columns, key: ["a"], cutClass: .small) }
        #expect(refusal == .invalidSchema)
    }
}
