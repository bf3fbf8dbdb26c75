import Diagnostics
import Snapshots

extension Runner {
    /// What the checks were found to be before this run.
    func recordedChecks() throws(Failure) -> [CheckRow] {
        if let known = checksBefore { return known }
        let known = try metaRowSet(RawTables.checks, schema: CheckRow.schema())
        let rows = try known.map(CheckRow.rows(of:)) ?? []
        checksBefore = rows
        return rows
    }

    /// Makes `meta.checks` of what came of the checks in this run, and before of those that were
    /// not tried.
    func writeChecks() throws(Failure) {
        let start = ContinuousClock().now
        let names = Set(
            graph.nodes.flatMap { node in
                node.checks.map { [node.model.table.description, $0.check.name] }
            }
        )
        let tried = Set(checkRows.map(\.table))
        let kept = try recordedChecks().filter {
            !tried.contains($0.table) && names.contains([$0.table.description, $0.check])
        }
        let rows = checkRows + kept
        // A warehouse without checks has no such table.
        guard !rows.isEmpty || tables[RawTables.checks] != nil else { return }
        try writeMeta(
            RawTables.checks,
            CheckRow.rowSet(rows),
            by: .run,
            origin: "checks",
            reason: .recordsRun,
            since: start
        )
    }
}
