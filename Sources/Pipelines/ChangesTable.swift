import Codecs
import Diagnostics
import Diffing
import Querying
import Records
import Snapshots

/// A difference of one table as a table: a row for each row that differs.
///
/// Its columns are `change` (`added`, `removed`, `changed`), those of the key, and for each other
/// column what it held before and after, `before_stars` and `after_stars`; NULL on the side where
/// there is no row. A table without a key, or of another key before, has all columns twice; equal
/// rows stand there as often as they are.
struct ChangesTable {
    private let table: TableDiff
    private let schema: Schema
    /// For each column but the first: where its cell is.
    private let cells: [Cell]

    private enum Cell {
        /// A column of whichever row there is.
        case key(before: Int, after: Int)
        case before(Int)
        case after(Int)
    }

    /// - Throws: `records.invalid-schema` if two columns would have one name.
    init(_ table: TableDiff) throws(Failure) {
        self.table = table
        let (old, new) = (table.table.before, table.table.after)
        var columns = [Column(id: 1, name: "change", type: .string, isNullable: false)]
        var cells: [Cell] = []
        func add(_ name: String, _ type: ColumnType, _ cell: Cell) {
            columns.append(Column(id: columns.count + 1, name: name, type: type))
            cells.append(cell)
        }
        let isKeyed = !new.isMultiset && old.key == new.key
        if isKeyed {
            for (index, column) in new.columns.prefix(new.keyCount).enumerated() {
                add(column.name, column.type, .key(before: index, after: index))
            }
        }
        let pairs = SchemaComparison(from: old, to: new).pairs
        let skipped = isKeyed ? new.keyCount : 0
        for (index, column) in new.dataColumns.enumerated().dropFirst(skipped) {
            if let pair = pairs.first(where: { $0.after == index }) {
                let before = old.columns[pair.before]
                add("before_\(before.name)", before.type, .before(pair.before))
            }
            add("after_\(column.name)", column.type, .after(index))
        }
        for (index, column) in old.dataColumns.enumerated().dropFirst(skipped)
        where !pairs.contains(where: { $0.before == index }) {
            add("before_\(column.name)", column.type, .before(index))
        }
        schema = try Schema(columns: columns, key: [], cutClass: .small)
        self.cells = cells
    }

    /// Finds the rows.
    ///
    /// - Parameter limit: what to keep in memory of them.
    /// - Returns: the rows, in the order of the difference.
    /// - Throws: what comparing throws, `records.spill-failed`.
    func rows(limit: SortLimit) throws(Failure) -> CollectedRows {
        var collector = RowCollector(schema: schema, limit: limit)
        let readers = (RowReader(schema: table.table.before), RowReader(schema: table.table.after))
        var line: [UInt8] = []
        var places: ([Range<Int>], [Range<Int>]) = ([], [])
        _ = try table.forEachChange { (change) throws(Failure) in
            try Self.split(change.before, readers.0, into: &places.0)
            try Self.split(change.after, readers.1, into: &places.1)
            line.removeAll(keepingCapacity: true)
            line += "{\"change\":\"\(change.kind.rawValue)\"".utf8
            for (column, cell) in zip(schema.columns.dropFirst(), cells) {
                line += ",\"\(column.name)\":".utf8
                switch cell {
                case .key(_, let index) where change.after != nil:
                    line += change.after?[places.1[index]] ?? []
                case .key(let index, _), .before(let index):
                    line += change.before?[places.0[index]] ?? Self.null
                case .after(let index): line += change.after?[places.1[index]] ?? Self.null
                }
            }
            line += ",\"\(Schema.countColumn)\":\(change.count)}\n".utf8
            try collector.append(line)
            return true
        }
        return try collector.finish()
    }

    private static let null = ArraySlice("null".utf8)

    private static func split(
        _ row: [UInt8]?,
        _ reader: RowReader,
        into cells: inout [Range<Int>]
    ) throws(Failure) {
        guard let row else { return }
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
        }
    }
}
