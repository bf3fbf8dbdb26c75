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
            --scratch tries out what is not. A table whose model or check fails stays at its last \
            good version with all that is made from it, and the rest goes on. Exit status 1 after \
            a check that failed, 2 after a model.

            With --push the branch is first brought to where its remote is, and the run pushed \
            after. If somebody else pushed meanwhile, it is put on top of theirs, or made again.
            """
    )

    @OptionGroup var selection: SelectionArguments
    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Flag(help: "Try it out: take files as they are, and publish to refs/osodata/scratch alone.")
    var scratch = false
    @Flag(help: "Take in what the branch's remote has, run, and push.") var push = false
    @Flag(help: "Print the result as JSON.") var json = false

    /// Refuses a trial that would be pushed.
    func validate() throws {
        if scratch, push { throw ValidationError("A trial stays here: --scratch or --push.") }
    }

    func run() throws {
        let selection = try Selection.parse(selection.words)
        guard push else { return try finish(once(selection)) }
        for _ in 1...PushSink.attemptLimit {
            let opened = try warehouse.open()
            let sink = try PushSink(opened)
            try sink.takeIn()
            let done = try once(selection)
            if try sink.push() { return try finish(done) }
            Output.message("note: somebody else pushed meanwhile; running again on theirs")
        }
        throw Failure(
            .pushContended,
            "Others pushed \(PushSink.attemptLimit) times in a row while this ran.",
            hint: "Run again when they have finished."
        )
    }

    /// Runs, and warms the cache.
    private func once(
        _ selection: Selection?
    ) throws -> (report: RunReport, madeUp: [String]) {
        let opened = try warehouse.open()
        let keyVariable = try Configuration(files: WorkTreeFiles(root: opened.requiredRoot()))
            .privacy.keyVariable
        let live = LiveProgress()
        var options = engine.runnerOptions(keyVariable: keyVariable)
        options.isTrial = scratch
        let runner = try Runner(opened, selecting: selection, options: options) { live.show($0) }
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
        return (report, runner.madeUpSources)
    }

    /// Tells what came of a run; the worst failure decides the exit status.
    private func finish(_ done: (report: RunReport, madeUp: [String])) throws {
        if json {
            Output.json(done.report.json)
        } else {
            Output.text(RunSummary(report: done.report, madeUp: done.madeUp).text)
        }
        var failures = done.report.failures
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
