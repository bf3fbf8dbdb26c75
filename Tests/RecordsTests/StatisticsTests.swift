import Codecs
import Records
import Testing
import TestSupport

struct StatisticsTests {
    private func statistics(_ type: ColumnType, _ cells: [String]) throws -> ColumnStatistics {
        let schema = try Schema(
            columns: [
                Column(id: 1, name: "k", type: .int64), Column(id: 2, name: "v", type: type),
            ],
            key: ["k"],
            cutClass: .small
        )
        let rows = cells.enumerated().map { bytes("{\"k\":\($0.offset),\"v\":\($0.element)}\n") }
        return try StatisticsBuilder.of(rows, schema)[1]
    }

    private func stated(
        _ minimum: String?,
        _ maximum: String?,
        _ nulls: Int,
        _ set: [String]?
    ) -> ColumnStatistics {
        ColumnStatistics(
            minimum: minimum.map { bytes($0) },
            maximum: maximum.map { bytes($0) },
            nulls: nulls,
            set: set?.map { bytes($0) }
        )
    }

    @Test func `bounds are by value, not by text`() throws {
        #expect(
            try statistics(.int64, ["10", "9", "null", "-1", "9"])
                == stated("-1", "10", 1, ["-1", "9", "10"])
        )
        #expect(
            try statistics(.uint256, ["\"10\"", "\"9\"", "\"100\""])
                == stated("\"9\"", "\"100\"", 0, ["\"9\"", "\"10\"", "\"100\""])
        )
        #expect(
            try statistics(.double, ["1e+21", "-0.5", "3", "-1e-7"])
                == stated("-0.5", "1e+21", 0, ["-0.5", "-1e-7", "3", "1e+21"])
        )
        #expect(
            try statistics(
                .timestamp,
                ["\"2026-01-01T00:00:00.5Z\"", "\"2026-01-01T00:00:00Z\""]
            )
                == stated(
                    "\"2026-01-01T00:00:00Z\"",
                    "\"2026-01-01T00:00:00.5Z\"",
                    0,
                    ["\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:00.5Z\""]
                )
        )
        #expect(
            try statistics(.decimal(precision: 4, scale: 1), ["\"10.0\"", "\"-9.5\"", "\"9.5\""])
                == stated("\"-9.5\"", "\"10.0\"", 0, ["\"-9.5\"", "\"9.5\"", "\"10.0\""])
        )
        #expect(
            try statistics(.bool, ["true", "false"])
                == stated("false", "true", 0, ["false", "true"])
        )
        #expect(
            try statistics(.string, ["\"\\n\"", "\"é\"", "\"!\""])
                == stated("\"\\n\"", "\"é\"", 0, ["\"\\n\"", "\"!\"", "\"é\""])
        )
    }

    @Test func `lists, json and bytes have only nulls`() throws {
        #expect(try statistics(.list(.int64), ["[1]", "null"]) == stated(nil, nil, 1, nil))
        #expect(try statistics(.json, ["{}", "null"]) == stated(nil, nil, 1, nil))
        #expect(try statistics(.bytes, ["\"AA==\""]) == stated(nil, nil, 0, nil))
    }

    @Test func `nothing and all null have an empty set`() throws {
        #expect(try statistics(.int64, []) == stated(nil, nil, 0, []))
        #expect(try statistics(.string, ["null", "null"]) == stated(nil, nil, 2, []))
    }

    @Test func `the set ends at eight values and 64 bytes`() throws {
        let eight = (0..<8).map { "\($0)" }
        #expect(try statistics(.int64, eight + eight).set?.count == 8)
        #expect(try statistics(.int64, eight + ["8"]).set == nil)
        let long = String(repeating: "x", count: 62)
        #expect(try statistics(.string, ["\"\(long)\""]).set == [bytes("\"\(long)\"")])
        #expect(try statistics(.string, ["\"\(long)x\""]).set == nil)
    }

    @Test(arguments: [
        ("0123456789abcdef", "0123456789abcdef", "0123456789abcdef"),
        ("0123456789abcdefg", "0123456789abcdef", "0123456789abcdeg"),
        ("0123456789abcdeéz", "0123456789abcde", "0123456789abcdf"),
        ("0123456789abc😀z", "0123456789abc", "0123456789abd"),
        ("0123456789ab😀z", "0123456789ab😀", "0123456789ab😁"),
        ("0123456789abc\u{d7ff}z", "0123456789abc\u{d7ff}", "0123456789abc\u{e000}"),
        ("0123456789ab\u{10ffff}z", "0123456789ab\u{10ffff}", "0123456789ac"),
        ("0123456789abcde\u{7f}z", "0123456789abcde\u{7f}", "0123456789abcde\u{80}"),
    ])
    func `long strings are cut on a code point`(
        value: String,
        lower: String,
        upper: String
    ) throws {
        let found = try statistics(.string, ["\"\(value)\""])
        #expect(found.minimum == bytes("\"\(lower)\""))
        #expect(found.maximum == bytes("\"\(upper)\""))
    }

    @Test func `an upper bound that cannot be is left out, and stays out`() throws {
        let last = String(repeating: "\u{10ffff}", count: 5)
        let unbounded = try statistics(.string, ["\"\(last)\""])
        #expect(unbounded.minimum == bytes("\"\(String(repeating: "\u{10ffff}", count: 4))\""))
        #expect(unbounded.maximum == nil)
        let other = try statistics(.string, ["\"a\"", "null"])
        for merged in [
            unbounded.merged(with: other, type: .string),
            other.merged(with: unbounded, type: .string),
        ] {
            #expect(merged == stated("\"a\"", nil, 1, ["\"a\"", "\"\(last)\""]))
        }
        let empty = try statistics(.string, ["null"])
        #expect(
            empty.merged(with: other, type: .string)
                == stated("\"a\"", "\"a\"", 2, ["\"a\""])
        )
        #expect(unbounded.merged(with: empty, type: .string).maximum == nil)
    }

    @Test func `bounds and sets hold for random columns, however they are merged`() throws {
        var random = SeededRandom()
        for _ in 0..<200 {
            let type = random.columnType()
            let schema = try Schema(
                columns: [Column(id: 1, name: "v", type: type)],
                key: [],
                cutClass: .small
            )
            var builder = RowBuilder(schema: schema)
            let pool = (0..<random.int(1...12)).map { _ in random.value(type, isNullable: true) }
            for _ in 0..<30 {
                try pool[random.int(0...(pool.count - 1))].append(to: &builder)
                try builder.endRow()
            }
            let rows = builder.finish()
            let texts = (0..<rows.count).map { rows.row($0) }
            let whole = try StatisticsBuilder.of(texts, schema)[0]
            let split = random.int(0...30)
            let parts = try [texts[..<split], texts[split...]].map {
                try StatisticsBuilder.of(Array($0), schema)[0]
            }
            let merged = parts[0].merged(with: parts[1], type: type)
            if type != .string { #expect(merged == whole) }
            #expect(merged.nulls == whole.nulls)
            #expect(merged.set == whole.set)
            // Bounds hold: as rows of their own they sort around all others.
            for statistics in [whole, merged] {
                for (bound, isLower) in [(statistics.minimum, true), (statistics.maximum, false)] {
                    guard let bound else { continue }
                    var set = RowSet(schema: schema)
                    try set.append(row: bytes("{\"v\":") + bound + bytes(",\"_n\":1}"))
                    let limit = set.sortKey(0)
                    for index in 0..<rows.count where !text(texts[index]).hasPrefix("{\"v\":null") {
                        let key = rows.sortKey(index)
                        #expect(
                            isLower
                                ? !key.lexicographicallyPrecedes(limit)
                                : !limit.lexicographicallyPrecedes(key)
                        )
                    }
                }
            }
        }
    }
}
