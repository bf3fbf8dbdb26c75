package import Diagnostics
package import Foundation

/// Times of a schedule, in the five fields of cron(5): minute, hour, day of month, month, day of week.
///
/// Lists, ranges, steps, names of months and days, and `@hourly` to `@yearly` are known. As in cron,
/// a day fits if either field of days does, where both are restricted.
package struct Cron: Sendable, Equatable {
    /// The text as given.
    package let text: String
    let minutes: [Int]
    let hours: [Int]
    let days: [Int]
    let months: [Int]
    /// From 0, Sunday.
    let weekdays: [Int]
    let restrictsDays: Bool
    let restrictsWeekdays: Bool

    private static let names = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
        "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
        "@annually": "0 0 1 1 *",
    ]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// Reads the five fields.
    ///
    /// - Throws: `schedule.cron`, saying which field is wrong.
    package init(_ text: String) throws(Failure) {
        self.text = text
        let fields = (Self.names[text] ?? text).split(whereSeparator: \.isWhitespace).map(
            String.init
        )
        guard fields.count == 5 else {
            throw Self.failure(text, "has \(fields.count) fields, not 5")
        }
        minutes = try Self.values(fields[0], 0...59, "minute", of: text)
        hours = try Self.values(fields[1], 0...23, "hour", of: text)
        days = try Self.values(fields[2], 1...31, "day of month", of: text)
        months = try Self.values(fields[3], 1...12, "month", names: Self.monthNames, of: text)
        let read = try Self.values(fields[4], 0...7, "day of week", names: Self.dayNames, of: text)
        // Sunday is 0 and 7.
        weekdays = Array(Set(read.map { $0 % 7 })).sorted()
        restrictsDays = !fields[2].hasPrefix("*")
        restrictsWeekdays = !fields[4].hasPrefix("*")
    }

    private static func values(
        _ field: String,
        _ range: ClosedRange<Int>,
        _ name: String,
        names: [String] = [],
        of text: String
    ) throws(Failure) -> [Int] {
        var found: Set<Int> = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            func number(_ word: Substring) throws(Failure) -> Int {
                let base = range.lowerBound == 1 ? 1 : 0
                if let index = names.firstIndex(of: word.lowercased()) { return index + base }
                guard let number = Int(word), range.contains(number) else {
                    throw failure(text, "has '\(word)' as its \(name)")
                }
                return number
            }
            let ends = pieces[0].split(
                separator: "-",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let first = pieces[0] == "*" ? range.lowerBound : try number(ends[0])
            let last: Int
            if pieces[0] == "*" || (ends.count == 1 && pieces.count == 2) {
                last = range.upperBound
            } else {
                last = ends.count == 2 ? try number(ends[1]) : first
            }
            let step = pieces.count == 2 ? Int(pieces[1]) ?? 0 : 1
            guard first <= last, step > 0 else {
                throw failure(text, "has '\(part)' as its \(name)")
            }
            found.formUnion(stride(from: first, through: last, by: step))
        }
        return found.sorted()
    }

    private static func failure(_ text: String, _ what: String) -> Failure {
        Failure(
            .scheduleCron,
            "The schedule '\(text)' \(what).",
            hint:
                "Minute, hour, day of month, month, day of week, as in \"17 3 * * *\": see man 5 crontab."
        )
    }

    /// The first time after another.
    ///
    /// A time that clocks skip (when summer begins) does not come; one that comes twice is two.
    ///
    /// - Parameters:
    ///   - time: any time.
    ///   - zone: whose clocks the fields are of.
    /// - Returns: a full minute; nil if there is none within 8 years (30 February).
    package func next(after time: Date, in zone: TimeZone) -> Date? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let minute = (time.timeIntervalSince1970 / 60).rounded(.down) + 1
        var candidate = Date(timeIntervalSince1970: minute * 60)
        let end = time.addingTimeInterval(8 * 366 * 86_400)
        while candidate <= end {
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .weekday],
                from: candidate
            )
            guard let year = parts.year, let month = parts.month, let day = parts.day,
                let hour = parts.hour, let minute = parts.minute, let weekday = parts.weekday
            else { return nil }
            if !months.contains(month) {
                let next = DateComponents(year: year, month: month + 1, day: 1)
                guard let start = calendar.date(from: next) else { return nil }
                candidate = start
            } else if !fits(day: day, weekday: weekday - 1) {
                let next = DateComponents(year: year, month: month, day: day + 1)
                guard let start = calendar.date(from: next) else { return nil }
                candidate = start
            } else if !hours.contains(hour) {
                candidate += Double(60 - minute) * 60
            } else if !minutes.contains(minute) {
                candidate += 60
            } else {
                return candidate
            }
        }
        return nil
    }

    private func fits(day: Int, weekday: Int) -> Bool {
        let (fitsDay, fitsWeekday) = (days.contains(day), weekdays.contains(weekday))
        return restrictsDays && restrictsWeekdays
            ? fitsDay || fitsWeekday : fitsDay && fitsWeekday
    }
}

extension Failure.Code {
    /// A text that is no time of cron.
    static let scheduleCron = Self("schedule.cron")
}
