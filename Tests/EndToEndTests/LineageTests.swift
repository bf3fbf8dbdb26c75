import Foundation
import Testing

/// What is made of what: seen, selected, explained.
@Suite struct LineageTests {
    /// As `World`'s models, with an owner, a tag and a second mart.
    private func makeWarehouse() throws -> World {
        var models = World.models
        let counts = "models/marts/counts_v1.sql"
        models[counts] = try #require(models[counts])
            .replacing("*/", with: "owner = \"ann\"\ntags = [\"daily\"]\n*/")
        models["models/marts/actors_v1.sql"] =
            "/*\nkey = [\"actor\"]\n*/\nSELECT DISTINCT actor FROM staging.events\n"
        let world = try World()
        try world.makeWarehouse(models: models)
        return world
    }

    @Test func `lineage is a tree both ways, a flowchart and JSON`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let text = try world.osodata("lineage", "staging.events")
        #expect(
            text.output == """
                staging.events

                made of
                └─ raw.github_events

                makes
                ├─ marts.actors_v1
                └─ marts.counts_v1  (ann)

                """,
            "\(text.output)\(text.messages)"
        )
        let chart = try world.osodata("lineage", "marts.counts_v1", "--format", "mermaid")
        #expect(
            chart.output == """
                flowchart LR
                  marts__counts_v1["marts.counts_v1"]
                  raw__github_events["raw.github_events"]
                  staging__events["staging.events"]
                  staging__events --> marts__counts_v1
                  raw__github_events --> staging__events
                  style marts__counts_v1 stroke-width:4px

                """,
            "\(chart.output)"
        )
        let json = try world.osodata("lineage", "marts.counts_v1", "--format", "json").output
            .filter { !$0.isWhitespace }
        #expect(json.contains(#""table":"marts.counts_v1","file":"models/marts/counts_v1.sql""#))
        #expect(
            json.contains(
                #""owner":"ann","tags":["daily"],"inputs":["staging.events"],"outputs":[]"#
            ),
            "\(json)"
        )
        #expect(
            try world.osodata("lineage").output.contains("staging.events            raw.github")
        )
        let unknown = try world.osodata("lineage", "marts.count_v1")
        #expect(unknown.status == 2)
        #expect(unknown.messages.contains("Did you mean 'marts.counts_v1'?"), "\(unknown.messages)")
        // A mirror has the models of its commits.
        try world.git("clone", "-q", "--bare", ".", world.root.appending(path: "bare").path)
        let bare = try world.osodata(
            "lineage",
            "staging.events",
            "-C",
            world.root.appending(path: "bare").path
        )
        #expect(bare.output == text.output, "\(bare.messages)")
        try world.shell("rm models/marts/actors_v1.sql")
        #expect(try !world.osodata("lineage").output.contains("actors_v1"))
        #expect(try world.osodata("lineage", "--at", "HEAD").output.contains("actors_v1"))
    }

    @Test func `lineage of a column tells what is computed and what is taken over`() throws {
        let world = try World()
        defer { world.remove() }
        var models = World.models
        models["models/macros.sql"] = "CREATE MACRO low(x) AS lower(x);\n"
        models["models/marts/actors_v1.sql"] = """
            /*
            key = ["actor"]
            */
            WITH named AS (
                SELECT *, low(repo) AS name FROM staging.events
            )
            SELECT actor, max(name) AS last_name, event_type AS type
            FROM named WHERE created_at IS NOT NULL
            GROUP BY ALL

            """
        try world.makeWarehouse(models: models)
        // Nothing has been run: what tables hold is known from the statements.
        let text = try world.osodata("lineage", "marts.actors_v1.LAST_NAME")
        #expect(
            text.output == """
                marts.actors_v1.last_name  models/marts/actors_v1.sql:7:15, computed

                made of
                └─ staging.events.repo  models/staging/events.sql:5:71, computed
                   └─ raw.github_events.repo_name

                rows chosen by
                ├─ staging.events.actor
                ├─ staging.events.created_at
                └─ staging.events.event_type

                """,
            "\(text.output)\(text.messages)"
        )
        let below = try world.osodata("lineage", "staging.events.event_type")
        #expect(
            below.output == """
                staging.events.event_type  models/staging/events.sql:5:30, unchanged

                made of
                └─ raw.github_events.event_type

                makes
                ├─ marts.actors_v1.type  models/marts/actors_v1.sql:7:39, unchanged
                └─ marts.counts_v1.event_type  models/marts/counts_v1.sql:5:8, unchanged

                chooses rows of
                ├─ marts.actors_v1
                └─ marts.counts_v1

                """,
            "\(below.output)\(below.messages)"
        )
        #expect(
            try world.osodata("lineage", "marts.counts_v1.events").output
                .hasPrefix(
                    "marts.counts_v1.events  models/marts/counts_v1.sql:5:20, of no column\n"
                )
        )
        let chart = try world.osodata("lineage", "marts.actors_v1.type", "--format", "mermaid")
        #expect(
            chart.output == """
                flowchart LR
                  marts__actors_v1__type["marts.actors_v1.type"]
                  raw__github_events__event_type["raw.github_events.event_type"]
                  staging__events__event_type["staging.events.event_type"]
                  staging__events__event_type -->|unchanged| marts__actors_v1__type
                  raw__github_events__event_type -->|unchanged| staging__events__event_type
                  style marts__actors_v1__type stroke-width:4px

                """,
            "\(chart.output)"
        )
        let json = try world.osodata("lineage", "marts.actors_v1.last_name", "--format", "json")
            .output.filter { !$0.isWhitespace }
        for part in [
            #"{"column":"marts.actors_v1.last_name","columns":[{"column":"marts.actors_v1.last_name","file":"models/marts/actors_v1.sql","line":7,"made":"computed","inputs":["staging.events.repo"],"outputs":[],"filters":[],"unknown":[]},"#,
            #"{"column":"raw.github_events.repo_name","file":null,"line":null,"made":null,"inputs":[],"outputs":["staging.events.repo"],"#,
            #""rows":[{"table":"marts.actors_v1","file":"models/marts/actors_v1.sql","rows_of":["staging.events"],"filters":["staging.events.actor","staging.events.created_at","staging.events.event_type"],"unknown":[]}"#,
        ] {
            #expect(json.contains(part), "\(json)")
        }

        let unknown = try world.osodata("lineage", "staging.events.repos")
        #expect(unknown.status == 2)
        #expect(
            unknown.messages.contains("The table 'staging.events' has no column 'repos'.")
                && unknown.messages.contains("Did you mean 'staging.events.repo'?"),
            "\(unknown.messages)"
        )
        let table = try world.osodata("lineage", "staging.event.repo")
        #expect(table.messages.contains("Did you mean 'staging.events'?"), "\(table.messages)")
        #expect(try world.osodata("lineage", "staging.events.").status == 2)

        // A mirror has the models of its commits, and `@` takes those of a revision.
        try world.git("clone", "-q", "--bare", ".", world.root.appending(path: "bare").path)
        let bare = try world.osodata(
            "lineage",
            "staging.events.event_type",
            "-C",
            world.root.appending(path: "bare").path
        )
        #expect(bare.output == below.output, "\(bare.messages)")
        try world.write(
            "models/marts/actors_v1.sql",
            "/*\nkey = [\"actor\"]\n*/\nSELECT actor, unnest({'a': repo}) FROM staging.events\n"
        )
        #expect(
            try world.osodata("lineage", "marts.actors_v1.last_name@HEAD").output == text.output
        )
        let doubtful = try world.osodata("lineage", "marts.actors_v1.a").output
        #expect(
            doubtful == """
                marts.actors_v1.a  models/marts/actors_v1.sql, computed

                made of
                ├─ staging.events.repo  models/staging/events.sql:5:71, computed
                │  └─ raw.github_events.repo_name
                └─ unknown: unnest of a struct is not followed

                rows chosen by
                └─ staging.events.repo

                """,
            "\(doubtful)"
        )
    }

    @Test func `a run of some tables makes these and no others`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let early = try world.osodata("run", "marts.counts_v1")
        #expect(early.status == 2)
        #expect(
            early.messages.contains(
                "'marts.counts_v1' reads 'staging.events', which was never made and is not selected."
            ),
            "\(early.messages)"
        )
        #expect(early.messages.contains("+marts.counts_v1"), "\(early.messages)")
        let plan = try world.osodata("plan", "+tag:daily", "--json").output
        #expect(plan.contains("raw.github_events") && plan.contains("marts.counts_v1"))
        #expect(!plan.contains("actors_v1") && !plan.contains("raw.projects"), "\(plan)")
        let some = try world.osodata("run", "+tag:daily", "--json")
        #expect(some.status == 0, "\(some.messages)")
        #expect(
            try World.states(some.output) == [
                "raw.github_events": "built", "staging.events": "built",
                "marts.counts_v1": "built", "meta.coverage": "built",
            ]
        )
        #expect(
            try world.git("log", "-1", "--format=%B").output
                .contains("Osodata-Select: +tag:daily\n")
        )
        let rest = try world.osodata("run", "--json")
        #expect(try World.states(rest.output)["marts.actors_v1"] == "built")
        #expect(try World.states(rest.output)["marts.counts_v1"] == "reused")

        // A table that was left out keeps what it was made of, and can be rebuilt.
        let file = "models/staging/events.sql"
        try world.write(
            file,
            try #require(World.models[file]).replacing(
                "lower(actor_login)",
                with: "upper(actor_login)"
            )
        )
        let modified = try world.osodata("plan", "state:modified", "--json").output
        #expect(modified.contains("staging.events") && !modified.contains("counts_v1"))
        let part = try world.commitAndRun("staging.events", "marts.actors_v1", "--json")
        #expect(
            try World.states(part.output).filter { !$0.key.hasPrefix("meta.") }
                == ["staging.events": "built", "marts.actors_v1": "built"],
            "\(part.messages)"
        )
        let verify = try world.osodata("verify", "--rebuild")
        #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
        #expect(verify.output.contains("kept since"), "\(verify.output)")
        // A deleted model's table goes with a run of everything only.
        try world.shell("rm models/marts/actors_v1.sql")
        try world.commitAndRun("marts.counts_v1")
        #expect(try world.osodata("tables").output.contains("actors_v1"))
        try world.commitAndRun()
        #expect(try !world.osodata("tables").output.contains("actors_v1"))
    }

    @Test func `why says what was and what is`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try world.osodata("run")
        let file = "models/staging/events.sql"
        try world.write(
            file,
            try #require(World.models[file])
                .replacing("lower(actor_login)", with: "upper(actor_login)")
                .replacing("Events of the archive.", with: "Anything.")
        )
        let counts = "models/marts/counts_v1.sql"
        try world.write(
            counts,
            try #require(World.models[counts])
                .replacing("[\"event_type\"]", with: "[\"events\", \"event_type\"]")
        )
        try world.write(
            "directory/projects/a/alpha.yaml",
            World.project.replacing("Alpha", with: "Beta").replacing(
                "version: 7",
                with: "version:  7"
            )
        )
        let why = try world.osodata("plan", "--why").output
        #expect(
            why.contains(
                """
                staging.events: statement changed
                  models/staging/events.sql
                    - SELECT created_at, event_id, event_type, lower(actor_login) AS actor, lower(repo_name) AS repo
                    + SELECT created_at, event_id, event_type, upper(actor_login) AS actor, lower(repo_name) AS repo
                """
            ),
            "\(why)"
        )
        #expect(
            why.contains(
                """
                marts.counts_v1: header changed
                  key: event_type -> events, event_type
                """
            ),
            "\(why)"
        )
        #expect(
            why.contains(
                """
                raw.projects: files changed
                  directory/projects/a/alpha.yaml
                    - version: 7
                    - display_name: Alpha
                    + version:  7
                    + display_name: Beta
                """
            ),
            "\(why)"
        )
        try world.git("checkout", "-q", "--", ".")
        try world.write(counts, try #require(World.models[counts]).replacing("*/", with: "*/ "))
        // Only the owner, the tag and a blank went: nothing is made again.
        #expect(try world.osodata("plan", "marts.counts_v1").output.contains("up to date"))
        try world.git("checkout", "-q", "--", ".")
        try world.write(
            "archive/2025-01-01-0.json",
            World.events.dropLast().map { $0 + "\n" }.joined()
        )
        try world.shell("gzip -nf archive/*.json")
        try world.commitAndRun("raw.github_events")
        let input = try world.osodata("plan", "staging.events", "--why").output
        #expect(
            input.contains(
                "staging.events: changed: raw.github_events\n  input raw.github_events: "
            ),
            "\(input)"
        )
    }

    @Test func `what was found in statements is kept, and nothing depends on it`() throws {
        let world = try World()
        defer { world.remove() }
        var models = World.models
        models["models/macros.sql"] = "CREATE MACRO low(x) AS lower(x);\n"
        models["models/marts/names_v1.sql"] =
            "/*\nkey = [\"name\"]\n*/\nSELECT DISTINCT low(actor_login) AS name FROM raw.github_events\n"
        try world.makeWarehouse(models: models)
        try world.osodata("run")
        let cache = ".git/osodata/analyses.json"
        let kept = try String(contentsOf: world.folder.appending(path: cache), encoding: .utf8)
        #expect(kept.contains("staging.events") && kept.contains("raw.github_events"))
        let plan = try world.osodata("plan").output
        for line in [
            "rm \(cache)", "echo x > \(cache)", "sed -i 's/tables/table/' \(cache)",
            "mkdir \(cache).d; rm \(cache); mv \(cache).d \(cache)",
        ] {
            try world.shell(line)
            #expect(try world.osodata("plan").output == plan, "\(line)")
            #expect(try world.osodata("run").output.contains("Nothing new"), "\(line)")
        }
        try world.shell("rmdir \(cache)")
        #expect(try world.osodata("plan").output == plan)
        // Macros have a part in what a statement is.
        try world.write("models/macros.sql", "CREATE MACRO low(x) AS upper(x);\n")
        let changed = try world.osodata("plan", "state:modified").output
        #expect(changed.contains("marts.names_v1  statement changed"), "\(changed)")
        #expect(!changed.contains("counts_v1"))
        // A statement that is refused is refused each time.
        try world.write("models/marts/names_v1.sql", "/**/ SELECT now() AS name")
        for _ in 0..<2 {
            let refused = try world.osodata("plan")
            #expect(refused.status == 2)
            #expect(
                refused.messages.contains("models/marts/names_v1.sql:1:13"),
                "\(refused.messages)"
            )
        }
    }
}
