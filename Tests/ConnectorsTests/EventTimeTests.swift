@testable import Connectors
import Diagnostics
import Testing

/// Times as events of all years spell them, and names of hours.
struct EventTimeTests {
    @Test(arguments: [
        ("2015-01-01T00:00:00Z", 1_420_070_400_000_000, 0),
        ("2013-02-15T00:00:39-08:00", 1_360_915_239_000_000, -28_800),
        ("2012/03/10 22:55:19 -0800", 1_331_448_919_000_000, -28_800),
        ("2011-02-15 00:00:06", 1_297_728_006_000_000, 0),
        ("2011-02-15 00:00:06 UTC", 1_297_728_006_000_000, 0),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000_000, 0),
        ("2020-02-29T12:00:00.1234567+05:45", 1_582_956_900_123_456, 20_700),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000, 0),
        ("1969-12-31T23:59:59Z", -1_000_000, 0),
    ])
    func `a time is read`(text: String, micros: Int64, offset: Int64) {
        let reading = EventTime.parse(Array(text.utf8))
        #expect(reading == EventTime.Reading(micros: micros, offsetSeconds: offset))
    }

    @Test(arguments: [
        "", "2015", "2015-01-01", "2015-13-01T00:00:00Z", "2015-02-29T00:00:00Z",
        "2015-01-01T24:00:00Z", "2015-01-01T00:60:00Z", "2015-01-01T00:00:61Z",
        "2015/01-01T00:00:00Z", "2015-01-01T00:00:00+8", "2015-01-01T00:00:00Zx",
        "0000-01-01T00:00:00Z", "2015-00-01T00:00:00Z", "2015-01-00T00:00:00Z",
    ])
    func `what is no time is not`(text: String) {
        #expect(EventTime.parse(Array(text.utf8)) == nil)
    }

    @Test func `hours go on over days, months and years`() throws {
        let hours = try ArchiveHour.hours(from: "2015-12-31-22", to: "2016-01-01-1")
        let names = ["2015-12-31-22", "2015-12-31-23", "2016-01-01-0", "2016-01-01-1"]
        #expect(hours.map(\.description) == names)
        #expect(try ArchiveHour.hours(from: "2016-02-28", to: "2016-03-01").count == 72)
        let hour = try ArchiveHour(parsing: "2015-01-01-0")
        #expect(hour.end(offsetSeconds: 0) == 1_420_074_000_000_000)
        #expect(try ArchiveHour(parsing: "1969-12-31-23").description == "1969-12-31-23")
    }

    @Test(arguments: [
        "", "2015-01-01", "2015-01-01-24", "2015-01-01-00", "2015-1-1-0", "2015-02-30-0",
        "2015-01-01-0-0", "2015-01-01-x",
    ])
    func `what is no hour is refused`(text: String) {
        let thrown = #expect(throws: Failure.self) { try ArchiveHour(parsing: text) }
        #expect(thrown?.code == .archiveHour)
    }

    @Test func `hours backwards are refused`() {
        let thrown = #expect(throws: Failure.self) {
            try ArchiveHour.hours(from: "2015-01-02", to: "2015-01-01")
        }
        #expect(thrown?.code == .archiveHour)
    }
}
