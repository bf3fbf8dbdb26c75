package import Diagnostics
import Records
package import Snapshots

/// A table whose data is older than its model's header allows.
package struct StaleTable: Sendable {
    package let table: TableName
    /// How far its sources are known, as `as_of()` says it; nil if none has stated any time.
    package let asOf: String?
    /// How old that may be.
    package let freshness: Duration

    /// A sentence.
    package var text: String {
        let limit = DurationText.text(freshness)
        return asOf.map { "\(table) is stale: its data ends \($0), over \(limit) ago." }
            ?? "\(table) is stale: no source has stated how far it is known; freshness is \(limit)."
    }
}

extension Runner {
    /// The tables with a `freshness` whose sources are known up to a time longer ago than that.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Returns: in the graph's order.
    /// - Throws: what reading `meta.coverage` throws.
    package func staleTables(now: Int64) throws(Failure) -> [StaleTable] {
        var stale: [StaleTable] = []
        for node in graph.nodes {
            guard let freshness = node.model.freshness else { continue }
            let asOf = try asOf(for: node.model.table)
            let end = asOf.flatMap(CellText.micros(ofTimestamp:))
            if let end, now - end <= freshness.components.seconds * 1_000_000 { continue }
            stale.append(StaleTable(table: node.model.table, asOf: asOf, freshness: freshness))
        }
        return stale
    }
}
