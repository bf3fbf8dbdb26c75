import Diagnostics
import Diffing
import Records
import TestSupport
import Testing

struct DifferencesTests {
    private static func people() throws -> Schema {
        try schema([("id", "int64"), ("name", "string"), ("stars", "int64")], key: ["id"])
    }

    private static func row(_ id: Int, _ name: String, _ stars: Int) -> String {
        #"{"id":\#(id),"name":"\#(name)","stars":\#(stars)}"#
    }

    @Test func `an unchanged table has no difference and nothing of it is read`() throws {
        let lines = [[[Self.row(1, "a", 1)], [Self.row(2, "b", 2)]], [[Self.row(3, "c", 3)]]]
        let before = ListSource(try Self.people(), lines)
        let after = ListSource(try Self.people(), lines)
        let (list, summary) = try changes(before, after)
        #expect(list.isEmpty)
        #expect(summary.isEmpty)
        #expect(summary.rowsBefore == 3 && summary.rowsAfter == 3)
        #expect(summary.chunksRead == 0 && before.chunksRead == 0 && after.chunksRead == 0)
    }

    @Test func `only chunks that differ are read`() throws {
        let before = ListSource(
            try Self.people(),
            [
                [[Self.row(1, "a", 1)], [Self.row(2, "b", 2)], [Self.row(3, "c", 3)]],
                [[Self.row(4, "d", 4)]],
            ]
        )
        let after = ListSource(
            try Self.people(),
            [
                [[Self.row(1, "a", 1)], [Self.row(2, "b", 9)], [Self.row(3, "c", 3)]],
                [[Self.row(4, "d", 4)]],
            ]
        )
        let (list, summary) = try changes(before, after)
        #expect(list.count == 1)
        #expect(summary.chunksRead == 2)
        #expect(summary.bytesRead == 2 * (Self.row(2, "b", 2).utf8.count + 1))
        #expect(before.chunksRead == 1 && after.chunksRead == 1)
    }

    @Test func `runs of chunks are found without reading rows, and can be compared alone`() throws {
        let before = ListSource(
            try Self.people(),
            [
                [[Self.row(1, "a", 1)], [Self.row(2, "b", 2)], [Self.row(3, "c", 3)]],
                [[Self.row(4, "d", 4)], [Self.row(5, "e", 5)]],
            ]
        )
        let after = ListSource(
            try Self.people(),
            [
                [[Self.row(1, "a", 9)], [Self.row(2, "b", 2)]],
                [[Self.row(3, "c", 3)], [Self.row(4, "d", 9), Self.row(5, "e", 5)]],
            ]
        )
        var runs: [[String]] = []
        func note(_ run: UnmatchedChunks) {
            runs.append((run.before + [(-1, -1)] + run.after).map { "\($0.segment).\($0.chunk)" })
        }
        let isComplete = try forEachUnmatchedRun(from: before, to: after) { (run) throws(Failure) in
            note(run)
            return true
        }
        #expect(isComplete)
        #expect(runs == [["0.0", "-1.-1", "0.0"], ["1.0", "1.1", "-1.-1", "1.1"]])
        #expect(before.chunksRead == 0 && after.chunksRead == 0)
        runs = []
        let isStopped = try !forEachUnmatchedRun(from: before, to: after) { (run) throws(Failure) in
            note(run)
            return false
        }
        #expect(isStopped && runs.count == 1)

        var window = LoadedChunks<String>(schema: before.schema)
        for chunk in [1, 0] {
            window.prepend(
                before.chunkPieces(inSegment: 1)[chunk],
                before.chunkText(segment: 1, chunk: chunk)
            )
        }
        var other = LoadedChunks<String>(schema: after.schema)
        other.append(after.chunkPieces(inSegment: 1)[1], after.chunkText(segment: 1, chunk: 1))
        let (list, summary) = try changes(window, other)
        #expect(list.map(\.changedColumns) == [["stars"]])
        #expect(summary.added == 0 && summary.removed == 0 && summary.chunksRead == 3)
    }

    @Test func `added, removed and changed rows come in key order with their cells`() throws {
        let before = ListSource(
            try Self.people(),
            [[[Self.row(-5, "m", 1), Self.row(2, "b", 2)], [Self.row(10, "c", 3)]]]
        )
        let after = ListSource(
            try Self.people(),
            [
                [
                    [Self.row(1, "a", 1), Self.row(2, "b", 4)], [Self.row(10, "C", 5)],
                    [Self.row(11, "n", 0)],
                ]
            ]
        )
        let (list, summary) = try changes(before, after)
        #expect(list.map(\.kind) == [.removed, .added, .changed, .changed, .added])
        #expect(list.map { text($0.key[0]) } == ["-5", "1", "2", "10", "11"])
        #expect(list[2].changedColumns == ["stars"])
        #expect(text(list[2].cells[0].before) == "2" && text(list[2].cells[0].after) == "4")
        #expect(list[3].changedColumns == ["name", "stars"])
        #expect(text(list[0].before) == Self.row(-5, "m", 1) && list[0].after == nil)
        #expect(text(list[4].after) == Self.row(11, "n", 0) && list[4].before == nil)
        #expect(summary.added == 2 && summary.removed == 1 && summary.changed == 2)
        #expect(summary.cellsChanged.map(\.column) == ["name", "stars"])
        #expect(summary.cellsChanged.map(\.cells) == [1, 2])
    }

    @Test func `rows of a table without key are told apart by their count`() throws {
        let bag = try schema([("word", "string")])
        let before = ListSource(bag, [[[#"{"word":"a","_n":3}"#, #"{"word":"b","_n":1}"#]]])
        let after = ListSource(
            bag,
            [[[#"{"word":"a","_n":1}"#, #"{"word":"b","_n":5}"#, #"{"word":"c","_n":2}"#]]]
        )
        let (list, summary) = try changes(before, after)
        #expect(list.map(\.kind) == [.removed, .added, .added])
        #expect(list.map(\.count) == [2, 4, 2])
        #expect(summary.added == 6 && summary.removed == 2 && summary.changed == 0)
    }

    @Test func `a table on one side only is all added or all removed`() throws {
        let source = ListSource(try Self.people(), [[[Self.row(1, "a", 1), Self.row(2, "b", 2)]]])
        let none = EmptyChunkSource<String>(schema: try Self.people())
        #expect(try changes(none, source).summary.added == 2)
        #expect(try changes(source, none).summary.removed == 2)
    }

    @Test func `an added column is a change of schema and of no row`() throws {
        let wide = try schema(
            [("id", "int64"), ("name", "string"), ("stars", "int64"), ("forks", "int64")],
            key: ["id"]
        )
        let before = ListSource(try Self.people(), [[[Self.row(1, "a", 1), Self.row(2, "b", 2)]]])
        let after = ListSource(
            wide,
            [
                [
                    [
                        #"{"id":1,"name":"a","stars":1,"forks":7}"#,
                        #"{"id":2,"name":"b","stars":3,"forks":8}"#,
                    ]
                ]
            ]
        )
        let (list, summary) = try changes(before, after)
        #expect(summary.schemaChanges.map(\.description) == ["column \"forks\" added (int64)"])
        #expect(list.map(\.kind) == [.changed])
        #expect(list[0].changedColumns == ["stars"])
    }

    @Test func `a column with the same id and another name was renamed`() throws {
        let renamed = try schema(
            [("id", "int64"), ("title", "string"), ("stars", "double")],
            key: ["id"]
        )
        let before = ListSource(try Self.people(), [[[Self.row(1, "a", 1)]]])
        let after = ListSource(renamed, [[[#"{"id":1,"title":"a","stars":1}"#]]])
        let (list, summary) = try changes(before, after)
        #expect(list.isEmpty)
        #expect(
            summary.schemaChanges.map(\.description) == [
                "column \"name\" renamed to \"title\"",
                "column \"stars\" changed type from int64 to double",
            ]
        )
    }

    @Test func `another key makes every row removed and added`() throws {
        let other = try schema(
            [("name", "string"), ("id", "int64"), ("stars", "int64")],
            key: ["name"],
            ids: [2, 1, 3]
        )
        let before = ListSource(try Self.people(), [[[Self.row(1, "a", 1)]]])
        let after = ListSource(other, [[[#"{"name":"a","id":1,"stars":1}"#]]])
        let (list, summary) = try changes(before, after)
        #expect(list.map(\.kind) == [.removed, .added])
        #expect(summary.schemaChanges.last?.description == "key changed from (id) to (name)")
    }

    @Test func `the caller can stop early and is told that counts are partial`() throws {
        let before = ListSource(try Self.people(), [])
        let after = ListSource(try Self.people(), [[[Self.row(1, "a", 1), Self.row(2, "b", 2)]]])
        var seen = 0
        let summary = try differences(from: before, to: after) { (_) throws(Failure) in
            seen += 1
            return false
        }
        #expect(seen == 1)
        #expect(!summary.isComplete)
        #expect(summary.added == 1)
    }

    @Test(arguments: ["{\"id\":1", "{\"id\":1,\"name\":\"a\"}\n", "[]\n", "\n", ""])
    func `a malformed chunk is a failure and no crash`(_ text: String) throws {
        let before = RawSource(schema: try Self.people(), text: text)
        let after = RawSource(schema: try Self.people(), text: Self.row(1, "a", 1) + "\n")
        #expect(throws: Failure.self) {
            try differences(from: before, to: after)
        }
    }

    @Test(arguments: 0..<40)
    func `what differs is what a dictionary says, however the tables are cut`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var before: [Int: String] = [:]
        for _ in 0..<random.int(0...199) { before[random.int(0...299)] = "v\(random.int(0...4))" }
        var after = before
        for _ in 0..<random.int(0...29) {
            let key = random.int(0...299)
            if random.int(0...1) == 0 {
                after[key] = nil
            } else {
                after[key] = "v\(random.int(0...4))"
            }
        }
        let pairs = try schema([("k", "int64"), ("v", "string")], key: ["k"])
        func source(_ rows: [Int: String]) -> ListSource {
            // Cut by the key, as the format does, so that equal chunks exist.
            var segments: [[[String]]] = [[[]]]
            for (key, value) in rows.sorted(by: { $0.key < $1.key }) {
                let s = segments.count - 1
                segments[s][segments[s].count - 1].append(#"{"k":\#(key),"v":"\#(value)"}"#)
                if key % 37 == 0 {
                    segments.append([[]])
                } else if key % 5 == 0 {
                    segments[s].append([])
                }
            }
            return ListSource(
                pairs,
                segments.map { $0.filter { !$0.isEmpty } }.filter { !$0.isEmpty }
            )
        }
        let (list, summary) = try changes(source(before), source(after))
        var applied = before.mapValues { $0 }
        for change in list {
            let key = try #require(Int(text(change.key[0]) ?? ""))
            if let row = text(change.after) {
                applied[key] = String(row.dropFirst(#"{"k":\#(key),"v":""#.count).dropLast(2))
            } else {
                applied[key] = nil
            }
        }
        #expect(applied == after)
        let both = before.keys.filter { after[$0] != nil }
        #expect(summary.changed == both.count { before[$0] != after[$0] })
        #expect(summary.added == after.keys.count { before[$0] == nil })
        #expect(summary.removed == before.keys.count { after[$0] == nil })
        #expect(
            list.map { Int(text($0.key[0]) ?? "") ?? 0 }
                == list.map { Int(text($0.key[0]) ?? "") ?? 0 }.sorted()
        )
    }
}

/// One chunk of any text.
private struct RawSource: ChunkSource {
    let schema: Schema
    let text: String

    var segmentPieces: [Piece<String>] { [Piece(identity: text, rows: 1, bytes: 1)] }

    func chunkPieces(inSegment index: Int) -> [Piece<String>] { segmentPieces }

    func chunkText(segment: Int, chunk: Int) -> [UInt8] { Array(text.utf8) }
}
