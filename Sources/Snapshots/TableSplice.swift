import Diagnostics
import GitStore
import Records

/// Makes a version of a table of the one before and of changes given in key order.
///
/// A chunk that ends by its last row's hash ends there whatever comes behind, and the next starts
/// afresh. So what no change touches is taken over whole; where one does, the rows of the chunk
/// are cut again until an end falls together with one there was.
struct TableSplice {
    /// An old chunk.
    private struct Place: Comparable, Hashable {
        var segment: Int
        var chunk: Int

        static func < (a: Place, b: Place) -> Bool {
            (a.segment, a.chunk) < (b.segment, b.chunk)
        }
    }

    /// A row whose place is sought.
    private struct Sought {
        let row: [UInt8]
        let key: [UInt8]
        let cells: [Range<Int>]
    }

    private let old: Snapshot
    private let edit: TableEdit
    private let reader: RowReader
    /// Of the rows of the edit.
    private let editReader: RowReader
    private let order: KeyOrder
    private(set) var counts = TableEdit.Counts()
    var writer: TableWriter
    private var cutter: ChunkCutter

    /// The old chunk that comes next, of which nothing is taken yet.
    private var place = Place(segment: 0, chunk: 0)
    /// An old chunk that is gone through row by row.
    private var open: ChunkRows?
    /// The first chunk from `place` on that may have rows to drop; nil if it is not known yet.
    private var dropPlace: Place?
    /// Keys of first rows that had to be read.
    private var firstKeys: [Place: [UInt8]] = [:]
    /// The chunks read last.
    private var texts: [(place: Place, text: [UInt8])] = []

    /// Begins before the first row.
    init(_ old: Snapshot, edit: TableEdit, writer: TableWriter) {
        self.old = old
        self.edit = edit
        self.writer = writer
        reader = RowReader(schema: old.schema)
        editReader = RowReader(schema: edit.rows?.schema ?? old.schema)
        order = KeyOrder(edit.rows?.schema ?? old.schema)
        cutter = ChunkCutter(old.schema.cutClass)
    }

    // MARK: Changes

    /// Takes the next row of the edit, its sort key and its cut hash.
    /// - Throws: `records.duplicate-key`, what reading and writing chunks throws.
    mutating func take(
        _ row: UnsafeBufferPointer<UInt8>,
        key: UnsafeBufferPointer<UInt8>,
        hash: UInt64
    ) throws(Failure) {
        try unsafe goThrough(upTo: (row, key))
        guard unsafe open?.compare(with: key) == 0 else {
            if case .removes = edit.collision {
                counts.missing += 1
                return
            }
            counts.added += 1
            return try unsafe add(row, hash)
        }
        var there: [UInt8] = []
        var thereHash: UInt64 = 0
        try unsafe open?.withNext { (row, hash) throws(Failure) in
            there = unsafe Array(row)
            thereHash = hash
        }
        open?.skip()
        let new = unsafe Array(row)
        if case .removes = edit.collision {
            counts.removed += 1
            return
        }
        if old.schema.isMultiset {
            counts.added += 1
            let (sum, hash) = try RowSet.folded([there, new], schema: old.schema)
            return try add(sum, hash)
        }
        if case .refused = edit.collision {
            throw RowSet(schema: old.schema).duplicate(there, new)
        }
        var stays = there == new
        if !stays, case .decided(let arbiter) = edit.collision {
            stays = try arbiter.keeps(there, insteadOf: new)
        }
        counts.unchanged += stays ? 1 : 0
        counts.replaced += stays ? 0 : 1
        try add(stays ? there : new, stays ? thereHash : hash)
    }

    /// Takes over what is behind the last change.
    mutating func finish() throws(Failure) {
        try unsafe goThrough(upTo: nil)
        try writer.add(cutter.finish())
    }

    private mutating func add(
        _ row: UnsafeBufferPointer<UInt8>,
        _ hash: UInt64
    ) throws(Failure) {
        let cut = unsafe cutter.add(row, hash: hash)
        try writer.add(cut.before)
        try writer.add(cut.with)
    }

    private mutating func add(_ row: [UInt8], _ hash: UInt64) throws(Failure) {
        try unsafe row.withUnsafeBufferPointer { (row) throws(Failure) in
            try unsafe add(row, hash)
        }
    }

    // MARK: What is there

    private var end: Place { Place(segment: old.manifest.segments.count, chunk: 0) }

    /// Takes over all rows before a row; all that are left for nil.
    private mutating func goThrough(
        upTo change: (row: UnsafeBufferPointer<UInt8>, key: UnsafeBufferPointer<UInt8>)?
    ) throws(Failure) {
        var sought: Sought?
        while true {
            if open != nil {
                try unsafe takeOpen(upTo: change?.key)
                guard open == nil else { return }
            }
            guard place < end else { return }
            guard cutter.isAtBoundary else {
                // The chunk that is being cut goes on with what comes next.
                try openChunk(at: place)
                continue
            }
            if let change = unsafe change, sought == nil {
                var cells: [Range<Int>] = []
                try unsafe editReader.cells(change.row, into: &cells)
                sought = unsafe Sought(
                    row: Array(change.row),
                    key: Array(change.key),
                    cells: cells
                )
            }
            let hit = try sought.map { (sought) throws(Failure) in
                try lastPlace(notBehind: sought)
            }
            // Behind the last change, all is to go; before it, nothing if the change comes first.
            let limit: Place
            if let hit {
                guard let found = hit else { return }
                limit = found
            } else {
                limit = end
            }
            let target = min(limit, try nextDrop())
            guard target < end else { return try keep(upTo: end) }
            try keepAndOpen(target)
        }
    }

    /// Takes rows of the open chunk, and closes it behind the last.
    private mutating func takeOpen(upTo key: UnsafeBufferPointer<UInt8>?) throws(Failure) {
        guard var rows = open else { return }
        open = nil
        while !rows.isAtEnd {
            if let key = unsafe key, unsafe rows.compare(with: key) >= 0 {
                open = rows
                return
            }
            try unsafe rows.withNext { (row, hash) throws(Failure) in try unsafe add(row, hash) }
            rows.skip()
        }
    }

    /// Takes over the chunks up to a place and opens that.
    private mutating func keepAndOpen(_ target: Place) throws(Failure) {
        var target = target
        if target.chunk > 0, target > place {
            // The chunk before may have ended only because the row that begins this one did not
            // fit, and that row may change.
            let before = try chunks(target.segment)[target.chunk - 1]
            let first = ChunkRows.firstLength(try text(at: target))
            if before.bytes + first > 4 * old.schema.cutClass.target { target.chunk -= 1 }
        }
        try keep(upTo: target)
        try openChunk(at: target)
    }

    private mutating func openChunk(at target: Place) throws(Failure) {
        let rows = try ChunkRows(
            text(at: target),
            reader: reader,
            dropping: edit.dropping
        )
        counts.removed += rows.dropped
        open = rows
        place.chunk += 1
        if try place.chunk == chunks(place.segment).count {
            place = Place(segment: place.segment + 1, chunk: 0)
        }
    }

    /// Takes over whole segments and chunks.
    private mutating func keep(upTo target: Place) throws(Failure) {
        while place < target {
            if place.chunk == 0, place.segment < target.segment, !writer.isSegmentOpen {
                let info = old.manifest.segments[place.segment]
                guard let tree = old.segmentTree(place.segment) else {
                    throw old.missing("\(old.table.path)/\(info.folder)")
                }
                writer.keep(info, tree: tree)
                place.segment += 1
                continue
            }
            let chunks = try chunks(place.segment)
            let last = place.segment < target.segment ? chunks.count : target.chunk
            for index in place.chunk..<last {
                guard chunks[index].blob != .zero else {
                    let folder = old.manifest.segments[place.segment].folder
                    throw old.missing("\(old.table.path)/\(folder)/\(chunks[index].file)")
                }
                writer.keep(chunks[index], endsSegment: index == chunks.count - 1)
            }
            place =
                last == chunks.count
                ? Place(segment: place.segment + 1, chunk: 0)
                : Place(segment: place.segment, chunk: last)
        }
    }

    // MARK: Finding

    /// The last chunk from `place` on whose first row is not behind a row; nil if there is none.
    private mutating func lastPlace(notBehind sought: Sought) throws(Failure) -> Place? {
        // The last segment that begins at the row or before it, of those behind this one.
        var (low, high) = (place.segment + 1, end.segment)
        while low < high {
            let middle = (low + high) / 2
            if try begins(Place(segment: middle, chunk: 0), behind: sought) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        let segment = low - 1
        if segment == place.segment, try begins(place, behind: sought) { return nil }
        let first = segment == place.segment ? place.chunk : 0
        (low, high) = (first + 1, try chunks(segment).count)
        while low < high {
            let middle = (low + high) / 2
            if try begins(Place(segment: segment, chunk: middle), behind: sought) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return Place(segment: segment, chunk: low - 1)
    }

    /// Whether the first row of a chunk lies behind a row: by statistics, or else by reading it.
    private mutating func begins(_ place: Place, behind sought: Sought) throws(Failure) -> Bool {
        if let key = firstKeys[place] { return isBehind(key, sought) }
        if place.chunk == 0 {
            let statistics = old.manifest.segments[place.segment].statistics
            if let known = order.begins(statistics, behind: sought.row, sought.cells) {
                return known
            }
        }
        let statistics = try chunks(place.segment)[place.chunk].statistics
        if let known = order.begins(statistics, behind: sought.row, sought.cells) { return known }
        var key: [UInt8] = []
        let text = try text(at: place)
        try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) in
            let row = unsafe UnsafeBufferPointer(
                rebasing: text.prefix { $0 != UInt8(ascii: "\n") }
            )
            var cells: [Range<Int>] = []
            try unsafe reader.cells(row, into: &cells)
            key = try unsafe reader.sortKey(row, cells)
        }
        firstKeys[place] = key
        return isBehind(key, sought)
    }

    private func isBehind(_ key: [UInt8], _ sought: Sought) -> Bool {
        unsafe key.withUnsafeBufferPointer { key in
            unsafe sought.key.withUnsafeBufferPointer { unsafe compareKeys(key, $0) }
        } > 0
    }

    /// The first chunk from `place` on that may have rows to drop; the end if none has.
    private mutating func nextDrop() throws(Failure) -> Place {
        guard let dropping = edit.dropping else { return end }
        if let known = dropPlace, known >= place { return known }
        var first = place.chunk
        for segment in place.segment..<end.segment {
            if dropping.mayMatch(old.manifest.segments[segment].statistics) {
                let chunks = try chunks(segment)
                for index in first..<chunks.count
                where dropping.mayMatch(chunks[index].statistics) {
                    dropPlace = Place(segment: segment, chunk: index)
                    return Place(segment: segment, chunk: index)
                }
            }
            first = 0
        }
        dropPlace = end
        return end
    }

    // MARK: Reading

    private mutating func chunks(_ segment: Int) throws(Failure) -> [ChunkInfo] {
        let chunks = try old.chunks(inSegment: segment)
        guard !chunks.isEmpty else {
            throw Failure(
                .malformedManifest,
                "A segment of \(old.table) has no chunks: \(old.manifest.segments[segment].folder).",
                hint: "osodata verify \(old.table)"
            )
        }
        writer.known.lookInto(segment, chunks)
        return chunks
    }

    private mutating func text(at place: Place) throws(Failure) -> [UInt8] {
        if let known = texts.first(where: { $0.place == place }) { return known.text }
        let text = try old.text(of: chunks(place.segment)[place.chunk])
        texts = [(place, text)] + texts.prefix(1)
        return text
    }
}
