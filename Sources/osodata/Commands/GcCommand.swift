import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Pipelines
import Snapshots

/// `osodata gc`.
struct GcCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Show what takes room, and put objects together into few packs.",
        discussion: """
            With --dry-run it says how many bytes each table takes, now and in history, and what \
            gc would do; with tables named, what each of their versions brought. Without it, git \
            repacks (git repack --geometric=2 -d --write-midx) and what dead runs left is removed. \
            No version of a table is ever deleted.
            """
    )

    @OptionGroup var warehouse: WarehouseOptions
    @Argument(help: "Tables whose versions to list.") var arguments: [TableArgument] = []
    @Flag(
        name: [.customShort("n"), .long],
        help: "Only say what takes room and what would be done."
    )
    var dryRun = false
    @Flag(help: "Print JSON.") var json = false

    private var tables: [TableName] { arguments.map(\.table) }

    /// Refuses tables where nothing is listed.
    func validate() throws {
        if !tables.isEmpty, !dryRun {
            throw ValidationError(
                "gc works on the whole repository; list a table's versions with --dry-run."
            )
        }
    }

    func run() throws {
        let opened = try warehouse.open()
        let before = try opened.repository.objectStorage()
        if dryRun { return try report(opened, before) }
        let removed = try opened.repository.removeAbandonedFiles() + forgetPending(opened)
        try GitProgram.repack(opened.repository)
        let after = try opened.repository.objectStorage()
        if json {
            return Output.json(
                .object([
                    ("removed_files", .int(Int64(removed))),
                    ("before", Self.json(before)), ("after", Self.json(after)),
                ])
            )
        }
        if removed > 0 { Output.line("removed \(removed) files that dead runs left") }
        Output.line("before  \(Self.text(before))")
        Output.line("after   \(Self.text(after))")
    }

    /// Removes what waits for tables that are not there any more.
    private func forgetPending(_ opened: Warehouse) throws -> Int {
        guard let root = opened.root else { return 0 }
        let tree = try opened.tree("HEAD")
        return try WarehouseStatus.forgetPending(opened.store, root: root, tree: tree)
    }

    private func report(_ opened: Warehouse, _ storage: ObjectStorage) throws {
        guard let head = try opened.headCommit() else {
            return Output.message("There is no commit yet. Run: osodata run")
        }
        let account = try opened.store.storageAccount(from: head)
        let known = account.tables.map(\.table)
        for table in tables where !known.contains(table) {
            throw Failure(
                .unknownTable,
                "No version of '\(table)' is in the history of HEAD.",
                hint: nearest(to: table, among: known).map { "Did you mean '\($0)'?" }
                    ?? "List the tables: osodata tables"
            )
        }
        if json {
            return Output.json(Self.json(account, storage, only: tables))
        }
        if tables.isEmpty { Self.printTables(account, storage) } else { printVersions(account) }
        if account.missingObjects > 0 {
            Output.message(
                "\(grouped(account.missingObjects)) objects are not in this clone and count as "
                    + "nothing. \(opened.repository.missingObjectsHint)"
            )
        }
        Output.message(
            storage.needsRepack
                ? "\(Self.text(storage)). Put them together: osodata gc"
                : "\(Self.text(storage)). gc would run: git \(GitProgram.repacking.joined(separator: " "))"
        )
    }

    private static func printTables(_ account: StorageAccount, _ storage: ObjectStorage) {
        var table = TextTable([
            ("TABLE", .left), ("NOW", .right), ("HISTORY", .right), ("VERSIONS", .right),
            ("LAST", .right),
        ])
        let sorted = account.tables.sorted {
            ($1.bytes, $0.table) < ($0.bytes, $1.table)
        }
        for entry in sorted {
            table.add([
                entry.table.description, grouped(entry.currentBytes), grouped(entry.historyBytes),
                "\(entry.versions.count)", grouped(entry.versions.first?.bytes ?? 0),
            ])
        }
        if account.sharedBytes > 0 {
            table.add(["(of several tables)", grouped(account.sharedBytes), "", "", ""])
        }
        let rest = max(storage.bytes - account.bytes, 0)
        table.add(["(commits, code, the rest)", grouped(rest), "", "", ""])
        Output.text(table.rendered())
    }

    private func printVersions(_ account: StorageAccount) {
        var table = TextTable([
            ("TABLE", .left), ("COMMIT", .left), ("TIME", .left), ("NEW BYTES", .right),
        ])
        for entry in account.tables where tables.contains(entry.table) {
            for version in entry.versions {
                table.add([
                    entry.table.description, String(version.commit.hex.prefix(12)),
                    Self.time(version.time), grouped(version.bytes),
                ])
            }
        }
        Output.text(table.rendered())
    }

    private static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
    }

    private static func text(_ storage: ObjectStorage) -> String {
        "\(grouped(storage.bytes)) bytes: \(storage.packs) "
            + "pack\(storage.packs == 1 ? "" : "s"), \(grouped(storage.looseObjects)) loose objects"
    }

    private static func json(_ storage: ObjectStorage) -> JSONValue {
        .object([
            ("bytes", .int(Int64(storage.bytes))), ("packs", .int(Int64(storage.packs))),
            ("loose_objects", .int(Int64(storage.looseObjects))),
            ("abandoned_files", .int(Int64(storage.abandonedFiles))),
        ])
    }

    private static func json(
        _ account: StorageAccount,
        _ storage: ObjectStorage,
        only: [TableName]
    ) -> JSONValue {
        let shown = account.tables.filter { only.isEmpty || only.contains($0.table) }
        let tables = shown.map { entry -> JSONValue in
            .object([
                ("table", .string(entry.table.description)),
                ("bytes", .int(Int64(entry.bytes))),
                ("current_bytes", .int(Int64(entry.currentBytes))),
                ("history_bytes", .int(Int64(entry.historyBytes))),
                (
                    "versions",
                    .array(
                        entry.versions.map {
                            .object([
                                ("commit", .string($0.commit.hex)),
                                ("time", .string(time($0.time))),
                                ("new_bytes", .int(Int64($0.bytes))),
                            ])
                        }
                    )
                ),
            ])
        }
        return .object([
            ("tables", .array(tables)), ("shared_bytes", .int(Int64(account.sharedBytes))),
            ("missing_objects", .int(Int64(account.missingObjects))),
            ("repository", json(storage)),
            ("would_run", .string("git " + GitProgram.repacking.joined(separator: " "))),
            ("needs_repack", .bool(storage.needsRepack)),
        ])
    }
}
