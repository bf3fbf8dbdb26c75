import ArgumentParser
import Codecs
import Diagnostics
import Pipelines
import Snapshots

/// `osodata run`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Read the sources, run the models whose inputs changed, commit what is new.",
        discussion: """
            A run that changes nothing commits nothing. Files that people write must be committed; \
            --scratch tries out what is not. A table whose model or check fails stays at \
            its last good version with all that is made from it, and the rest goes on. Exit status \
            1 after a check that failed, 2 after a model.
            """
    )

    @OptionGroup var selection: SelectionArguments
    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Flag(help: "Try it out: take files as they are, and publish to refs/osodata/scratch alone.")
    var scratch = false
    @Flag(help: "Print the result as JSON.") var json = false

    func run() throws {
        let opened = try warehouse.open()
        let keyVariable = try Configuration(files: WorkTreeFiles(root: opened.requiredRoot()))
            .privacy.keyVariable
        let live = LiveProgress()
        var options = engine.runnerOptions(keyVariable: keyVariable)
        options.isTrial = scratch
        let runner = try Runner(
            opened,
            selecting: Selection.parse(selection.words),
            options: options
        ) { live.show($0) }
        let report = try runner.run()
        live.clear()
        if !scratch, let tree = try opened.tree("HEAD") {
            let built = report.tables.filter { $0.state == .built }.map(\.table)
            let snapshots = try built.compactMap { table in
                try opened.store.snapshot(table, inTree: tree)
            }
            let cache = TableCache(of: opened.repository)
            CacheWarmer.start(snapshots.filter(cache.wants), of: opened)
        }
        if json {
            Output.json(report.json)
        } else {
            Output.text(RunSummary(report: report, madeUp: runner.madeUpSources).text)
        }
        // The worst one decides the exit status.
        var failures = report.failures
        guard
            let worst = failures.indices.max(by: {
                failures[$0].code.kind.rawValue < failures[$1].code.kind.rawValue
            })
        else { return }
        let last = failures.remove(at: worst)
        for failure in failures { Output.message("\(failure)") }
        throw last
    }
}
