package import Diagnostics
package import Records

/// What counts as a difference: which columns, and how far numbers may be apart.
///
/// The columns that name a row always count. A table without a key is compared by whole rows,
/// whatever the rules say; they only choose what is shown of it.
package struct DiffRules: Sendable {
    /// Columns by name, whatever the case; a renamed column answers to both its names.
    package enum Columns: Sendable {
        case all
        case only([String])
        case except([String])
    }

    package let columns: Columns
    package let tolerance: Tolerance?

    /// Makes rules; those of a plain difference by default.
    package init(columns: Columns = .all, tolerance: Tolerance? = nil) {
        self.columns = columns
        self.tolerance = tolerance
    }

    /// The columns named; empty if all count.
    package var names: [String] {
        switch columns {
        case .all: []
        case .only(let names), .except(let names): names
        }
    }

    /// Whether everything counts.
    package var isPlain: Bool { names.isEmpty && tolerance == nil }

    /// Whether a table with these columns has any that counts by name.
    package func concerns(_ columns: [String]) -> Bool {
        guard case .only = self.columns else { return true }
        return columns.contains { counts($0) }
    }

    /// The changes of the schema that count.
    package func changes(from before: Schema, to after: Schema) -> [SchemaChange] {
        SchemaComparison(from: before, to: after).changes.filter(counts)
    }

    /// Whether a column called by any of these names counts.
    func counts(_ names: String...) -> Bool {
        func isNamed(_ list: [String]) -> Bool {
            list.contains { word in names.contains { $0.lowercased() == word.lowercased() } }
        }
        switch columns {
        case .all: return true
        case .only(let list): return isNamed(list)
        case .except(let list): return !isNamed(list)
        }
    }

    /// Whether a change of the schema is one of a column that counts; one of the key always is.
    func counts(_ change: SchemaChange) -> Bool {
        switch change {
        case .added(let column), .dropped(let column), .documented(let column):
            return counts(column.name)
        case .renamed(let from, let to), .retyped(let from, let to), .nullability(let from, let to):
            return counts(from.name, to.name)
        case .key: return true
        case .cutClass:
            if case .only = columns { return false }
            return true
        }
    }
}

/// How much of the rows of a table is shown: what names them and the columns that count.
package struct ShownColumns: Sendable {
    /// The schema of the rows before, as shown.
    package let before: Schema
    /// The schema of the rows after, as shown.
    package let after: Schema
    private let rowsBefore: Projection
    private let rowsAfter: Projection

    /// Chooses by `rules` from two schemas.
    package init(from before: Schema, to after: Schema, rules: DiffRules) throws(Failure) {
        let pairs = SchemaComparison(from: before, to: after).pairs
        let left = before.columns.enumerated().map { index, column in
            let partner = pairs.first { $0.before == index }.map { after.columns[$0.after] }
            return rules.counts(column.name, partner?.name ?? column.name)
        }
        let right = after.columns.enumerated().map { index, column in
            let partner = pairs.first { $0.after == index }.map { before.columns[$0.before] }
            return rules.counts(column.name, partner?.name ?? column.name)
        }
        rowsBefore = try Projection(before, keeping: left)
        rowsAfter = try Projection(after, keeping: right)
        self.before = rowsBefore.schema
        self.after = rowsAfter.schema
    }

    /// A change with rows of the shown columns only.
    package func apply(to change: RowChange) throws(Failure) -> RowChange {
        guard !rowsBefore.keepsAll || !rowsAfter.keepsAll else { return change }
        return RowChange(
            kind: change.kind,
            count: change.count,
            before: try change.before.map { (row) throws(Failure) in try rowsBefore.row(row) },
            after: try change.after.map { (row) throws(Failure) in try rowsAfter.row(row) },
            key: (change.after == nil ? rowsBefore : rowsAfter).key(change.key),
            cells: change.cells
        )
    }

    /// Some of the columns of a schema, taken out of its rows.
    private struct Projection: Sendable {
        let schema: Schema
        let keepsAll: Bool
        private let reader: RowReader
        private let kept: [Int]

        init(_ schema: Schema, keeping choice: [Bool]) throws(Failure) {
            let isMultiset = schema.isMultiset
            // Key columns always; of a multiset the count, and the first column if none else.
            var kept = schema.columns.indices.filter { index in
                index < schema.keyCount || choice[index]
                    || (isMultiset && index == schema.orderCount)
            }
            if isMultiset, kept.count == 1 { kept.insert(0, at: 0) }
            keepsAll = kept.count == schema.columns.count
            reader = RowReader(schema: schema)
            self.kept = kept
            let columns = kept.map { schema.columns[$0] }
                .filter { !isMultiset || $0.name != Schema.countColumn }
            self.schema =
                keepsAll
                ? schema
                : try Schema(columns: columns, key: schema.key, cutClass: schema.cutClass)
        }

        func row(_ row: [UInt8]) throws(Failure) -> [UInt8] {
            var cells: [Range<Int>] = []
            try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
                try unsafe reader.cells(row, into: &cells)
            }
            var out: [UInt8] = []
            for index in kept {
                out.append(UInt8(ascii: out.isEmpty ? "{" : ","))
                out += Array("\"\(reader.schema.columns[index].name)\":".utf8)
                out += row[cells[index]]
            }
            return out + [UInt8(ascii: "}")]
        }

        func key(_ key: [[UInt8]]) -> [[UInt8]] {
            kept.filter { $0 < key.count }.map { key[$0] }
        }
    }
}
