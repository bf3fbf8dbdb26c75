import Foundation
import Testing

/// A world of its own for one test: an empty home, fixed authors and dates, no configuration of
/// the machine, and a warehouse folder.
struct World {
    let root: URL
    /// The warehouse.
    let folder: URL

    /// What a program left behind.
    struct Outcome {
        let status: Int32
        let output: String
        let messages: String
    }

    /// Makes an empty world; `name` is the warehouse's folder.
    init(name: String = "warehouse") throws {
        root = FileManager.default.temporaryDirectory
            .appending(path: "osodata-test-\(UUID().uuidString)")
        folder = URL(fileURLWithPath: root.path + "/" + name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let configuration = try git("config", "--list", "--show-origin").output
        // A leak of the machine's configuration would make results differ between machines.
        #expect(!configuration.contains("/root/.gitconfig"))
    }

    /// Removes the world.
    func remove() { try? FileManager.default.removeItem(at: root) }

    /// The package's folder.
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Real upstream data, if it is there.
    static let realData: URL? = {
        let url = package.deletingLastPathComponent().appending(path: "shared/data")
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }()

    /// The program under test: it is built beside the test bundle.
    static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "osodata")

    /// Runs `osodata` in the warehouse.
    @discardableResult
    func osodata(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: String? = nil
    ) throws -> Outcome {
        try run(Self.program.path, arguments, environment: environment, input: input)
    }

    /// Commits what was written of the inputs, and runs `osodata run`.
    @discardableResult
    func commitAndRun(
        _ arguments: String...,
        environment: [String: String] = [:]
    ) throws -> Outcome {
        try commitInputs()
        return try run(Self.program.path, ["run"] + arguments, environment: environment)
    }

    /// The states of tables in what `run --json` printed.
    static func states(_ json: String) throws -> [String: String] {
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        )
        let tables = try #require(object["tables"] as? [[String: Any]])
        return Dictionary(
            tables.map { ($0["table"] as? String ?? "", $0["state"] as? String ?? "") },
            uniquingKeysWith: { $1 }
        )
    }

    /// Makes the bare repository `../remote.git` the remote of the branch, and pushes to it.
    func addRemote() throws {
        try git("init", "-q", "--bare", "-b", "main", "../remote.git")
        try git("remote", "add", "origin", root.path + "/remote.git")
        try git("push", "-q", "-u", "origin", "main")
    }

    /// Commits what was written of the inputs of a run.
    func commitInputs() throws {
        let inputs = ["pipelines.toml", "models", "directory"]
        if try !git(["status", "--porcelain", "--"] + inputs).output.isEmpty {
            let there = inputs.filter {
                FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
            }
            try git(["add", "-A", "--"] + there)
            try git(["commit", "-qm", "Inputs"])
        }
    }

    @discardableResult
    private func git(_ arguments: [String]) throws -> Outcome {
        try run("/usr/bin/git", arguments)
    }

    /// Runs `git` in the warehouse.
    @discardableResult
    func git(_ arguments: String...) throws -> Outcome { try run("/usr/bin/git", arguments) }

    /// Runs a shell line in the warehouse.
    @discardableResult
    func shell(_ line: String) throws -> Outcome { try run("/bin/bash", ["-c", line]) }

    /// Runs a program in the warehouse and waits for it.
    func run(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": root.path, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "A Tester",
            "GIT_AUTHOR_EMAIL": "tester@example.org", "GIT_COMMITTER_NAME": "A Tester",
            "GIT_COMMITTER_EMAIL": "tester@example.org",
            "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
            "LC_ALL": "C", "TZ": "UTC",
        ].merging(environment) { $1 }
        // Files, not pipes: output of any size cannot fill a buffer and stop the program.
        let output = root.appending(path: "out-\(UUID().uuidString)")
        let messages = root.appending(path: "err-\(UUID().uuidString)")
        defer {
            try? FileManager.default.removeItem(at: output)
            try? FileManager.default.removeItem(at: messages)
        }
        try Data().write(to: output)
        try Data().write(to: messages)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: messages)
        let stdin = root.appending(path: "in-\(UUID().uuidString)")
        try Data((input ?? "").utf8).write(to: stdin)
        defer { try? FileManager.default.removeItem(at: stdin) }
        process.standardInput = try FileHandle(forReadingFrom: stdin)
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationReason == .exit
                ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            messages: String(decoding: try Data(contentsOf: messages), as: UTF8.self)
        )
    }

    /// Writes a file of the warehouse.
    func write(_ path: String, _ text: String) throws { try write(path, Data(text.utf8)) }

    /// Writes a file of the warehouse.
    func write(_ path: String, _ data: Data) throws {
        let url = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try data.write(to: url)
    }

    /// A warehouse as `osodata init` writes it, committed.
    func initWarehouse() throws {
        try git("init", "-q", "-b", "main", ".")
        try osodata("init", ".")
        try git("add", "-A")
        try git("commit", "-q", "-m", "start")
    }

    /// A small warehouse: one project, one archive hour of `events`, the given models, committed.
    func makeWarehouse(
        events: [String] = World.events,
        models: [String: String] = World.models
    ) throws {
        try git("init", "-q", "-b", "main", ".")
        try write(".gitignore", ".osodata/\n")
        try write("pipelines.toml", Self.pipelines)
        try write("directory/projects/a/alpha.yaml", Self.project)
        for (path, text) in models { try write(path, text) }
        try writeHour("2025-01-01-0", events)
        try git("add", "-A")
        try git("commit", "-q", "-m", "A warehouse")
    }

    /// Writes one hour of an archive.
    func writeHour(_ hour: String, _ events: [String]) throws {
        try write("archive/\(hour).json", events.map { $0 + "\n" }.joined())
        try shell("gzip -nf archive/\(hour).json")
    }

    /// A digest of everything in the repository that a failed command must not change: all but the
    /// record that it failed.
    func state() throws -> String {
        try shell(
            "git rev-parse -q --verify HEAD; git for-each-ref | grep -v refs/osodata/runs; git status --porcelain; find snapshots -type f 2>/dev/null | sort | xargs -r sha256sum"
        ).output
    }

    static let pipelines = """
        [warehouse]
        name = "test"

        [privacy]
        email_key_id = "test"
        email_key = "test"

        [directory]
        path = "directory"

        [sources.archive]
        connector = "github-archive"
        endpoint = "file://archive"
        from = "2025-01-01-0"
        to = "2025-01-01-0"
        keep = "all"

        """

    static let project = """
        version: 7
        name: alpha
        display_name: Alpha
        github:
          - url: https://github.com/alpha/one

        """

    static let events = [
        #"{"id":"1","type":"WatchEvent","actor":{"id":1,"login":"ann"},"repo":{"id":7,"name":"alpha/one"},"payload":{"action":"started"},"public":true,"created_at":"2025-01-01T00:00:01Z"}"#,
        #"{"id":"2","type":"WatchEvent","actor":{"id":2,"login":"bob"},"repo":{"id":7,"name":"alpha/one"},"payload":{"action":"started"},"public":true,"created_at":"2025-01-01T00:00:02Z"}"#,
        #"{"id":"3","type":"ForkEvent","actor":{"id":1,"login":"ann"},"repo":{"id":7,"name":"alpha/one"},"payload":{"forkee":{"id":9}},"public":true,"created_at":"2025-01-01T00:00:03Z"}"#,
    ]

    static let models = [
        "models/staging/events.sql": """
        /*
        key = ["created_at", "event_id"]
        description = "Events of the archive."
        */
        SELECT created_at, event_id, event_type, lower(actor_login) AS actor, lower(repo_name) AS repo
        FROM raw.github_events
        """,
        "models/marts/counts_v1.sql": """
        /*
        key = ["event_type"]
        description = "Events a type."
        */
        SELECT event_type, count(*) AS events, count(DISTINCT actor) AS actors
        FROM staging.events GROUP BY event_type
        """,
    ]
}
