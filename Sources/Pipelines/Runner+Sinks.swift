import Codecs
package import Diagnostics
import Foundation
package import Snapshots

extension Plan {
    /// A sink, and what it lacks.
    package struct SinkStep: Sendable {
        package let sink: Sink
        /// Tables whose files were never written, or are of another version.
        package let stale: [TableName]
        /// As `2 of 9 tables changed`; nil if it lacks nothing.
        package let lack: String?
        /// What will keep it from being given anything.
        package var problem: Failure?
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
            switch sink.kind {
            case .push(let push):
                steps.append(pushStep(sink, push, mayCommit: !uncertain.isEmpty))
            case .export(let export):
                let wanted = try flow.tables(of: sink)
                let known = known(of: export, written)
                let stale = wanted.filter { table in
                    tables[table].map { known[table.description] != $0.digest.hex } ?? false
                }
                let waiting = wanted.count { uncertain.contains($0) && !stale.contains($0) }
                let lack: String? =
                    if !stale.isEmpty {
                        "\(stale.count) of \(wanted.count) tables changed"
                    } else if waiting > 0 {
                        "if changed: \(waiting) of \(wanted.count) tables"
                    } else {
                        nil
                    }
                steps.append(Plan.SinkStep(sink: sink, stale: stale, lack: lack))
            }
        }
        return steps
    }

    /// What a sink has, if it would be written just so now.
    private func known(
        of export: Sink.Export,
        _ written: [String: [String: String]]
    ) -> [String: String] {
        guard let known = written[export.name], known[""] == Self.manner(of: export) else {
            return [:]
        }
        let folder = "\(root)/\(export.path)"
        // Somebody may have removed files.
        return known.filter { name, _ in
            guard let table = try? TableName(parsing: name) else { return false }
            return FileManager.default.fileExists(atPath: "\(folder)/\(export.file(of: table))")
        }
    }

    private static func manner(of export: Sink.Export) -> String {
        "\(export.format.rawValue) \(export.path)"
    }

    /// Gives sinks what is published and they lack; one that fails does not stop the others.
    ///
    /// - Parameter report: gets what became of those that lacked something.
    /// - Throws: what reading HEAD throws; `push.overtaken`.
    func giveSinks(_ report: inout RunReport) throws(Failure) {
        guard !configuration.sinks.isEmpty, let tree = try warehouse.tree("HEAD") else { return }
        var published: [TableName: String] = [:]
        if configuration.sinks.contains(where: { !$0.isPush }) {
            for snapshot in try warehouse.store.snapshots(inTree: tree) {
                published[snapshot.table] = snapshot.manifest.digest.hex
            }
        }
        var written = writtenBySinks()
        for sink in configuration.sinks {
            // What is published is; the next run gives the sinks that are left.
            if options.cancellation.isCancelled { break }
            switch sink.kind {
            case .export(let export): try write(sink, export, published, &written, &report)
            case .push(let push): try self.push(sink, push, &report)
            }
        }
    }

    private func write(
        _ sink: Sink,
        _ export: Sink.Export,
        _ published: [TableName: String],
        _ written: inout [String: [String: String]],
        _ report: inout RunReport
    ) throws(Failure) {
        guard let write = options.writeSink else { return }
        let wanted = try flow.tables(of: sink).filter { published[$0] != nil }
        let known = known(of: export, written)
        let stale = wanted.filter { known[$0.description] != published[$0] }
        let gone = known.keys.filter { name in
            !wanted.contains { $0.description == name }
        }.compactMap { try? TableName(parsing: $0) }
        guard !stale.isEmpty || !gone.isEmpty else { return }
        let amount = "\(stale.count) table\(stale.count == 1 ? "" : "s")"
        let outcome = give(sink, tables: stale, amount: amount) { () throws(Failure) in
            // A database is written whole.
            let folder = "\(root)/\(export.path)"
            try write(export, export.format == .duckdb ? wanted : stale, folder)
            if export.format != .duckdb {
                for table in gone {
                    try? FileManager.default.removeItem(
                        atPath: "\(folder)/\(export.file(of: table))"
                    )
                }
            }
            var tables = ["": Self.manner(of: export)]
            for table in wanted { tables[table.description] = published[table] }
            written[sink.name] = tables
            try keepWritten(written)
        }
        report.sinks.append(outcome)
    }

    /// Does what a sink needs, and tells of it.
    ///
    /// - Parameters:
    ///   - sink: which.
    ///   - tables: what it is to be given in files.
    ///   - amount: how much it is to be given.
    ///   - work: does it; what it throws is the sink's failure.
    /// - Returns: what became of it.
    func give(
        _ sink: Sink,
        tables: [TableName] = [],
        amount: String,
        _ work: () throws(Failure) -> Void
    ) -> SinkOutcome {
        let start = ContinuousClock().now
        event(.started("sink \(sink.name)"))
        defer { event(.ended("sink \(sink.name)")) }
        var failure: Failure?
        do throws(Failure) { try work() } catch { failure = error.at(sink.place) }
        return SinkOutcome(
            name: sink.name,
            tables: tables,
            amount: amount,
            failure: failure,
            seconds: (ContinuousClock().now - start).seconds
        )
    }
}
