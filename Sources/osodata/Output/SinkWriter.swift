import Diagnostics
import Foundation
import Pipelines
import Snapshots

/// Writes a sink by `osodata export`, in a process of its own: what goes wrong there is one sink's.
enum SinkWriter {
    /// Writes tables of HEAD to a folder, each file whole or not at all.
    ///
    /// - Parameters:
    ///   - export: how they are written.
    ///   - tables: which.
    ///   - folder: where to, made if it is not there.
    ///   - root: the warehouse.
    /// - Throws: `sink.failed` with what the export said.
    static func write(
        _ export: Sink.Export,
        _ tables: [TableName],
        to folder: String,
        of root: String
    ) throws(Failure) {
        guard !tables.isEmpty else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            ["export"] + tables.map(\.description)
            + ["--format", export.format.rawValue, "--output", folder, "-C", root]
        let messages = Pipe()
        process.standardError = messages
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw Failure(wrapping: error)
        }
        let said = String(
            decoding: messages.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return }
        let error = said.range(of: "error: ").map { said[$0.upperBound...] } ?? said[...]
        throw Failure(
            .sinkFailed,
            "The sink '\(export.name)' was not written; the tables are published all the same.",
            hint: "The next run tries again.",
            cause: error.split(separator: "\n").first.map(String.init)
        )
    }
}

extension Failure.Code {
    /// A sink that cannot be written.
    static let sinkFailed = Self("sink.failed")
}
