import Codecs
import Diagnostics
import Records

/// A string column of few different values: which rows have which.
struct ColumnValues {
    /// In the order in which they first come.
    private(set) var distinct: [String] = []
    /// For every row, the place of its value in `distinct`.
    private(set) var indexes: [Int] = []

    /// Reads one column of all rows.
    ///
    /// - Throws: `records.malformed-row`, or `connector.raw-table` if there is no such column.
    init(of column: String, in rows: RowSet) throws(Failure) {
        guard let place = rows.schema.index(of: column) else {
            throw Failure(
                .rawTable,
                "The table has no column \"\(column)\".",
                hint: "Restore snapshots/ from git, or remove the table and run again."
            )
        }
        let reader = RowReader(schema: rows.schema)
        var indexOf: [[UInt8]: Int] = [:]
        var cells: [Range<Int>] = []
        indexes.reserveCapacity(rows.count)
        for index in 0..<rows.count {
            // A failure cannot pass through the lending closure: it comes out as a value.
            let read = unsafe rows.withRow(index) { (text) -> Result<[UInt8], Failure> in
                do throws(Failure) {
                    unsafe try reader.cells(text, into: &cells)
                    return .success(unsafe Array(text[cells[place]]))
                } catch {
                    return .failure(error)
                }
            }
            let cell = try read.get()
            if let known = indexOf[cell] {
                indexes.append(known)
            } else {
                indexOf[cell] = distinct.count
                indexes.append(distinct.count)
                distinct.append(try JSONValue(parsing: cell).string ?? "")
            }
        }
    }
}
