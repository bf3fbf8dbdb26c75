import Codecs
import Diagnostics
import Foundation
package import Snapshots

extension Plan {
    /// A sink, and the tables it lacks.
    package struct SinkStep: Sendable {
        package let sink: Sink
        /// Tables it was never given, or had another version of.
        package let stale: [TableName]
        /// Tables that may change in the run.
        package let waiting: [TableName]
        /// How many it has in all.
        package let count: Int
    }
}

extension Runner {
    /// What sinks have, by name: a table's digest, and under an empty name how they were written.
    ///
    /// `.osodata/sinks.json`: the files are no part of the repository, so neither is this.
    private var sinksFile: StateFile { StateFile("sinks.json", root: root) }

    private func writtenBySinks() -> [String: [String: String]] {
        var known: [String: [String: String]] = [:]
        for (name, tables) in sinksFile.members {
            for (table, digest) in tables.object ?? [] {
                known[name, default: [:]][table] = digest.string
            }
        }
        return known
    }

    private func keepWritten(_ known: [String: [String: String]]) throws(Failure) {
        try sinksFile.write(
            known.map { name, tables in
                let members = tables.sorted { $0.key < $1.key }
                return (name, .object(members.map { ($0.key, .string($0.value)) }))
            }
        )
    }

    /// What sinks lack of the tables as they are now.
    ///
    /// - Parameter uncertain: tables that may change.
    /// - Returns: one for each sink, by name.
    /// - Throws: `select.nothing` at the sink's place.
    func sinkSteps(uncertain: Set<TableName>) throws(Failure) -> [Plan.SinkStep] {
        let written = writtenBySinks()
        var steps: [Plan.SinkStep] = []
        for sink in configuration.sinks {
            let wanted = try flow.tables(of: sink)
            let known = known(of: sink, written)
            let stale = wanted.filter { table in
                tables[table].map { known[table.description] != $0.digest.hex } ?? false
            }
            steps.append(
                Plan.SinkStep(
                    sink: sink,
                    stale: stale,
                    waiting: wanted.filter { uncertain.contains($0) && !stale.contains($0) },
                    count: wanted.count
                )
            )
        }
        return steps
    }

    /// What a sink has, if it would write it just so now.
    private func known(
        of sink: Sink,
        _ written: [String: [String: String]]
    ) -> [String: String] {
        guard let known = written[sink.name], known[""] == Self.manner(of: sink) else {
            return [:]
        }
        let folder = "\(root)/\(sink.path)"
        // Somebody may have removed files.
        return known.filter { name, _ in
            guard let table = try? TableName(parsing: name) else { return false }
            return FileManager.default.fileExists(atPath: "\(folder)/\(sink.file(of: table))")
        }
    }

    private static func manner(of sink: Sink) -> String { "\(sink.format.rawValue) \(sink.path)" }

    /// Gives sinks what is published and they lack; one that fails does not stop the others.
    ///
    /// - Returns: what became of those that lacked something.
    /// - Throws: what reading HEAD throws.
    func writeSinks() throws(Failure) -> [SinkOutcome] {
        guard let write = options.writeSink, !configuration.sinks.isEmpty,
            let tree = try warehouse.tree("HEAD")
        else { return [] }
        var published: [TableName: String] = [:]
        for snapshot in try warehouse.store.snapshots(inTree: tree) {
            published[snapshot.table] = snapshot.manifest.digest.hex
        }
        var written = writtenBySinks()
        var outcomes: [SinkOutcome] = []
        for sink in configuration.sinks {
            // What is published is; the next run writes the sinks that are left.
            if options.cancellation.isCancelled { break }
            let start = ContinuousClock().now
            let wanted = try flow.tables(of: sink).filter { published[$0] != nil }
            let known = known(of: sink, written)
            let stale = wanted.filter { known[$0.description] != published[$0] }
            let gone = known.keys.filter { name in
                !wanted.contains { $0.description == name }
            }.compactMap { try? TableName(parsing: $0) }
            guard !stale.isEmpty || !gone.isEmpty else { continue }
            event(.started("sink \(sink.name)"))
            defer { event(.ended("sink \(sink.name)")) }
            var failure: Failure?
            do throws(Failure) {
                // A database is written whole.
                try write(sink, sink.format == .duckdb ? wanted : stale, "\(root)/\(sink.path)")
                if sink.format != .duckdb {
                    for table in gone {
                        try? FileManager.default.removeItem(
                            atPath: "\(root)/\(sink.path)/\(sink.file(of: table))"
                        )
                    }
                }
                var tables = ["": Self.manner(of: sink)]
                for table in wanted { tables[table.description] = published[table] }
                written[sink.name] = tables
                try keepWritten(written)
            } catch {
                failure = error.at(sink.place)
            }
            outcomes.append(
                SinkOutcome(
                    name: sink.name,
                    tables: stale,
                    failure: failure,
                    seconds: (ContinuousClock().now - start).seconds
                )
            )
        }
        return outcomes
    }
}
