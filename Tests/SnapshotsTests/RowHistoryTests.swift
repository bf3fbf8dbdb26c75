import Diagnostics
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

/// One row through the versions of its table.
struct RowHistoryTests {
    /// What the history of a row says, a line a change.
    private func told(
        _ world: World,
        _ key: [String],
        limit: Int = .max
    ) throws -> (lines: [String], summary: RowHistorySummary) {
        var lines: [String] = []
        let head = try #require(try world.head())
        let table = try TableName(parsing: "raw.t")
        let summary = try world.store.rowHistory(key, of: table, from: head) {
            (change) throws(Failure) in
            var line = "\(change.commit.id.hex) \(change.kind.rawValue)"
            for cell in change.cells {
                let sides = [cell.before, cell.after].map {
                    $0.map { String(decoding: $0.prefix(12), as: UTF8.self) } ?? "-"
                }
                line += " \(cell.column) \(sides[0]) \(sides[1])"
            }
            lines.append(line)
            return lines.count < limit
        }
        return (lines, try #require(summary))
    }

    @Test(arguments: 0..<12)
    func `it is what comparing all rows of all versions gives`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let world = try World()
        let columns = [("k", "int64"), ("s", "string"), ("v", "int64"), ("t", "string")]
        let keyed = try schema(columns, key: ["k", "s"])
        // First columns with few values: bounds alone do not say which chunk.
        let names = [
            "a", "b", "naïve", "much longer than sixteen bytes, one", "much longer than z",
        ]
        var rows: [String: (k: Int, s: String, v: Int)] = [:]
        var versions: [(commit: ObjectID, rows: [String: (k: Int, s: String, v: Int)])] = []
        let filler = String(repeating: "x", count: 2_000)
        for _ in 0..<8 {
            for _ in 0..<(versions.isEmpty ? 150 : random.int(1...6)) {
                let row = (
                    k: random.int(0...9), s: names[random.int(0...4)] + "\(random.int(0...5))"
                )
                let name = "\(row.k) \(row.s)"
                if random.oneIn(4) {
                    rows[name] = nil
                } else {
                    rows[name] = (row.k, row.s, random.int(0...9))
                }
            }
            let set = try rowSet(
                keyed,
                rows.values.map {
                    #"{"k":\#($0.k),"s":"\#($0.s)","v":\#($0.v),"t":"\#(filler)"}"#
                }
            )
            let done = try world.commit(set, "raw.t")
            if done.prepared.isChanged { versions.append((done.result.commit, rows)) }
        }
        for k in 0...9 {
            for s in [names[k % 5] + "0", names[k % 5] + "3", "none"] {
                var expected: [String] = []
                var newer: (k: Int, s: String, v: Int)?
                for version in versions {
                    let row = version.rows["\(k) \(s)"]
                    let commit = version.commit.hex
                    let text = "\"" + filler.prefix(11)
                    switch (newer, row) {
                    case (nil, let row?):
                        expected.append("\(commit) added v - \(row.v) t - \(text)")
                    case (let old?, nil):
                        expected.append("\(commit) removed v \(old.v) - t \(text) -")
                    case (let old?, let row?) where old.v != row.v:
                        expected.append("\(commit) changed v \(old.v) \(row.v)")
                    default: break
                    }
                    newer = row
                }
                let (lines, summary) = try told(world, ["k=\(k)", "s=\(s)"])
                #expect(lines == expected.reversed(), "seed \(seed), key \(k) \(s)")
                #expect(summary.versions == versions.count)
            }
        }
    }

    @Test func `what did not change is not read`() throws {
        let world = try World()
        try world.commit(try LongRows.rows(0..<4_000), "raw.t")
        let segments = try world.snapshot("raw.t").manifest.segments.count
        try #require(segments > 1)
        // Twenty versions that change the last rows, and one that changes the row in question.
        let long = try LongRows.schema()
        func commit(_ own: Int, _ other: Int) throws {
            try world.commit(
                try rowSet(
                    long,
                    (0..<4_000).map { id in
                        LongRows.line(id, id == 7 ? own : id == 3_999 ? other : 0)
                    }
                ),
                "raw.t"
            )
        }
        for version in 1...6 { try commit(0, version) }
        try commit(1, 6)
        for version in 7...10 { try commit(1, version) }

        let (lines, summary) = try told(world, ["7"])
        #expect(lines.count == 2)
        #expect(summary.versions == 12)
        // The row's chunk as it is now, and as it was: of all other versions only trees are read.
        #expect(summary.chunksRead == 2)
        #expect(summary.manifestsRead == 2 && summary.listsRead == 2)
        #expect(summary.bytesRead < 1 << 20)

        // A row that never was costs the chunk that it would be in.
        let none = try told(world, ["-1"])
        #expect(none.lines.isEmpty && none.summary.chunksRead == 0)
        #expect(none.summary.manifestsRead == 12 && none.summary.listsRead == 0)
        let limited = try told(world, ["7"], limit: 1)
        #expect(limited.lines.count == 1 && limited.summary.versions == 6)
    }

    @Test func `columns come, go and get other names`() throws {
        let world = try World()
        let one = try schema([("id", "int64"), ("a", "string"), ("b", "int64")], key: ["id"])
        try world.commit(
            try rowSet(one, [#"{"id":1,"a":"x","b":1}"#, #"{"id":2,"a":"y","b":2}"#]),
            "raw.t"
        )
        let two = try schema([("id", "int64"), ("c", "string"), ("d", "string")], key: ["id"])
        try world.commit(
            try rowSet(two, [#"{"id":1,"c":"x","d":null}"#, #"{"id":2,"c":"z","d":"new"}"#]),
            "raw.t",
            was: ["c": "a"]
        )
        let (lines, _) = try told(world, ["2"])
        #expect(lines.first?.hasSuffix(#"changed c "y" "z" d - "new" b 2 -"#) == true, "\(lines)")
        // A rename and a column without a value change no cell; a dropped value does.
        #expect(try told(world, ["1"]).lines.first?.hasSuffix("changed b 1 -") == true)
    }

    @Test(arguments: [
        ("decimal(10,2)", "-1.5", #""-1.50""#), ("date", "2026-01-31", #""2026-01-31""#),
        ("timestamp", "2026-01-31T00:00:00Z", #""2026-01-31T00:00:00Z""#), ("bool", "true", "true"),
        ("string", "a\"b=c", #""a\"b=c""#), ("bytes", "AP8=", #""AP8=""#),
        ("uint256", "12", #""12""#), ("int64", "-7", "-7"),
    ])
    func `a key is typed as a person writes it`(type: String, text: String, cell: String) throws {
        let keyed = try schema([("k", type), ("v", "int64")], key: ["k"])
        for argument in [text, "k=\(text)"] {
            let key = try RowKey([argument], schema: keyed, table: "raw.t")
            #expect(key.cells == [Array(cell.utf8)])
        }
        let world = try World()
        try world.commit(try rowSet(keyed, [#"{"k":\#(cell),"v":1}"#]), "raw.t")
        #expect(try told(world, [text]).lines.count == 1)
        #expect(throws: Failure.self) { try told(world, [text, text]) }
        if type != "string" { #expect(throws: Failure.self) { try told(world, ["x y"]) } }
    }
}
