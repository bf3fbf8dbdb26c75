package import Diagnostics
package import Records

/// Putting a raw table together when several sources write it.
package enum RawRows {
    /// The rows of one source in a table with a `source` column, in their order.
    ///
    /// - Throws: `records.malformed-row`, `connector.raw-table`.
    package static func rows(of rows: RowSet, source: String) throws(Failure) -> RowSet {
        try select(rows) { $0 == source }
    }

    /// A table in which one source's rows are replaced, sorted.
    ///
    /// Of two rows with one key, that of `rows` stays. A table with other columns is an older
    /// version's: it counts as none, because then every source is read anew.
    package static func replacing(
        source: String,
        in previous: RowSet?,
        with rows: RowSet
    ) throws(Failure) -> RowSet {
        guard let previous, previous.schema.hasLayout(of: rows.schema) else { return rows }
        let others = try select(previous) { $0 != source }
        guard others.count > 0 else { return rows }
        var all = rows
        for index in 0..<others.count { try all.append(row: others.row(index)) }
        _ = try all.sortKeepingFirst(ignoring: [])
        return all
    }

    private static func select(
        _ rows: RowSet,
        where isKept: (String) -> Bool
    ) throws(Failure) -> RowSet {
        let values = try ColumnValues(of: "source", in: rows)
        let wanted = values.distinct.map(isKept)
        guard wanted.contains(false) else { return rows }
        var kept = RowSet(schema: rows.schema)
        for index in 0..<rows.count where wanted[values.indexes[index]] {
            try kept.append(row: rows.row(index))
        }
        try kept.sort()
        return kept
    }
}
