package import Diagnostics

/// The name of an hour of GitHub Archive, as `2015-01-01-0`.
///
/// It is the hour of UTC, but for files of the years in which GitHub's timeline told times with an
/// offset: there it is the hour in California (`2013-02-15-0` is 08:00 UTC).
package struct ArchiveHour: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Hours since 1970-01-01-0.
    package let index: Int64

    private init(index: Int64) {
        self.index = index
    }

    /// Reads `2015-01-01-0`.
    ///
    /// - Throws: `archive.hour`.
    package init(parsing text: String) throws(Failure) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let widths = parts.map(\.utf8.count)
        guard parts.count == 4, widths[0] == 4, widths[1] == 2, widths[2] == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }),
            let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
            let hour = Int64(parts[3]), year >= 1, (1...12).contains(month), day >= 1,
            day <= EventTime.daysIn(month: month, of: year), hour < 24, String(hour) == parts[3]
        else {
            throw Failure(
                .archiveHour,
                "\"\(text)\" is not an hour of GitHub Archive.",
                hint: "Write year, month, day and hour, the hour without a zero: 2015-01-01-0."
            )
        }
        let days = EventTime.daysSince1970(year: year, month: month, day: day)
        index = days * 24 + hour
    }

    /// Hours of a longer range are a slip of the pen: 30 years.
    private static let limit: Int64 = 30 * 8766
    /// The archive's first hour is `2011-02-12-0`.
    private static let firstIndex = EventTime.daysSince1970(year: 2011, month: 2, day: 12) * 24

    /// The first hour of a range; `text` may be a whole day (`2015-01-01`).
    ///
    /// - Throws: `archive.hour`, also for hours before the archive's first.
    package static func first(_ text: String) throws(Failure) -> ArchiveHour {
        let hour = try ArchiveHour(parsing: isDay(text) ? text + "-0" : text)
        guard hour.index >= firstIndex else {
            throw Failure(
                .archiveHour,
                "\"\(text)\" is before GitHub Archive begins.",
                hint: "Its first hour is \(ArchiveHour(index: firstIndex))."
            )
        }
        return hour
    }

    /// The last hour of a range; `text` may be a whole day.
    ///
    /// - Throws: `archive.hour`, also if no hours are left, or more than anybody reads.
    package static func last(
        _ text: String,
        after first: ArchiveHour
    ) throws(Failure) -> ArchiveHour {
        let hour = try ArchiveHour(parsing: isDay(text) ? text + "-23" : text)
        guard first <= hour else {
            throw Failure(
                .archiveHour,
                "There are no hours from \"\(first)\" to \"\(text)\".",
                hint: "The first must not be after the last."
            )
        }
        guard hour.index - first.index < limit else {
            throw Failure(
                .archiveHour,
                "There are \(hour.index - first.index + 1) hours from \"\(first)\" to \"\(text)\".",
                hint: "A source reads at most \(limit), 30 years."
            )
        }
        return hour
    }

    private static func isDay(_ text: String) -> Bool {
        text.utf8.count { $0 == UInt8(ascii: "-") } == 2
    }

    /// All hours from one to another, both included; each may be a whole day (`2015-01-01`).
    ///
    /// - Throws: `archive.hour`, as `first` and `last` do.
    package static func hours(from: String, to: String) throws(Failure) -> [ArchiveHour] {
        let first = try first(from)
        let last = try last(to, after: first)
        return (first.index...last.index).map(ArchiveHour.init(index:))
    }

    /// The start of the hour, microseconds since 1970, if its name is told in UTC.
    var start: Int64 { index * 3600 * 1_000_000 }

    /// The end of the hour, microseconds since 1970, if its name is told at this offset.
    func end(offsetSeconds: Int64) -> Int64 {
        ((index + 1) * 3600 - offsetSeconds) * 1_000_000
    }

    /// The year in the name.
    var year: Int64 { civil.year }

    package static func < (one: ArchiveHour, other: ArchiveHour) -> Bool {
        one.index < other.index
    }

    package var description: String {
        let (year, month, day) = civil
        func padded(_ number: Int64, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let hour = index - days * 24
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))-\(hour)"
    }

    private var days: Int64 { index >= 0 ? index / 24 : (index - 23) / 24 }

    /// The inverse of `EventTime.daysSince1970`.
    private var civil: (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
