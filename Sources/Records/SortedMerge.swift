import Diagnostics

/// Some sorted rows, in memory or in a file.
enum SortedPart: Sendable {
    case memory(RowSet)
    case run(SortedRun)
}

/// Merges sorted parts: a binary heap of cursors, the one with the least key on top.
///
/// Of equal keys the one of the earlier part comes first. A file is opened only when its first row
/// comes: parts that follow each other, as the hours of an archive do, are in memory one by one.
struct SortedMerge {
    private var cursors: [Cursor] = []
    /// Numbers of cursors.
    private var heap: [Int] = []
    private var current: Int?

    /// Before the first row of all.
    init(_ parts: [SortedPart]) throws(Failure) {
        for part in parts {
            guard let cursor = Cursor(part) else { continue }
            heap.append(cursors.count)
            cursors.append(cursor)
        }
        for index in heap.indices.reversed() { sink(index) }
    }

    /// Goes to the next row; false after the last.
    mutating func advance() throws(Failure) -> Bool {
        if let top = current {
            if try !cursors[top].next() {
                cursors[top].close()
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
            }
            if !heap.isEmpty { sink(0) }
        }
        current = heap.first
        if let top = current { try cursors[top].open() }
        return current != nil
    }

    /// The text of the current row, with its newline.
    var row: [UInt8] { current.map { cursors[$0].row } ?? [] }

    var hash: UInt64 { current.map { cursors[$0].hash } ?? 0 }

    /// Lends the key of the current row.
    func withKey<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        guard let current else { return unsafe body(UnsafeBufferPointer(start: nil, count: 0)) }
        return unsafe cursors[current].withKey(body)
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        let order = unsafe cursors[a].withKey { first in
            unsafe cursors[b].withKey { second in unsafe SortKey.compare(first, second) }
        }
        return order == 0 ? a < b : order < 0
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}

/// A place in a part.
private enum Cursor {
    case memory(RowSet, Int)
    /// A file of which only the first key is known.
    case unopened(SortedRun)
    case run(SortedRun.Reader)
    case closed

    /// At the first row; nil if there is none.
    init?(_ part: SortedPart) {
        switch part {
        case .memory(let rows):
            guard rows.count > 0 else { return nil }
            self = .memory(rows, 0)
        case .run(let run):
            guard run.firstKey != nil else { return nil }
            self = .unopened(run)
        }
    }

    /// Reads the row it is at, if nothing of the file is read yet.
    mutating func open() throws(Failure) {
        guard case .unopened(let run) = self else { return }
        var reader = SortedRun.Reader(run)
        _ = try reader.next()
        self = .run(reader)
    }

    mutating func close() { self = .closed }

    /// Goes to the next row; false after the last.
    mutating func next() throws(Failure) -> Bool {
        switch self {
        case .memory(let rows, let index):
            self = .memory(rows, index + 1)
            return index + 1 < rows.count
        case .run(var reader):
            // Taken out, or the block would be copied.
            self = .closed
            let hasRow = try reader.next()
            self = .run(reader)
            return hasRow
        case .unopened, .closed: return false
        }
    }

    var row: [UInt8] {
        switch self {
        case .memory(let rows, let index): rows.row(index)
        case .run(let reader): unsafe reader.withBlock { unsafe Array($0[reader.row]) }
        case .unopened, .closed: []
        }
    }

    var hash: UInt64 {
        switch self {
        case .memory(let rows, let index): rows.cutHash(index)
        case .run(let reader): reader.hash
        case .unopened, .closed: 0
        }
    }

    func withKey<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        switch self {
        case .memory(let rows, let index): return unsafe rows.withSortKey(index, body)
        case .unopened(let run):
            return unsafe (run.firstKey ?? []).withUnsafeBufferPointer { unsafe body($0) }
        case .run(let reader):
            return unsafe reader.withBlock {
                unsafe body(UnsafeBufferPointer(rebasing: $0[reader.key]))
            }
        case .closed: return unsafe body(UnsafeBufferPointer(start: nil, count: 0))
        }
    }
}
