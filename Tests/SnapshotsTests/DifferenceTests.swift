import Diagnostics
import Diffing
import Records
import Snapshots
import TestSupport
import Testing

/// All changes of a difference, and the summary.
func changes(
    _ before: Snapshot,
    _ after: Snapshot
) throws -> (list: [RowChange], summary: DiffSummary) {
    var list: [RowChange] = []
    let summary = try differences(from: before, to: after) { (change) throws(Failure) in
        list.append(change)
        return true
    }
    return (list, summary)
}

struct DifferenceTests {
    @Test(arguments: 0..<60)
    func `a difference applied to what was gives what is`(seed: Int) throws {
        let table = try RandomTable(seed: seed)
        let world = try World()
        try world.commit(table.before, "staging.t")
        let before = try world.snapshot("staging.t")
        try world.commit(table.after, "staging.t")
        let after = try world.snapshot("staging.t")
        let (list, summary) = try changes(before, after)
        if table.schema.isMultiset {
            #expect(try applied(list, toBag: before) == lines(table.after))
        } else {
            let removed = Set(list.compactMap(\.before))
            var rows = lines(try before.rowSet()).filter {
                !removed.contains(Array($0.utf8.dropLast()))
            }
            rows += list.compactMap(\.after).map { String(decoding: $0, as: UTF8.self) + "\n" }
            var set = RowSet(schema: after.schema)
            for row in rows { try set.append(row: Array(row.utf8)) }
            try set.sort()
            #expect(lines(set) == lines(table.after))
            #expect(summary.rowsAfter - summary.rowsBefore == summary.added - summary.removed)
        }
        #expect(before.verify().problems.map(\.description) == [])
        #expect(after.verify().problems.map(\.description) == [])
        let back = try changes(after, before).summary
        #expect(back.added == summary.removed && back.removed == summary.added)
        #expect(back.changed == summary.changed)
        #expect(try changes(after, after).summary.chunksRead == 0)
    }

    /// Applies changes of a table without key to its rows.
    private func applied(_ list: [RowChange], toBag before: Snapshot) throws -> [String] {
        var counts: [[UInt8]: Int] = [:]
        func split(_ line: [UInt8]) throws -> (row: [UInt8], count: Int) {
            let mark = try #require(line.lastIndex(of: UInt8(ascii: ":")))
            let digits = String(decoding: line[(mark + 1)...], as: UTF8.self).prefix { $0.isNumber }
            return (Array(line[...mark]), try #require(Int(digits)))
        }
        for line in lines(try before.rowSet()) {
            let (row, count) = try split(Array(line.utf8))
            counts[row] = count
        }
        for change in list {
            let line = try #require(change.after ?? change.before)
            let row = try split(line).row
            counts[row, default: 0] += change.kind == .added ? change.count : -change.count
        }
        var set = RowSet(schema: before.schema)
        for (row, count) in counts where count > 0 {
            try set.append(row: row + Array("\(count)}\n".utf8))
        }
        try set.sort()
        return lines(set)
    }

    @Test func `a small change in a long table reads few chunks`() throws {
        let world = try World()
        let table = try LongRows.schema()
        try world.commit(try LongRows.rows(0..<2000), "raw.t")
        let before = try world.snapshot("raw.t")
        let after = try world.commit(
            try rowSet(table, (0..<2000).map { LongRows.line($0, $0 == 1234 ? 1 : 0) }),
            "raw.t"
        )
        #expect(after.prepared.newChunks <= 2)
        let (list, summary) = try changes(before, try world.snapshot("raw.t"))
        #expect(list.count == 1 && list[0].changedColumns == ["text"])
        #expect(summary.chunksRead <= 4)
    }
}
