import CDuckDB
import Codecs
import Diagnostics
import Records

extension VectorReader {
    /// Appends the JSON text of a row's value, spelled as the format spells it, `null` for NULL.
    ///
    /// Types the format does not hold are text too, so that a query shows anything: INTERVAL and
    /// TIME as DuckDB writes them, NaN and infinities as strings. JSON stays as it is, not
    /// canonical.
    ///
    /// - Throws: `query.type` for a type without a text, `query.value`.
    func appendJSON(_ row: Int, to out: inout [UInt8]) throws(Failure) {
        guard !isNull(row) else {
            out.append(contentsOf: "null".utf8)
            return
        }
        switch type {
        case .bool: append(value(row, as: UInt8.self) != 0 ? "true" : "false", to: &out)
        case .signed(16): append(String(wide(row)), to: &out)
        case .signed(let bytes): append(String(integer(row, bytes: bytes)), to: &out)
        case .unsigned(16): append(String(unsignedWide(row)), to: &out)
        case .unsigned(let bytes): append(String(unsignedInteger(row, bytes: bytes)), to: &out)
        case .float: append(Double(value(row, as: Float.self)), to: &out)
        case .double: append(value(row, as: Double.self), to: &out)
        case .decimal(_, let scale, _):
            out.append(UInt8(ascii: "\""))
            CellText.appendDecimal(unscaled: unscaled(row) ?? 0, scale: scale, to: &out)
            out.append(UInt8(ascii: "\""))
        case .bignum:
            out.append(UInt8(ascii: "\""))
            let isValid = try unsafe withBytes(row) { unsafe Bignum.appendDigits($0, to: &out) }
            guard isValid else {
                throw failure(
                    "has a value that is negative or past 2^256",
                    hint: "Cast it: ::VARCHAR."
                )
            }
            out.append(UInt8(ascii: "\""))
        case .varchar:
            try unsafe withBytes(row) { unsafe CanonicalJSON.appendString($0, to: &out) }
        case .json: try unsafe withBytes(row) { unsafe out.append(contentsOf: $0) }
        case .blob:
            let base64 = try unsafe withBytes(row) { unsafe Base64.encode(Array($0)) }
            appendQuoted(base64, to: &out)
        case .uuid: appendQuoted(uuidText(row), to: &out)
        case .enumeration(let names, let bytes):
            appendQuoted(enumerated(row, names, bytes: bytes), to: &out)
        case .date: appendDate(value(row), to: &out)
        case .timestamp(let perSecond): appendTimestamp(row, perSecond: perSecond, to: &out)
        case .list, .array:
            out.append(UInt8(ascii: "["))
            for (position, index) in elements(row).enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                try children[0].appendJSON(index, to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .structure(let members):
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                appendQuoted(member.name, to: &out)
                out.append(UInt8(ascii: ":"))
                try children[index].appendJSON(row, to: &out)
            }
            out.append(UInt8(ascii: "}"))
        case .map:
            out.append(UInt8(ascii: "{"))
            for (position, index) in elements(row).enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                try appendKey(index, to: &out)
                out.append(UInt8(ascii: ":"))
                try children[1].appendJSON(index, to: &out)
            }
            out.append(UInt8(ascii: "}"))
        case .time: appendQuoted(Self.timeText(micros: value(row)), to: &out)
        case .interval:
            appendQuoted(Self.intervalText(value(row, as: IntervalParts.self)), to: &out)
        case .other(let name):
            throw Failure(
                .queryType,
                "The column \"\(column)\" has the type \(name), which has no text here.",
                hint: type.castHint(of: column)
            )
        }
    }

    /// A key of a MAP: a string as it is, any other value by its JSON text in a string.
    private func appendKey(_ index: Int, to out: inout [UInt8]) throws(Failure) {
        var text: [UInt8] = []
        try children[0].appendJSON(index, to: &text)
        if text.first == UInt8(ascii: "\"") {
            out.append(contentsOf: text)
        } else {
            unsafe text.withUnsafeBufferPointer { unsafe CanonicalJSON.appendString($0, to: &out) }
        }
    }

    private func append(_ text: String, to out: inout [UInt8]) { out.append(contentsOf: text.utf8) }

    private func append(_ value: Double, to out: inout [UInt8]) {
        guard value.isFinite else {
            return append(
                value.isNaN ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"",
                to: &out
            )
        }
        CanonicalJSON.appendDouble(value, to: &out)
    }

    private func appendQuoted(_ text: String, to out: inout [UInt8]) {
        var text = text
        text.withUTF8 { unsafe CanonicalJSON.appendString($0, to: &out) }
    }

    private func appendDate(_ days: Int32, to out: inout [UInt8]) {
        guard CellText.dateRange.contains(days) else {
            return appendQuoted("\(days) days from 1970-01-01", to: &out)
        }
        out.append(UInt8(ascii: "\""))
        CellText.appendDate(days: days, to: &out)
        out.append(UInt8(ascii: "\""))
    }

    private func appendTimestamp(_ row: Int, perSecond: Int64, to out: inout [UInt8]) {
        let ticks = value(row, as: Int64.self)
        let micros = perSecond > 1_000_000 ? ticks / 1_000 : micros(row, perSecond: perSecond)
        guard let micros, CellText.timestampRange.contains(micros) else {
            let infinity = ticks == .max ? "infinity" : ticks == -.max ? "-infinity" : nil
            return appendQuoted(infinity ?? "\(ticks)/\(perSecond) s from 1970-01-01", to: &out)
        }
        out.append(UInt8(ascii: "\""))
        CellText.appendTimestamp(micros: micros, to: &out)
        out.append(UInt8(ascii: "\""))
    }

    /// How an INTERVAL lies in a vector.
    private struct IntervalParts: BitwiseCopyable {
        let months: Int32
        let days: Int32
        let micros: Int64
    }

    /// `1 year 2 months 3 days 04:05:06`.
    private static func intervalText(_ interval: IntervalParts) -> String {
        func part(_ count: Int32, _ unit: String) -> String? {
            count == 0 ? nil : "\(count) \(unit)\(abs(count) == 1 ? "" : "s")"
        }
        var parts = [
            part(interval.months / 12, "year"), part(interval.months % 12, "month"),
            part(interval.days, "day"),
        ].compactMap { $0 }
        if interval.micros != 0 || parts.isEmpty { parts.append(timeText(micros: interval.micros)) }
        return parts.joined(separator: " ")
    }

    /// `04:05:06.789`.
    private static func timeText(micros: Int64) -> String {
        func padded(_ number: UInt64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let (seconds, fraction) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        var text = micros < 0 ? "-" : ""
        text += padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":"
        text += padded(seconds % 60, 2)
        guard fraction > 0 else { return text }
        var decimals = Substring(padded(fraction, 6))
        while decimals.last == "0" { decimals.removeLast() }
        return "\(text).\(decimals)"
    }
}
