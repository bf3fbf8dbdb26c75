import Codecs
import Diagnostics
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Partitions of time, and what a header says of them.
struct PartitionTests {
    @Test(arguments: Partition.Unit.allCases)
    func `every instant is in the partition that says so`(unit: Partition.Unit) throws {
        var random = SeededRandom(seed: 7)
        // All of the year 2 to 9998.
        for _ in 0..<2_000 {
            let micros = Int64.random(
                in: -62_000_000_000_000_000...253_300_000_000_000_000,
                using: &random
            )
            let partition = Partition(unit: unit, at: micros)
            #expect(partition.start <= micros && micros < partition.end)
            #expect(Partition(unit: unit, at: partition.start) == partition)
            #expect(Partition(unit: unit, at: partition.end) == partition.next)
            #expect(Partition(label: partition.label, unit: unit) == partition)
        }
    }

    @Test func `partitions are called by their beginning`() {
        // 2024-02-29T23:59:59.999999Z
        let micros: Int64 = 1_709_251_199_999_999
        #expect(Partition(unit: .hour, at: micros).label == "2024-02-29T23")
        #expect(Partition(unit: .day, at: micros).label == "2024-02-29")
        #expect(Partition(unit: .month, at: micros).label == "2024-02")
        #expect(Partition(unit: .month, at: micros).end == micros + 1)
        #expect(Partition(unit: .month, at: -1).label == "1969-12")
        #expect(Partition(label: "2024-02-30", unit: .day) == nil)
        #expect(Partition(label: "2024-02-29", unit: .month) == nil)
    }

    @Test func `partitions in a few words`() {
        func days(_ numbers: [Int]) -> String {
            numbers.map { Partition(unit: .day, number: $0) }.text
        }
        #expect(days([0]) == "1970-01-01")
        #expect(days([2, 0, 1]) == "1970-01-01 … 1970-01-03")
        #expect(days([0, 2, 3]) == "1970-01-01, 1970-01-03 … 1970-01-04")
        #expect(days(Array(stride(from: 0, to: 14, by: 2))).hasSuffix("1970-01-09, 2 more"))
        #expect(days([]) == "")
    }

    @Test func `hours of days begin with the next day but for the first`() {
        let hour = Partition(unit: .hour, at: 0)
        #expect(Partitioning.cell(of: hour, .date) == Array("\"1970-01-01\"".utf8))
        #expect(Partitioning.cell(of: hour.next, .date) == Array("\"1970-01-02\"".utf8))
        #expect(
            Partitioning.literal(of: hour.next, .timestamp) == "TIMESTAMP '1970-01-01T01:00:00Z'"
        )
        let before = Partition(unit: .day, at: CellText.timestampRange.lowerBound)
        let earlier = Partition(unit: .day, number: before.number - 1)
        #expect(Partitioning.literal(of: earlier, .date) == "DATE '0001-01-01'")
    }

    /// The lines of a header's `[partition]`, what is wrong with them, and where.
    private static let wrong: [(lines: [String], message: String, place: String)] = [
        (
            ["by = \"week\"", "column = \"day\""],
            "'by' is \"hour\", \"day\" or \"month\", not \"week\".", "3:1"
        ),
        (
            ["by = \"day\"", "column = \"at\""],
            "The partitions are by 'at', which is not the first column of the key.", "4:1"
        ),
        (
            ["by = \"day\"", "column = \"day\""], "[partition] names no table that is cut.", "2:1"
        ),
        (
            ["by = \"day\"", "column = \"day\"", "inputs = { \"raw.t\" = 1 }"],
            "The key 'raw.t' of [partition.inputs] must be a string.", "5:12"
        ),
        (
            [
                "by = \"day\"", "column = \"day\"", "inputs = { \"raw.t\" = \"at\" }",
                "lookback = -1",
            ],
            "'lookback' is a number from 0 to 1000.", "6:1"
        ),
    ]

    @Test(arguments: wrong.indices)
    func `wrong partitions are refused at their place`(index: Int) throws {
        let wrong = Self.wrong[index]
        let header = ["/* key = [\"day\"]", "[partition]"] + wrong.lines
        let failure = try #require(throws: Failure.self) {
            try Model(
                file: "models/marts/daily_v1.sql",
                text: header.joined(separator: "\n") + "\n*/ SELECT 1"
            )
        }
        #expect(failure.message == wrong.message)
        #expect(failure.place?.description == "models/marts/daily_v1.sql:\(wrong.place)")
    }

    @Test func `rows in ranges are those whose cells are`() throws {
        var random = SeededRandom(seed: 11)
        let schema = try Schema(
            columns: [Column(id: 1, name: "at", type: .timestamp, isNullable: false)],
            key: ["at"],
            cutClass: .small
        )
        func text(_ micros: Int64) -> [UInt8] {
            Array("\"\(CellText.timestampText(micros: micros))\"".utf8)
        }
        let reader = RowReader(schema: schema)
        for _ in 0..<200 {
            let edges = Set((0..<6).map { _ in Int64.random(in: 0..<100, using: &random) }).sorted()
            let ranges = stride(from: 0, to: edges.count - 1, by: 2).map {
                (edges[$0], edges[$0 + 1])
            }
            let selection = RowSelection(
                in: ranges.map { (start: text($0.0), end: text($0.1)) },
                of: "at",
                schema: schema
            )
            var inside: [Bool] = []
            for micros in Int64(0)..<100 {
                let row = Array("{\"at\":\"\(CellText.timestampText(micros: micros))\"}\n".utf8)
                var cells: [Range<Int>] = []
                let matches = try unsafe row.withUnsafeBufferPointer { row in
                    try unsafe reader.cells(row, into: &cells)
                    return unsafe selection.matches(row, cells)
                }
                inside.append(ranges.contains { $0.0 <= micros && micros < $0.1 })
                #expect(matches == inside.last)
            }
            let low = Int.random(in: 0..<100, using: &random)
            let high = Int.random(in: low..<100, using: &random)
            let statistics = ColumnStatistics(
                minimum: text(Int64(low)),
                maximum: text(Int64(high)),
                nulls: 0,
                set: nil
            )
            #expect(selection.mayMatch([statistics]) == inside[low...high].contains(true))
        }
    }
}
