import Foundation
import Testing

/// Failures are posted to a webhook, one message a cause.
@Suite struct NotifyTests {
    /// Hears what is posted while `body` runs; gives the paths and messages.
    private func hearing(
        _ body: (String) throws -> Void
    ) throws -> [(path: String, message: [String: Any])] {
        let lines = try WebServer.serving(
            """
            class Handler(http.server.BaseHTTPRequestHandler):
                def log_request(self, *a): pass
                def do_POST(self):
                    body = self.rfile.read(int(self.headers['Content-Length']))
                    os.write(1, self.path.encode() + b' ' + body + b'\\n')
                    self.send_response(204)
                    self.end_headers()
            """,
            in: FileManager.default.temporaryDirectory
        ) { port in try body("http://127.0.0.1:\(port)/hook/secret-token") }
        return try lines.map { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            let json = try JSONSerialization.jsonObject(with: Data(parts[1].utf8))
            return (String(parts[0]), try #require(json as? [String: Any]))
        }
    }

    private func makeWarehouse() throws -> World {
        let world = try World()
        try world.makeWarehouse()
        try world.write(
            "pipelines.toml",
            World.pipelines + "\n[notify]\nwebhook_env = \"HOOK\"\n"
        )
        try world.commitInputs()
        return world
    }

    @Test func `a sink that cannot be pushed to is told`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let text = try world.shell("cat pipelines.toml").output
        try world.write(
            "pipelines.toml",
            text + "\n[sinks.away]\nkind = \"push\"\nremote = \"origin\"\n"
        )
        let messages = try hearing { hook in
            #expect(try world.commitAndRun(environment: ["HOOK": hook]).status == 2)
            try world.addRemote()
            try world.shell("git reset -q --hard HEAD && git commit -q --allow-empty -m Words")
            #expect(try world.commitAndRun(environment: ["HOOK": hook]).status == 0)
        }
        let told = messages.map { "\($0.message["state"] ?? "") \($0.message["cause"] ?? "")" }
        #expect(told == ["failed sink away", "recovered sink away"])
    }

    @Test func `a cause is told once, with its error and the log, and when it is over`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let events = try #require(World.models["models/staging/events.sql"])
        let messages = try hearing { hook in
            #expect(try world.commitAndRun(environment: ["HOOK": hook]).status == 0)
            try world.write(
                "models/staging/events.sql",
                events.replacing("lower(actor_login)", with: "actor_login::INT")
            )
            try world.write(
                "models/marts/checked_v1.sql",
                "/*\nkey = [\"n\"]\n[[checks]]\nrows = { min = 2 }\n*/\nSELECT 1 AS n"
            )
            for _ in 0..<2 {
                let run = try world.commitAndRun(environment: ["HOOK": hook])
                #expect(run.status == 2)
                #expect(!run.messages.contains("secret-token"))
            }
            try world.write("models/staging/events.sql", events)
            #expect(try world.commitAndRun(environment: ["HOOK": hook]).status == 1)
        }
        // marts.counts_v1 waits for staging.events: that is no cause.
        let told = messages.map { "\($0.message["state"] ?? "") \($0.message["table"] ?? "")" }
        #expect(
            told.sorted() == [
                "failed marts.checked_v1", "failed staging.events", "recovered staging.events",
            ]
        )
        let first = try #require(
            messages.first { $0.message["table"] as? String == "staging.events" }
        )
        #expect(first.path == "/hook/secret-token")
        let text = try #require(first.message["text"] as? String)
        #expect(text.hasPrefix("test: staging.events failed: error: models/staging/events.sql:"))
        #expect(text.contains("Could not convert string 'ann' to INT32"), "\(text)")
        #expect(text.hasSuffix("held back: marts.counts_v1"), "\(text)")
        #expect(first.message["held_back"] as? [String] == ["marts.counts_v1"])
        let errors = try #require(first.message["errors"] as? [[String: Any]])
        #expect(errors.count == 1 && errors[0]["code"] as? String == "query.failed", "\(errors)")
        let log = try #require(first.message["log"] as? [String])
        #expect(log.contains { $0.hasPrefix("failed staging.events") }, "\(log)")
        let run = try #require(first.message["run"] as? String)
        #expect(try world.osodata("runs", run).output.contains("failed"))
    }

    @Test func `a run given up is told; trials and cancelled ones are not`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let messages = try hearing { hook in
            try world.shell("mv archive elsewhere")
            #expect(try world.osodata("run", environment: ["HOOK": hook]).status == 2)
            #expect(try world.osodata("run", "--scratch", environment: ["HOOK": hook]).status == 2)
            try world.shell("mv elsewhere archive")
            #expect(try world.osodata("run", environment: ["HOOK": hook]).status == 0)
        }
        #expect(messages.map { $0.message["state"] as? String } == ["failed", "recovered"])
        #expect(messages[0].message["table"] is NSNull)
    }

    @Test func `a run that cannot begin is told once its files are committed`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        let messages = try hearing { hook in
            #expect(try world.osodata("run", environment: ["HOOK": hook]).status == 0)
            try world.write("models/marts/bad_v1.sql", "/* key = [\"n\"] */ SELECT FRM x")
            let edited = try world.osodata("run", environment: ["HOOK": hook])
            #expect(edited.status == 2)
            #expect(try world.osodata("run", "marts.nope", environment: ["HOOK": hook]).status == 2)
            #expect(try !world.osodata("runs").output.contains("failed"))
            let committed = try world.commitAndRun(environment: ["HOOK": hook])
            #expect(committed.status == 2)
            let runs = try world.osodata("runs").output
            #expect(runs.contains("failed") && runs.contains("bad_v1.sql:1:"), "\(runs)")
            try world.write("models/marts/bad_v1.sql", "/* key = [\"n\"] */ SELECT 1 AS n")
            #expect(try world.commitAndRun(environment: ["HOOK": hook]).status == 0)
        }
        #expect(messages.map { $0.message["state"] as? String } == ["failed", "recovered"])
        let text = try #require(messages[0].message["text"] as? String)
        #expect(text.contains("models/marts/bad_v1.sql:1:"), "\(text)")
    }

    @Test func `where nobody hears, the run goes on, and the address stays secret`() throws {
        let world = try makeWarehouse()
        defer { world.remove() }
        try world.write("models/marts/bad_v1.sql", "/* key = [\"n\"] */ SELECT 'x'::INT AS n")
        try world.commitInputs()
        // Nobody listens on the port of discard.
        let hook = "ftp://127.0.0.1:9/secret-token"
        let run = try world.osodata("run", environment: ["HOOK": hook])
        #expect(run.status == 2)
        #expect(
            run.messages.contains("note: A notification could not be sent: fetch.address."),
            "\(run.messages)"
        )
        #expect(!run.messages.contains("secret-token") && !run.output.contains("secret-token"))
        // So it is told by a later one.
        let messages = try hearing { hook in
            let again = try world.osodata("run", environment: ["HOOK": hook])
            #expect(again.status == 2)
        }
        #expect(messages.count == 1)
    }
}
