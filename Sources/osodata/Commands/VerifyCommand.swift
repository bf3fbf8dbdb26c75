import ArgumentParser
import Codecs
import Diagnostics
import Pipelines
import Snapshots

/// `osodata verify`.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute every digest, boundary and statistic of a revision.",
        discussion: """
            With --rebuild every model is run again over the tables of the revision and must give \
            the digests committed. Exit status 1 if anything differs.
            """)

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "Tables; all if none is named.") var tables: [TableArgument] = []
    @Option(name: .customLong("at"), help: "The revision.") var revision = "HEAD"
    @Flag(help: "Run the models again and compare.") var rebuild = false
    @Flag(help: "Print SHA-256 of each table's whole text, as zstdcat … | sha256sum gives it.")
    var content = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let opened = try warehouse.open()
        guard let tree = try opened.tree(revision) else {
            return Output.message("There is no commit yet. Run: osodata run")
        }
        for argument in tables { _ = try opened.snapshot(argument, defaultRevision: revision) }
        let only = tables.isEmpty ? nil : Set(tables.map(\.table))
        var report: [JSONValue] = []
        var problems = 0
        for name in try opened.store.tables(inTree: tree) where only?.contains(name) ?? true {
            let result = try opened.store.verify(name, inTree: tree, threads: engine.runnerOptions().threads)
            problems += result.problems.count
            report.append(result.json)
            guard !json else { continue }
            for problem in result.problems { Output.line("bad       \(name)  \(problem)") }
            if result.problems.isEmpty {
                Output.line(
                    "verified  \(name)  \(grouped(result.rows)) rows  \(result.digest?.short.prefix(12) ?? "")"
                        + (content ? "  \(try opened.store.contentDigest(name, inTree: tree).hex)" : ""))
            }
        }
        if rebuild {
            try Rebuild.run(opened, tree: tree, only: only, options: engine.runnerOptions()) { outcome in
                if !outcome.isEqual { problems += 1 }
                report.append(outcome.json)
                if !json { Output.line(outcome.text) }
            }
        }
        if json { Output.json(.array(report)) }
        guard problems == 0 else {
            throw Failure(
                .verifyFailed, "\(problems) problem\(problems == 1 ? "" : "s") found at '\(revision)'.",
                hint: "Fetch the commit again from a mirror, or find out who changed it: git log -- snapshots")
        }
        Output.message("Every digest is as committed.")
    }
}

extension Rebuild.Outcome {
    fileprivate var text: String {
        isEqual
            ? "rebuilt   \(table)  \(rebuilt.short.prefix(12))"
            : "differs   \(table)  committed \(committed.short), rebuilt \(rebuilt.short)" + (caveat.map { " (\($0))" } ?? "")
    }

    fileprivate var json: JSONValue {
        .object([
            ("table", .string(table.description)), ("check", .string("rebuild")),
            ("committed", .string(committed.hex)), ("rebuilt", .string(rebuilt.hex)),
            ("equal", .bool(isEqual)), ("caveat", caveat.map { .string($0) } ?? .null),
        ])
    }
}

extension Failure.Code {
    /// `verify` found something.
    static let verifyFailed = Self("verify.failed", .difference)
}
