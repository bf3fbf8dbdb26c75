import Codecs
import Connectors
import Diagnostics
import Records
import Snapshots

extension Runner {
    /// How far the sources are known: as of this point of the run.
    func coverage() throws(Failure) -> [CoverageRow] {
        if let known = coverageNow { return known }
        let committed = tables[RawTables.coverage]
        let rows: [CoverageRow]
        if let waiting = pending.rows(RawTables.coverage, digest: committed?.digest) {
            rows = try CoverageRow.rows(of: rowSet(lines: waiting, schema: CoverageRow.schema))
        } else if let current = try committed?.rowSet() {
            rows = try CoverageRow.rows(of: current)
        } else {
            rows = []
        }
        coverageNow = rows
        return rows
    }

    func replaceCoverage(named name: String, with rows: [CoverageRow]) throws(Failure) {
        coverageNow = try coverage().filter { $0.source != name } + rows
    }

    /// Rows of a table of `meta` that waited for a commit.
    func rowSet(lines: [UInt8], schema: Schema) throws(Failure) -> RowSet {
        var rows = RowSet(schema: schema)
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            try rows.append(row: Array(line) + [UInt8(ascii: "\n")])
        }
        return rows
    }

    /// Makes `meta.coverage` of what the sources said in this run.
    func writeCoverage() throws(Failure) {
        let start = ContinuousClock().now
        let rows = try CoverageRow.rowSet(coverage())
        metaRows[RawTables.coverage] = rows
        let provenance = Provenance(
            kind: .source,
            origin: configuration.sources.map(\.name).joined(separator: " "),
            statement: .of("meta.coverage"),
            settings: .of("meta.coverage/1"),
            engine: nil,
            asOf: nil,
            inputs: []
        )
        try finish(
            RawTables.coverage,
            rows: SortedRows(rows),
            provenance: provenance,
            reason: .checksUpstream,
            since: start
        )
    }
}
