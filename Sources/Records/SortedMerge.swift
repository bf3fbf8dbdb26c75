import Diagnostics

/// Some sorted rows, in memory or in a file.
enum SortedPart: Sendable {
    case memory(RowSet)
    case run(SortedRun)
}

/// A row taken out of a merge; an empty text for none.
struct SortedRow {
    var text: [UInt8] = []
    var key: [UInt8] = []
    var hash: UInt64 = 0
    /// Rows with one key lie by this, if they are in one part.
    var order: UInt64 = 0
}

/// Merges sorted parts: a binary heap of cursors, the one with the least key on top.
///
/// Of equal keys the one of the earlier part comes first. A file is opened only when its first row
/// comes: parts that follow each other, as the hours of an archive do, are in memory one by one.
struct SortedMerge {
    /// A cursor's number and the first bytes of its key, which mostly decide.
    private struct Place {
        var prefix: UInt64
        var cursor: Int
    }

    private var cursors: [Cursor] = []
    private var heap: [Place] = []
    private var current: Cursor?

    /// Before the first row of all.
    init(_ parts: [SortedPart]) throws(Failure) {
        for part in parts {
            guard let cursor = Cursor(part) else { continue }
            heap.append(Place(prefix: cursor.prefix, cursor: cursors.count))
            cursors.append(cursor)
        }
        for index in heap.indices.reversed() { sink(index) }
    }

    /// Goes to the next row; false after the last.
    mutating func advance() throws(Failure) -> Bool {
        if let current {
            if try current.next() {
                heap[0].prefix = current.prefix
            } else {
                current.close()
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
            }
            if heap.count > 1 { sink(0) }
        }
        current = heap.first.map { cursors[$0.cursor] }
        try current?.open()
        return current != nil
    }

    /// The text of the current row, with its newline.
    var row: [UInt8] {
        var row: [UInt8] = []
        unsafe current?.withRow { unsafe row.append(contentsOf: $0) }
        return row
    }

    /// Decides between rows of one key where parts do not.
    var order: UInt64 { current?.order ?? 0 }

    /// Whether the current row has this key.
    func hasKey(_ key: [UInt8]) -> Bool {
        guard let current else { return false }
        return unsafe key.withUnsafeBufferPointer { key in
            unsafe current.withKey { unsafe SortKey.compare($0, key) == 0 }
        }
    }

    /// Copies the current row into memory that there is.
    func copyRow(to copy: inout SortedRow) {
        guard let current else { return }
        copy.text.removeAll(keepingCapacity: true)
        copy.key.removeAll(keepingCapacity: true)
        unsafe current.withRow { unsafe copy.text.append(contentsOf: $0) }
        unsafe current.withKey { unsafe copy.key.append(contentsOf: $0) }
        copy.hash = current.hash
        copy.order = current.order
    }

    private func precedes(_ a: Place, _ b: Place) -> Bool {
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        let order = unsafe cursors[a.cursor].withKey { first in
            unsafe cursors[b.cursor].withKey { second in unsafe SortKey.compare(first, second) }
        }
        return order == 0 ? a.cursor < b.cursor : order < 0
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
///
/// A class, so that what it holds is neither copied nor counted as rows go by.
private final class Cursor {
    private var memory: RowSet?
    private var index = 0
    private var run: SortedRun?
    /// Nil for a file of which only the first key is known.
    private var reader: SortedRun.Reader?

    /// At the first row; nil if there is none.
    init?(_ part: SortedPart) {
        switch part {
        case .memory(let rows):
            guard rows.count > 0 else { return nil }
            memory = rows
        case .run(let run):
            guard run.firstKey != nil else { return nil }
            self.run = run
        }
    }

    /// Reads the row it is at, if nothing of the file is read yet.
    func open() throws(Failure) {
        guard let run, reader == nil else { return }
        reader = SortedRun.Reader(run)
        _ = try reader?.next()
    }

    /// Lets go of the memory.
    func close() {
        memory = nil
        run = nil
        reader = nil
    }

    /// Goes to the next row; false after the last.
    func next() throws(Failure) -> Bool {
        guard let count = memory?.count else { return try reader?.next() ?? false }
        index += 1
        return index < count
    }

    var hash: UInt64 { reader?.hash ?? memory?.cutHash(index) ?? 0 }

    var order: UInt64 { reader?.order ?? memory?.entries[index].order ?? 0 }

    /// The first bytes of the key, as a number that compares as they do.
    var prefix: UInt64 {
        if let memory { return memory.entries[index].prefix }
        return unsafe withKey { unsafe SortKey.prefix($0) }
    }

    func withRow(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        if unsafe memory?.withRow(index, body) == nil { unsafe reader?.withRow(body) }
    }

    func withKey<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        if let result = unsafe memory?.withSortKey(index, body) { return result }
        if let result = unsafe reader?.withKey(body) { return result }
        return unsafe (run?.firstKey ?? []).withUnsafeBufferPointer { unsafe body($0) }
    }
}
