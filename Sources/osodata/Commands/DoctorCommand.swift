import ArgumentParser
import Codecs
import Diagnostics
import GitStore
import Pipelines
import Querying

/// `osodata doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check that this machine and repository are fit to run.",
        discussion: "Exit status 1 if something needs attention."
    )

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let findings = Doctor.examine(
            folder: warehouse.directory,
            options: engine.runnerOptions()
        )
        if json {
            Output.json(
                .array(
                    findings.map { finding in
                        .object([
                            ("check", .string(finding.check)), ("ok", .bool(finding.isFine)),
                            ("message", .string(finding.message)),
                            ("hint", finding.hint.map { .string($0) } ?? .null),
                        ])
                    }
                )
            )
        } else {
            for finding in findings {
                Output.line(
                    "\(finding.isFine ? "ok  " : "bad ")  \(finding.check): \(finding.message)"
                )
                if let hint = finding.hint { Output.line("      hint: \(hint)") }
            }
        }
        guard findings.allSatisfy(\.isFine) else {
            Output.flush()
            throw ExitCode(Failure.Kind.difference.rawValue)
        }
    }
}
