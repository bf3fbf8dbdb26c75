import Foundation
import TestSupport
import Testing

/// Tables that are made in pieces of time.
@Suite struct PartitionTests {
    /// Rows of ten days, some hundred a day, so that each has chunks of its own.
    private static let days = 10

    private static func row(_ day: Int, _ number: Int, _ amount: Int) -> String {
        let minute = number % 60
        let hour = number / 60 % 24
        let time = String(format: "2025-03-%02dT%02d:%02d:00Z", day + 1, hour, minute)
        return "\(time),\(number),\(amount),\(String(repeating: "x", count: 200))\n"
    }

    private static let header = "moment,id,amount,filler\n"

    private static func daily(_ select: String, extra: String = "", lookback: Int = 0) -> String {
        """
        /*
        key = ["day"]
        \(extra)
        [partition]
        by = "day"
        column = "day"
        inputs = { "raw.t" = "moment" }
        lookback = \(lookback)
        */
        \(select)
        """
    }

    private static let sums =
        "SELECT moment::DATE AS day, count(*) AS rows, sum(amount)::BIGINT AS amount, count(DISTINCT id % 7) AS kinds FROM raw.t GROUP BY ALL"

    /// A warehouse with `raw.t`, and `marts.daily_v1` in partitions.
    private func makeWarehouse(
        _ model: String = PartitionTests.daily(PartitionTests.sums),
        rows: Int = 700
    ) throws -> World {
        let world = try World()
        try world.git("init", "-q", "-b", "main", ".")
        try world.write(".gitignore", ".osodata/\n*.csv\n")
        try world.write("pipelines.toml", "[warehouse]\nname = \"partitions\"\n")
        try world.git("add", "-A")
        try world.git("commit", "-qm", "A warehouse")
        let all = (0..<Self.days).map { day in
            (0..<rows).map { Self.row(day, $0, $0 * 31 % 101) }.joined()
        }
        try world.write("t.csv", Self.header + all.joined())
        try expectFine(
            world.osodata(
                "import",
                "raw.t",
                "t.csv",
                "--key",
                "moment,id",
                "--class",
                "small"
            )
        )
        try world.write("models/marts/daily_v1.sql", model)
        return world
    }

    private func expectFine(
        _ outcome: World.Outcome,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(outcome.status == 0, "\(outcome.messages)", sourceLocation: sourceLocation)
    }

    private func query(_ world: World, _ sql: String) throws -> String {
        try world.osodata("query", sql, "--format", "csv").output
            .split(separator: "\n").dropFirst().joined(separator: " ")
    }

    /// The partitions that a run made, of its events.
    private func made(_ events: String) -> [String] {
        events.matches(of: /"text":"marts\.daily_v1 (\S+) \(/).map { String($0.1) }
    }

    @Test func `a late row makes its partition again, and no other`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let plan = try world.osodata("plan")
        #expect(
            plan.output.contains("10 of 10 partitions: 2025-03-01 … 2025-03-10"),
            "\(plan.output)"
        )
        let first = try world.commitAndRun("--events")
        try expectFine(first)
        #expect(made(first.output).count == 10)
        #expect(try query(world, "SELECT count(*), sum(rows) FROM marts.daily_v1") == "10,7000")
        try world.write("late.csv", Self.header + Self.row(4, 9_999, 1_000))
        try expectFine(world.osodata("import", "raw.t", "late.csv", "--append"))
        let again = try world.osodata("plan", "--json")
        let stale = again.output.filter { !$0.isWhitespace }
        #expect(
            stale.contains(#""partitions":{"count":10,"stale":["2025-03-05","2025-03-06"]}"#),
            "\(again.output)"
        )
        let run = try world.osodata("run", "--events")
        try expectFine(run)
        // The next day begins in the last chunk of this one.
        #expect(made(run.output) == ["2025-03-05", "2025-03-06"])
        #expect(
            try query(world, "SELECT rows FROM marts.daily_v1 WHERE day = '2025-03-05'") == "701"
        )
        #expect(
            try query(world, "SELECT rows FROM meta.partitions WHERE partition = '2025-03-05'")
                == "1"
        )
        try expectFine(world.osodata("verify", "--rebuild"))
        #expect(try world.osodata("run").output.contains("Nothing new"))
        // A clone without anything of its own goes on where this one is.
        try world.git("clone", "-q", ".", "../clone")
        try world.write("late.csv", Self.header + Self.row(7, 9_999, 1_000))
        let clone = world.root.appending(path: "clone").path
        try world.shell("cp late.csv ../clone/")
        try expectFine(
            world.run(
                World.program.path,
                ["import", "raw.t", clone + "/late.csv", "--append", "-C", clone]
            )
        )
        #expect(
            made(try world.osodata("run", "--events", "-C", clone).output)
                == ["2025-03-08", "2025-03-09"]
        )
    }

    @Test func `a day whose rows are gone goes`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try expectFine(world.commitAndRun())
        let gone = (0..<700).map { Self.row(9, $0, 0) }.joined()
        try world.write("gone.csv", Self.header + gone)
        try expectFine(world.osodata("import", "raw.t", "gone.csv", "--delete"))
        let run = try world.osodata("run", "--events")
        try expectFine(run)
        #expect(made(run.output).allSatisfy { $0 == "2025-03-09" }, "\(made(run.output))")
        #expect(try query(world, "SELECT count(*), max(day) FROM marts.daily_v1") == "9,2025-03-09")
        #expect(try query(world, "SELECT count(*) FROM meta.partitions") == "9")
        try expectFine(world.osodata("verify", "--rebuild"))
    }

    @Test func `however rows come and go, partitions are as made from nothing`() throws {
        for (lookback, seed) in [(0, UInt64(1)), (2, 2)] {
            let select =
                lookback == 0
                ? Self.sums
                : """
                SELECT day, (SELECT count(*) FROM raw.t WHERE moment < day + INTERVAL 1 DAY
                    AND moment >= day - INTERVAL 2 DAY) AS rows
                FROM (SELECT DISTINCT moment::DATE AS day FROM raw.t)
                """
            let world = try makeWarehouse(Self.daily(select, lookback: lookback))
            defer { world.remove() }
            try expectFine(world.commitAndRun())
            var random = SeededRandom(seed: seed)
            for round in 0..<8 {
                let day = Int.random(in: 0..<Self.days + 3, using: &random)
                let ids = (0..<Int.random(in: 1..<40, using: &random)).map { _ in
                    Int.random(in: 0..<1_400, using: &random)
                }
                let rows = Set(ids).sorted().map { Self.row(day, $0, round) }.joined()
                let isDelete = Bool.random(using: &random)
                if isDelete && round % 4 == 3 {
                    // A whole day goes.
                    let rows = (0..<1_400).map { Self.row(day, $0, 0) }.joined()
                    try world.write("edit.csv", Self.header + rows)
                } else {
                    try world.write("edit.csv", Self.header + rows)
                }
                let way = isDelete ? "--delete" : "--update"
                let edit = try world.osodata("import", "raw.t", "edit.csv", way)
                // Rows that are not there cannot go; what is there does not change then.
                if edit.status != 0 { continue }
                let run = try world.osodata("run", "--events")
                try expectFine(run)
                let count = made(run.output).count
                #expect(count <= (lookback + 1) + 3, "\(count) partitions for an edit of one day")
                try expectFine(world.osodata("verify", "--rebuild"))
            }
            let table = try world.git("rev-parse", "HEAD:snapshots/marts/daily_v1/manifest.json")
                .output
            // From nothing, without what was recorded.
            try world.git("rm", "-rqf", "snapshots/marts", "snapshots/meta")
            try world.git("commit", "-qm", "Forget")
            try expectFine(world.osodata("run"))
            #expect(
                try world.git("rev-parse", "HEAD:snapshots/marts/daily_v1/manifest.json").output
                    == table
            )
        }
    }

    @Test func `a run that fails or dies is taken up where it was`() throws {
        let select =
            "SELECT moment::DATE AS day, max(CASE WHEN amount = 100 AND moment::DATE = '2025-03-07' THEN error('bad')::INT ELSE amount END) AS most FROM raw.t GROUP BY ALL"
        let world = try makeWarehouse(Self.daily(select))
        defer { world.remove() }
        let first = try world.commitAndRun("--events")
        #expect(first.status == 2 && first.messages.contains("bad"), "\(first.messages)")
        // The seventh failed, six are kept.
        #expect(made(first.output).count == 7)
        let kept = ".osodata/partitions/marts.daily_v1"
        #expect(try world.shell("ls \(kept) | wc -l").output == "6\n")
        // Those of a model that is gone go.
        try world.shell("mkdir .osodata/partitions/marts.gone_v1")
        #expect(try world.osodata("run").status == 2)
        #expect(try world.shell("ls .osodata/partitions").output == "marts.daily_v1\n")
        // A damaged one is as none.
        try world.shell(
            "f=\(kept)/$(ls \(kept) | head -1); printf x | dd of=$f bs=1 seek=20 conv=notrunc 2>/dev/null"
        )
        try world.write(
            "fix.csv",
            Self.header
                + (0..<700).filter { $0 * 31 % 101 == 100 }.map { Self.row(6, $0, 7) }.joined()
        )
        try expectFine(world.osodata("import", "raw.t", "fix.csv", "--update"))
        let second = try world.osodata("run", "--events")
        try expectFine(second)
        // The seventh and later, the damaged one, and what shares a chunk with the mended rows.
        let again = made(second.output)
        #expect(again.contains("2025-03-07") && again.contains("2025-03-10"))
        #expect((5...6).contains(again.count), "\(again)")
        #expect(try world.shell("ls \(kept) 2>/dev/null | wc -l").output == "0\n")
        try expectFine(world.osodata("verify", "--rebuild"))
    }

    @Test func `a table that fails a check keeps its partitions, and what was made of them`() throws
    {
        let world = try makeWarehouse(
            Self.daily(
                Self.sums,
                extra:
                    "[[checks]]\nname = \"small\"\nsql = \"SELECT day FROM marts.daily_v1 WHERE amount > 1000000\""
            )
        )
        defer { world.remove() }
        try expectFine(world.commitAndRun())
        let before = try query(world, "SELECT fingerprint FROM meta.partitions")
        try world.write("late.csv", Self.header + Self.row(4, 9_999, 10_000_000))
        try expectFine(world.osodata("import", "raw.t", "late.csv", "--append"))
        #expect(try world.osodata("run").status == 1)
        #expect(try query(world, "SELECT fingerprint FROM meta.partitions") == before)
        #expect(try query(world, "SELECT sum(rows) FROM marts.daily_v1") == "7000")
        try expectFine(world.osodata("import", "raw.t", "late.csv", "--delete"))
        let mended = try world.osodata("run", "--events")
        try expectFine(mended)
        #expect(made(mended.output).isEmpty)
    }

    @Test func `a trial of partitions leaves no trace`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let before = try world.git("rev-parse", "HEAD").output
        try expectFine(world.osodata("run", "--scratch"))
        #expect(try world.git("rev-parse", "HEAD").output == before)
        #expect(try world.shell("ls .osodata/partitions 2>/dev/null").output == "")
        #expect(
            try world.osodata(
                "query",
                "--at",
                "osodata/scratch",
                "SELECT sum(rows) AS n FROM marts.daily_v1",
                "--format",
                "csv"
            ).output
                == "n\n7000\n"
        )
    }

    @Test(arguments: [
        (
            "SELECT moment::DATE AS day, count(*) AS n FROM raw.t GROUP BY ALL UNION ALL SELECT DATE '2031-01-01', 1",
            "'marts.daily_v1' makes a row outside the partition 2025-03-01 of its inputs."
        ),
        (
            "SELECT 'x' || moment::DATE AS day, count(*) AS n FROM raw.t GROUP BY ALL",
            "'marts.daily_v1' cannot be in partitions by 'day', which is string."
        ),
        (
            "SELECT moment::DATE AS day, row_number() OVER (ORDER BY amount % 2) AS n, id FROM raw.t QUALIFY n = 1",
            "The rows of 'marts.daily_v1' depend on the order in which its inputs are read."
        ),
    ])
    func `what cannot be in partitions is refused`(select: String, message: String) throws {
        let world = try makeWarehouse(Self.daily(select), rows: 20)
        defer { world.remove() }
        let run = try world.commitAndRun()
        #expect(run.status == 2 && run.messages.contains(message), "\(run.messages)")
    }

    @Test func `inputs that cannot be cut are refused`() throws {
        for (inputs, message) in [
            (
                "\"raw.t\" = \"momen\"",
                "'raw.t' has no column 'momen' to cut it by.\n  hint: Did you mean 'moment'?"
            ),
            ("\"raw.t\" = \"filler\"", "'raw.t' cannot be cut by 'filler', which is string."),
            (
                "\"raw.u\" = \"moment\"",
                "[partition] cuts 'raw.u', which 'marts.daily_v1' does not read."
            ),
        ] {
            let world = try makeWarehouse(
                Self.daily(Self.sums).replacing("\"raw.t\" = \"moment\"", with: inputs),
                rows: 5
            )
            defer { world.remove() }
            let run = try world.commitAndRun()
            #expect(run.status == 2 && run.messages.contains(message), "\(run.messages)")
        }
    }

    @Test func `rows without a time are in no partition, and refused`() throws {
        let world = try makeWarehouse(rows: 5)
        defer { world.remove() }
        try world.write("u.csv", "id,moment\n1,2025-03-01T00:00:00Z\n2,\n")
        try expectFine(world.osodata("import", "raw.u", "u.csv", "--key", "id"))
        try world.write(
            "models/marts/daily_v1.sql",
            Self.daily("SELECT moment::DATE AS day, count(*) AS n FROM raw.u GROUP BY ALL")
                .replacing(
                    "raw.t\" = ",
                    with: "raw.u\" = "
                )
        )
        let run = try world.commitAndRun()
        #expect(
            run.messages.contains("Rows of 'raw.u' have no 'moment', so they are in no partition."),
            "\(run.messages)"
        )
        // So does a test of the model.
        try world.write(
            "models/tests/daily.toml",
            """
            [[tests]]
            name = "cut"
            model = "marts.daily_v1"
            expect = [{ day = "2025-03-01", n = 1 }, { day = "2025-03-02", n = 1 }]
            [tests.given]
            "raw.u" = [
                { id = 1, moment = "2025-03-01T01:00:00Z" }, { id = 2, moment = "2025-03-02T00:00:00Z" },
            ]
            """
        )
        let test = try world.osodata("test")
        #expect(test.status == 0, "\(test.output)\(test.messages)")
    }
}
