package import Diagnostics

extension RowSet {
    /// Sorts the rows by key.
    ///
    /// Of a table without key, equal rows become one that counts them.
    /// - Throws: `records.duplicate-key`, naming the key and both rows, if two rows have one key;
    ///   the order is then unspecified.
    /// - Complexity: O(n log n), on two threads; O(n) if the rows are in order.
    package mutating func sort() throws(Failure) {
        sortEntries(threads: 2)
        if schema.isMultiset { return try fold() }
        try requireOneRowAKey()
    }

    /// Sorts the rows by key, rows with one key by their order, on this thread alone.
    ///
    /// Of a table without key, equal rows become one that counts them.
    mutating func sortKeepingAll() throws(Failure) {
        sortEntries(threads: 1)
        if schema.isMultiset { try fold() }
    }

    /// Rows of several sets, each with all its rows sorted, as one such set.
    ///
    /// The texts stay where they are.
    /// - Parameters:
    ///   - sets: emptied, so that no more memory is taken than a sort takes.
    ///   - schema: of all of them.
    /// - Returns: all rows.
    /// - Throws: as `sort`: of the least key that two rows have, the two that come first.
    static func merging(_ sets: inout [RowSet], schema: Schema) throws(Failure) -> RowSet {
        var all = RowSet(schema: schema)
        all.entries.reserveCapacity(sets.reduce(0) { $0 + $1.count })
        var bounds = [0]
        for index in sets.indices {
            all.take(&sets[index])
            bounds.append(all.entries.count)
        }
        sets = []
        all.keys.merge(&all.entries, bounds)
        if schema.isMultiset { try all.fold() } else { try all.requireOneRowAKey() }
        return all
    }

    /// Takes over another set's rows, behind these.
    private mutating func take(_ other: inout RowSet) {
        let text = texts.take(other.texts)
        let key = keys.take(other.keys)
        for index in other.entries.indices {
            var entry = other.entries[index]
            entry.row.block += text
            entry.key.block += key
            entries.append(entry)
        }
        byteCount += other.byteCount
        keyBytes += other.keyBytes
        nextOrder = max(nextOrder, other.nextOrder)
        other = RowSet(schema: schema)
    }

    private func requireOneRowAKey() throws(Failure) {
        for index in entries.indices.dropFirst() where equalKeys(index - 1, index) {
            throw duplicate(row(index - 1), row(index))
        }
    }

    /// Sorts the rows by key; of rows with one key it keeps the first appended.
    ///
    /// Gives how many were dropped that were equal to the one kept (in all columns but those of
    /// `ignoring`), and how many that were not. Without a key this is `sort`, which drops nothing.
    /// - Throws: `records.malformed-row` only for sums of counts beyond `int64`.
    package mutating func sortKeepingFirst(
        ignoring: Set<String> = []
    ) throws(Failure) -> (equal: Int, conflicting: Int) {
        sortEntries(threads: 2)
        if schema.isMultiset {
            try fold()
            return (0, 0)
        }
        let compared = schema.columns.indices.filter { !ignoring.contains(schema.columns[$0].name) }
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count)
        var dropped = (equal: 0, conflicting: 0)
        for index in entries.indices {
            if index > 0, equalKeys(index - 1, index), let first = kept.last {
                if try equalRows(first, entries[index], compared) {
                    dropped.equal += 1
                } else {
                    dropped.conflicting += 1
                }
                byteCount -= Int(entries[index].rowLength)
            } else {
                kept.append(entries[index])
            }
        }
        entries = kept
        return dropped
    }

    private func equalKeys(_ a: Int, _ b: Int) -> Bool {
        guard entries[a].prefix == entries[b].prefix,
            entries[a].keyLength == entries[b].keyLength
        else { return false }
        return unsafe withSortKey(a) { a in
            unsafe withSortKey(b) { b in unsafe SortKey.compare(a, b) == 0 }
        }
    }

    private func text(_ entry: Entry) -> [UInt8] {
        unsafe texts.with(entry.row, count: Int(entry.rowLength)) { unsafe Array($0) }
    }

    private func equalRows(_ a: Entry, _ b: Entry, _ columns: [Int]) throws(Failure) -> Bool {
        let left = text(a)
        let right = text(b)
        if left == right { return true }
        if columns.count == schema.columns.count { return false }
        let leftCells = try cells(of: left)
        let rightCells = try cells(of: right)
        return columns.allSatisfy { left[leftCells[$0]] == right[rightCells[$0]] }
    }

    private func cells(of row: [UInt8]) throws(Failure) -> [Range<Int>] {
        var cells: [Range<Int>] = []
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
        }
        return cells
    }

    /// The failure of two rows with one key.
    package func duplicate(_ first: [UInt8], _ second: [UInt8]) -> Failure {
        var key: [String] = []
        if let cells = try? cells(of: first) {
            for (index, name) in schema.key.enumerated() {
                let value = first[cells[index]].prefix(200)
                key.append("\(name) = \(String(decoding: value, as: UTF8.self))")
            }
        }
        return Failure(
            .duplicateKey,
            "Two rows have the key \(key.joined(separator: ", ")).",
            hint: "Add a column to the key, or make the rows one.",
            cause: [first, second].map { row in
                unsafe row.withUnsafeBufferPointer { unsafe excerpt($0) }
            }.joined(separator: " and ")
        )
    }

    /// Equal rows of a table without key as one row that has the sum of their counts.
    ///
    /// - Returns: the row and its cut hash.
    package static func folded(
        _ texts: [[UInt8]],
        schema: Schema
    ) throws(Failure) -> (row: [UInt8], hash: UInt64) {
        var rows = RowSet(schema: schema)
        for text in texts { try rows.append(row: text) }
        try rows.sort()
        return (rows.row(0), rows.cutHash(0))
    }

    // MARK: Order

    /// Sorts by key, rows with one key by their order.
    private mutating func sortEntries(threads: Int) {
        let count = entries.count
        guard count > 1 else { return }
        var entries = take(&self.entries)
        keys.sort(&entries, threads: threads)
        self.entries = entries
    }

    private func take(_ array: inout [Entry]) -> [Entry] {
        var taken: [Entry] = []
        swap(&taken, &array)
        return taken
    }

    // MARK: Tables without key

    /// Makes equal neighbours one row that has the sum of their counts.
    private mutating func fold() throws(Failure) {
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count)
        var index = 0
        while index < entries.count {
            var next = index + 1
            while next < entries.count, equalKeys(index, next) { next += 1 }
            var entry = entries[index]
            if next > index + 1 {
                var total: Int64 = 0
                for position in index..<next {
                    let (sum, overflow) = total.addingReportingOverflow(countOf(entries[position]))
                    guard !overflow else {
                        throw Failure(.malformedRow, "A row is there more than 2^63 times.")
                    }
                    total = sum
                    byteCount -= Int(entries[position].rowLength)
                }
                entry = recounted(entry, total)
                byteCount += Int(entry.rowLength)
            }
            kept.append(entry)
            index = next
        }
        entries = kept
    }

    /// Where the count starts in a row `…,"_n":12}` with its newline.
    private func countStart(_ row: [UInt8]) -> Int {
        (row.lastIndex(of: UInt8(ascii: ":")) ?? row.count - 1) + 1
    }

    private func countOf(_ entry: Entry) -> Int64 {
        let row = text(entry)
        return unsafe row.withUnsafeBufferPointer { row in
            unsafe CellText.parseInt64(
                UnsafeBufferPointer(rebasing: row[countStart(Array(row))..<(row.count - 2)])
            ) ?? 1
        }
    }

    private mutating func recounted(_ entry: Entry, _ count: Int64) -> Entry {
        let old = text(entry)
        let row = Array(old[..<countStart(old)]) + Array("\(count)}\n".utf8)
        var entry = entry
        unsafe entry.row = row.withUnsafeBufferPointer { unsafe texts.append($0) }
        entry.rowLength = UInt32(row.count)
        return entry
    }
}
