import Diagnostics
import Foundation

/// The git program, for what libgit2 cannot do; modules below never start it.
enum GitProgram {
    /// Runs git in a folder; what it says goes to standard error.
    ///
    /// - Throws: `git.program` if there is none, or if it fails.
    static func run(_ arguments: [String], in folder: String) throws(Failure) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = FileHandle.standardError
        process.standardInput = FileHandle.nullDevice
        let command = "git " + arguments.joined(separator: " ")
        do {
            try process.run()
        } catch {
            throw Failure(
                .gitProgram,
                "'\(command)' cannot be started.",
                cause: error.localizedDescription
            )
        }
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return }
        throw Failure(
            .gitProgram,
            "'\(command)' ended with status \(process.terminationStatus).",
            hint: "git 2.33 or newer is needed, on the PATH; what it said is above."
        )
    }
}

extension Failure.Code {
    /// The git program failed or is not there.
    static let gitProgram = Self("git.program")
}
