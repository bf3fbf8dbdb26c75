import Connectors
import Diagnostics

extension Runner {
    /// How far the sources are known: as of this point of the run.
    func coverage() throws(Failure) -> [CoverageRow] {
        if let known = coverageNow { return known }
        let known = try metaRowSet(RawTables.coverage, schema: CoverageRow.schema)
        let rows = try known.map(CoverageRow.rows(of:)) ?? []
        coverageNow = rows
        return rows
    }

    func replaceCoverage(named name: String, with rows: [CoverageRow]) throws(Failure) {
        coverageNow = try coverage().filter { $0.source != name } + rows
    }

    /// Makes `meta.coverage` of what the sources said in this run.
    func writeCoverage() throws(Failure) {
        let start = ContinuousClock().now
        try writeMeta(
            RawTables.coverage,
            CoverageRow.rowSet(coverage()),
            by: .source,
            origin: configuration.sources.map(\.name).joined(separator: " "),
            reason: .checksUpstream,
            since: start
        )
    }
}
