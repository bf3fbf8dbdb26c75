import Codecs
import Diagnostics
import Lineage
import Querying
import Records
import Snapshots

extension ModelJob {
    /// Makes the partitions that are missing or made of something else now, and a version of the
    /// table of them and of the others as they are.
    ///
    /// - Returns: the version as it was written, how it came about, and all its partitions.
    /// - Throws: as `run`.
    func makePartitions(
        _ partitioning: Partitioning,
        threads: Int,
        on engine: Connection
    ) throws(Failure) -> Made {
        let plan = try PartitionPlan(of: node, partitioning, tables: tables, asOf: asOf)
        if node.analysis.usesAsOf { try ModelEngine.define(asOf: asOf, on: engine) }
        let maker = try PartitionMaker(
            of: node.model,
            partitioning,
            inputs: inputSources,
            on: engine,
            limit: context.sortLimit
        )
        // Of a table with other columns no row can stay.
        let base = committed.flatMap { $0.schema.isSame(as: maker.tableSchema) ? $0 : nil }
        let known = Dictionary(
            (base == nil ? [] : recordedPartitions).map { ($0.partition, $0) },
            uniquingKeysWith: { $1 }
        )
        let stale = plan.partitions.filter {
            known[$0.partition.label]?.fingerprint != $0.fingerprint
        }
        spool?.keepOnly(stale.map(\.fingerprint))
        var made: [String: PartitionRow] = [:]
        var builder = RowBuilder(schema: maker.tableSchema, limit: context.sortLimit)
        for (index, entry) in stale.enumerated() {
            try context.cancellation.check()
            let label = entry.partition.label
            let before = builder.rowCount
            if let pieces = spool?.pieces(entry.fingerprint) {
                for piece in pieces { try builder.append(rows: piece) }
            } else {
                context.event(.progress("\(table) \(label) (\(index + 1) of \(stale.count))"))
                let rows = try makePartition(entry.partition, maker, threads, engine)
                if stale.count > 1 { try spool?.keep(rows, entry.fingerprint) }
                try unsafe rows.forEach { (row, _, _) throws(Failure) in
                    try unsafe builder.append(row: row)
                }
            }
            made[label] = PartitionRow(
                table: table,
                partition: label,
                rows: Int64(builder.rowCount - before),
                fingerprint: entry.fingerprint
            )
        }
        let partitions = plan.partitions.compactMap { entry in
            made[entry.partition.label] ?? known[entry.partition.label]
        }
        var provenance = provenance
        provenance.partitions = PartitionRow.digest(partitions)
        let rows = try builder.finishSorted()
        // Where no partition stays, the table is written as if there was none before.
        guard let base, stale.count < plan.partitions.count else {
            let written = try context.store.write(
                rows,
                table: table,
                provenance: provenance.json,
                previous: committed,
                was: node.model.renames,
                into: context.batch,
                threads: threads
            )
            return Made(table: written, provenance: provenance, partitions: partitions)
        }
        let there = Set(plan.partitions.map(\.partition.label))
        let gone = known.keys.filter { !there.contains($0) }.compactMap {
            Partition(label: $0, unit: partitioning.unit)
        }
        let edit = TableEdit(
            putting: rows,
            collision: .refused,
            dropping: maker.selection(of: (gone + stale.map(\.partition)).sorted())
        )
        let (written, _) = try context.store.apply(
            edit,
            to: base,
            provenance: provenance.json,
            into: context.batch,
            threads: threads
        )
        return Made(table: written, provenance: provenance, partitions: partitions)
    }

    /// The tables the statement reads, as it reads them.
    private var inputSources: [TableName: any ScanSource] {
        var sources: [TableName: any ScanSource] = [:]
        for input in node.analysis.tables { sources[input] = tables[input]?.snapshot?.modelSource }
        return sources
    }

    private func makePartition(
        _ partition: Partition,
        _ maker: PartitionMaker,
        _ threads: Int,
        _ engine: Connection
    ) throws(Failure) -> SortedRows {
        let rows = try maker.rows(of: partition)
        guard !node.analysis.orderSensitive.isEmpty else { return rows }
        try maker.attach(order: .reversed)
        try engine.setThreads(1)
        let again = try maker.rows(of: partition)
        try maker.attach(order: .stored)
        try engine.setThreads(threads)
        try refuseDifference(rows, again, threads: threads)
        return rows
    }
}

extension RowBuilder {
    /// Appends rows of canonical text, each with its newline.
    fileprivate mutating func append(rows text: [UInt8]) throws(Failure) {
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count - 1
            let row = text[start...end]
            try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
                try unsafe append(row: row)
            }
            start = end + 1
        }
    }
}
