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
        if json {
            Output.json(report.json)
        } else {
            Output.text(RunSummary(report: report, madeUp: runner.madeUpSources).text)
        }
    }
}

/// `osodata plan`.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what a run would do, and why.",
        discussion: "Exit status 0 whether or not there is something to do."
    )

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Flag(help: "Print the plan as JSON.") var json = false

    func run() throws {
        let runner = try Runner(warehouse.open(), options: engine.runnerOptions()) { _ in }
        let plan = try runner.plan()
        if json {
            Output.json(
                .array(
                    plan.steps.map { step in
                        .object([
                            ("kind", .string(step.kind.name)),
                            ("tables", .array(step.tables.map { .string($0.description) })),
                            ("reason", .string(step.reason.text)),
                            ("will_run", .bool(step.reason != .upToDate)),
                        ])
                    }
                )
            )
            return
        }
        var table = TextTable([("STEP", .left), ("TABLE", .left), ("REASON", .left)])
        for step in plan.steps {
            for name in step.tables {
                table.add([step.kind.name, name.description, step.reason.text])
            }
        }
        Output.text(table.rendered(limit: 100))
        let count = plan.pending.flatMap(\.tables).count
        Output.message(
            count == 0
                ? "Everything is up to date."
                : "\(count) of \(plan.steps.flatMap(\.tables).count) tables to look at. Run it: osodata run"
        )
    }
}
