import Codecs
import Diagnostics
import Foundation
import GitStore
import Records
import Snapshots
import Synchronization
import TestSupport
import Testing

/// Versions made by an edit are those that a write of all rows makes.
struct EditingTests {
    /// A table whose rows are of 10 bytes to 1 MB, with keys of one kind or another.
    private struct Lengths {
        let schema: Schema
        let spell: (Int) -> String
        let letters = String(repeating: "abcdefghij", count: 100_000)

        init(_ kind: Int) throws {
            switch kind {
            case 0:
                schema = try SnapshotsTests.schema([("k", "int64"), ("v", "string")], key: ["k"])
                spell = { "\"k\":\($0)" }
            case 1:
                // What is cut to a bound of 16 bytes tells nothing of these.
                schema = try SnapshotsTests.schema([("k", "string"), ("v", "string")], key: ["k"])
                spell = { "\"k\":\"https://example.org/\(1_000_000 + $0)\"" }
            default:
                schema = try SnapshotsTests.schema(
                    [("day", "date"), ("k", "int64"), ("v", "string")],
                    key: ["day", "k"]
                )
                spell = { "\"day\":\"2026-01-\(10 + $0 / 80)\",\"k\":\($0 % 80)" }
            }
        }

        func line(_ key: Int, _ length: Int) -> String {
            "{\(spell(key)),\"v\":\"\(letters.prefix(length))\"}"
        }

        func rows(_ lengths: [Int: Int]) throws -> RowSet {
            try rowSet(schema, lengths.map { line($0.key, $0.value) })
        }

        /// Mostly short, now and then longer than a chunk may be.
        static func random(_ random: inout SeededRandom) -> Int {
            random.oneIn(60) ? random.int(60_000...1_000_000) : random.int(1...9_000)
        }
    }

    private func write(
        _ world: World,
        _ rows: RowSet,
        previous: Snapshot? = nil
    ) throws -> Snapshot {
        let batch = ObjectBatch(repository: world.repository)
        let written = try world.store.write(
            SortedRows(rows),
            table: try TableName(parsing: "marts.t"),
            provenance: .object([]),
            previous: previous,
            into: batch
        )
        _ = try batch.write()
        return try #require(try world.store.snapshot(written.table, tree: written.tree))
    }

    private func apply(
        _ world: World,
        _ edit: TableEdit,
        to snapshot: Snapshot,
        threads: Int = 2
    ) throws -> (written: PreparedTable, counts: TableEdit.Counts, snapshot: Snapshot) {
        let batch = ObjectBatch(repository: world.repository)
        let (written, counts) = try world.store.apply(
            edit,
            to: snapshot,
            provenance: .object([]),
            into: batch,
            threads: threads
        )
        _ = try batch.write()
        let made = try #require(try world.store.snapshot(written.table, tree: written.tree))
        return (written, counts, made)
    }

    @Test(arguments: [0, 1, 2])
    func `edits anywhere give what a write of all rows gives`(_ kind: Int) throws {
        var random = SeededRandom()
        let table = try Lengths(kind)
        for round in 0..<8 {
            let world = try World()
            var lengths: [Int: Int] = [:]
            for key in 0..<random.int(1...900) where !random.oneIn(5) {
                lengths[key] = Lengths.random(&random)
            }
            var current = try write(world, try table.rows(lengths))
            for step in 0..<3 {
                let place = random.int(0...900)
                let width = random.oneIn(2) ? random.int(0...5) : random.int(0...500)
                let keys = (place...(place + width)).filter { _ in !random.oneIn(3) }
                let edit: TableEdit
                if random.oneIn(2) {
                    edit = TableEdit(
                        putting: SortedRows(
                            try rowSet(
                                SnapshotsTests.schema(
                                    table.schema.columns.filter { $0.name != "v" }.map {
                                        ($0.name, "\($0.type)")
                                    },
                                    key: table.schema.key
                                ),
                                keys.map { "{\(table.spell($0))}" }
                            )
                        ),
                        collision: .removes
                    )
                    for key in keys { lengths[key] = nil }
                } else {
                    var new: [Int: Int] = [:]
                    for key in keys {
                        new[key] = random.oneIn(4) ? lengths[key] : Lengths.random(&random)
                    }
                    edit = TableEdit(
                        putting: SortedRows(try table.rows(new)),
                        collision: .replaces
                    )
                    lengths.merge(new) { $1 }
                }
                let made = try apply(world, edit, to: current, threads: random.int(1...3))
                let whole = try write(world, try table.rows(lengths))
                #expect(made.snapshot.tree == whole.tree, "round \(round), step \(step)")
                // A write that may reuse comes to the same, too.
                let beside = try write(world, try table.rows(lengths), previous: current)
                #expect(beside.tree == whole.tree, "round \(round), step \(step)")
                current = made.snapshot
            }
            #expect(current.verify().problems.isEmpty)
        }
    }

    @Test func `random tables become each other by edits`() throws {
        let world = try World()
        for seed in 0..<200 {
            let table = try RandomTable(seed: seed)
            guard !table.schema.isMultiset else { continue }
            let before = try write(world, table.before)
            let wanted = try write(world, table.after)
            var old: [[UInt8]: [UInt8]] = [:]
            for row in 0..<table.before.count {
                old[table.before.sortKey(row)] = table.before.row(row)
            }
            var put = RowSet(schema: table.schema)
            for row in 0..<table.after.count
            where old.removeValue(forKey: table.after.sortKey(row)) != table.after.row(row) {
                try put.append(row: table.after.row(row))
            }
            try put.sort()
            var gone = RowSet(schema: table.schema)
            for row in old.values { try gone.append(row: row) }
            try gone.sort()
            let removed = try apply(
                world,
                TableEdit(putting: SortedRows(gone), collision: .removes),
                to: before
            )
            #expect(removed.counts.removed == gone.count, "seed \(seed)")
            #expect(removed.counts.missing == 0, "seed \(seed)")
            let made = try apply(
                world,
                TableEdit(putting: SortedRows(put), collision: .replaces),
                to: removed.snapshot
            )
            #expect(made.snapshot.tree == wanted.tree, "seed \(seed)")
            #expect(made.counts.added + made.counts.replaced == put.count, "seed \(seed)")
        }
    }

    @Test func `rows put into a table without key are counted`() throws {
        var random = SeededRandom()
        let world = try World()
        for _ in 0..<40 {
            let schema = try schema([("a", "int64"), ("b", "string")])
            func some(_ count: Int) -> [String] {
                (0..<count).map { _ in
                    let a = random.oneIn(5) ? "null" : "\(random.int(0...9))"
                    let length = random.oneIn(9) ? 90_000 : random.int(0...5_000)
                    return
                        "{\"a\":\(a),\"b\":\"\(String(repeating: "b", count: length / 100 * 100))\","
                        + "\"_n\":1}"
                }
            }
            let first = some(random.int(0...150))
            let more = some(random.int(1...60))
            let base = try write(world, try rowSet(schema, first))
            let made = try apply(
                world,
                TableEdit(
                    putting: SortedRows(try rowSet(schema, more)),
                    collision: .refused
                ),
                to: base
            )
            #expect(made.snapshot.tree == (try write(world, try rowSet(schema, first + more))).tree)
        }
    }

    @Test func `rows of a selection go and others come`() throws {
        var random = SeededRandom()
        let world = try World()
        for _ in 0..<30 {
            let table = try schema(
                [("k", "int64"), ("part", "string"), ("v", "string")],
                key: ["k"]
            )
            func line(_ key: Int, _ part: Int) -> String {
                let text = String(repeating: "v", count: random.int(1...4_000))
                return "{\"k\":\(key),\"part\":\"part-of-a-long-name-\(part)\",\"v\":\"\(text)\"}"
            }
            let isSpread = random.oneIn(2)
            var before: [Int: String] = [:]
            for key in 0..<400 {
                before[key] = line(key, isSpread ? key % 10 : key / 40)
            }
            let part = random.int(0...10)
            var after = before.filter { !$0.value.contains("name-\(part)\"") }
            var new: [Int: String] = [:]
            for _ in 0..<random.int(0...30) {
                let key = random.int(0...500)
                if after[key] == nil { new[key] = line(key, part) }
            }
            after.merge(new) { $1 }
            let base = try write(world, try rowSet(table, before.values))
            let made = try apply(
                world,
                TableEdit(
                    putting: SortedRows(try rowSet(table, new.values)),
                    collision: .refused,
                    dropping: RowSelection(
                        anyOf: [["part": ["part-of-a-long-name-\(part)"]]],
                        schema: table
                    )
                ),
                to: base
            )
            #expect(made.snapshot.tree == (try write(world, try rowSet(table, after.values))).tree)
            #expect(made.counts.removed == before.count + new.count - after.count)
            #expect(made.counts.added == new.count)
        }
    }

    @Test(arguments: ["append", "edit"])
    func `what an edit does not touch is not read`(_ what: String) throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<4_000), "raw.t")
        let before = try world.snapshot("raw.t")
        let count = before.manifest.segments.count
        #expect(count >= 3)
        try world.unpack()
        // Nothing is left of the other segments but their names, nor of other chunks than one.
        let touched = what == "append" ? count - 1 : 1
        let id = what == "append" ? 4_000 : try firstID(before, segment: 1) + 3
        for index in 0..<count {
            let folder = before.manifest.segments[index].folder
            if index != touched {
                let list = try #require(
                    try world.repository.entry(
                        path: "\(folder)/segment.json",
                        inTree: before.tree
                    )
                )
                try remove(list.id, world)
            }
            let chunks = try before.chunks(inSegment: index)
            let needed = what == "append" ? chunks.count - 1 : 0
            for (number, chunk) in chunks.enumerated()
            where index != touched || number != needed {
                try remove(chunk.blob, world)
            }
        }
        let store = try world.again()
        let previous = try #require(try store.snapshot(before.table, tree: before.tree))
        let batch = ObjectBatch(repository: store.repository)
        let (written, counts) = try store.apply(
            TableEdit(
                putting: SortedRows(
                    try rowSet(try LongRows.schema(), [LongRows.line(id, what == "append" ? 0 : 1)])
                ),
                collision: .replaces
            ),
            to: previous,
            provenance: .object([("inputs", .array([]))]),
            into: batch
        )
        #expect(counts.added + counts.replaced == 1)
        #expect((1...3).contains(written.newChunks))
        let lines = (0..<(what == "append" ? 4_001 : 4_000)).map {
            LongRows.line($0, $0 == id && what == "edit" ? 1 : 0)
        }
        let digest = try SnapshotStore.digest(
            of: SortedRows(try rowSet(try LongRows.schema(), lines))
        )
        #expect(written.digest == digest)
    }

    @Test func `a segment whose last chunk goes runs on into the next`() throws {
        let world = try World()
        let base = try write(world, try LongRows.rows(0..<4_000))
        #expect(base.manifest.segments.count >= 3)
        let chunks = try base.chunks(inSegment: 0)
        let rows = chunks.reduce(0) { $0 + $1.rows }
        let gone = (rows - chunks[chunks.count - 1].rows)..<rows
        let key = try schema([("id", "int64")], key: ["id"])
        let made = try apply(
            world,
            TableEdit(
                putting: SortedRows(try rowSet(key, gone.map { "{\"id\":\($0)}" })),
                collision: .removes
            ),
            to: base
        )
        let left = (0..<4_000).filter { !gone.contains($0) }
        #expect(made.counts.removed == gone.count)
        #expect(made.snapshot.tree == (try write(world, try LongRows.rows(left))).tree)
    }

    @Test func `a chunk goes on where the row that did not fit into it has become short`() throws {
        let world = try World()
        let table = try Lengths(0)
        var lengths: [Int: Int] = [:]
        var random = SeededRandom()
        for key in 0..<400 { lengths[key] = key % 8 == 7 ? 250_000 : random.int(1...4_000) }
        let base = try write(world, try table.rows(lengths))
        var first = 0
        var tried = 0
        for index in base.manifest.segments.indices {
            for (number, chunk) in try base.chunks(inSegment: index).enumerated() {
                defer { first += chunk.rows }
                // Rows of 250 kB begin a chunk where less than four times the target was left.
                guard number > 0, first % 8 == 7 else { continue }
                tried += 1
                var changed = lengths
                changed[first] = 5
                let made = try apply(
                    world,
                    TableEdit(
                        putting: SortedRows(try table.rows([first: 5])),
                        collision: .replaces
                    ),
                    to: base
                )
                #expect(made.snapshot.tree == (try write(world, try table.rows(changed))).tree)
                if tried == 6 { return }
            }
        }
        #expect(tried > 0)
    }

    @Test func `a row whose key is there is refused, and says both`() throws {
        let world = try World()
        let base = try write(world, try LongRows.rows(0..<50))
        let failure = #expect(throws: Failure.self) {
            try apply(
                world,
                TableEdit(
                    putting: SortedRows(
                        try rowSet(try LongRows.schema(), [LongRows.line(7, 1)])
                    ),
                    collision: .refused
                ),
                to: base
            )
        }
        #expect(failure?.code == .duplicateKey)
        #expect(failure?.message.contains("id = 7") == true)
    }

    private final class SevenStays: RowArbiter {
        let asked = Atomic(0)

        func keeps(_ old: [UInt8], insteadOf new: [UInt8]) -> Bool {
            asked.add(1, ordering: .relaxed)
            return old.starts(with: Array("{\"id\":7,".utf8))
        }
    }

    @Test func `who is asked decides which of two rows stays`() throws {
        let world = try World()
        let base = try write(world, try LongRows.rows(0..<50))
        let arbiter = SevenStays()
        let made = try apply(
            world,
            TableEdit(
                putting: SortedRows(
                    try rowSet(
                        try LongRows.schema(),
                        [LongRows.line(7, 1), LongRows.line(8, 1), LongRows.line(9)]
                    )
                ),
                collision: .decided(arbiter)
            ),
            to: base
        )
        #expect(arbiter.asked.load(ordering: .relaxed) == 2)
        #expect(made.counts.replaced == 1 && made.counts.unchanged == 2)
        let lines = (0..<50).map { LongRows.line($0, $0 == 8 ? 1 : 0) }
        #expect(
            made.snapshot.tree == (try write(world, try rowSet(try LongRows.schema(), lines))).tree
        )
    }

    @Test func `an edit of nothing keeps the table`() throws {
        let world = try World()
        for count in [0, 1, 300] {
            let base = try write(world, try LongRows.rows(0..<count))
            let made = try apply(
                world,
                TableEdit(putting: nil, collision: .refused),
                to: base
            )
            #expect(made.snapshot.tree == base.tree && made.written.newChunks == 0)
        }
    }

    private func firstID(_ snapshot: Snapshot, segment: Int) throws -> Int {
        let chunk = try snapshot.chunks(inSegment: segment)[0]
        let line = String(decoding: try snapshot.text(of: chunk).prefix(40), as: UTF8.self)
        return try #require(Int(line.dropFirst(6).prefix { $0.isNumber }))
    }

    private func remove(_ id: ObjectID, _ world: World) throws {
        let object = ".git/objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))"
        try FileManager.default.removeItem(atPath: world.folder.path(object))
    }
}
