import Codecs
import Diagnostics
import GitStore
import Records
import Snapshots
import TestSupport
import Testing

@testable import Querying

/// Conditions that reach the scan, and the chunks it passes over by them.
struct PushdownTests {
    /// A table of some megabytes in a repository, and the same rows in a table of DuckDB's own.
    private struct World {
        static let rows = 40_000
        private let folder: TemporaryFolder
        let connection: Connection

        init() throws {
            folder = try TemporaryFolder()
            let schema = try Schema(
                [
                    ("t", "timestamp"), ("id", "int64"), ("name", "string?"), ("amount", "int64?"),
                    ("price", "decimal(12,2)?"), ("ratio", "double?"), ("day", "date?"),
                    ("flag", "bool?"), ("big", "uint256?"), ("note", "string"),
                ],
                key: ["t", "id"]
            )
            var builder = RowBuilder(schema: schema)
            for id in 0..<Self.rows {
                try builder.timestamp(micros: 1_735_689_600_000_000 + Int64(id) * 100_500_000)
                try builder.int64(Int64(id))
                if id % 11 == 0 { try builder.null() } else { try builder.string(Self.name(id)) }
                if id % 1_000 < 30 { try builder.null() } else { try builder.int64(Int64(id / 7)) }
                if id % 5 == 0 {
                    try builder.null()
                } else {
                    try builder.decimal(unscaled: Int128(id - 20_000) * 3)
                }
                if id % 13 == 0 {
                    try builder.null()
                } else {
                    try builder.double(Double(id) / 8 - 1_000)
                }
                if id % 17 == 0 {
                    try builder.null()
                } else {
                    try builder.date(days: Int32(id / 90))
                }
                if id % 3 == 0 { try builder.null() } else { try builder.bool(id > 30_000) }
                if id % 19 == 0 {
                    try builder.null()
                } else {
                    try builder.uint256(digits: "9" + String(repeating: "0", count: id / 600))
                }
                try builder.string(Self.note(id))
                try builder.endRow()
            }
            let repository = try Repository.create(at: folder.path, branch: "main")
            let store = SnapshotStore(repository: repository)
            let batch = ObjectBatch(repository: repository)
            let table = try TableName(parsing: "raw.t")
            let prepared = try store.write(
                SortedRows(builder.finish()),
                table: table,
                provenance: .object([]),
                previous: nil,
                into: batch
            )
            let person = Signature(name: "A", email: "a@example.org", time: 0, offset: 0)
            let published = try store.publish(
                RunCommit(
                    tables: [prepared],
                    subject: "run",
                    trailers: [],
                    author: person,
                    committer: person,
                    base: nil
                ),
                batch: batch
            )
            let tree = try repository.commit(published.commit).tree
            let snapshot = try #require(try store.snapshot(table, inTree: tree))
            connection = try Querying.Database(options: .init(threads: 2)).connect()
            try connection.attach(snapshot, as: table)
            try connection.execute("CREATE SCHEMA own; CREATE TABLE own.t AS FROM raw.t")
        }

        /// Long, so that there are chunks and segments enough.
        static func note(_ id: Int) -> String {
            "note \(id * 7_919)" + String(repeating: " and more", count: 40)
        }

        static func name(_ id: Int) -> String { "name \(id / 500)\(id % 2 == 0 ? " é" : "")" }

        /// The rows a query gives, and what it read.
        func ask(_ sql: String) throws -> (rows: [[String]], tallies: [ScanTally]) {
            (try connection.rows(sql), connection.scanTallies)
        }
    }

    @Test func `conditions in views, CTEs, joins and subqueries pass over chunks`() throws {
        let world = try World()
        try world.connection.execute(
            """
            CREATE VIEW late AS SELECT * FROM raw.t WHERE t >= TIMESTAMP '2025-02-10';
            CREATE TABLE wanted AS SELECT 39_999 AS id
            """
        )
        let all = try #require(try world.ask("SELECT max(id) FROM raw.t").tallies.first)
        #expect(all.chunks > 50 && all.skippedChunks == 0 && all.segments > 1)
        #expect(all.chunksRead == all.chunks)
        let few = [
            "SELECT id FROM raw.t WHERE id = 17",
            "SELECT id FROM raw.t WHERE id IN (17, 18)",
            "SELECT id FROM raw.t WHERE t BETWEEN '2025-01-02' AND '2025-01-02 01:00:00'",
            "SELECT id FROM raw.t WHERE date_trunc('hour', t) = TIMESTAMP '2025-01-03 05:00:00'",
            "SELECT id FROM raw.t WHERE id < 0 OR id >= 39990",
            "SELECT id FROM raw.t WHERE name LIKE 'name 30%'",
            "SELECT id FROM raw.t WHERE starts_with(name, 'name 30')",
            "SELECT id FROM raw.t WHERE price = 0.03",
            "SELECT id FROM raw.t WHERE ratio = -996.5::DOUBLE",
            "SELECT id FROM raw.t WHERE day = DATE '1970-02-05'",
            "SELECT id FROM late WHERE id = 39990",
            "WITH x AS (SELECT * FROM raw.t) SELECT id FROM x WHERE 17 = id",
            "WITH x AS MATERIALIZED (FROM raw.t) SELECT id FROM x WHERE id = 17",
            "SELECT a.id FROM raw.t a, wanted w WHERE a.id = w.id AND a.id > 39_990",
            "SELECT id FROM (SELECT id, note FROM raw.t UNION ALL SELECT 1, 'x') WHERE id = 17",
        ]
        for sql in few {
            let (rows, tallies) = try world.ask(sql)
            #expect(!rows.isEmpty, "\(sql)")
            let tally = try #require(tallies.first)
            #expect(
                tally.chunksRead <= 6 && tally.skippedSegments > 0,
                "\(sql): \(tally.chunksRead)"
            )
            #expect(tally.chunksRead + tally.skippedChunks == all.chunks, "\(sql)")
        }
        // One table used twice is not read by the conditions of one of the uses.
        let twice = try world.ask(
            """
            WITH x AS (SELECT * FROM raw.t)
            SELECT (SELECT count(id) FROM x), (SELECT count(id) FROM x WHERE id = 17)
            """
        )
        #expect(twice.rows == [["\(World.rows)", "1"]])
        let union = try world.ask(
            "SELECT count(id) FROM raw.t WHERE id = 17 UNION ALL SELECT count(id) FROM raw.t"
        )
        #expect(Set(union.rows) == [["1"], ["\(World.rows)"]])
    }

    @Test func `counting reads nothing, and rows keep their order on several threads`() throws {
        let world = try World()
        let count = try world.ask("SELECT count(*) FROM raw.t")
        #expect(count.rows == [["\(World.rows)"]])
        #expect(count.tallies.allSatisfy { $0.chunksRead == 0 })
        let ordered = try world.ask("SELECT id FROM raw.t WHERE amount IS NOT NULL")
        let ids = ordered.rows.compactMap { Int($0[0]) }
        #expect(ids == ids.sorted() && ids.count == World.rows - 40 * 30)
        let nulls = try world.ask("SELECT count(id) FROM raw.t WHERE amount IS NULL")
        #expect(nulls.rows == [["1200"]])
    }

    /// Conditions that DuckDB makes something else of, some of it for the scan to see.
    private static func condition(_ random: inout SeededRandom, depth: Int = 0) -> String {
        if depth < 2 && random.oneIn(3) {
            let one = condition(&random, depth: depth + 1)
            let other = condition(&random, depth: depth + 1)
            return switch random.int(0...4) {
            case 0, 1: "(\(one) AND \(other))"
            case 2, 3: "(\(one) OR \(other))"
            default: "NOT (\(one))"
            }
        }
        let id = random.int(-10...40_010)
        let (column, value): (String, String) =
            switch random.int(0...9) {
            case 0: ("id", "\(id)")
            case 1:
                (
                    "t",
                    "(TIMESTAMP '2025-01-01' + to_microseconds(\(id) * 100500000::BIGINT))"
                )
            case 2: ("name", "'\(World.name(id))'")
            case 3: ("amount", random.oneIn(4) ? "NULL" : "\(id / 7)")
            case 4: ("price", "\(Double((id - 20_000) * 3) / 100)::DECIMAL(12,2)")
            case 5:
                ("ratio", random.oneIn(8) ? "'NaN'::DOUBLE" : "\(Double(id) / 8 - 1_000)::DOUBLE")
            case 6: ("day", "(DATE '1970-01-01' + \(id / 90))")
            case 7: ("flag", random.oneIn(2) ? "true" : "false")
            case 8: ("big", "'9\(String(repeating: "0", count: max(id, 0) / 600))'::BIGNUM")
            default: ("note", "'\(World.note(id))'")
            }
        let comparison = ["=", "<>", "<", "<=", ">", ">="][random.int(0...5)]
        switch random.int(0...9) {
        case 0: return "\(column) IS \(random.oneIn(2) ? "" : "NOT ")NULL"
        case 1: return "\(column) IN (\(value), \(value))"
        case 2: return "\(column) NOT IN (\(value))"
        case 3: return "\(column) IS NOT DISTINCT FROM \(value)"
        case 4: return "\(value) \(comparison) \(column)"
        case 5: return "name LIKE 'name \(random.int(0...9))%'"
        case 6:
            return "date_trunc('day', t) \(comparison) TIMESTAMP '2025-01-\(random.int(10...30))'"
        case 7: return "t::DATE \(comparison) DATE '2025-02-1\(random.int(0...9))'"
        case 8: return "\(column) BETWEEN \(value) AND \(value)"
        default: return "\(column) \(comparison) \(value)"
        }
    }

    @Test func `no row is lost by passing over chunks`() throws {
        let world = try World()
        var skipped = 0
        for seed in 0..<300 {
            var random = SeededRandom(seed: UInt64(seed))
            let (one, other) = (Self.condition(&random), Self.condition(&random))
            let query =
                switch random.int(0...7) {
                case 0: "SELECT count(*), sum(id) FROM #.t WHERE \(one)"
                case 1:
                    """
                    WITH x AS (SELECT * FROM #.t WHERE \(one))
                    SELECT (SELECT sum(id) FROM x WHERE \(other)), (SELECT sum(id) FROM x)
                    """
                case 2:
                    """
                    SELECT count(*), sum(a.id) FROM #.t a LEFT JOIN
                    (SELECT * FROM #.t WHERE \(one)) b ON a.id = b.id
                    WHERE b.id IS NULL OR b.id % 2 = 0
                    """
                case 3:
                    """
                    SELECT sum(id), count(*) FROM (SELECT * FROM #.t WHERE \(one)
                    UNION ALL SELECT * FROM #.t) WHERE \(other)
                    """
                case 4:
                    "SELECT sum(id) FROM #.t WHERE id IN (SELECT id FROM #.t WHERE \(one)) AND \(other)"
                case 5:
                    """
                    SELECT flag, sum(id) FILTER (WHERE \(one)), count(DISTINCT day)
                    FROM #.t WHERE \(other) GROUP BY flag ORDER BY flag
                    """
                case 6:
                    """
                    SELECT sum(id), sum(r) FROM (SELECT id, row_number() OVER (ORDER BY id) AS r, *
                    FROM #.t WHERE \(one)) WHERE \(other)
                    """
                default:
                    "SELECT id, note FROM #.t WHERE \(one) AND \(other) ORDER BY t, id LIMIT 20"
                }
            let scanned = try world.ask(query.replacing("#", with: "raw"))
            skipped += scanned.tallies.reduce(0) { $0 + $1.skippedChunks }
            let expected = try world.connection.rows(query.replacing("#", with: "own"))
            #expect(scanned.rows == expected, "seed \(seed): \(query)")
        }
        #expect(skipped > 1_000)
    }
}
