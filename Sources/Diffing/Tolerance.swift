package import Diagnostics
import Records

extension Failure.Code {
    /// A tolerance that is no number from 0 on.
    package static let invalidTolerance = Self("diff.invalid-tolerance")
}

/// By how much two numbers may differ and still count as equal: an absolute amount.
///
/// `int64` and `decimal` cells are compared exactly; a `double` on either side makes it a
/// comparison of doubles.
package struct Tolerance: Sendable, Equatable {
    private let exact: Exact
    private let approximate: Double

    /// Reads a number such as `0.01` or `1e-9`.
    /// - Throws: `diff.invalid-tolerance`.
    package init(parsing text: String) throws(Failure) {
        let parts = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
        let exponent = parts.count == 2 ? Int(parts[1]) : 0
        guard let first = parts.first, let exponent, parts.count <= 2, abs(exponent) <= 30,
            let mantissa = Exact(Array(first.utf8)), mantissa.value >= 0,
            let value = Double(text)
        else {
            throw Failure(
                .invalidTolerance,
                "'\(text)' is no tolerance.",
                hint: "Give a number from 0 on, as in --tolerance 0.01 or 1e-9."
            )
        }
        let scale = mantissa.scale - exponent
        exact =
            scale >= 0
            ? Exact(value: mantissa.value, scale: scale)
            : Exact(value: mantissa.scaled(to: mantissa.scale - scale) ?? .max, scale: 0)
        approximate = value
    }

    /// Whether cells of this type are numbers a tolerance is for.
    static func applies(to type: ColumnType) -> Bool {
        switch type {
        case .int64, .double, .decimal: true
        default: false
        }
    }

    /// Whether two cells are close enough; never if one is null.
    func accepts(
        _ old: ArraySlice<UInt8>,
        _ oldType: ColumnType,
        _ new: ArraySlice<UInt8>,
        _ newType: ColumnType
    ) -> Bool {
        if oldType != .double, newType != .double, let left = Exact(old), let right = Exact(new) {
            let scale = max(left.scale, right.scale, exact.scale)
            if let left = left.scaled(to: scale), let right = right.scaled(to: scale) {
                let (difference, overflows) = left.subtractingReportingOverflow(right)
                guard !overflows else { return false }
                return difference.magnitude <= (exact.scaled(to: scale) ?? .max).magnitude
            }
        }
        guard let left = Self.double(old), let right = Self.double(new) else { return false }
        return (left - right).magnitude <= approximate
    }

    private static func double(_ cell: ArraySlice<UInt8>) -> Double? {
        Double(String(decoding: cell.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self))
    }

    /// A number as `value` / 10^`scale`.
    private struct Exact: Equatable {
        let value: Int128
        let scale: Int

        init(value: Int128, scale: Int) {
            self.value = value
            self.scale = scale
        }

        /// Reads digits with a sign and a point, between quotes or not; nil for anything else.
        init?(_ text: some Collection<UInt8>) {
            var value: Int128 = 0
            var scale: Int?
            var isNegative = false
            var digits = 0
            for byte in text where byte != UInt8(ascii: "\"") {
                switch byte {
                case UInt8(ascii: "-") where digits == 0 && !isNegative && scale == nil:
                    isNegative = true
                case UInt8(ascii: ".") where scale == nil: scale = 0
                case UInt8(ascii: "0")...UInt8(ascii: "9"):
                    let (tenfold, isTooBig) = value.multipliedReportingOverflow(by: 10)
                    let (sum, isTooBigNow) = tenfold.addingReportingOverflow(
                        Int128(byte - UInt8(ascii: "0"))
                    )
                    guard !isTooBig, !isTooBigNow else { return nil }
                    value = sum
                    digits += 1
                    if let old = scale { scale = old + 1 }
                default: return nil
                }
            }
            guard digits > 0 else { return nil }
            self.value = isNegative ? -value : value
            self.scale = scale ?? 0
        }

        /// The value times 10^`scale`; nil if that is too big.
        func scaled(to scale: Int) -> Int128? {
            var value = value
            for _ in 0..<max(0, scale - self.scale) {
                let (tenfold, isTooBig) = value.multipliedReportingOverflow(by: 10)
                guard !isTooBig else { return nil }
                value = tenfold
            }
            return value
        }
    }
}
