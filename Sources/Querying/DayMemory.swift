import Records

/// Reads timestamps, sparing the calendar where the day is the one before's, as it often is.
@safe
struct DayMemory {
    private var year = 0 as UInt64
    private var day = 0 as UInt16
    private var startMicros = 0 as Int64

    /// As `CellText.parseTimestamp`.
    mutating func micros(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count == 20 else { return unsafe CellText.parseTimestamp(text) }
        let base = unsafe UnsafeRawPointer(text.baseAddress.unsafelyUnwrapped)
        let year = unsafe base.loadUnaligned(as: UInt64.self)
        let day = unsafe base.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        func two(_ offset: Int) -> Int64 {
            let (tens, ones) = unsafe (text[offset] &- 0x30, text[offset + 1] &- 0x30)
            return tens < 10 && ones < 10 ? Int64(tens) * 10 + Int64(ones) : 100
        }
        let (hour, minute, second) = (two(11), two(14), two(17))
        guard year == self.year, day == self.day,
            unsafe text[10] == UInt8(ascii: "T"), unsafe text[13] == UInt8(ascii: ":"),
            unsafe text[16] == UInt8(ascii: ":"), unsafe text[19] == UInt8(ascii: "Z"),
            hour < 24, minute < 60, second < 60
        else {
            guard let micros = unsafe CellText.parseTimestamp(text) else { return nil }
            startMicros = micros - (hour * 3_600 + minute * 60 + second) * 1_000_000
            self.year = year
            self.day = day
            return micros
        }
        return startMicros + (hour * 3_600 + minute * 60 + second) * 1_000_000
    }
}
