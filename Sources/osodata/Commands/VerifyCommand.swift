import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import GitStore
import Pipelines
import Snapshots

/// `osodata verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute every digest, boundary and statistic of a revision.",
        discussion: """
            With --rebuild every model is run again over the tables of the revision and must give \
            the digests committed; a table kept at its last good version, in the commit that made \
            it. --threads 1,2,8 does so once with each number of threads. Exit status 1 if \
            anything differs.
            """
    )

    @OptionGroup var warehouse: WarehouseOptions
    @Option(
        help: "Threads to use (default: one a core); several numbers rebuild with each: 1,2,8."
    )
    var threads: ThreadCounts?
    @Option(help: "Memory SQL may use, as 512MB or 4GB (default: DuckDB's, 80 % of the machine's).")
    var memory: String?
    @Argument(help: "Tables; all if none is named.") var tables: [TableArgument] = []
    @Option(name: .customLong("at"), help: "The revision.") var revision = "HEAD"
    @Flag(help: "Run the models again and compare.") var rebuild = false
    @Flag(help: "Print SHA-256 of each table's whole text, as zstdcat … | sha256sum gives it.")
    var content = false
    @Flag(help: "Print JSON.") var json = false

    /// Refuses values that make no sense.
    func validate() throws {
        if let memory, EngineOptions.bytes(memory) == nil {
            throw ValidationError("'\(memory)' is not a size such as 512MB or 4GB.")
        }
        if let threads, threads.all.count > 1, !rebuild {
            throw ValidationError("Several numbers of threads are for --rebuild.")
        }
    }

    private func options(threads: Int?) -> Runner.Options {
        EngineOptions.runnerOptions(
            threads: threads,
            memoryLimit: memory.flatMap(EngineOptions.bytes)
        )
    }

    func run() throws {
        let opened = try warehouse.open()
        guard let tree = try opened.tree(revision) else {
            return Output.message("There is no commit yet. Run: osodata run")
        }
        for argument in tables { _ = try opened.snapshot(argument, defaultRevision: revision) }
        let only = tables.isEmpty ? nil : Set(tables.map(\.table))
        let folders = try opened.store.verifyFolders(inTree: tree).tables
            .filter { only?.contains($0.table) ?? true }
        try opened.store.require(.everything, ofTables: folders.map(\.tree))
        var report: [JSONValue] = []
        var problems = 0
        var lacksObjects = false
        var isRebuildOff = false
        for name in try opened.store.tables(inTree: tree) where only?.contains(name) ?? true {
            guard let folder = try opened.repository.entry(path: name.path, inTree: tree) else {
                continue
            }
            let threads = options(threads: threads?.all.first).threads
            let result = opened.store.verify(name, tree: folder.id, threads: threads)
            problems += result.problems.count
            lacksObjects = lacksObjects || result.problems.contains { $0.kind == .missing }
            let snapshot =
                result.isClean ? try opened.store.snapshot(name, inTree: tree) : nil
            let digest = content ? try snapshot.map { try $0.contentDigest().hex } : nil
            report.append(Self.json(name, result, content: digest))
            guard !json else { continue }
            for problem in result.problems { Output.line("bad       \(problem)") }
            if let snapshot {
                let short = snapshot.manifest.digest.short.prefix(12)
                Output.line(
                    "verified  \(name)  \(grouped(result.rows)) rows  \(short)"
                        + (digest.map { "  \($0)" } ?? "")
                )
            }
        }
        if only == nil {
            let strays = try opened.store.verifyFolders(inTree: tree).strays
            problems += strays.count
            if !json { for stray in strays { Output.line("bad       \(stray)") } }
            if !strays.isEmpty { report.append(Self.json(strays)) }
        }
        if rebuild {
            let commit = try opened.commit(revision)
            let counts = threads?.all ?? []
            for count in counts.isEmpty ? [nil] : counts.map(Optional.some) {
                let options = options(threads: count)
                try Rebuild.run(opened, commit: commit, only: only, options: options) { outcome in
                    if !outcome.isEqual { (problems, isRebuildOff) = (problems + 1, true) }
                    report.append(outcome.json(threads: options.threads))
                    let mark = counts.count > 1 ? "  --threads \(options.threads)" : ""
                    if !json { Output.line(outcome.text + mark) }
                }
            }
        }
        if json { Output.json(.array(report)) }
        guard problems == 0 else {
            throw Failure(
                .verifyFailed,
                "\(problems) problem\(problems == 1 ? "" : "s") found at '\(revision)'.",
                hint: lacksObjects && opened.repository.isFiltered
                    ? opened.repository.missingObjectsHint
                    : isRebuildOff
                        ? "Commit pipelines.toml and models/ with the run that uses them, and run "
                            + "again: osodata run"
                        : "Fetch the commit again from a mirror, or find out who changed it: "
                            + "git log -- snapshots"
            )
        }
        Output.message("Every digest is as committed.")
    }
}

extension VerifyCommand {
    /// What lies between the tables.
    private static func json(_ strays: [VerifyProblem]) -> JSONValue {
        .object([
            ("table", .null), ("check", .string("folders")),
            ("problems", .array(strays.map { .string($0.description) })),
        ])
    }

    private static func json(
        _ table: TableName,
        _ report: VerifyReport,
        content: String?
    ) -> JSONValue {
        .object([
            ("table", .string(table.description)), ("check", .string("content")),
            ("rows", .int(Int64(report.rows))), ("chunks", .int(Int64(report.chunks))),
            ("sha256", content.map { .string($0) } ?? .null),
            ("problems", .array(report.problems.map { .string($0.description) })),
        ])
    }
}

extension Rebuild.Outcome {
    fileprivate var text: String {
        guard let rebuilt else { return "no model  \(table)  \(caveat ?? "")" }
        return isEqual
            ? "rebuilt   \(table)  \(rebuilt.short.prefix(12))"
                + (madeIn.map { "  kept since \($0.hex.prefix(12))" } ?? "")
            : "differs   \(table)  committed \(committed.short), rebuilt \(rebuilt.short)"
                + (caveat.map { " (\($0))" } ?? "")
    }

    fileprivate func json(threads: Int) -> JSONValue {
        .object([
            ("table", .string(table.description)), ("check", .string("rebuild")),
            ("threads", .int(Int64(threads))),
            ("committed", .string(committed.hex)),
            ("rebuilt", rebuilt.map { .string($0.hex) } ?? .null),
            ("equal", .bool(isEqual)), ("made_in", madeIn.map { .string($0.hex) } ?? .null),
            ("caveat", caveat.map { .string($0) } ?? .null),
        ])
    }
}

/// Numbers of threads, as `2` or `1,2,8`.
struct ThreadCounts: ExpressibleByArgument {
    let all: [Int]

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0) ?? 0
        }
        guard numbers.allSatisfy({ (1...1_024).contains($0) }) else { return nil }
        all = numbers
    }
}

extension Failure.Code {
    /// `verify` found something.
    static let verifyFailed = Self("verify.failed", .difference)
}
