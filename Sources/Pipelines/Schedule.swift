import Diagnostics
package import Foundation

/// `[schedule]` of `pipelines.toml`: which runs start by themselves, and when.
package struct Schedule: Sendable {
    /// A run that starts at certain times.
    package struct Run: Sendable {
        /// Lower-case letters, digits, `-` and `_`: it names units and files.
        package let name: String
        package let cron: Cron
        /// What it selects; everything if empty.
        package let selectors: [String]
        package let pushes: Bool
        /// Whether a time that passed while nobody was there is made up for, once.
        package let catchesUp: Bool

        /// The arguments of `osodata run`.
        package var arguments: [String] { (pushes ? ["--push"] : []) + selectors }
    }

    package let zone: TimeZone
    /// The program, as exported jobs call it.
    package let program: String
    /// A shell line that exported jobs run first.
    package let setup: String?
    /// In the order of the file.
    package let runs: [Run]

    /// Reads the table.
    ///
    /// - Throws: `config.*`, `schedule.cron`, `select.syntax` with line and column.
    init(_ settings: TOMLSettings) throws(Failure) {
        try settings.refuseUnknownKeys(["time_zone", "program", "setup", "runs"])
        let name = try settings.string("time_zone") ?? "UTC"
        guard let zone = TimeZone(identifier: name) else {
            throw settings.failure(
                "time_zone",
                "There is no time zone '\(name)'.",
                hint: "Names are those of the IANA, as \"Europe/Berlin\"."
            )
        }
        self.zone = zone
        program = try settings.string("program") ?? "osodata"
        setup = try settings.string("setup")
        var runs: [Run] = []
        for entry in try settings.tables("runs") ?? [] {
            let run = try Run(entry)
            guard !runs.contains(where: { $0.name == run.name }) else {
                throw entry.failure("name", "Two runs are called '\(run.name)'.")
            }
            runs.append(run)
        }
        guard !runs.isEmpty else {
            throw Failure(
                .configMissingKey,
                "[schedule] has no run.",
                hint: "Add [[schedule.runs]] with name and cron.",
                place: settings.place()
            )
        }
        self.runs = runs
    }
}

extension Schedule.Run {
    fileprivate init(_ settings: TOMLSettings) throws(Failure) {
        try settings.refuseUnknownKeys(["name", "cron", "select", "push", "catch_up"])
        name = try settings.requiredString("name")
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= 60 else {
            throw settings.failure(
                "name",
                "'\(name)' cannot name a run.",
                hint: "A name has lower-case letters, digits, - and _, at most 60."
            )
        }
        let text = try settings.requiredString("cron")
        do { cron = try Cron(text) } catch { throw error.at(settings.place("cron")) }
        selectors = try settings.strings("select") ?? []
        do { _ = try Selection.parse(selectors) } catch {
            throw error.at(settings.place("select"))
        }
        pushes = try settings.bool("push") ?? false
        catchesUp = try settings.bool("catch_up") ?? true
    }
}
