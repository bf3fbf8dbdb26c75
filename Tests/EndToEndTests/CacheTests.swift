import Foundation
import Testing

/// The cache of large tables: made, used, damaged, removed, and never to be seen in a result.
struct CacheTests {
    private let world: World

    /// Enough text for a file: 17 MB.
    private static let rows = 120_000

    init() throws {
        world = try World()
        try world.initWarehouse()
        var csv = "id,name,share,made,flag,note\n"
        for id in 0..<Self.rows {
            let name = id % 7 == 0 ? "" : "name \(id % 5_000)"
            csv +=
                "\(id),\(name),\(Double(id) / 8),2026-01-0\(1 + id % 9),\(id % 3 == 0)"
                + ",\"a note, \(id * 7_919) \(String(repeating: "and on ", count: 8))\"\n"
        }
        try world.write("t.csv", csv)
        let made = try world.osodata("import", "marts.t", "t.csv", "--key", "id")
        #expect(made.status == 0, "\(made.messages)")
    }

    private var files: [String] {
        let path = world.folder.appending(path: ".osodata/cache").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(".duckdb") }.map { "\(path)/\($0)" }
    }

    private func query(_ sql: String, _ options: String...) throws -> World.Outcome {
        let out = try world.run(
            World.program.path,
            ["query", sql, "--format", "csv", "--explain"] + options,
            environment: ["OSODATA_CACHE_WARMING": "off"]
        )
        #expect(out.status == 0, "\(sql): \(out.messages)")
        return out
    }

    private static let statements = [
        "select * from marts.t order by id limit 50",
        "select * from marts.t limit 20",
        "select name, count(*), sum(id), max(made), min(note) from marts.t group by 1 order by 1",
        "select share, flag from marts.t where id between 70000 and 70020",
        "select count(*) from marts.t",
        "select sum(t.id) from marts.t join marts.t AS o AT (VERSION => 'HEAD') using (id)",
    ]

    @Test func `results are the same with the cache, without it, and with a damaged one`() throws {
        defer { world.remove() }
        let scanned = try Self.statements.map { try query($0, "--no-cache").output }
        #expect(files.isEmpty)
        let warmed = try world.osodata("cache", "warm")
        #expect(warmed.status == 0 && warmed.messages.contains("made 1 file"), "\(warmed.messages)")
        let file = try #require(files.first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        for (sql, expected) in zip(Self.statements, scanned) {
            let cached = try query(sql)
            #expect(cached.output == expected, "\(sql)")
            #expect(cached.messages.contains("cache: marts.t"), "\(cached.messages)")
        }
        #expect(try world.osodata("cache", "warm").messages.contains("made 0 files"))
        // Cut, and with every block changed: removed, and the answer comes from the repository.
        var damaged = whole
        for place in stride(from: 50_000, to: whole.count, by: 40_000) { damaged[place] ^= 0x5a }
        for bytes in [whole.prefix(5_000), Data(), damaged] {
            try bytes.write(to: URL(fileURLWithPath: file))
            let out = try query(Self.statements[2])
            #expect(out.output == scanned[2] && files.isEmpty, "\(out.messages)")
        }
        // Removed between two queries.
        try whole.write(to: URL(fileURLWithPath: file))
        #expect(try query(Self.statements[3]).messages.contains("cache: "))
        #expect(try world.osodata("cache", "clear").messages.contains("removed 1 files"))
        #expect(try query(Self.statements[3]).output == scanned[3])
    }

    @Test func `no statement reaches the file`() throws {
        defer { world.remove() }
        try world.osodata("cache", "warm")
        let file = try #require(files.first)
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        for sql in [
            "COPY (SELECT * FROM marts.t) TO '\(file)'", "ATTACH '\(file)' AS x",
            "SELECT * FROM marts.t; COPY (SELECT 1) TO '\(file)'",
            "SET enable_external_access = true", "SELECT * FROM read_blob('\(file)')",
        ] {
            let out = try world.osodata("query", sql)
            #expect(out.status == 2, "\(sql): \(out.output)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    }

    @Test func `a query fills the cache for the next, and a new version has a file of its own`()
        throws
    {
        defer { world.remove() }
        try world.osodata("query", "select max(note) from marts.t")
        // A process of its own makes the file; each look takes about as long as a start.
        var looks = 0
        while files.isEmpty && looks < 2_000 {
            try world.osodata("cache")
            looks += 1
        }
        #expect(files.count == 1)
        try world.write("more.csv", "id,name,share,made,flag,note\n-1,new,0,2026-02-01,true,x\n")
        try world.osodata("import", "marts.t", "more.csv", "--append")
        let least = try query("select min(id + 0) as m from marts.t")
        #expect(least.output == "m\n-1\n" && !least.messages.contains("cache: "))
        let before = try query("select min(id + 0) as m from marts.t", "--at", "HEAD~1")
        #expect(before.output == "m\n0\n" && before.messages.contains("cache: "))
    }
}
