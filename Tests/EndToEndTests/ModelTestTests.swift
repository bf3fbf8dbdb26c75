import Foundation
import Testing

/// Tests of models: given rows, expected rows.
@Suite struct ModelTestTests {
    private static let tests = """
        [[tests]]
        name = "events and actors are counted"
        model = "marts.counts_v1"
        expect = [
            { event_type = "ForkEvent", events = 1, actors = 1 },
            { event_type = "WatchEvent", events = 3, actors = 2 },
        ]
        [tests.given]
        "staging.events" = [
            { event_type = "WatchEvent", actor = "ann" },
            { event_type = "WatchEvent", actor = "bob" },
            { event_type = "WatchEvent", actor = "ann" },
            { event_type = "ForkEvent", actor = "ann" },
        ]

        [[tests]]
        name = "names are lower case"
        model = "staging.events"
        expect = [{ actor = "ann", created_at = "2025-01-01T00:00:01Z" }]
        [tests.given]
        "raw.github_events" = [
            { event_id = "1", created_at = "2025-01-01T00:00:01Z", actor_login = "Ann", payload = { a = [1] } },
        ]

        [[tests]]
        name = "nothing comes of nothing"
        model = "marts.counts_v1"
        expect = []

        """

    private func makeWarehouse(_ tests: String) throws -> World {
        let world = try World()
        try world.makeWarehouse()
        try world.write("models/tests/counts.toml", tests)
        return world
    }

    @Test func `models are tested before there is any data`() throws {
        let world = try makeWarehouse(Self.tests)
        defer { world.remove() }
        let before = try world.state()
        let test = try world.osodata("test")
        #expect(test.status == 0, "\(test.output)\(test.messages)")
        #expect(
            test.output == """
                passed  marts.counts_v1  events and actors are counted
                passed  staging.events  names are lower case
                passed  marts.counts_v1  nothing comes of nothing

                """
        )
        #expect(test.messages.contains("3 tests passed."))
        #expect(try world.osodata("test", "staging.events").messages.contains("1 test passed."))
        #expect(try world.state() == before)
        // A test is no model and makes no table.
        #expect(try world.commitAndRun().status == 0)
    }

    @Test func `rows that differ are told, missing and surplus`() throws {
        let world = try makeWarehouse(
            Self.tests.replacing("events = 3, actors = 2", with: "events = 3, actors = 3")
        )
        defer { world.remove() }
        let test = try world.osodata("test")
        #expect(test.status == 1)
        #expect(test.output.contains("failed  marts.counts_v1  events and actors are counted\n"))
        #expect(test.output.contains("passed  staging.events"))
        #expect(
            test.messages.contains(
                """
                error: models/tests/counts.toml:4:1: The test 'events and actors are counted' fails: 'marts.counts_v1' makes other rows.
                """
            ),
            "\(test.messages)"
        )
        #expect(
            test.messages.contains(
                """
                    - actors = 3, event_type = "WatchEvent", events = 3
                """
            )
                || test.messages.contains(
                    """
                        - event_type = "WatchEvent", events = 3, actors = 3
                        + event_type = "WatchEvent", events = 3, actors = 2
                    """
                ),
            "\(test.messages)"
        )
        #expect(test.messages.contains("1 of 3 tests fail."))
        let json = try world.osodata("test", "--json")
        #expect(json.status == 1)
        #expect(json.output.contains("\"passed\": false"), "\(json.output)")
    }

    @Test func `a row too many and a row twice are differences`() throws {
        for expect in ["[]", "[{ n = 1 }]", "[{ n = 1 }, { n = 1 }, { n = 1 }]"] {
            let world = try makeWarehouse(
                "[[tests]]\nname = \"t\"\nmodel = \"marts.t\"\nexpect = \(expect)\n"
            )
            defer { world.remove() }
            try world.write("models/marts/t.sql", "/**/ SELECT unnest([1, 1]) AS n, 'x' AS m")
            #expect(try world.osodata("test").status == 1, "\(expect)")
        }
    }

    @Test func `as_of is what the test says`() throws {
        let world = try makeWarehouse(
            "[[tests]]\nname = \"t\"\nmodel = \"marts.t\"\nas_of = \"2026-01-31T00:00:00Z\"\nexpect = [{ d = \"2026-01-30\" }]\n"
        )
        defer { world.remove() }
        try world.write(
            "models/marts/t.sql",
            "/* key = ['d'] */ SELECT (as_of() - INTERVAL 1 DAY)::DATE AS d"
        )
        let test = try world.osodata("test")
        #expect(test.status == 0, "\(test.messages)")
    }

    @Test(arguments: [
        ("model = \"marts.count_v1\"\nexpect = []", 2, "2:1", "Did you mean 'marts.counts_v1'?"),
        ("model = \"marts.counts_v1\"", 2, "1:1", "expects nothing"),
        (
            "model = \"marts.counts_v1\"\nexpect = [{ event = 1 }]\ngiven = { \"staging.events\" = [{ event_type = \"W\" }] }",
            1, "4:1", "has no column 'event'"
        ),
        (
            "model = \"marts.counts_v1\"\nexpect = []\ngiven = { \"raw.projects\" = [] }", 1,
            "5:11",
            "does not read 'raw.projects'"
        ),
        (
            "model = \"marts.counts_v1\"\nexpect = []\ngiven = { \"staging.events\" = [{ actr = \"a\" }] }",
            1, "5:11", "Did you mean 'actor'?"
        ),
        (
            "model = \"staging.events\"\nexpect = []\ngiven = { \"raw.github_events\" = [{ created_at = \"soon\" }] }",
            1, "5:11", "soon"
        ),
        (
            "model = \"marts.counts_v1\"\nas_of = \"soon\"\nexpect = []", 2, "4:1",
            "'as_of' is no time"
        ),
        ("model = \"marts.counts_v1\"\nexpected = []", 2, "4:1", "Did you mean 'expect'?"),
    ])
    func `a test that makes no sense is refused at its place`(
        _ toml: String,
        _ status: Int32,
        _ place: String,
        _ message: String
    ) throws {
        let world = try makeWarehouse("[[tests]]\nname = \"t\"\n\(toml)\n")
        defer { world.remove() }
        let test = try world.osodata("test")
        #expect(test.status == status, "\(test.output)\(test.messages)")
        #expect(
            test.messages.contains("error: models/tests/counts.toml:\(place): "),
            "\(test.messages)"
        )
        #expect(test.messages.contains(message), "\(test.messages)")
    }

    @Test func `this repository's models pass their tests`() throws {
        let world = try World()
        defer { world.remove() }
        let test = try world.osodata("test", "-C", World.package.path)
        #expect(test.status == 0, "\(test.output)\(test.messages)")
        #expect(test.output.contains("passed  "))
    }
}
