import ArgumentParser
import Codecs
import Diagnostics
import Foundation
import GitStore

/// `osodata git`.
struct GitCommand: ParsableCommand {
    static let name = "git"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Make plain git show rows: git diff, git log -p.",
        subcommands: [Install.self, Uninstall.self, TextConversion.self]
    )

    /// The section of git's configuration that `.gitattributes` names.
    private static let section = "diff.osodata"

    /// Where a setting goes, and what the command is for.
    struct Scope: ParsableArguments {
        @Option(name: .customShort("C"), help: "Run as if started in this folder.")
        var directory = "."
        @Flag(help: "In your own configuration, for every repository.") var global = false

        /// The option that git takes for it.
        var option: String { global ? "--global" : "--local" }
        /// It in words.
        var place: String { global ? "your git configuration" : "this repository's configuration" }

        /// Refuses a folder that is in no repository, if one is needed.
        func check() throws(Failure) {
            if !global { _ = try Repository(discovering: directory) }
        }
    }

    /// `osodata git install`.
    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let git diff and git log -p show the rows of chunks."
        )

        @OptionGroup var scope: Scope

        func run() throws {
            try scope.check()
            let settings = [
                ("textconv", "\(shellQuoted(try programPath())) git textconv"),
                // Otherwise every chunk is unpacked again for every commit that is shown.
                ("cachetextconv", "true"),
                ("binary", "true"),
            ]
            for (name, value) in settings {
                let key = "\(GitCommand.section).\(name)"
                let arguments = ["config", scope.option, "--replace-all", key, value]
                try GitProgram.run(arguments, in: scope.directory).check()
                Output.line("set \(key) = \(value)")
            }
            Output.message("git diff and git log -p now show rows (\(scope.place)).")
            guard !scope.global else { return }
            let chunk = "snapshots/raw/a/b/c.ndjson.zst"
            let found = try GitProgram.run(
                ["check-attr", "diff", "--", chunk],
                in: scope.directory
            )
            if !found.output.hasSuffix(": osodata\n") {
                Output.message(
                    "note: .gitattributes has no rule for chunks yet; the first run that commits a table writes it"
                )
            }
        }
    }

    /// `osodata git uninstall`.
    struct Uninstall: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Undo osodata git install."
        )

        @OptionGroup var scope: Scope

        func run() throws {
            try scope.check()
            let known = try GitProgram.run(
                ["config", scope.option, "--get-regexp", "^diff\\.osodata\\."],
                in: scope.directory
            )
            if known.status == 0 {
                try GitProgram.run(
                    ["config", scope.option, "--remove-section", GitCommand.section],
                    in: scope.directory
                ).check()
                Output.line("removed \(GitCommand.section) from \(scope.place)")
            } else {
                Output.message("There is no \(GitCommand.section) in \(scope.place).")
            }
            guard !scope.global else { return }
            let cache = "refs/notes/textconv/osodata"
            let found = try GitProgram.run(
                ["rev-parse", "--verify", "--quiet", cache],
                in: scope.directory
            )
            guard found.status == 0 else { return }
            try GitProgram.run(["update-ref", "-d", cache], in: scope.directory).check()
            Output.line("removed \(cache), git's cache of rows")
        }
    }

    /// `osodata git textconv`, which git calls.
    struct TextConversion: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "textconv",
            abstract: "Print the rows of a chunk.",
            shouldDisplay: false
        )

        @Argument(help: "The chunk.") var file: String

        func run() throws {
            let bytes: [UInt8]
            do {
                bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            } catch {
                throw Failure(
                    .chunkFile,
                    "The file '\(file)' cannot be read.",
                    cause: error.localizedDescription
                )
            }
            do throws(Failure) {
                // A chunk ends at 4 MiB, or is one row of 16 MiB.
                let text = try ZstdDecompressor().decompress(bytes, limit: (16 << 20) + 1)
                Output.text(String(decoding: text, as: UTF8.self))
            } catch {
                // With another status git would end its whole output here.
                Output.line("osodata cannot read this chunk: \(error.message)")
            }
        }
    }
}

/// The absolute path of this program, however it was called.
private func programPath() throws(Failure) -> String {
    do {
        return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    } catch {
        throw Failure(wrapping: error)
    }
}

/// `text` as one word of a shell command.
private func shellQuoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        + "'"
}

extension Failure.Code {
    /// A chunk that is not there.
    static let chunkFile = Self("git.chunk-file")
}
