import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Pipelines
import Snapshots

/// `osodata log`.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "List the runs, or the versions of one table, newest first."
    )

    @OptionGroup var warehouse: WarehouseOptions
    @Argument(help: "A table, as layer.table.") var table: TableArgument?
    @Option(name: .customLong("at"), help: "The revision to start from.") var revision = "HEAD"
    @Option(help: "Entries to print.") var limit = 20
    @Flag(help: "Print JSON.") var json = false

    /// Refuses a limit that makes no sense.
    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must be at least 0.") }
    }

    func run() throws {
        let opened = try warehouse.open()
        let from = table?.revision ?? revision
        guard try opened.tree(from) != nil else {
            return Output.message("There is no commit yet. Run: osodata run")
        }
        let start = try opened.commit(from)
        var entries: [JSONValue] = []
        var text = ""
        if let table {
            let name = table.table
            let versions = try opened.store.history(of: name, from: start, limit: limit)
            try opened.store.require(.manifest, ofTables: versions.compactMap(\.tree))
            for version in versions {
                let manifest = try version.tree.flatMap { tree in
                    try opened.store.snapshot(name, tree: tree)?.manifest
                }
                let digest = manifest?.digest
                let rows = manifest?.rows
                entries.append(
                    .object([
                        ("commit", .string(version.commit.id.hex)),
                        ("time", .string(Self.time(version.commit))),
                        ("rows", rows.map { .int(Int64($0)) } ?? .null),
                        ("digest", digest.map { .string($0.hex) } ?? .null),
                        ("subject", .string(version.commit.summary)),
                    ])
                )
                text += "\(version.commit.id.hex.prefix(12))  \(Self.time(version.commit))  "
                text += rows.map { "\(grouped($0)) rows" } ?? "removed"
                text +=
                    "  \(digest?.short.prefix(12) ?? "")  \(TextTable.printable(version.commit.summary))\n"
            }
            // A table that is there no more has a history all the same; one that never was, none.
            if entries.isEmpty, limit > 0 {
                _ = try opened.snapshot(table, defaultRevision: revision)
            }
        } else {
            try opened.repository.walk(from: start, firstParent: true) { (commit) throws(Failure) in
                guard entries.count < limit else { return false }
                guard commit.trailers.contains(where: { $0.key == "Osodata-Run" }) else {
                    return true
                }
                var members: [(key: String, value: JSONValue)] = [
                    ("commit", .string(commit.id.hex)), ("time", .string(Self.time(commit))),
                    ("subject", .string(commit.summary)),
                ]
                for (name, value) in commit.trailers { members.append((name, .string(value))) }
                entries.append(.object(members))
                text +=
                    "\(commit.id.hex.prefix(12))  \(Self.time(commit))  \(TextTable.printable(commit.summary))\n"
                return entries.count < limit
            }
        }
        if json {
            Output.json(.array(entries))
        } else if entries.isEmpty, limit > 0 {
            Output.message("No run yet at '\(revision)'. Run: osodata run")
        } else {
            Output.text(text)
        }
    }

    /// When a commit was made, in UTC.
    static func time(_ commit: CommitInfo) -> String {
        Date(timeIntervalSince1970: TimeInterval(commit.committer.time)).ISO8601Format()
    }
}
