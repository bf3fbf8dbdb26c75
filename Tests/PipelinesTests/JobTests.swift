import Diagnostics
import Querying
import Snapshots
import Testing

@testable import Pipelines

/// The order in which models are begun, and limits of time.
struct JobTests {
    private func nodes(_ models: [(name: String, sql: String)]) throws -> [Graph.Node] {
        let connection = try Database(options: .init(threads: 1)).connect()
        try ModelEngine.define(asOf: nil, on: connection)
        return try Graph(
            models: models.map { model in
                try Model(
                    file: "models/marts/\(model.name).sql",
                    text: "/* key = [\"x\"] */ \(model.sql)"
                )
            },
            available: [],
            engine: EnginePool { connection }
        ).nodes
    }

    @Test func `a model begins when all it reads are done, in the graph's order`() throws {
        let nodes = try nodes([
            ("a", "SELECT 1 AS x"), ("b", "FROM marts.a"), ("c", "FROM marts.a"),
            ("d", "SELECT x FROM marts.b JOIN marts.c USING (x)"), ("e", "SELECT 2 AS x"),
        ])
        let names = nodes.map(\.model.table.name)
        func number(_ name: String) throws -> Int { try #require(names.firstIndex(of: name)) }
        var order = JobOrder(nodes)
        #expect(order.readyCount == 2)
        #expect(order.next() == (try number("a")))
        #expect(order.next() == (try number("e")))
        #expect(order.next() == nil)
        order.finish(try number("a"))
        #expect(order.next() == (try number("b")))
        order.finish(try number("b"))
        // Not before c, too, is done.
        #expect(order.next() == (try number("c")))
        #expect(order.next() == nil)
        order.finish(try number("e"))
        #expect(order.next() == nil)
        order.finish(try number("c"))
        #expect(order.next() == (try number("d")))
    }

    @Test func `a ready model goes before later ones that were ready earlier`() throws {
        let nodes = try nodes([
            ("a", "SELECT 1 AS x"), ("b", "FROM marts.a"), ("y", "SELECT 2 AS x"),
            ("z", "SELECT 3 AS x"),
        ])
        var order = JobOrder(nodes)
        #expect(order.next() == 0)
        order.finish(0)
        #expect(order.next() == 1)
    }

    @Test(arguments: [("45s", 45), ("30m", 1800), ("2h", 7200), ("7d", 604_800)])
    func `durations are a number and a unit`(text: String, seconds: Int) throws {
        let duration = try #require(DurationText.parse(text))
        #expect(duration == .seconds(seconds))
        #expect(DurationText.text(duration) == text)
    }

    @Test(arguments: ["", "5", "h", "0s", "-1s", "1.5h", "1w", "١s", "9999999s", "1 h"])
    func `what is no duration is none`(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test func `limits of runs are refused at their place`() throws {
        for (line, message) in [
            ("timeout = \"soon\"", "'timeout' is no duration: \"soon\"."),
            ("jobs = 0", "'jobs' is a number from 1 to 64, not 0."),
        ] {
            let failure = try #require(throws: Failure.self) {
                try Configuration(files: MemoryFiles(["pipelines.toml": "[run]\n\(line)\n"]))
            }
            #expect(failure.message == message)
            #expect(failure.place?.description == "pipelines.toml:2:1")
        }
    }
}
