import ArgumentParser
import Codecs
import Diagnostics
import Foundation
import GitStore
import Pipelines

/// `osodata schedule`.
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Start the runs of [schedule] at their times, in the foreground.",
        discussion: """
            One run at a time, each in a process of its own; pipelines.toml is read again before \
            each. A time that passed while nobody was there is made up for once, at the start. \
            SIGTERM or Ctrl-C ends it after the run under way, a second one ends that too.

            With --export the times go to somebody else who keeps them.
            """
    )

    /// Who else can start runs.
    enum Target: String, ExpressibleByArgument, CaseIterable {
        case systemd
        case githubActions = "github-actions"
    }

    @OptionGroup var warehouse: WarehouseOptions
    @Flag(help: "Print the runs and when each comes next, and end.") var list = false
    @Option(help: "Print units of systemd or a workflow of GitHub Actions, and end.")
    var export: Target?
    @Option(name: .shortAndLong, help: "Write what is exported into this folder.")
    var output: String?
    @Flag(help: "Print the list as JSON.") var json = false

    /// Refuses a folder for nothing.
    func validate() throws {
        if output != nil, export == nil { throw ValidationError("--output goes with --export.") }
    }

    func run() throws {
        let root = try warehouse.open().requiredRoot()
        if let export { return try print(export, root) }
        if list { return try printList(root) }
        try Scheduler(root: root).run()
    }

    private static func schedule(_ root: String) throws(Failure) -> (Configuration, Schedule) {
        let configuration = try Configuration(files: WorkTreeFiles(root: root))
        return (configuration, try configuration.requiredSchedule())
    }

    private func printList(_ root: String) throws {
        let (_, schedule) = try Self.schedule(root)
        let now = Date()
        var table = TextTable([
            ("RUN", .left), ("CRON", .left), ("NEXT", .left), ("ARGUMENTS", .left),
        ])
        var rows: [JSONValue] = []
        for run in schedule.runs {
            let next = run.cron.next(after: now, in: schedule.zone)
            let text = next?.ISO8601Format() ?? "never"
            table.add([run.name, run.cron.text, text, run.arguments.joined(separator: " ")])
            rows.append(
                .object([
                    ("run", .string(run.name)), ("cron", .string(run.cron.text)),
                    ("next", next.map { .string($0.ISO8601Format()) } ?? .null),
                    ("arguments", .array(run.arguments.map { .string($0) })),
                ])
            )
        }
        if json { Output.json(.array(rows)) } else { Output.text(table.rendered()) }
    }

    private func print(_ target: Target, _ root: String) throws {
        let (configuration, schedule) = try Self.schedule(root)
        let export = ScheduleExport(schedule, warehouse: configuration.name)
        let files: [ScheduleExport.File]
        switch target {
        case .systemd: files = export.systemd(folder: root)
        case .githubActions:
            guard
                let file = export.githubActions(keyVariable: configuration.privacy.keyVariable)
            else {
                throw Failure(
                    .scheduleZone,
                    "GitHub Actions knows UTC only, and [schedule] is in '\(schedule.zone.identifier)'.",
                    hint: "Set time_zone = \"UTC\" and move the hours."
                )
            }
            files = [file]
        }
        for file in files {
            guard let output else {
                if files.count > 1 { Output.line("# \(file.name)") }
                Output.text(file.text)
                continue
            }
            let url = URL(fileURLWithPath: output).appending(path: file.name)
            do {
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(file.text.utf8).write(to: url, options: .atomic)
            } catch {
                throw Failure(
                    .scheduleUnwritable,
                    "'\(url.path)' cannot be written.",
                    cause: error.localizedDescription
                )
            }
            Output.line("wrote \(url.path)")
        }
    }
}

extension Failure.Code {
    /// A time zone that the one who shall keep the times does not know.
    static let scheduleZone = Self("schedule.zone")
    /// A folder that cannot be written.
    static let scheduleUnwritable = Self("schedule.unwritable")
}
