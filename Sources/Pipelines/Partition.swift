import Diagnostics
import Records

/// A piece of time that a model's table is cut into.
package struct Partition: Hashable, Comparable, Sendable {
    /// How long a partition is.
    package enum Unit: String, CaseIterable, Sendable {
        case hour, day, month

        /// The microseconds of those that are all of one length.
        fileprivate var length: Int64? {
            switch self {
            case .hour: 3_600_000_000
            case .day: 86_400_000_000
            case .month: nil
            }
        }
    }

    package let unit: Unit
    /// Units since 1970, in UTC.
    package let number: Int

    /// The partition with a number.
    package init(unit: Unit, number: Int) {
        self.unit = unit
        self.number = number
    }

    /// The partition that an instant is in, microseconds since 1970.
    package init(unit: Unit, at micros: Int64) {
        self.unit = unit
        if let length = unit.length {
            number = Int(Self.floor(micros, length))
        } else {
            let days = Int(Self.floor(micros, 86_400_000_000))
            let date = CellText.civil(days: days)
            number = (date.year - 1970) * 12 + date.month - 1
        }
    }

    /// The partition that a label of `label`'s spelling names; nil for other text.
    package init?(label: String, unit: Unit) {
        let rest =
            switch unit {
            case .hour: ":00:00Z"
            case .day: "T00:00:00Z"
            case .month: "-01T00:00:00Z"
            }
        guard let micros = CellText.micros(ofTimestamp: label + rest) else { return nil }
        self.init(unit: unit, at: micros)
    }

    /// The first instant, microseconds since 1970.
    package var start: Int64 {
        if let length = unit.length { return Int64(number) * length }
        let years = Int(Self.floor(Int64(number), 12))
        let days = CellText.days(year: 1970 + years, month: number - years * 12 + 1, day: 1)
        return Int64(days) * 86_400_000_000
    }

    /// The one after it.
    package var next: Partition { Partition(unit: unit, number: number + 1) }

    /// The first instant behind it, microseconds since 1970.
    package var end: Int64 { next.start }

    /// As `2026-01-31T13`, `2026-01-31` or `2026-01`.
    package var label: String {
        let text = CellText.timestampText(micros: start)
        return switch unit {
        case .hour: String(text.prefix(13))
        case .day: String(text.prefix(10))
        case .month: String(text.prefix(7))
        }
    }

    package static func < (a: Partition, b: Partition) -> Bool { a.number < b.number }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}

extension Sequence where Element == Partition {
    /// Partitions in a few words: `2026-01-01`, `2026-01-01 … 2026-01-05`, several with commas.
    ///
    /// - Returns: up to five ranges, then how many more partitions there are; in order of time.
    package var text: String {
        var ranges: [(first: Partition, last: Partition)] = []
        for partition in sorted() {
            if let last = ranges.last, last.last.next == partition {
                ranges[ranges.count - 1].last = partition
            } else {
                ranges.append((partition, partition))
            }
        }
        var parts = ranges.prefix(5).map { range in
            range.first == range.last
                ? range.first.label : "\(range.first.label) … \(range.last.label)"
        }
        let rest = ranges.dropFirst(5).reduce(0) { $0 + $1.last.number - $1.first.number + 1 }
        if rest > 0 { parts.append("\(rest) more") }
        return parts.joined(separator: ", ")
    }
}
