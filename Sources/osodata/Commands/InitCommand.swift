import ArgumentParser
import Diagnostics
import Foundation
import GitStore
import Pipelines

/// `osodata init`.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a warehouse in a folder.",
        discussion: "Writes what is missing and changes no file that is there."
    )

    @Argument(help: "The folder; made if it is not there.") var folder = "."

    func run() throws {
        for path in try Scaffold.write(into: folder) { Output.line("wrote \(path)") }
        Output.message(
            "A warehouse in '\(folder)'. Commit the files, then: osodata -C \(folder) run"
                .replacingOccurrences(of: "osodata -C . run", with: "osodata run")
                .replacingOccurrences(
                    of: "osodata -C \(folder) run",
                    with: "osodata run -C \(folder)"
                )
        )
    }
}
