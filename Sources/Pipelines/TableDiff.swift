package import Diagnostics
package import Diffing
import Records
package import Snapshots

/// The difference of one table between two revisions, narrowed by rules and a condition.
package struct TableDiff {
    package let name: TableName
    /// What is known before a row is read.
    package let table: DiffTable
    private let before: Snapshot?
    private let after: Snapshot?
    private let schemas: (before: Schema, after: Schema)
    private let rules: DiffRules
    private let condition: RowCondition.Bound?
    private let shown: ShownColumns

    /// Changed rows held at most while the condition is asked about them.
    private static let batchRows = 4_096
    /// Bytes of such rows after which a batch is full.
    private static let batchBytes = 8 << 20

    init?(
        _ name: TableName,
        from before: Snapshot?,
        to after: Snapshot?,
        rules: DiffRules,
        condition: RowCondition?
    ) throws(Failure) {
        guard let old = (before ?? after)?.schema, let new = (after ?? before)?.schema else {
            return nil
        }
        self.name = name
        self.before = before
        self.after = after
        self.rules = rules
        schemas = (old, new)
        self.condition = try condition.map { (condition) throws(Failure) in
            try condition.bound(from: old, to: new)
        }
        shown = try ShownColumns(from: old, to: new, rules: rules)
        table = DiffTable(
            name: name.description,
            note: before == nil ? "new" : after == nil ? "removed" : nil,
            from: shown.before,
            to: shown.after,
            rowsBefore: before?.manifest.rows ?? 0,
            rowsAfter: after?.manifest.rows ?? 0,
            schemaChanges: rules.changes(from: old, to: new)
        )
    }

    /// Whether counts of this table mean that it differs.
    func isDifference(_ summary: DiffSummary) -> Bool {
        !summary.isEmpty || (table.note != nil && condition == nil)
    }

    /// Whether rows are compared whole although the rules ask for less.
    var ignoresRules: Bool {
        schemas.before.isMultiset && schemas.after.isMultiset && !rules.isPlain
    }

    /// Calls `body` for each row that differs and passes, with the columns to show, until it says
    /// false.
    ///
    /// - Returns: the counts of those rows.
    package func forEachChange(
        _ body: (RowChange) throws(Failure) -> Bool
    ) throws(Failure) -> DiffSummary {
        guard let condition else {
            return try forEachDifference { (change) throws(Failure) in
                try body(try shown.apply(to: change))
            }
        }
        var counts = DiffSummary()
        var batch: [RowChange] = []
        var bytes = 0
        func flush() throws(Failure) -> Bool {
            let changes = try condition.filter(batch)
            batch.removeAll(keepingCapacity: true)
            bytes = 0
            for change in changes {
                counts.count(change)
                guard try body(try shown.apply(to: change)) else { return false }
            }
            return true
        }
        var isStopped = false
        var summary = try forEachDifference { (change) throws(Failure) in
            batch.append(change)
            bytes += (change.before?.count ?? 0) + (change.after?.count ?? 0)
            guard batch.count >= Self.batchRows || bytes >= Self.batchBytes else { return true }
            isStopped = try !flush()
            return !isStopped
        }
        if !isStopped { _ = try flush() }
        summary.takeRows(of: counts, schema: schemas.after)
        return summary
    }

    private func forEachDifference(
        _ body: (RowChange) throws(Failure) -> Bool
    ) throws(Failure) -> DiffSummary {
        switch (before, after) {
        case (let old?, let new?): try differences(from: old, to: new, rules: rules, body)
        case (let old?, nil):
            try differences(
                from: old,
                to: EmptyChunkSource(schema: schemas.after),
                rules: rules,
                body
            )
        case (nil, let new?):
            try differences(
                from: EmptyChunkSource(schema: schemas.before),
                to: new,
                rules: rules,
                body
            )
        case (nil, nil): DiffSummary()
        }
    }
}
