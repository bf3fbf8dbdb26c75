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
        discussion: "A run that changes nothing commits nothing."
    )

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Flag(help: "Print the result as JSON.") var json = false

    func run() throws {
        let opened = try warehouse.open()
        let keyVariable = try Configuration(files: WorkTreeFiles(root: opened.requiredRoot()))
            .privacy.keyVariable
        let live = LiveProgress()
        let runner = try Runner(opened, options: engine.runnerOptions(keyVariable: keyVariable)) {
            live.show($0)
        }
        let report = try runner.run()
        live.clear()
        if let tree = try opened.tree("HEAD") {
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
    }
}
