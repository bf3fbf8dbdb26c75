import ArgumentParser
import Codecs
import Diagnostics
import Pipelines
import Snapshots

/// `osodata test`.
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the tests of models: given rows, expected rows.",
        discussion: """
            Reads [[tests]] of models/tests/*.toml and the models of the work tree; no source is \
            read and nothing is written. Exit status 1 if a test fails.
            """
    )

    @OptionGroup var warehouse: WarehouseOptions
    @OptionGroup var engine: EngineOptions
    @Argument(help: "Models; all if none is named.") var models: [TableArgument] = []
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        var tester = try ModelTester(warehouse.open(), options: engine.runnerOptions())
        var report: [JSONValue] = []
        let counts = try tester.run(only: models.isEmpty ? nil : Set(models.map(\.table))) {
            outcome in
            let (test, failure) = (outcome.test, outcome.failure)
            if json {
                report.append(
                    .object([
                        ("test", .string(test.name)), ("model", .string("\(test.model)")),
                        ("passed", .bool(failure == nil)),
                        ("failure", failure.map { .string("\($0)") } ?? .null),
                    ])
                )
            } else if let failure {
                Output.line("failed  \(test.model)  \(test.name)")
                Output.message("\(failure)")
            } else {
                Output.line("passed  \(test.model)  \(test.name)")
            }
        }
        if json { Output.json(.array(report)) }
        guard counts.run > 0 else {
            return Output.message("There is no test. Write some: docs/models.md of osodata.")
        }
        guard counts.failed == 0 else {
            throw Failure(
                .testsFailed,
                "\(counts.failed) of \(counts.run) tests fail."
            )
        }
        Output.message("\(counts.run) test\(counts.run == 1 ? "" : "s") passed.")
    }
}

extension Failure.Code {
    /// Tests of models fail.
    static let testsFailed = Self("test.failed", .difference)
}
