import Diagnostics
import Snapshots

extension Runner {
    /// What the partitions of a table were made of before this run; none if that is not known of
    /// the version it has.
    func recordedPartitions(of table: TableName) throws(Failure) -> [PartitionRow] {
        let rows = try recordedPartitions()[table] ?? []
        guard !rows.isEmpty, tables[table]?.provenance?.partitions == PartitionRow.digest(rows)
        else { return [] }
        return rows
    }

    private func recordedPartitions() throws(Failure) -> [TableName: [PartitionRow]] {
        if let known = partitionsBefore { return known }
        let set = try metaRowSet(RawTables.partitions, schema: PartitionRow.schema())
        let rows = Dictionary(grouping: try set.map(PartitionRow.rows(of:)) ?? [], by: \.table)
        partitionsBefore = rows
        return rows
    }

    /// Makes `meta.partitions` of the tables made in this run, and before of those that stay.
    func writePartitions() throws(Failure) {
        let start = ContinuousClock().now
        let models = Set(graph.nodes.filter { $0.model.partitioning != nil }.map(\.model.table))
        if !options.isTrial { PartitionSpool.clear(in: warehouse.repository, except: models) }
        guard !models.isEmpty || tables[RawTables.partitions] != nil else { return }
        let rows = try recordedPartitions().merging(partitionsNow) { $1 }
            .filter { models.contains($0.key) && tables[$0.key] != nil }
            .sorted { $0.key < $1.key }.flatMap(\.value)
        try writeMeta(
            RawTables.partitions,
            PartitionRow.rowSet(rows),
            by: .run,
            origin: "partitions",
            reason: .recordsRun,
            since: start
        )
    }

    /// Which partitions of a model a run would make, given its inputs as they are.
    ///
    /// - Returns: nil for a model that is made whole.
    func stalePartitions(of job: ModelJob) throws(Failure) -> Plan.Partitions? {
        guard let partitioning = job.node.model.partitioning else { return nil }
        let plan = try PartitionPlan(
            of: job.node,
            partitioning,
            tables: job.tables,
            asOf: job.asOf
        )
        let known = Dictionary(
            job.recordedPartitions.map { ($0.partition, $0.fingerprint) },
            uniquingKeysWith: { $1 }
        )
        let stale = plan.partitions.filter { known[$0.partition.label] != $0.fingerprint }
        return Plan.Partitions(stale: stale.map(\.partition), count: plan.partitions.count)
    }
}
