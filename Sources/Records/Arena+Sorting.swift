import Dispatch

extension Arena {
    /// Below this many rows a second thread costs more than it saves.
    private static let parallelLimit = 1 << 15

    /// Sorts entries whose keys are in this arena: by key, then by their order.
    func sort(_ entries: inout [RowSet.Entry], threads: Int) {
        unsafe withBases { bases in
            let order = unsafe EntryOrder(bases: bases)
            let count = entries.count
            let isSorted = unsafe entries.withUnsafeBufferPointer { entries in
                for index in 1..<count
                where unsafe order.precedes(entries[index], entries[index - 1]) { return false }
                return true
            }
            if isSorted { return }
            guard threads > 1, count >= Self.parallelLimit else {
                return entries.sort(by: order.precedes)
            }
            let middle = count / 2
            unsafe entries.withUnsafeMutableBufferPointer { all in
                // The halves do not overlap, and concurrentPerform ends before this scope does.
                nonisolated(unsafe) let shared = unsafe all
                nonisolated(unsafe) let order = order
                DispatchQueue.concurrentPerform(iterations: 2) { half in
                    var part = unsafe UnsafeMutableBufferPointer(
                        rebasing: half == 0 ? shared[..<middle] : shared[middle...]
                    )
                    unsafe part.sort(by: order.precedes)
                }
            }
            entries = Self.merged(entries, [0, middle, count], order)
        }
    }

    /// Sorts entries of which those between two neighbours of `bounds` are sorted.
    func merge(_ entries: inout [RowSet.Entry], _ bounds: [Int]) {
        var bounds = bounds
        unsafe withBases { bases in
            let order = unsafe EntryOrder(bases: bases)
            while bounds.count > 2 {
                entries = Self.merged(entries, bounds, order)
                // Every other bound is gone; the last never is.
                let last = bounds.count - 1
                bounds = bounds.indices.filter { $0 % 2 == 0 || $0 == last }.map { bounds[$0] }
            }
        }
    }

    /// Merges the first stretch with the second, the third with the fourth and so on.
    private static func merged(
        _ entries: [RowSet.Entry],
        _ bounds: [Int],
        _ order: EntryOrder
    ) -> [RowSet.Entry] {
        let last = bounds.count - 1
        return unsafe entries.withUnsafeBufferPointer { all in
            unsafe [RowSet.Entry](unsafeUninitializedCapacity: all.count) { out, written in
                guard let target = out.baseAddress else { return }
                for first in stride(from: 0, to: last, by: 2) {
                    var left = bounds[first]
                    let middle = bounds[first + 1]
                    var right = middle
                    let end = bounds[min(first + 2, last)]
                    while written < end {
                        let takesRight =
                            unsafe left == middle
                            || (right < end && order.precedes(all[right], all[left]))
                        unsafe (target + written).initialize(
                            to: takesRight ? all[right] : all[left]
                        )
                        if takesRight { right += 1 } else { left += 1 }
                        written += 1
                    }
                }
            }
        }
    }
}

/// The order of entries whose keys lie in blocks at `bases`.
@safe
private struct EntryOrder {
    let bases: UnsafeBufferPointer<UnsafeMutablePointer<UInt8>>

    init(bases: UnsafeBufferPointer<UnsafeMutablePointer<UInt8>>) {
        unsafe self.bases = unsafe bases
    }

    /// Whether one entry comes before another: by key, then by their order.
    @inline(__always)
    func precedes(_ a: RowSet.Entry, _ b: RowSet.Entry) -> Bool {
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        let left = unsafe UnsafeBufferPointer(
            start: bases[Int(a.key.block)] + Int(a.key.offset),
            count: Int(a.keyLength)
        )
        let right = unsafe UnsafeBufferPointer(
            start: bases[Int(b.key.block)] + Int(b.key.offset),
            count: Int(b.keyLength)
        )
        let order = unsafe SortKey.compare(left, right)
        return order == 0 ? a.order < b.order : order < 0
    }
}
