import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import GitStore
import Glibc
import Pipelines
import Snapshots

/// `osodata cache`.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show, fill or empty the cache of large tables.",
        discussion: """
            Queries read large tables from files in .osodata/cache, if they are there; what they \
            give does not depend on it.
            """,
        subcommands: [List.self, Warm.self, Clear.self],
        defaultSubcommand: List.self
    )

    /// `osodata cache list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the files.")

        @OptionGroup var warehouse: WarehouseOptions
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let entries = TableCache(of: try warehouse.open().repository).entries()
            if json {
                Output.json(
                    .array(
                        entries.map { entry in
                            .object([
                                ("path", .string(entry.path)), ("bytes", .int(Int64(entry.bytes))),
                                ("used", .string(entry.used.ISO8601Format())),
                            ])
                        }
                    )
                )
                return
            }
            var table = TextTable([("BYTES", .right), ("USED", .left), ("FILE", .left)])
            for entry in entries {
                table.add([grouped(entry.bytes), entry.used.ISO8601Format(), entry.path])
            }
            Output.text(table.rendered())
        }
    }

    /// `osodata cache warm`.
    struct Warm: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the files of tables that are large and have none."
        )

        @OptionGroup var warehouse: WarehouseOptions
        @OptionGroup var engine: EngineOptions
        @Argument(help: "Tables, as layer.table or layer.table@revision; all if none is named.")
        var tables: [TableArgument] = []
        @Flag(help: ArgumentHelp("Let other programs go first.", visibility: .hidden))
        var background = false

        func run() throws {
            if background { _ = nice(10) }
            let opened = try warehouse.open()
            var snapshots = try tables.map { try opened.snapshot($0) }
            if tables.isEmpty, let tree = try opened.tree("HEAD") {
                snapshots = try opened.store.tables(inTree: tree).compactMap { table in
                    try opened.store.snapshot(table, inTree: tree)
                }
            }
            let cache = TableCache(of: opened.repository)
            let made = try cache.warm(snapshots, options: engine.runnerOptions())
            Output.message("made \(made) \(made == 1 ? "file" : "files")")
        }
    }

    /// `osodata cache clear`.
    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove all files.")

        @OptionGroup var warehouse: WarehouseOptions

        func run() throws {
            let removed = TableCache(of: try warehouse.open().repository).clear()
            Output.message("removed \(removed.files) files, \(grouped(removed.bytes)) bytes")
        }
    }
}

/// Fills the cache behind the user's back, as `git gc --auto` does: a process of its own that
/// outlives this one.
enum CacheWarmer {
    /// Starts `osodata cache warm` for some tables; nothing for none, or if `OSODATA_CACHE_WARMING`
    /// is `off`.
    ///
    /// Whether it comes to something is nobody's concern.
    static func start(_ snapshots: [Snapshot], of warehouse: Warehouse) {
        let environment = ProcessInfo.processInfo.environment
        guard !snapshots.isEmpty, environment["OSODATA_CACHE_WARMING"] != "off",
            let commit = try? warehouse.headCommit()
        else { return }
        Output.flush()
        let folder = warehouse.repository.workTree ?? warehouse.repository.gitDirectory
        // By the commit, since HEAD may move meanwhile; what is not of HEAD is left.
        let arguments =
            ["osodata", "cache", "warm", "--background", "-C", folder]
            + snapshots.map { "\($0.table)@\(commit.hex)" }
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        for file in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            unsafe posix_spawn_file_actions_addopen(&actions, file, "/dev/null", O_RDWR, 0)
        }
        // POSIX_SPAWN_SETSID, which Swift does not see: away from the terminal, whose Ctrl-C is
        // not meant for it.
        unsafe posix_spawnattr_setflags(&attributes, 0x80)
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var process = pid_t()
        unsafe posix_spawn(&process, "/proc/self/exe", &actions, &attributes, &words, environ)
    }
}
