import Records
import Testing
import TestSupport

struct CellTextTests {
    private func upstream(_ text: String) -> String? {
        let utf8 = Array(text.utf8)
        return unsafe utf8.withUnsafeBufferPointer { unsafe CellText.parseUpstreamTimestamp($0) }
            .map { CellText.timestampText(micros: $0) }
    }

    private func micros(_ text: String) -> Int64? {
        let utf8 = Array(text.utf8)
        return unsafe utf8.withUnsafeBufferPointer { unsafe CellText.parseTimestamp($0) }
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-02-29T12:34:56.5Z", 951_827_696_500_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("2038-01-19T03:14:08Z", 2_147_483_648_000_000),
        ] as [(String, Int64)]
    )
    func `timestamps have their microseconds`(text: String, value: Int64) {
        #expect(micros(text) == value)
        #expect(CellText.timestampText(micros: value) == text)
    }

    @Test(
        arguments: [
            ("2013-01-01T00:00:00-08:00", "2013-01-01T08:00:00Z"),
            ("2015-01-01T15:00:00Z", "2015-01-01T15:00:00Z"),
            ("2011-02-12 00:00:01 +0530", "2011-02-11T18:30:01Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("2016-12-31t23:59:60.5z", "2016-12-31T23:59:59.5Z"),
            ("2016-12-31T23:59:59.123456789Z", "2016-12-31T23:59:59.123456Z"),
            ("2016-12-31T23:59:59", "2016-12-31T23:59:59Z"),
            ("2016-12-31T23:59:59+01", "2016-12-31T22:59:59Z"),
            ("2016-12-31T23:59:61Z", nil), ("2016-12-31", nil), ("2016-12-31T23:59Z", nil),
            ("2016-02-30T00:00:00Z", nil), ("2016-12-31T23:59:59.Z", nil), ("", nil),
            ("2016-12-31T23:59:59+1:00", nil), ("2016-12-31T23:59:59 UTC", nil),
            ("0001-01-01T00:00:00+01:00", nil), ("9999-12-31T23:59:59-01:00", nil),
            ("2016-12-31T23:59:59+01:000", nil), ("2016-12-31T23:59:59ZZ", nil),
        ] as [(String, String?)]
    )
    func `upstream times become UTC`(text: String, expected: String?) {
        #expect(upstream(text) == expected)
    }

    @Test func `every day reads back, one after the other`() {
        var previous = ""
        for days in CellText.dateRange {
            let text = CellText.dateText(days: days)
            guard days % 7 == 0 || days > CellText.dateRange.upperBound - 400 else { continue }
            let utf8 = Array(text.utf8)
            let back = unsafe utf8.withUnsafeBufferPointer { unsafe CellText.parseDate($0) }
            if back != days || !(previous < text) { Issue.record("\(days) is \(text)") }
            previous = text
        }
        #expect(CellText.dateText(days: CellText.dateRange.lowerBound) == "0001-01-01")
        #expect(CellText.dateText(days: CellText.dateRange.upperBound) == "9999-12-31")
    }

    @Test(
        arguments: [
            (0, 0, "0"), (0, 2, "0.00"), (-5, 2, "-0.05"), (12345, 2, "123.45"), (7, 0, "7"),
            (
                Int128("99999999999999999999999999999999999999") ?? 0, 38,
                "0.99999999999999999999999999999999999999"
            ),
            (
                Int128("-10000000000000000000000000000000000000") ?? 0, 9,
                "-10000000000000000000000000000.000000000"
            ),
            (Int128("10000000000000000000") ?? 0, 0, "10000000000000000000"),
        ] as [(Int128, Int, String)]
    )
    func `decimals have exactly their digits`(value: Int128, scale: Int, text: String) {
        var out: [UInt8] = []
        CellText.appendDecimal(unscaled: value, scale: scale, to: &out)
        #expect(String(decoding: out, as: UTF8.self) == text)
        let back = unsafe out.withUnsafeBufferPointer {
            unsafe CellText.parseDecimal($0, scale: scale)
        }
        #expect(back == value)
    }
}
