package import Diagnostics
import Diffing
import Records

/// What changed in some of the chunks that a version wrote again, evenly spread over them.
package struct RewriteSample: Sendable {
    /// How many chunks were looked at.
    package private(set) var chunks = 0
    /// Bytes of their text.
    package private(set) var bytes = 0
    /// Bytes of the rows in them that were added or changed.
    package private(set) var changedBytes = 0
    /// How many such rows there are.
    package private(set) var changedRows = 0

    private let reader: RowReader
    private var texts: [[UInt8]] = []
    private var spans: [ColumnSpan]

    /// Compares chunks until `limit` bytes of text are read or all are done.
    ///
    /// - Parameters:
    ///   - rewrite: what was written again.
    ///   - limit: for the text of both versions.
    /// - Throws: what reading throws.
    package init(of rewrite: Rewrite, limit: Int) throws(Failure) {
        reader = RowReader(schema: rewrite.after.schema)
        spans = ColumnSpan.candidates(rewrite)
        var windows = RewriteReader(rewrite, limit: limit)
        var places: [(run: Int, chunk: Int)] = []
        for (index, run) in rewrite.runs.enumerated() {
            places += run.after.indices.map { (index, $0) }
        }
        for index in Self.spread(places.count) {
            let place = places[index]
            let window = try windows.window(rewrite.runs[place.run], chunk: place.chunk)
            guard let window else { break }
            try take(window)
        }
    }

    /// The numbers below `count`, each once, in an order of which every beginning is spread over
    /// all of them: steps of the golden section never come close to where one was.
    static func spread(_ count: Int) -> [Int] {
        var step = max(count * 618 / 1000, 1)
        while !isCoprime(step, count) { step += 1 }
        return (0..<count).map { (count / 2 + $0 * step) % count }
    }

    private static func isCoprime(_ a: Int, _ b: Int) -> Bool {
        var (a, b) = (a, b)
        while b > 0 { (a, b) = (b, a % b) }
        return a <= 1
    }

    private mutating func take(_ window: RewriteWindow) throws(Failure) {
        chunks += 1
        bytes += window.after.texts.reduce(0) { $0 + $1.count }
        texts += window.after.texts
        try differences(from: window.before, to: window.after) { (change) throws(Failure) in
            try note(change)
            return true
        }
    }

    private mutating func note(_ change: RowChange) throws(Failure) {
        if let row = change.after {
            changedRows += 1
            changedBytes += row.count + 1
        }
        guard !spans.isEmpty, let row = change.after ?? change.before else { return }
        // A row that goes elsewhere with its value has no place of its own in such an order.
        let moved = Set(change.changedColumns)
        spans.removeAll { moved.contains($0.name) }
        let isRemoved = change.after == nil
        try unsafe Self.eachRow(of: row, reader) { row, cells in
            spans = spans.compactMap { span in
                var span = span
                guard let value = unsafe span.value(row, cells) else { return nil }
                span.note(value, isRemoved: isRemoved)
                return span
            }
        }
    }

    /// Calls `body` with every row of `text` and where its cells are.
    private static func eachRow(
        of text: [UInt8],
        _ reader: RowReader,
        _ body: (UnsafeBufferPointer<UInt8>, [Range<Int>]) -> Void
    ) throws(Failure) {
        var cells: [Range<Int>] = []
        try unsafe Snapshots.eachRow(of: text) { (row) throws(Failure) in
            try unsafe reader.cells(row, into: &cells)
            unsafe body(row, cells)
        }
    }

    /// Finds the columns by which what changed lies together: what was added or changed from some
    /// value on to the end, what was removed there or at the beginning.
    ///
    /// They are dates, timestamps and whole numbers that grow, have no NULL and do not change.
    /// - Parameter share: how much of the text may lie where rows changed.
    /// - Returns: their names, in the order of the schema.
    /// - Throws: `records.malformed-row`.
    /// - Complexity: linear in the text of the sample.
    package func columns(upTo share: Double) throws(Failure) -> [String] {
        var spans = spans.filter(\.hasChanges)
        for text in texts {
            guard !spans.isEmpty else { break }
            try unsafe Self.eachRow(of: text, reader) { row, cells in
                for index in spans.indices {
                    guard let value = unsafe spans[index].value(row, cells) else { continue }
                    spans[index].count(value, row.count)
                }
            }
            spans.removeAll { Double($0.changedPart) > share * Double(bytes) }
        }
        return spans.map(\.name)
    }
}

/// Where the rows that changed lie by one column.
private struct ColumnSpan {
    let name: String
    private let index: Int
    private let type: ColumnType
    /// The least value of a row that was added or changed.
    private var least = Int64.max
    /// The values of rows that were removed.
    private var removed: (least: Int64, greatest: Int64)?
    /// Bytes of rows from the least value on, of rows from the least value on of one that was
    /// removed too, and of rows up to the greatest value of one that was removed.
    private var counts = (end: 0, wholeEnd: 0, start: 0)

    private init(name: String, index: Int, type: ColumnType) {
        self.name = name
        self.index = index
        self.type = type
    }

    /// The columns that may tell the order in which rows came.
    static func candidates(_ rewrite: Rewrite) -> [ColumnSpan] {
        let (before, after) = (rewrite.before.manifest, rewrite.after.manifest)
        return after.schema.columns.enumerated().dropFirst().compactMap { index, column in
            guard after.statistics[index].nulls == 0 else { return nil }
            let span = ColumnSpan(name: column.name, index: index, type: column.type)
            switch column.type {
            case .date, .timestamp: return span
            case .int64:
                // Whole numbers count as often as they number; those that number grow.
                guard let old = span.value(before.statistics[index].maximum),
                    let new = span.value(after.statistics[index].maximum), old < new
                else { return nil }
                return span
            default: return nil
            }
        }
    }

    /// Whether rows were added or changed.
    var hasChanges: Bool { least < .max }

    /// Takes the value of a row that changed.
    mutating func note(_ value: Int64, isRemoved: Bool) {
        if isRemoved {
            removed = (min(removed?.least ?? value, value), max(removed?.greatest ?? value, value))
        } else {
            least = min(least, value)
        }
    }

    /// Takes the value and the bytes of any row.
    mutating func count(_ value: Int64, _ bytes: Int) {
        if value >= least { counts.end += bytes }
        if value >= min(least, removed?.least ?? least) { counts.wholeEnd += bytes }
        if let removed, value <= removed.greatest { counts.start += bytes }
    }

    /// Bytes of rows that lie where rows changed: from some value on, or also up to some value.
    var changedPart: Int { min(counts.wholeEnd, counts.end + counts.start) }

    /// The value of a row's cell as a number; nil for NULL and what is malformed.
    func value(_ row: UnsafeBufferPointer<UInt8>, _ cells: [Range<Int>]) -> Int64? {
        unsafe value(UnsafeBufferPointer(rebasing: row[cells[index]]))
    }

    private func value(_ cell: [UInt8]?) -> Int64? {
        unsafe cell?.withUnsafeBufferPointer { cell in unsafe value(cell) }
    }

    private func value(_ cell: UnsafeBufferPointer<UInt8>) -> Int64? {
        if type == .int64 { return unsafe CellText.parseInt64(cell) }
        guard cell.count > 2 else { return nil }
        let text = unsafe UnsafeBufferPointer(rebasing: cell[1..<cell.count - 1])
        return type == .date
            ? unsafe CellText.parseDate(text).map(Int64.init)
            : unsafe CellText.parseTimestamp(text)
    }
}
