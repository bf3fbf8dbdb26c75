import Codecs
import Diagnostics
import Records

extension VectorReader {
    /// Appends the value of a row as a cell of a column of `target`, which `type` fits.
    ///
    /// - Throws: `query.value` naming the column, and what `RowBuilder` refuses.
    /// - Complexity: constant for fixed-width types.
    func append(_ row: Int, as target: ColumnType, to builder: inout RowBuilder) throws(Failure) {
        guard !isNull(row) else { return try builder.null() }
        switch (type, target) {
        case (.bool, _): try builder.bool(value(row, as: UInt8.self) != 0)
        case (.signed(let bytes), .int64): try builder.int64(integer(row, bytes: bytes))
        case (.unsigned(let bytes), .int64):
            try builder.int64(Int64(unsignedInteger(row, bytes: bytes)))
        case (.float, _): try append(Double(value(row, as: Float.self)), to: &builder)
        case (.double, _): try append(value(row, as: Double.self), to: &builder)
        case (_, .decimal):
            guard let unscaled = unscaled(row) else {
                throw failure("has a value past 38 digits")
            }
            try builder.decimal(unscaled: unscaled)
        case (.bignum, _):
            var digits: [UInt8] = []
            let isValid = try unsafe withBytes(row) { unsafe Bignum.appendDigits($0, to: &digits) }
            guard isValid else { throw failure("has a value that is negative or past 2^256") }
            try unsafe digits.withUnsafeBufferPointer { (digits) throws(Failure) in
                try unsafe builder.uint256(digits: digits)
            }
        case (_, .uint256):
            guard let number = unscaled(row), number >= 0 else {
                throw failure("has a negative value or one past 2^127")
            }
            try builder.uint256(digits: String(number))
        case (.varchar, _), (.json, .string):
            try unsafe withBytes(row) { (bytes) throws(Failure) in
                try unsafe builder.string(utf8: bytes)
            }
        case (.blob, _):
            try unsafe withBytes(row) { (bytes) throws(Failure) in
                try unsafe builder.bytes(bytes)
            }
        case (.uuid, _): try builder.string(uuidText(row))
        case (.enumeration(let names, let bytes), _):
            try builder.string(enumerated(row, names, bytes: bytes))
        case (.date, _): try builder.date(days: value(row))
        case (.timestamp(let perSecond), _):
            guard let micros = micros(row, perSecond: perSecond) else {
                throw failure("has a time that is not of the years 0001 to 9999")
            }
            try builder.timestamp(micros: micros)
        case (.list, .list(let element)), (.array, .list(let element)):
            try builder.beginList()
            for index in elements(row) {
                try children[0].append(index, as: element, to: &builder)
            }
            try builder.endList()
        case (.json, _), (.structure, _), (.map, _):
            var text: [UInt8] = []
            try appendJSON(row, to: &text)
            let canonical = try canonical(text)
            try unsafe canonical.withUnsafeBufferPointer { (canonical) throws(Failure) in
                try unsafe builder.json(canonical: canonical)
            }
        default: throw failure("of \(type.name) does not fit \(target)")
        }
    }

    private func append(_ value: Double, to builder: inout RowBuilder) throws(Failure) {
        guard value.isFinite else {
            throw failure(
                value.isNaN ? "has a value that is not a number" : "has an infinite value",
                hint: "Make it NULL: CASE WHEN isfinite(\(column)) THEN \(column) END."
            )
        }
        try builder.double(value)
    }

    private func canonical(_ text: [UInt8]) throws(Failure) -> [UInt8] {
        do {
            return try CanonicalJSON.format(parsing: text)
        } catch {
            throw Failure(
                error.code,
                "The column \"\(column)\" has JSON that cannot be stored: \(error.message)",
                hint: error.hint,
                cause: error.cause
            )
        }
    }
}
