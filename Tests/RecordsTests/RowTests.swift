import Codecs
import Diagnostics
import Records
import Testing
import TestSupport

struct RowTests {
    @Test func `every type has its spelling`() throws {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "b", type: .bool), Column(id: 2, name: "i", type: .int64),
                Column(id: 3, name: "d", type: .double),
                Column(id: 4, name: "m", type: .decimal(precision: 5, scale: 2)),
                Column(id: 5, name: "u", type: .uint256), Column(id: 6, name: "s", type: .string),
                Column(id: 7, name: "x", type: .bytes), Column(id: 8, name: "day", type: .date),
                Column(id: 9, name: "t", type: .timestamp),
                Column(id: 10, name: "l", type: .list(.list(.string))),
                Column(id: 11, name: "j", type: .json), Column(id: 12, name: "n", type: .string),
            ],
            key: ["s"],
            cutClass: .small
        )
        var builder = RowBuilder(schema: schema)
        try builder.string("a\"\\\n\u{1}é😀/")
        try builder.bool(true)
        try builder.int64(Int64.min)
        try builder.double(-0.0)
        try builder.decimal(unscaled: -5)
        try builder.uint256(
            digits:
                "115792089237316195423570985008687907853269984665640564039457584007913129639935"
        )
        try builder.bytes([0, 255])
        try builder.date(days: -719_162)
        try builder.timestamp(micros: 253_402_300_799_999_990)
        try builder.beginList()
        try builder.beginList()
        try builder.string("x")
        try builder.null()
        try builder.endList()
        try builder.beginList()
        try builder.endList()
        try builder.null()
        try builder.endList()
        try builder.json(canonical: bytes(#"{"a":[1]}"#))
        try builder.null()
        try builder.endRow()
        let rows = builder.finish()
        #expect(
            text(rows.row(0))
                == #"{"s":"a\"\\\n\u0001é😀/","b":true,"i":-9223372036854775808,"d":0,"#
                + #""m":"-0.05","#
                + #""u":"115792089237316195423570985008687907853269984665640564039457584007913129639935","#
                + #""x":"AP8=","day":"0001-01-01","t":"9999-12-31T23:59:59.99999Z","#
                + #""l":[["x",null],[],null],"j":{"a":[1]},"n":null}"# + "\n"
        )
        try RowReader(schema: schema).check(rows.row(0))
        #expect(rows.byteCount == rows.row(0).count)
    }

    @Test(
        arguments: [
            (.int64, "01"), (.int64, "-0"), (.int64, "+1"), (.int64, "1.0"), (.int64, "1e2"),
            (.int64, "9223372036854775808"), (.int64, "\"1\""), (.int64, ""), (.int64, "-"),
            (.double, "1.0"), (.double, "-0"), (.double, "1e2"), (.double, "1E+30"),
            (.double, "nan"),
            (.double, "0.10"), (.double, "1e400"), (.double, ".5"), (.double, "infinity"),
            (.decimal(precision: 3, scale: 2), "\"1.5\""),
            (.decimal(precision: 3, scale: 2), "1.50"),
            (.decimal(precision: 3, scale: 2), "\"01.50\""),
            (.decimal(precision: 3, scale: 2), "\"-0.00\""),
            (.decimal(precision: 3, scale: 2), "\"10.00\""),
            (.decimal(precision: 3, scale: 0), "\"1.\""),
            (.decimal(precision: 3, scale: 2), "\".50\""),
            (.decimal(precision: 3, scale: 2), "\"+1.50\""),
            (.uint256, "\"01\""), (.uint256, "\"\""), (.uint256, "\"-1\""), (.uint256, "1"),
            (
                .uint256,
                "\"115792089237316195423570985008687907853269984665640564039457584007913129639936\""
            ),
            (.string, "\"\\/\""), (.string, "\"\\u0041\""), (.string, "\"\\u000A\""),
            (.string, "\"\\u001F\""), (.string, "\"\\u0000\""), (.string, "\"\\u000a\""),
            (.string, "\"\u{1}\""), (.string, "x"), (.string, "\"\\ud800\""),
            (.string, "\"\\u00e9\""),
            (.string, "\"a\"\"b\""), (.bytes, "\"AP9=\""), (.bytes, "\"AP8\""),
            (.bytes, "\"A-8=\""),
            (.bool, "True"), (.bool, "1"), (.bool, "tru"), (.date, "\"2026-02-29\""),
            (.date, "\"1900-02-29\""), (.date, "\"2026-04-31\""),
            (.date, "\"0000-01-01\""), (.date, "\"2026-1-01\""), (.date, "\"2026-13-01\""),
            (.timestamp, "\"2026-01-31T23:59:60Z\""), (.timestamp, "\"2026-01-31T24:00:00Z\""),
            (.timestamp, "\"2026-01-31T23:59:59.0Z\""), (.timestamp, "\"2026-01-31T23:59:59.10Z\""),
            (.timestamp, "\"2026-01-31T23:59:59.1234567Z\""),
            (.timestamp, "\"2026-01-31T23:59:59.Z\""),
            (.timestamp, "\"2026-01-31 23:59:59Z\""), (.timestamp, "\"2026-01-31T23:59:59+00:00\""),
            (.timestamp, "\"2026-01-31T23:59:59\""), (.list(.int64), "[1, 2]"),
            (.list(.int64), "[1,]"),
            (.list(.int64), "[,1]"), (.list(.int64), "[01]"), (.list(.int64), "{}"),
            (.list(.int64), "[\"1\"]"), (.list(.int64), "[[1]]"), (.json, "{\"b\":1,\"a\":2}"),
            (.json, "{\"a\":1,\"a\":2}"), (.json, "1.0"), (.json, "[1 ]"), (.json, "\"\\u00e9\""),
            (.json, "{"), (.json, "nul"),
        ] as [(ColumnType, String)]
    )
    func `another spelling is refused`(type: ColumnType, cell: String) throws {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "v", type: type),
            ],
            key: ["k"],
            cutClass: .small
        )
        let row = bytes("{\"k\":1,\"v\":\(cell)}\n")
        #expect(code { try RowReader(schema: schema).check(row) } == .malformedRow)
        var rows = RowSet(schema: schema)
        #expect(code { try rows.append(row: row) } == .malformedRow)
    }

    @Test(arguments: [
        "", "{}", "{\"k\":1}", "{\"v\":\"x\",\"k\":1}", "{\"k\":1,\"v\":\"x\",\"w\":2}",
        "{\"k\":1, \"v\":\"x\"}", " {\"k\":1,\"v\":\"x\"}", "{\"k\":1,\"v\":\"x\"} ",
        "{\"k\":1,\"v\":\"x\"}\n\n", "{\"k\":1,\"v\":\"x\"", "{\"k\":1,\"v\":\"x}", "[1,\"x\"]",
        "{\"k\":,\"v\":\"x\"}", "{\"k\":null,\"v\":\"x\"}", "{\"K\":1,\"v\":\"x\"}",
        "{\"k\":1,\"v\":\"x\"}x", "{\"k\":1,\"v\":\"\\", "{\"k\":1,\"v\":[", "null",
        "{\"k\":1,\"v\":\"x\"}\r\n",
    ])
    func `another layout is refused`(row: String) throws {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "v", type: .string),
            ],
            key: ["k"],
            cutClass: .small
        )
        let reader = RowReader(schema: schema)
        #expect(code { try reader.check(bytes(row)) } == .malformedRow)
        try reader.check(bytes("{\"k\":1,\"v\":\"x\"}\n"))
        try reader.check(bytes("{\"k\":1,\"v\":null}"))
    }

    @Test func `misuse by data is refused, not trapped`() throws {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .string),
                Column(id: 2, name: "l", type: .list(.int64)),
                Column(id: 3, name: "d", type: .decimal(precision: 2, scale: 1)),
            ],
            key: ["k"],
            cutClass: .small
        )
        func refusal(_ body: (inout RowBuilder) throws(Failure) -> Void) -> Failure.Code? {
            var builder = RowBuilder(schema: schema)
            return code { try body(&builder) }
        }
        #expect(refusal { (b) throws(Failure) in try b.null() } == .unexpectedNull)
        #expect(refusal { (b) throws(Failure) in try b.int64(1) } == .wrongValue)
        #expect(refusal { (b) throws(Failure) in try b.string("\0") } == .wrongValue)
        #expect(refusal { (b) throws(Failure) in try b.string(utf8: [0xff]) } == .wrongValue)
        #expect(refusal { (b) throws(Failure) in try b.beginList() } == .wrongValue)
        #expect(refusal { (b) throws(Failure) in try b.endList() } == .wrongValue)
        #expect(refusal { (b) throws(Failure) in try b.endRow() } == .wrongValue)
        #expect(
            refusal { (b) throws(Failure) in
                try b.string("k"); try b.int64(1)
            } == .wrongValue
        )
        #expect(
            refusal { (b) throws(Failure) in
                try b.string("k"); try b.beginList(); try b.endRow()
            } == .wrongValue
        )
        #expect(
            refusal { (b) throws(Failure) in
                try b.string("k"); try b.null(); try b.decimal(unscaled: 100)
            } == .wrongValue
        )
        #expect(
            refusal { (b) throws(Failure) in
                try b.string("k"); try b.null(); try b.null(); try b.null()
            } == .wrongValue
        )
        let long = String(repeating: "x", count: 16 << 20)
        #expect(
            refusal { (b) throws(Failure) in
                try b.string(long); try b.null(); try b.null(); try b.endRow()
            } == .rowTooLarge
        )
    }

    @Test func `random rows are valid, split into their cells and are taken back`() throws {
        var random = SeededRandom()
        for _ in 0..<200 {
            let schema = try random.schema()
            let reader = RowReader(schema: schema)
            var builder = RowBuilder(schema: schema)
            for _ in 0..<20 {
                for value in random.row(schema) { try value.append(to: &builder) }
                try builder.endRow()
            }
            let rows = builder.finish()
            var again = RowSet(schema: schema)
            for index in 0..<rows.count {
                let row = rows.row(index)
                try reader.check(row)
                let cells = try reader.cells(row)
                let value = try JSONDocument(parsing: Array(row.dropLast())).root
                #expect(value.members.map(\.key) == schema.columns.map(\.name))
                #expect(value.members.map(\.value.range) == cells)
                try again.append(row: random.oneIn(2) ? row : Array(row.dropLast()))
                #expect(again.row(index) == row)
                #expect(again.cutHash(index) == rows.cutHash(index))
                #expect(again.cutHash(index) == (try reader.hash(row)))
                #expect(again.sortKey(index) == (try reader.key(row)))
            }
            #expect(again.byteCount == rows.byteCount)
        }
    }

    @Test func `damaged rows never crash`() throws {
        var random = SeededRandom()
        for _ in 0..<200 {
            let schema = try random.schema()
            let reader = RowReader(schema: schema)
            var builder = RowBuilder(schema: schema)
            for value in random.row(schema) { try value.append(to: &builder) }
            try builder.endRow()
            let rows = builder.finish()
            for _ in 0..<50 {
                var row = rows.row(0)
                for _ in 0..<random.int(1...3) {
                    row[random.int(0...(row.count - 1))] = UInt8(random.int(0...255))
                }
                if random.oneIn(3) { row.removeLast(random.int(0...row.count)) }
                _ = code { try reader.check(row) }
                _ = code { _ = try reader.key(row) }
                _ = code { _ = try StatisticsBuilder.of([row], schema) }
                var set = RowSet(schema: schema)
                _ = code { try set.append(row: row) }
                if code({ try reader.check(row) }) == nil {
                    // What is valid must be JSON.
                    _ = try JSONDocument(parsing: row)
                }
            }
        }
    }
}
