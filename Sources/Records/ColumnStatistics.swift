/// What is known of the cells of one column in a chunk, a segment or a table: readers skip by it,
/// so it must be right (docs/format.md, Statistics).
package struct ColumnStatistics: Hashable, Sendable {
    /// JSON text of the least cell, or for long strings of a bound below it.
    ///
    /// Nil if every cell is null, or the type has no bounds.
    package var minimum: [UInt8]?
    /// JSON text of the greatest cell or of a bound above it.
    ///
    /// Nil as `minimum`, and if no bound is known.
    package var maximum: [UInt8]?
    /// Rows whose cell is null.
    package var nulls: Int
    /// JSON texts of all cells that are not null, each once, sorted by value.
    ///
    /// Nil if there are more than eight, one is long, or the type has no set.
    package var set: [[UInt8]]?

    /// Sets are only of so many values.
    static let setLimit = 8
    /// And only of texts up to so many bytes.
    static let setTextLimit = 64
    /// Strings longer than this are cut to a bound.
    static let boundLimit = 16

    /// Takes what a manifest states.
    package init(minimum: [UInt8]?, maximum: [UInt8]?, nulls: Int, set: [[UInt8]]?) {
        self.minimum = minimum
        self.maximum = maximum
        self.nulls = nulls
        self.set = set
    }

    /// The statistics of this part and another together; `type` is the column's.
    package func merged(with other: ColumnStatistics, type: ColumnType) -> ColumnStatistics {
        let type = CellType(type)
        var merged = ColumnStatistics(
            minimum: minimum ?? other.minimum,
            maximum: nil,
            nulls: nulls &+ other.nulls,
            set: nil
        )
        if let mine = minimum, let theirs = other.minimum, Self.precedes(theirs, mine, type) {
            merged.minimum = theirs
        }
        if minimum == nil {
            merged.maximum = other.maximum
        } else if other.minimum == nil {
            merged.maximum = maximum
        } else if let mine = maximum, let theirs = other.maximum {
            merged.maximum = Self.precedes(mine, theirs, type) ? theirs : mine
        }
        if let mine = set, let theirs = other.set {
            let union = mine + theirs.filter { !mine.contains($0) }
            if union.count <= Self.setLimit { merged.set = Self.sorted(union, type) }
        }
        return merged
    }

    /// Texts of cells in the order of their values.
    static func sorted(_ texts: [[UInt8]], _ type: CellType) -> [[UInt8]] {
        texts.sorted { precedes($0, $1, type) }
    }

    private static func precedes(_ a: [UInt8], _ b: [UInt8], _ type: CellType) -> Bool {
        key(a, type).lexicographicallyPrecedes(key(b, type))
    }

    private static func key(_ text: [UInt8], _ type: CellType) -> [UInt8] {
        var out: [UInt8] = []
        // A stated text that is not of the type has no place in the order; `verify` names it.
        _ = unsafe text.withUnsafeBufferPointer { unsafe SortKey.append($0, type, to: &out) }
        return out
    }
}
