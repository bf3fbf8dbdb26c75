/// Dates and timestamps: proleptic Gregorian calendar, years 0001 to 9999, UTC.
extension CellText {
    /// Days since 1970-01-01 of the first and last date there is.
    package static let dateRange: ClosedRange<Int32> = -719_162...2_932_896
    /// Microseconds since 1970 of the first and last instant there is.
    package static let timestampRange: ClosedRange<Int64> =
        -62_135_596_800_000_000...253_402_300_799_999_999

    private static let microsPerDay: Int64 = 86_400_000_000

    /// Days since 1970-01-01 of a date; the algorithm is "days_from_civil" of
    /// https://howardhinnant.github.io/date_algorithms.html.
    package static func days(year: Int, month: Int, day: Int) -> Int {
        // Years begin in March, so that the leap day is their last; eras are 400 years.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date of some days since 1970-01-01; "civil_from_days" of the same source.
    package static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// Days of a month of a year.
    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The value of `count` digits at `start`; nil if they are none.
    @inline(__always)
    private static func digits(
        _ text: UnsafeBufferPointer<UInt8>,
        _ start: Int,
        _ count: Int
    ) -> Int? {
        guard start + count <= text.count else { return nil }
        var value = 0
        for index in start..<start + count {
            let digit = unsafe text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    @inline(__always)
    private static func has(
        _ byte: Unicode.Scalar,
        _ text: UnsafeBufferPointer<UInt8>,
        _ index: Int
    ) -> Bool {
        unsafe index < text.count && text[index] == UInt8(ascii: byte)
    }

    /// Days of the date in the first ten bytes.
    private static func leadingDate(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let year = unsafe digits(text, 0, 4), unsafe has("-", text, 4),
            let month = unsafe digits(text, 5, 2), unsafe has("-", text, 7),
            let day = unsafe digits(text, 8, 2),
            year >= 1, (1...12).contains(month), day >= 1,
            day <= length(ofMonth: month, year: year)
        else { return nil }
        return days(year: year, month: month, day: day)
    }

    /// Reads `2026-01-31`; gives days since 1970-01-01, nil for anything else.
    package static func parseDate(_ text: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard text.count == 10 else { return nil }
        return unsafe leadingDate(text).map { Int32($0) }
    }

    /// Reads `2026-01-31T23:59:59Z` with a fraction of up to six digits, the last not 0; gives
    /// microseconds since 1970, nil for anything else.
    package static func parseTimestamp(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let count = text.count
        guard count >= 20, count <= 27, count != 21, unsafe has("T", text, 10),
            unsafe has("Z", text, count - 1), let day = unsafe leadingDate(text),
            let time = unsafe leadingTime(text), time.second < 60
        else { return nil }
        var fraction = 0
        if count > 20 {
            guard unsafe has(".", text, 19), let value = unsafe digits(text, 20, count - 21),
                unsafe !has("0", text, count - 2)
            else { return nil }
            fraction = value
            for _ in (count - 21)..<6 { fraction *= 10 }
        }
        return micros(day: day, time: time, fraction: fraction)
    }

    /// The time `23:59:59` at offset 11, its second up to 60.
    private static func leadingTime(
        _ text: UnsafeBufferPointer<UInt8>
    ) -> (hour: Int, minute: Int, second: Int)? {
        guard let hour = unsafe digits(text, 11, 2), unsafe has(":", text, 13),
            let minute = unsafe digits(text, 14, 2), unsafe has(":", text, 16),
            let second = unsafe digits(text, 17, 2),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return (hour, minute, second)
    }

    private static func micros(
        day: Int,
        time: (hour: Int, minute: Int, second: Int),
        fraction: Int
    ) -> Int64 {
        let seconds = time.hour * 3600 + time.minute * 60 + time.second
        return Int64(day) * microsPerDay + Int64(seconds) * 1_000_000 + Int64(fraction)
    }

    /// Reads a timestamp as upstreams spell it: `T` or a space before the time, a fraction of any
    /// length (cut after six digits), second 60 (becomes 59), then `Z`, nothing (both UTC),
    /// `+hh:mm`, `+hhmm` or `+hh`, perhaps after a space.
    ///
    /// Gives microseconds since 1970; nil for anything else, and outside the years 0001 to 9999.
    package static func parseUpstreamTimestamp(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard unsafe has("T", text, 10) || has("t", text, 10) || has(" ", text, 10),
            let day = unsafe leadingDate(text), var time = unsafe leadingTime(text)
        else { return nil }
        time.second = min(time.second, 59)
        var index = 19
        var fraction = 0
        if unsafe has(".", text, index) {
            index += 1
            let start = index
            while let digit = unsafe digits(text, index, 1) {
                if index - start < 6 { fraction = fraction * 10 + digit }
                index += 1
            }
            guard index > start else { return nil }
            for _ in min(index - start, 6)..<6 { fraction *= 10 }
        }
        if unsafe has(" ", text, index) { index += 1 }
        guard let offset = unsafe offsetMinutes(text, index) else { return nil }
        let value = micros(day: day, time: time, fraction: fraction) - Int64(offset) * 60_000_000
        return timestampRange.contains(value) ? value : nil
    }

    /// The offset from UTC that is the rest of the text from `index`.
    private static func offsetMinutes(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
        let rest = text.count - index
        if rest == 0 { return 0 }
        if rest == 1 { return unsafe has("Z", text, index) || has("z", text, index) ? 0 : nil }
        let isNegative = unsafe has("-", text, index)
        guard unsafe isNegative || has("+", text, index),
            let hours = unsafe digits(text, index + 1, 2), hours < 24
        else { return nil }
        var minutes = 0
        if rest > 3 {
            let start = unsafe has(":", text, index + 3) ? index + 4 : index + 3
            guard start + 2 == text.count, let value = unsafe digits(text, start, 2),
                value < 60
            else { return nil }
            minutes = value
        }
        let offset = hours * 60 + minutes
        return isNegative ? -offset : offset
    }

    private static func append(_ value: Int, digits: Int, to out: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        var rest = value
        while divisor > 0 {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    /// Appends the date of `days` since 1970-01-01, which must be in `dateRange`.
    package static func appendDate(days: Int32, to out: inout [UInt8]) {
        let date = civil(days: Int(days))
        append(date.year, digits: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        append(date.month, digits: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        append(date.day, digits: 2, to: &out)
    }

    /// Appends the instant `micros` after 1970, which must be in `timestampRange`.
    package static func appendTimestamp(micros: Int64, to out: inout [UInt8]) {
        var (day, rest) = micros.quotientAndRemainder(dividingBy: microsPerDay)
        if rest < 0 {
            day -= 1
            rest += microsPerDay
        }
        appendDate(days: Int32(truncatingIfNeeded: day), to: &out)
        let seconds = Int(rest / 1_000_000)
        out.append(UInt8(ascii: "T"))
        append(seconds / 3600, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(seconds % 60, digits: 2, to: &out)
        var fraction = Int(rest % 1_000_000)
        if fraction > 0 {
            var digits = 6
            while fraction % 10 == 0 {
                fraction /= 10
                digits -= 1
            }
            out.append(UInt8(ascii: "."))
            append(fraction, digits: digits, to: &out)
        }
        out.append(UInt8(ascii: "Z"))
    }

    /// Microseconds since 1970 of a timestamp's canonical text; nil for other text.
    package static func micros(ofTimestamp text: String) -> Int64? {
        unsafe Array(text.utf8).withUnsafeBufferPointer { unsafe parseTimestamp($0) }
    }

    /// The date of `days` since 1970-01-01, which must be in `dateRange`.
    package static func dateText(days: Int32) -> String {
        var out: [UInt8] = []
        appendDate(days: days, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// The instant `micros` after 1970, which must be in `timestampRange`.
    package static func timestampText(micros: Int64) -> String {
        var out: [UInt8] = []
        appendTimestamp(micros: micros, to: &out)
        return String(decoding: out, as: UTF8.self)
    }
}
