import ArgumentParser
import Diagnostics
import Foundation

/// The `osodata` program: reads arguments, runs one command, turns a failure into text and status.
@main
struct Osodata: ParsableCommand {
    /// The version of this program; part of every run's trailers.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "osodata",
        abstract: "An open data warehouse that lives in a git repository.",
        discussion: """
            Results go to standard output, progress and messages to standard error. A table at \
            another revision is TABLE@REVISION. Exit status: 0 fine, 1 a difference or a failed \
            check, 2 an error you can act on, 3 a bug in osodata, 130 cancelled.
            """,
        version: version,
        subcommands: [
            InitCommand.self, DoctorCommand.self, ImportCommand.self, PlanCommand.self,
            RunCommand.self, RunsCommand.self, LogCommand.self, TablesCommand.self,
            ShowCommand.self,
            QueryCommand.self, ExportCommand.self, CacheCommand.self, DiffCommand.self,
            HistoryCommand.self,
            LineageCommand.self, VerifyCommand.self, ScheduleCommand.self, TestCommand.self,
            SchemaCommand.self, DirectoryCommand.self,
            StatusCommand.self, GcCommand.self, GitCommand.self,
        ]
    )

    /// The arguments after the program's name; a leading `-C FOLDER`, as git takes it, goes behind
    /// the command, where its parser looks for it.
    private static func arguments(_ all: [String]) -> [String] {
        guard all.count > 3, all[1] == "-C" else { return Array(all.dropFirst()) }
        // Behind both words of `git install` and `directory check`.
        let isGroup = [GitCommand.name, DirectoryCommand.name].contains(all[3])
        let command = isGroup ? all[3...].prefix(2) : all[3...3]
        return Array(command + all[1...2] + all.dropFirst(3 + command.count))
    }

    /// Runs the command of the process's arguments and ends the process.
    static func main() {
        // A reader that went away (`osodata log | head`) is no error; see Output.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot(Self.arguments(CommandLine.arguments))
            try command.run()
            Output.flush()
        } catch let failure as Failure {
            Output.abandonFile()
            Output.error(failure)
            Foundation.exit(failure.code.kind.rawValue)
        } catch let exit as ExitCode {
            Output.flush()
            Foundation.exit(exit.rawValue)
        } catch {
            // Help and version requests arrive as errors too, with status 0.
            let isClean = exitCode(for: error) == .success
            let text = fullMessage(for: error)
            if isClean { Output.line(text) } else { Output.message(text) }
            Output.flush()
            Foundation.exit(isClean ? 0 : Failure.Kind.input.rawValue)
        }
    }
}
