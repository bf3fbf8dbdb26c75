import ArgumentParser
import Codecs
import Diagnostics
import Diffing
import Foundation
import Pipelines
import Querying

/// `osodata query --sandbox`, in the process that is asked and in the one that runs the statement.
enum Sandbox {
    /// Bytes a statement may take if nobody says.
    private static let memory: Int64 = 512 << 20
    /// Fewer do not suffice to start.
    static let leastMemory: Int64 = 128 << 20
    /// Seconds it may take if nobody says.
    private static let seconds = 10.0

    /// Runs a statement in a process of its own, and prints what that prints.
    ///
    /// - Parameters:
    ///   - command: what was asked for.
    ///   - statement: the SQL.
    /// - Throws: `query.timeout`, `query.memory`, and whatever the statement can be wrong in.
    static func start(_ command: QueryCommand, _ statement: String) throws {
        let start = ContinuousClock().now
        let options = command.engine.runnerOptions()
        let memory = options.memoryLimit ?? Self.memory
        let seconds = command.timeout ?? Self.seconds
        // Its processor time is bounded too, should this process not be there at the deadline.
        let processorSeconds = Int((seconds * Double(options.threads)).rounded(.up)) + 1
        var arguments = [
            "query", "-C", command.warehouse.directory, "--at=\(command.revision)",
            "--format=\((command.json ? .json : command.format ?? .table).rawValue)",
            "--threads=\(options.threads)", "--memory=\(memory)", "--confined=\(processorSeconds)",
        ]
        arguments += command.parameters.map { "--param=\($0.name)=\($0.value)" }
        if let file = command.file { arguments.append("--file=\(file)") }
        if command.withoutCache { arguments.append("--no-cache") }
        if command.explain { arguments.append("--explain") }
        if let output = command.output { try Output.begin(file: output) }
        let outcome = try ConfinedProcess.run(
            arguments,
            environment: environment,
            input: statement,
            seconds: seconds,
            memory: Int(memory)
        ) { Output.bytes($0) }
        if outcome.failure == nil { try Output.endFile() }
        for message in outcome.messages { Output.message(message) }
        if command.timing {
            let took = (ContinuousClock().now - start) / .seconds(1)
            Output.message(
                """
                time: \(String(format: "%.3f", took)) s, \
                processor: \(String(format: "%.3f", outcome.processorSeconds)) s, \
                memory: \(grouped(outcome.peakBytes >> 20)) MiB
                """
            )
        }
        if let failure = outcome.failure { throw failure }
    }

    /// What the process is told of this one's environment: how to open the repository, nothing
    /// that may be secret.
    private static var environment: [String: String] {
        let names = [
            "HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL",
            "GIT_CONFIG_SYSTEM", "LD_LIBRARY_PATH",
        ]
        var environment = ProcessInfo.processInfo.environment.filter { names.contains($0.key) }
        // Tells nobody anything, and takes its time where the process has no memory left.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        if let width = Output.width { environment["COLUMNS"] = "\(width)" }
        return environment
    }

    /// Confines this process, then runs the statement that standard input has.
    ///
    /// - Parameters:
    ///   - command: what was asked for.
    ///   - processorSeconds: its limit.
    /// - Throws: the status to exit with; the failure is written as JSON.
    static func run(_ command: QueryCommand, processorSeconds: Int) throws {
        do {
            let memory = command.engine.memoryLimit ?? Self.memory
            try Confinement(memory: Int(memory), processorSeconds: processorSeconds).enter()
            try command.runOnce {
                let text = FileHandle.standardInput.readDataToEndOfFile()
                return String(decoding: text, as: UTF8.self)
            }
        } catch let failure as Failure {
            Output.message(JSONValue(failure).serialized())
            throw ExitCode(failure.code.kind.rawValue)
        }
    }

    /// Of the bytes the process may allocate, those that DuckDB counts; it does not count strings
    /// in the making, nor what reading a table takes.
    static func engineMemory(of bytes: Int64) -> Int64 { bytes / 2 }
}
