import Foundation
import Testing

/// The warehouse of real data: the newest oss-directory and ten hours of GitHub Archive in three
/// formats, against figures that `Scripts/oracle.py`, which shares no code with osodata, takes
/// straight from the files.
@Suite(.enabled(if: World.realData != nil, "needs ../shared/data"), .serialized)
struct RealDataTests {
    /// What the oracle says about all events, or about those the directory lists.
    private struct Figures {
        let events: [String: Int]
        let codeEvents: [String: Int]
        let totals: [String: Int]
        let projects: [String: [String: Int]]

        init(_ object: [String: Any]) throws {
            events = try #require(object["events_per_type"] as? [String: Int])
            codeEvents = try #require(object["code_events_per_type"] as? [String: Int])
            projects = try #require(object["projects"] as? [String: [String: Int]])
            totals = try ["events", "repositories", "actors"].reduce(into: [:]) { totals, name in
                totals[name] = try #require(object[name] as? Int)
            }
        }
    }

    /// First and last hour of each source: the hours at hand do not follow each other.
    private static let ranges = [
        ("2011-02-15-0", "2011-02-15-0"), ("2013-02-15-0", "2013-02-15-0"),
        ("2015-01-01-0", "2015-01-01-1"), ("2016-01-01-1", "2016-01-01-6"),
    ]

    @Test(arguments: ["all", "directory"])
    func `every figure is what another program counts`(keep: String) throws {
        let world = try World()
        defer { world.remove() }
        let data = try #require(World.realData)
        let hours = data.appending(path: "gharchive/hours").path
        try makeWarehouse(world, data: data, hours: hours, keep: keep)
        let oracle = try figures(world, hours: hours, keep: keep)

        let run = try world.commitAndRun()
        #expect(run.status == 0, "\(run.messages)")
        #expect(run.output.contains("raw.projects"))
        #expect(
            try counts(world, "SELECT 'projects' AS name, count(*) AS n FROM marts.projects_v1")
                == ["projects": 7_112]
        )

        // Events a type, as upstream names them and as metrics do.
        let events = try counts(
            world,
            "SELECT event_type AS name, count(*) AS n FROM raw.github_events GROUP BY ALL"
        )
        #expect(events.count >= 10)
        #expect(events == oracle.events)
        let code = try counts(
            world,
            "SELECT event_type AS name, count(*) AS n FROM intermediate.events GROUP BY ALL"
        )
        #expect(code.count >= 10)
        #expect(code == oracle.codeEvents)

        // Repositories and actors.
        let totals = try counts(
            world,
            """
            SELECT unnest(['events', 'repositories', 'actors']) AS name, unnest([
                count(*), count(DISTINCT (repo_owner, repo_name)) FILTER (repo_owner IS NOT NULL),
                count(DISTINCT actor_login)]) AS n
            FROM staging.github_events
            """
        )
        #expect(totals.count == 3)
        #expect(totals == oracle.totals)

        // Every metric of every project.
        let cells = try counts(
            world,
            """
            SELECT project_name || ' ' || metric_name AS name, amount::BIGINT AS n
            FROM marts.key_metrics_by_project_v0
            JOIN marts.metrics_v0 USING (metric_id)
            JOIN marts.projects_v1 USING (project_id)
            """
        )
        var compared: [String: Int] = [:]
        var expected: [String: Int] = [:]
        for (project, metrics) in oracle.projects {
            for (metric, amount) in metrics {
                expected["\(project) GITHUB_\(metric)_over_all_time"] = amount
                compared[metric, default: 0] += 1
            }
        }
        #expect(cells == expected)
        for metric in [
            "stars", "forks", "opened_issues", "opened_pull_requests", "merged_pull_requests",
            "active_developers", "commits", "repositories",
        ] {
            #expect(compared[metric, default: 0] > 0, "no project has \(metric)")
        }
        #expect(oracle.projects.count > 100)

        // Events of 2013 have no id, so each has the digest of its line; later ones have a number.
        let digests = try counts(
            world,
            """
            SELECT
                source || ' ' || regexp_full_match(event_id, '[0-9a-f]{64}') AS name,
                count(*) AS n
            FROM raw.github_events GROUP BY ALL
            """
        )
        #expect(digests["year_2013 true", default: 0] > 0)
        #expect(digests["year_2013 false"] == nil)
        #expect(digests["year_2016 false", default: 0] > 0)
        #expect(digests["year_2016 true"] == nil)

        let verify = try world.osodata("verify", "--rebuild", "--threads", "1")
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
        let again = try world.commitAndRun()
        #expect(again.output.contains("Nothing new"), "\(again.output)\(again.messages)")
    }

    private func makeWarehouse(_ world: World, data: URL, hours: String, keep: String) throws {
        try world.git("init", "-q", "-b", "main", ".")
        try world.write(".gitignore", ".osodata/\n")
        let archive = data.appending(path: "oss-directory/snapshots/2026-08-08_c174b9a55.tar.gz")
            .path
        #expect(
            try world.shell("tar xzf '\(archive)' && cp -r '\(World.package.path)/models' .").status
                == 0
        )
        var text =
            "[privacy]\nemail_key_id = \"test\"\nemail_key = \"test\"\n[directory]\npath = \"data\"\n"
        for (first, last) in Self.ranges {
            text += """
                [sources.year_\(first.prefix(4))]
                connector = "github-archive"
                endpoint = "file://\(hours)"
                from = "\(first)"
                to = "\(last)"
                keep = "\(keep)"

                """
        }
        try world.write("pipelines.toml", text)
        try world.git("add", "-A")
        #expect(try world.git("commit", "-qm", "Real data").status == 0)
    }

    private func figures(_ world: World, hours: String, keep: String) throws -> Figures {
        let script = World.package.appending(path: "Scripts/oracle.py").path
        let outcome = try world.run("/usr/bin/python3", [script, hours, "data"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        let all = try #require(object as? [String: [String: Any]])
        return try Figures(#require(all[keep]))
    }

    /// The rows of a query with a `name` and a count `n`.
    private func counts(_ world: World, _ sql: String) throws -> [String: Int] {
        let outcome = try world.osodata("query", sql, "--format", "json")
        #expect(outcome.status == 0, "\(outcome.messages)")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        var counts: [String: Int] = [:]
        for row in try #require(object as? [[String: Any]]) {
            let name = try #require(row["name"] as? String)
            #expect(counts.updateValue(try #require(row["n"] as? Int), forKey: name) == nil)
        }
        return counts
    }
}
