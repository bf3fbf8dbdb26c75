import Diagnostics
import Foundation
import GitStore

/// The git program that the user runs, for what libgit2 cannot do; modules below never start it.
enum GitProgram {
    /// What it left behind.
    struct Outcome {
        /// The command of git that ran.
        let command: String
        let status: Int32
        let output: String
        let messages: String

        /// What git said, in one line.
        var said: String {
            let text = messages.split(separator: "\n").map { TextTable.printable(String($0)) }
                .joined(separator: "; ")
            return text.isEmpty ? "git ended with status \(status)" : text
        }

        /// Throws what git said unless it succeeded.
        func check(hint: String? = nil) throws(Failure) {
            guard status != 0 else { return }
            throw Failure(
                .gitProgram,
                "git \(command) failed with status \(status).",
                hint: hint,
                cause: said
            )
        }
    }

    /// Runs git in a folder and waits for it; for commands with little output.
    ///
    /// - Throws: `git.program` if it cannot be started.
    static func run(
        _ arguments: [String],
        in folder: String,
        input: String = ""
    ) throws(Failure) -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let (feed, output, messages) = (Pipe(), Pipe(), Pipe())
        process.standardInput = feed
        process.standardOutput = output
        process.standardError = messages
        do {
            try process.run()
        } catch {
            throw Failure(
                .gitProgram,
                "git cannot be started.",
                hint: "Install git, and put it on PATH.",
                cause: error.localizedDescription
            )
        }
        // If git ends early the pipe breaks, and its status says why.
        try? feed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? feed.fileHandleForWriting.close()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let said = messages.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            command: arguments.first { !$0.hasPrefix("-") } ?? "",
            status: process.terminationReason == .exit ? process.terminationStatus : 128,
            output: String(decoding: text, as: UTF8.self),
            messages: String(decoding: said, as: UTF8.self)
        )
    }
}

extension GitProgram {
    /// Puts packs together, those of a size; in time that follows from what is new.
    static let repacking = ["repack", "-q", "--geometric=2", "-d", "--write-midx"]

    /// Puts the packs of a repository together; no object is removed.
    ///
    /// - Throws: `git.program`.
    static func repack(_ repository: Repository) throws(Failure) {
        try run(repacking, in: repository.workTree ?? repository.gitDirectory)
            .check(hint: "git 2.33 or newer is needed, on the PATH.")
    }
}

extension Failure.Code {
    /// The git program failed or is not there.
    static let gitProgram = Self("git.program")
}
