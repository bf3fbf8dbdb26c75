/// Reads the spellings of time in events of all years.
enum EventTime {
    /// A time, and how far its spelling was from UTC.
    struct Reading: Equatable {
        /// Since 1970, UTC.
        var micros: Int64
        /// East of UTC.
        var offsetSeconds: Int64
    }

    /// Reads `2015-01-01T00:00:00Z`, `2013-02-15T00:00:39-08:00`, `2012/03/10 22:55:19 -0800` and
    /// `2011-02-15 00:00:06`, with or without a fraction; nil if it is none of these.
    static func parse(_ text: [UInt8]) -> Reading? {
        var cursor = Cursor(text: text)
        guard let year = cursor.digits(4), let first = cursor.one(of: "-/"),
            let month = cursor.digits(2), cursor.one(of: "-/") == first,
            let day = cursor.digits(2), cursor.one(of: "Tt ") != nil,
            let hour = cursor.digits(2), cursor.one(of: ":") != nil,
            let minute = cursor.digits(2), cursor.one(of: ":") != nil,
            let second = cursor.digits(2)
        else { return nil }
        guard year >= 1, (1...12).contains(month), day >= 1, day <= daysIn(month: month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let micro = cursor.fraction()
        guard let offset = cursor.offset(), cursor.isAtEnd else { return nil }
        let days = daysSince1970(year: year, month: month, day: day)
        // The format has no second 60: a leap second is read as 59.
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + min(second, 59) - offset
        return Reading(micros: seconds * 1_000_000 + micro, offsetSeconds: offset)
    }

    /// Days from 1970-01-01 in the Gregorian calendar
    /// (http://howardhinnant.github.io/date_algorithms.html).
    static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func daysIn(month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private struct Cursor {
        let text: [UInt8]
        var next = 0

        var isAtEnd: Bool { next == text.count }

        init(text: [UInt8]) {
            self.text = text
        }

        mutating func digits(_ count: Int) -> Int64? {
            guard next + count <= text.count else { return nil }
            var value: Int64 = 0
            for byte in text[next..<(next + count)] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            next += count
            return value
        }

        mutating func one(of characters: StaticString) -> UInt8? {
            guard next < text.count else { return nil }
            let byte = text[next]
            let isOne = characters.withUTF8Buffer { unsafe $0.contains(byte) }
            guard isOne else { return nil }
            next += 1
            return byte
        }

        /// Microseconds; further digits are cut off.
        mutating func fraction() -> Int64 {
            guard one(of: ".") != nil else { return 0 }
            var value: Int64 = 0
            var places = 0
            while let digit = digits(1) {
                if places < 6 {
                    value = value * 10 + digit
                    places += 1
                }
            }
            while places < 6 {
                value *= 10
                places += 1
            }
            return value
        }

        /// Seconds east of UTC; nothing means UTC.
        mutating func offset() -> Int64? {
            if isAtEnd || one(of: "Zz") != nil { return 0 }
            _ = one(of: " ")
            if text[next...].elementsEqual("UTC".utf8) {
                next += 3
                return 0
            }
            guard let sign = one(of: "+-"), let hours = digits(2) else { return nil }
            _ = one(of: ":")
            guard let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
            let seconds = hours * 3600 + minutes * 60
            return sign == UInt8(ascii: "-") ? -seconds : seconds
        }
    }
}
