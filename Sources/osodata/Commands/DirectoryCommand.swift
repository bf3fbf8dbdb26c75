import ArgumentParser
import Codecs
import Diagnostics
import Foundation
import Pipelines
import ProjectDirectory

/// `osodata directory`.
struct DirectoryCommand: ParsableCommand {
    static let name = "directory"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Look after the directory of projects.",
        subcommands: [Check.self]
    )

    /// Where the directory is.
    struct Location: ParsableArguments {
        @OptionGroup var warehouse: WarehouseOptions
        @Option(
            help: "The folder with projects/ and collections/ (default: that of pipelines.toml)."
        )
        var path: String?

        /// The folder on disk, and how its files are called.
        func find() throws -> (folder: String, name: String) {
            if let path {
                let folder = path.hasPrefix("/") ? path : "\(warehouse.directory)/\(path)"
                var isFolder: ObjCBool = false
                guard unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
                    isFolder.boolValue
                else {
                    throw Failure(
                        .directoryMissing,
                        "There is no folder '\(folder)'.",
                        hint: "Name the folder that holds projects/ and collections/."
                    )
                }
                return (folder, path)
            }
            let root = try warehouse.open().requiredRoot()
            let configuration = try Configuration(files: WorkTreeFiles(root: root))
            guard let directory = configuration.directory else {
                throw Failure(
                    .directoryMissing,
                    "pipelines.toml names no directory.",
                    hint: "Add [directory] with a path, or give --path."
                )
            }
            return (directory.hasPrefix("/") ? directory : "\(root)/\(directory)", directory)
        }
    }

    /// `osodata directory check`.
    struct Check: ParsableCommand {
        /// How problems are written.
        enum Format: String, CaseIterable, ExpressibleByArgument {
            case text, json, github
        }

        static let configuration = CommandConfiguration(
            abstract: "Check every file of the directory, and what they say against each other.",
            discussion: """
                With --since, what the edit brings is an error and what was there before a \
                warning; without it, rules that real directories break are warnings. The rules: \
                docs/directory.md. --format github marks lines of a pull request. Exit status 1 \
                if there is an error.
                """
        )

        @OptionGroup var location: Location
        @Option(help: "Where the edit began: a revision, as origin/main.") var since: String?
        @Option(help: "text, json or github.") var format = Format.text
        @Option(help: "Threads to use (default: one a core).") var threads: Int?

        /// Refuses values that make no sense.
        func validate() throws {
            if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
        }

        func run() throws {
            let (folder, name) = try location.find()
            let base = try since.map {
                try location.warehouse.open().directoryBase(at: $0, folder: folder)
            }
            let check = try DirectoryCheck(
                root: folder,
                threads: threads ?? ProcessInfo.processInfo.activeProcessorCount
            )
            let findings = try check.run(since: base)
            let report = DirectoryReport(findings, directory: name, since: since)
            switch format {
            case .text: Output.text(report.text)
            case .json: Output.json(report.json)
            case .github: Output.text(report.annotations)
            }
            guard report.errors == 0 else {
                throw Failure(.directoryProblems, report.summary)
            }
            Output.message(report.summary)
        }
    }
}

extension Failure.Code {
    /// There is no directory to look at.
    static let directoryMissing = Self("directory.missing")
    /// The check of a directory found errors.
    static let directoryProblems = Self("directory.problems", .difference)
}
