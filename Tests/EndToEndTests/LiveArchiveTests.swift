import Foundation
import Testing

/// The archive over HTTP: the same client and connector as for `https://data.gharchive.org`.
@Suite struct LiveArchiveTests {
    /// Serves the world's `archive` while `body` runs; gives what was asked for.
    private func serving(_ world: World, _ body: (Int) throws -> Void) throws -> [String] {
        try WebServer.serving(
            """
            class Handler(http.server.SimpleHTTPRequestHandler):
                def log_request(self, code='-', size='-'):
                    os.write(1, f'{self.path} {int(code)}\\n'.encode())
            """,
            in: world.folder.appending(path: "archive"),
            body
        )
    }

    @Test func `hours come over HTTP, are asked about again, and late ones are taken`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        let log = try serving(world) { port in
            try world.write(
                "pipelines.toml",
                World.pipelines
                    .replacingOccurrences(of: "file://archive", with: "http://127.0.0.1:\(port)")
                    .replacingOccurrences(
                        of: "to = \"2025-01-01-0\"",
                        with: "to = \"2025-01-01-1\""
                    )
            )
            try world.git("commit", "-qam", "Over HTTP")
            let first = try world.commitAndRun()
            #expect(first.status == 0, "\(first.messages)")
            let rows = try world.osodata(
                "query",
                "select location from raw.github_events join meta.coverage using (source) where rows > 0 order by 1 limit 1",
                "--format",
                "csv"
            )
            #expect(
                rows.output == "location\nhttp://127.0.0.1:\(port)/2025-01-01-0.json.gz\n",
                "\(rows.output)\(rows.messages)"
            )
            let again = try world.commitAndRun()
            #expect(again.output.contains("Nothing new"), "\(again.output)\(again.messages)")
            // The second hour comes late.
            try world.writeHour(
                "2025-01-01-1",
                World.events.map { $0.replacingOccurrences(of: "\"id\":\"", with: "\"id\":\"1") }
            )
            try world.git("add", "-A")
            try world.git("commit", "-qm", "An hour")
            let late = try world.commitAndRun()
            #expect(late.status == 0, "\(late.messages)")
        }
        let events = try world.osodata(
            "query",
            "select count(*) n from raw.github_events",
            "--json"
        )
        #expect(events.output.contains("\"n\":6"), "\(events.output)")
        // Hours of one run are asked for side by side.
        let runs = stride(from: 0, to: log.count, by: 2).map {
            log[$0..<min($0 + 2, log.count)].sorted()
        }
        #expect(
            runs == [
                ["/2025-01-01-0.json.gz 200", "/2025-01-01-1.json.gz 404"],
                ["/2025-01-01-0.json.gz 304", "/2025-01-01-1.json.gz 404"],
                ["/2025-01-01-0.json.gz 304", "/2025-01-01-1.json.gz 200"],
            ]
        )
    }

    @Test func `a server that is not there is one clear error`() throws {
        let world = try World()
        defer { world.remove() }
        try world.makeWarehouse()
        var gone = 0
        _ = try serving(world) { gone = $0 }
        try world.write(
            "pipelines.toml",
            World.pipelines.replacingOccurrences(
                of: "file://archive",
                with: "http://127.0.0.1:\(gone)"
            )
        )
        try world.commitInputs()
        let before = try world.state()
        let run = try world.osodata("run")
        #expect(run.status == 2)
        #expect(run.messages.contains("error: pipelines.toml:11:1: "), "\(run.messages)")
        #expect(run.messages.contains("127.0.0.1:\(gone)/2025-01-01-0.json.gz"))
        #expect(try world.state() == before)
    }
}
