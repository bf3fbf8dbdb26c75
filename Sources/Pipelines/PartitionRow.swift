import Codecs
import Diagnostics
import Records
import Snapshots

/// A row of `meta.partitions`: what a partition of a model's table was made of.
struct PartitionRow: Sendable {
    let table: TableName
    /// As `2026-01-31`.
    let partition: String
    let rows: Int64
    /// Digest of all that its rows follow from.
    let fingerprint: Digest
}

extension PartitionRow {
    /// The columns of `meta.partitions`.
    ///
    /// - Throws: nothing, since they are written here and tested.
    static func schema() throws(Failure) -> Schema {
        try MetaTable.schema(
            [
                ("table_name", .string, false, "The model's table."),
                ("partition", .string, false, "Its time, as 2026-01-31."),
                ("rows", .int64, false, "Rows it has."),
                ("fingerprint", .string, false, "Digest of all its rows follow from."),
            ],
            key: ["table_name", "partition"]
        )
    }

    /// The rows as a sorted table.
    ///
    /// - Throws: `records.duplicate-key` if a table has a partition twice.
    static func rowSet(_ rows: [PartitionRow]) throws(Failure) -> RowSet {
        var builder = RowBuilder(schema: try schema())
        for row in rows {
            try builder.string(row.table.description)
            try builder.string(row.partition)
            try builder.int64(row.rows)
            try builder.string(row.fingerprint.hex)
            try builder.endRow()
        }
        return try builder.sortedSet()
    }

    /// Reads a table that `rowSet(_:)` made.
    ///
    /// A row of another version of osodata is left out: its partition is made again.
    static func rows(of set: RowSet) throws(Failure) -> [PartitionRow] {
        var rows: [PartitionRow] = []
        for index in 0..<set.count {
            let value = try JSONValue(parsing: set.row(index))
            guard let name = value["table_name"]?.string, let table = try? TableName(parsing: name),
                let partition = value["partition"]?.string, let count = value["rows"]?.int,
                let fingerprint = (value["fingerprint"]?.string).flatMap({ Digest(hex: $0) })
            else { continue }
            rows.append(
                PartitionRow(
                    table: table,
                    partition: partition,
                    rows: count,
                    fingerprint: fingerprint
                )
            )
        }
        return rows
    }

    /// Digest of the partitions of one table: `provenance.json` of the version made of them has it.
    static func digest(_ rows: [PartitionRow]) -> Digest {
        let lines = rows.map { "\($0.partition) \($0.rows) \($0.fingerprint.hex)\n" }
        return .of(lines.sorted().joined())
    }
}
