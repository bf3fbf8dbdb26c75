import ArgumentParser
import Codecs
import Diagnostics
import Foundation
import GitStore
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

            Ctrl-C or SIGTERM ends a run before it publishes, with status 130, and leaves all as it \
            was; the same again ends it at once.

            With --push the branch is first brought to where its remote is, and the run pushed \
            after. If somebody else pushed meanwhile, it is put on top of theirs, or made again. \
            A sink of kind "push" in pipelines.toml does the latter after every run.
            """
    )

    @OptionGroup var selection: SelectionArguments
    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Flag(help: "Try it out: take files as they are, and publish to refs/osodata/scratch alone.")
    var scratch = false
    @Flag(help: "Take in what the branch's remote has, run, and push.") var push = false
    @Option(
        help:
            "Models to make at the same time (default: [run] jobs of pipelines.toml, else one a core, four at most; one with --memory)."
    )
    var jobs: Int?
    @Flag(help: "Print the result as JSON.") var json = false
    @Flag(
        help:
            "Print what happens as it does, a JSON object a line; the result comes last."
    )
    var events = false

    /// Refuses what makes no sense.
    func validate() throws {
        if let jobs, !(1...64).contains(jobs) {
            throw ValidationError("--jobs is a number from 1 to 64.")
        }
        if json, events { throw ValidationError("One form at a time: --json or --events.") }
        if scratch, push { throw ValidationError("A trial stays here: --scratch or --push.") }
    }

    func run() throws {
        let selection = try Selection.parse(selection.words)
        for _ in 1...PushSink.attemptLimit {
            let remote = push ? try PushSink(warehouse.open()) : nil
            try remote?.takeIn()
            if let done = try once(selection), try remote?.push() ?? true {
                if let remote { shareRecords(with: remote) }
                for target in done.report.sinks.compactMap(\.pushedTo) {
                    shareRecords(with: try PushSink(warehouse.open(), target))
                }
                return try finish(done)
            }
            Output.message("note: somebody else pushed meanwhile; running again on theirs")
        }
        throw Failure(
            .pushContended,
            "Others pushed \(PushSink.attemptLimit) times in a row while this ran.",
            hint: "Run again when they have finished."
        )
    }

    /// Pushes records of runs; that they are not is no failure, since a record is no result.
    private func shareRecords(with remote: PushSink) {
        do throws(Failure) {
            if try remote.shareRecords() { return }
            Output.message("note: the record of the run is not pushed: others were faster")
        } catch {
            Output.message("note: the record of the run is not pushed: \(error.message)")
        }
    }

    /// Runs, and warms the cache; nil if others pushed what makes the run void.
    private func once(
        _ selection: Selection?
    ) throws -> (report: RunReport, madeUp: [String])? {
        let opened = try warehouse.open()
        let configuration = try Configuration(files: WorkTreeFiles(root: opened.requiredRoot()))
        let cancellation = Cancellation()
        let signals = EndSignals(cancellation)
        defer { signals.stop() }
        let live = LiveProgress()
        defer { live.clear() }
        var options = engine.runnerOptions(
            keyVariable: configuration.privacy.keyVariable,
            webhookVariable: configuration.webhookVariable
        )
        options.isTrial = scratch
        options.jobs = jobs
        options.cancellation = cancellation
        let root = try opened.requiredRoot()
        options.writeSink = { (export, tables, folder) throws(Failure) in
            try SinkWriter.write(export, tables, to: folder, of: root)
        }
        options.push = { (target) throws(Failure) in try PushSink(opened, target).push() }
        // Waiting for a server ends with the run.
        options.sleep = { seconds in
            let end = ContinuousClock().now + .seconds(seconds)
            while ContinuousClock().now < end, !cancellation.isCancelled {
                Thread.sleep(forTimeInterval: min(0.1, seconds))
            }
        }
        let tell: @Sendable (RunEvent) -> Void = { [events] event in
            if events { EventLine.print(event) } else { live.show(event) }
        }
        let runner: Runner
        do throws(Failure) {
            runner = try Runner(opened, selecting: selection, options: options, event: tell)
        } catch {
            Runner.couldNotBegin(
                error,
                opened,
                selecting: selection,
                options: options,
                configuration: configuration,
                event: tell
            )
            throw error
        }
        let report: RunReport
        do throws(Failure) {
            report = try runner.run()
        } catch {
            guard error.code == .pushOvertaken else { throw error }
            return nil
        }
        live.clear()
        if !scratch { repackIfMany(opened) }
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

    /// Puts packs together where runs have left many, as git does by itself where people commit.
    private func repackIfMany(_ opened: Warehouse) {
        guard opened.repository.packCount > ObjectStorage.packLimit else { return }
        do throws(Failure) {
            try GitProgram.repack(opened.repository)
        } catch {
            // The run is published all the same; status and doctor tell of many packs, too.
            Output.message("note: packs are not put together: \(error.message)")
        }
    }

    /// Tells what came of a run; the worst failure decides the exit status.
    private func finish(_ done: (report: RunReport, madeUp: [String])) throws {
        if json {
            Output.json(done.report.json)
        } else if events {
            EventLine.print(done.report)
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
