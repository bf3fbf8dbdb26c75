import Codecs
import Connectors
package import Diagnostics

/// What `pipelines.toml` says (docs/pipelines.md).
package struct Configuration: Sendable {
    /// The file's name in a warehouse.
    package static let fileName = "pipelines.toml"

    /// The warehouse's name, for people.
    package let name: String
    /// The folder of the directory, or nil for none.
    package let directory: String?
    /// Where the file says so.
    let directoryPlace: Place
    package let privacy: Privacy
    /// What bounds runs.
    package let run: RunLimits
    /// The environment variable with the address that failures are posted to; nil for none.
    package let webhookVariable: String?
    /// Sources by name.
    package let sources: [Source]
    /// Where tables go when they are published, by name.
    package let sinks: [Sink]
    /// Which runs start by themselves; nil if none does.
    package let schedule: Schedule?

    /// The schedule, for commands that keep it.
    ///
    /// - Throws: `config.missing-key` if there is none.
    package func requiredSchedule() throws(Failure) -> Schedule {
        guard let schedule else {
            throw Failure(
                .configMissingKey,
                "There is no schedule.",
                hint: "Add [[schedule.runs]] with name = \"daily\" and cron = \"17 3 * * *\".",
                place: Place(file: Self.fileName)
            )
        }
        return schedule
    }

    /// Paths of what people write, relative to the warehouse.
    package var inputs: [String] {
        var paths = [Self.fileName, "models"]
        if let directory, !directory.hasPrefix("/") { paths.append(directory) }
        return paths
    }

    /// What bounds a run where its command does not say.
    package struct RunLimits: Sendable {
        /// How many models are made at the same time; nil for one a core, four at most.
        package let jobs: Int?
        /// How long the statement of a model may take; nil for any time.
        package let timeout: Duration?
    }

    /// How e-mail addresses are hidden.
    package struct Privacy: Sendable {
        /// Names the key, never the key itself; nil only where there are no sources.
        package let keyID: String?
        /// A key published in the file (a demonstration's), or nil.
        package let publishedKey: String?
        /// The environment variable that holds the key, or nil.
        package let keyVariable: String?
        /// Where the file names the variable.
        let keyVariablePlace: Place?
    }

    /// One source of raw rows.
    package struct Source: Sendable {
        package let name: String
        package let connector: Connector
        /// True where the data is invented; every number made from it is labelled.
        package let isMadeUp: Bool
        package let place: Place
        /// Where its keys are, and the paths in a list of repositories (`repositories.0`).
        fileprivate let places: [String: Place]

        /// Where a key is, or the source if it is not.
        func place(of key: String) -> Place { places[key] ?? place }
    }

    /// A connector with its settings.
    package enum Connector: Sendable {
        /// Histories of git repositories: a path on this machine and the public address.
        case git(repositories: [(path: String, url: String)])
        /// Hours of GitHub Archive from an endpoint (`https://…`, `file://…`).
        case githubArchive(endpoint: String, first: String, last: String, keepsAll: Bool)

        /// The connector's name in the file.
        package var name: String {
            switch self {
            case .git: "git"
            case .githubArchive: "github-archive"
            }
        }

        /// Where the data comes from, for `raw.sources`.
        package var location: String {
            switch self {
            case .git(let repositories): repositories.map(\.url).joined(separator: " ")
            case .githubArchive(let endpoint, _, _, _): endpoint
            }
        }

        /// The raw table the connector writes.
        package var table: String {
            switch self {
            case .git: "raw.git_commits"
            case .githubArchive: "raw.github_events"
            }
        }
    }

    /// Reads `pipelines.toml` of a warehouse.
    ///
    /// - Throws: `config.*` with file, line and column.
    package init(files: some WarehouseFiles) throws(Failure) {
        let text = try files.requiredText(
            Self.fileName,
            hint: "Make a warehouse here with: osodata init"
        )
        let root = try TOMLSettings(parsing: text, file: Self.fileName)
        guard !root.keys.isEmpty else {
            throw Failure(
                .configEmpty,
                "The file says nothing: there would be no directory and no source.",
                hint: "Restore it, or write at least: [warehouse]",
                place: Place(file: Self.fileName)
            )
        }
        try root.refuseUnknownKeys([
            "warehouse", "privacy", "directory", "sources", "schedule", "run", "notify",
            "sinks",
        ])

        let warehouse = try root.table("warehouse")
        try warehouse?.refuseUnknownKeys(["name"])
        name = try warehouse?.string("name") ?? "osodata"

        let directory = try root.table("directory")
        try directory?.refuseUnknownKeys(["path"])
        self.directory = try directory?.string("path")
        directoryPlace = (directory ?? root).place(directory == nil ? nil : "path")

        privacy = try Privacy(root.table("privacy"))
        run = try RunLimits(root.table("run"))
        let notify = try root.table("notify")
        try notify?.refuseUnknownKeys(["webhook_env"])
        webhookVariable = try notify?.requiredString("webhook_env")
        schedule = try root.table("schedule").map { (settings) throws(Failure) in
            try Schedule(settings)
        }

        let sinks = try root.table("sinks")
        var readSinks: [Sink] = []
        for name in sinks?.keys ?? [] {
            guard let settings = try sinks?.table(name) else { continue }
            readSinks.append(try Sink(name: name, settings))
        }
        // What is pushed has everything that the run made.
        self.sinks = readSinks.filter { !$0.isPush } + readSinks.filter(\.isPush)

        let sources = try root.table("sources")
        var read: [Source] = []
        for name in sources?.keys ?? [] {
            guard let settings = try sources?.table(name) else { continue }
            read.append(try Source(name: name, settings))
        }
        self.sources = read
        if let first = read.first, privacy.keyID == nil {
            throw Failure(
                .configMissingKey,
                "There are sources, but [privacy] has no 'email_key_id' to name the e-mail key.",
                hint: "Add email_key_id = \"mine-1\" and email_key_env = \"OSODATA_EMAIL_KEY\".",
                place: try root.table("privacy")?.place() ?? first.place
            )
        }
    }
}

extension Configuration.RunLimits {
    fileprivate init(_ settings: TOMLSettings?) throws(Failure) {
        try settings?.refuseUnknownKeys(["jobs", "timeout"])
        let jobs = try settings?.int("jobs")
        if let settings, let jobs, !(1...64).contains(jobs) {
            throw settings.failure("jobs", "'jobs' is a number from 1 to 64, not \(jobs).")
        }
        self.jobs = jobs.map { Int($0) }
        timeout = try settings?.duration("timeout")
    }
}

extension Configuration.Privacy {
    fileprivate init(_ settings: TOMLSettings?) throws(Failure) {
        try settings?.refuseUnknownKeys(["email_key_id", "email_key", "email_key_env"])
        func text(_ key: String) throws(Failure) -> String? {
            guard let settings, let text = try settings.string(key) else { return nil }
            guard !text.isEmpty else {
                throw settings.failure(
                    key,
                    "'\(key)' is empty.",
                    hint: key == "email_key"
                        ? "Hashes made with no key tell the addresses to whoever tries them." : nil
                )
            }
            return text
        }
        keyID = try text("email_key_id")
        publishedKey = try text("email_key")
        keyVariable = try text("email_key_env")
        keyVariablePlace = settings?.place("email_key_env")
        if let settings, publishedKey != nil, keyVariable != nil {
            throw settings.failure(
                "email_key",
                "'email_key' and 'email_key_env' exclude each other.",
                hint: "A secret belongs into the environment: keep 'email_key_env'."
            )
        }
    }
}

extension Configuration.Source {
    fileprivate init(name: String, _ settings: TOMLSettings) throws(Failure) {
        self.name = name
        place = settings.place()
        var places: [String: Place] = [:]
        for key in settings.keys { places[key] = settings.place(key) }
        for (index, entry) in (try settings.tables("repositories") ?? []).enumerated() {
            places["repositories.\(index)"] = entry.place("path")
        }
        self.places = places
        isMadeUp = try settings.bool("made_up") ?? false
        let common = ["connector", "made_up"]
        let keys = [
            "git": common + ["repositories"],
            "github-archive": common + ["endpoint", "from", "to", "keep"],
        ]
        if settings.value("connector") == nil {
            // It may be there, misspelled.
            try settings.refuseUnknownKeys(keys.values.flatMap(\.self))
        }
        let connector = try settings.requiredString("connector")
        try settings.refuseUnknownKeys(keys[connector] ?? settings.keys)
        switch connector {
        case "git":
            var repositories: [(path: String, url: String)] = []
            for entry in try settings.tables("repositories") ?? [] {
                try entry.refuseUnknownKeys(["path", "url"])
                repositories.append(
                    (try entry.requiredString("path"), try entry.requiredString("url"))
                )
            }
            guard !repositories.isEmpty else {
                throw settings.failure(
                    "repositories",
                    "The source '\(name)' lists no repository.",
                    hint: "repositories = [{ path = \".\", url = \"https://github.com/o/r\" }]"
                )
            }
            self.connector = .git(repositories: repositories)
        case "github-archive":
            let keep = try settings.string("keep") ?? "directory"
            guard keep == "directory" || keep == "all" else {
                throw settings.failure(
                    "keep",
                    "'keep' is \"directory\" or \"all\", not \"\(keep)\"."
                )
            }
            let (from, to) = (
                try settings.requiredString("from"), try settings.requiredString("to")
            )
            self.connector = .githubArchive(
                endpoint: try settings.string("endpoint") ?? "https://data.gharchive.org",
                first: from,
                last: to,
                keepsAll: keep == "all"
            )
            let first: ArchiveHour
            do { first = try ArchiveHour.first(from) } catch { throw error.at(place(of: "from")) }
            do { _ = try ArchiveHour.last(to, after: first) } catch {
                throw error.at(place(of: "to"))
            }
        default:
            let known = keys.keys.sorted()
            throw settings.failure(
                "connector",
                "There is no connector '\(connector)'.",
                hint: nearest(to: connector, among: known).map { "Did you mean '\($0)'?" }
                    ?? "Connectors: \(known.joined(separator: ", "))."
            )
        }
    }
}

extension Failure.Code {
    /// A `pipelines.toml` that says nothing.
    package static let configEmpty = Self("config.empty")
}
