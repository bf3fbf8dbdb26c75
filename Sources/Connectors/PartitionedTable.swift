import Diagnostics
import Records

/// What a connector made of one partition.
struct Partition: Sendable {
    var coverage: CoverageRow
    /// What rows of the partition have in the table's partition column.
    var mark: String
    /// New rows, sorted; nil if those of the last run stay (none, where upstream has none).
    var rows: RowSet?
    /// What became of a partition that upstream does not have; nil for one it has.
    var absence: Absence?

    enum Absence: CaseIterable {
        /// It was there, and its rows stay.
        case kept
        /// It was there, but what to keep of it has changed since, so its rows go.
        case dropped
        /// It never was there.
        case unknown
    }
}

/// Puts a table together from its partitions, new and kept.
struct PartitionedTable {
    let name: String
    let schema: Schema
    /// The column that says which partition a row is of.
    let partitionColumn: String
    /// Whether rows of two partitions can have one key: then the first partition's stays.
    let mayCollide: Bool
    /// Columns in which rows of one key may differ and still count as equal.
    let origin: Set<String>

    /// The table of all partitions, or no table if none changed.
    ///
    /// `isForced`: some rows must go, or there never was a table, so write it in any case. `reread`
    /// reads a partition anew whose rows are not where they were thought to be.
    func combine(
        _ partitions: consuming [Partition],
        isForced: Bool,
        context: SourceContext,
        reread: (_ index: Int) throws(Failure) -> Partition
    ) throws(Failure) -> ExtractResult {
        guard isForced || partitions.contains(where: { $0.rows != nil }) else {
            return ExtractResult(tables: nil, coverage: partitions.map(\.coverage))
        }
        var partitions = partitions
        try recoverKept(&partitions, context, reread)
        if mayCollide { try foldAcross(&partitions) }
        var all = RowSet(schema: schema)
        for index in partitions.indices {
            guard let rows = partitions[index].rows else { continue }
            partitions[index].coverage.rows = Int64(rows.count)
            if all.count == 0 {
                all = rows
            } else {
                for row in 0..<rows.count { try all.append(row: rows.row(row)) }
            }
            // Let go of it now, or every row would be held twice.
            partitions[index].rows = nil
        }
        try all.sort()
        let table = try RawRows.replacing(
            source: context.sourceName,
            in: try context.previousRows(name),
            with: all
        )
        return ExtractResult(
            tables: [(table: name, rows: table)],
            coverage: partitions.map(\.coverage)
        )
    }

    /// Gives partitions whose rows stay these rows, from the table as it is.
    private func recoverKept(
        _ partitions: inout [Partition],
        _ context: SourceContext,
        _ reread: (_ index: Int) throws(Failure) -> Partition
    ) throws(Failure) {
        let kept = partitions.indices.filter {
            partitions[$0].rows == nil && partitions[$0].coverage.rows > 0
        }
        guard !kept.isEmpty else { return }
        var found: [String: RowSet] = [:]
        if let rows = try context.ownRows(of: name, schema: schema) {
            let values = try ColumnValues(of: partitionColumn, in: rows)
            var sets = values.distinct.map { _ in RowSet(schema: schema) }
            for row in 0..<rows.count { try sets[values.indexes[row]].append(row: rows.row(row)) }
            for (mark, set) in zip(values.distinct, sets) { found[mark] = set }
        }
        for index in kept {
            if var rows = found[partitions[index].mark],
                rows.count == Int(partitions[index].coverage.rows)
            {
                try rows.sort()
                partitions[index].rows = rows
            } else {
                partitions[index] = try reread(index)
            }
        }
    }

    /// Drops rows whose key a partition before has, and counts them.
    private func foldAcross(_ partitions: inout [Partition]) throws(Failure) {
        func range(_ index: Int) -> (first: [UInt8], last: [UInt8])? {
            guard let rows = partitions[index].rows, rows.count > 0 else { return nil }
            return (rows.sortKey(0), rows.sortKey(rows.count - 1))
        }
        let ranges = partitions.indices.map(range)
        let inOrder = ranges.compactMap(\.self)
        // Hours follow each other, so that nearly always there is nothing to compare.
        let areApart = zip(inOrder, inOrder.dropFirst()).allSatisfy {
            $0.last.lexicographicallyPrecedes($1.first)
        }
        guard !areApart else { return }
        for later in partitions.indices {
            guard let mine = ranges[later] else { continue }
            for earlier in partitions.indices where earlier < later {
                guard let other = ranges[earlier], let known = partitions[earlier].rows,
                    !mine.last.lexicographicallyPrecedes(other.first),
                    !other.last.lexicographicallyPrecedes(mine.first)
                else { continue }
                try fold(&partitions[later], against: known)
            }
        }
    }

    private func fold(_ partition: inout Partition, against known: RowSet) throws(Failure) {
        guard let rows = partition.rows else { return }
        let compared = schema.columns.indices.filter { !origin.contains(schema.columns[$0].name) }
        let reader = RowReader(schema: schema)
        func cells(_ row: [UInt8]) throws(Failure) -> [ArraySlice<UInt8>] {
            var ranges: [Range<Int>] = []
            unsafe try row.withUnsafeBufferPointer { (text) throws(Failure) in
                unsafe try reader.cells(text, into: &ranges)
            }
            return compared.map { row[ranges[$0]] }
        }
        var dropped: Set<Int> = []
        var other = 0
        for index in 0..<rows.count {
            let key = rows.sortKey(index)
            while other < known.count, known.sortKey(other).lexicographicallyPrecedes(key) {
                other += 1
            }
            guard other < known.count, known.sortKey(other) == key else { continue }
            dropped.insert(index)
            if try cells(rows.row(index)) == cells(known.row(other)) {
                partition.coverage.folded += 1
            } else {
                partition.coverage.conflicting += 1
            }
        }
        guard !dropped.isEmpty else { return }
        var rest = RowSet(schema: schema)
        for index in 0..<rows.count where !dropped.contains(index) {
            try rest.append(row: rows.row(index))
        }
        try rest.sort()
        partition.rows = rest
    }
}
