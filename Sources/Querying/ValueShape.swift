import Codecs
import Diagnostics
import Records

/// What values of a column have been seen, and the type that holds all of them unchanged.
struct ValueShape: Sendable {
    /// Kinds of values; NULL is none of them.
    struct Kinds: OptionSet, Sendable {
        let rawValue: UInt8
        static let bool = Kinds(rawValue: 1)
        static let number = Kinds(rawValue: 2)
        static let date = Kinds(rawValue: 4)
        static let timestamp = Kinds(rawValue: 8)
        static let text = Kinds(rawValue: 16)
        static let list = Kinds(rawValue: 32)
        static let object = Kinds(rawValue: 64)
    }

    private(set) var kinds: Kinds = []
    private var numbers = NumberShape()
    /// Of the elements of all lists; empty if there were none.
    private var elements: [ValueShape] = []

    /// Lists nest at most so deep; what is deeper is JSON.
    private static let listDepth = 16

    /// The column's type; nil for values of several types.
    private var single: ColumnType? {
        switch kinds {
        case []: .string
        case .bool: .bool
        case .number: numbers.type
        case .date: .date
        case .timestamp: .timestamp
        default: kinds.isSubset(of: [.date, .timestamp, .text]) ? .string : nil
        }
    }

    /// The type for a CSV column: values of several types stay text.
    var textType: ColumnType { single ?? .string }

    /// The type for JSON values: those of several types stay JSON.
    var jsonType: ColumnType { jsonType(depth: 0) }

    private func jsonType(depth: Int) -> ColumnType {
        guard kinds == .list, depth < Self.listDepth else { return single ?? .json }
        return .list(elements.first?.jsonType(depth: depth + 1) ?? .string)
    }

    /// Adds what another one has seen: then the types are those of one that has seen all values.
    mutating func merge(_ other: ValueShape) {
        kinds.formUnion(other.kinds)
        numbers.merge(other.numbers)
        guard let element = other.elements.first else { return }
        if elements.isEmpty { elements.append(ValueShape()) }
        elements[0].merge(element)
    }

    // MARK: CSV

    /// Adds a field that is not empty.
    mutating func add(field: UnsafeBufferPointer<UInt8>) {
        // Text stays text whatever comes.
        guard !kinds.contains(.text) else { return }
        if let isInteger = unsafe NumberShape.isInteger(field) {
            kinds.insert(.number)
            unsafe numbers.add(field, isInteger: isInteger)
        } else if unsafe Self.bool(field) != nil {
            kinds.insert(.bool)
        } else {
            kinds.insert(unsafe Self.kind(ofText: field))
        }
    }

    /// `true` and `false`, as JSON, Python and SQL spell them.
    static func bool(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
        guard text.count == 4 || text.count == 5 else { return nil }
        return switch unsafe String(decoding: text, as: UTF8.self) {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// Whether a text is a date, a timestamp or neither.
    static func kind(ofText text: UnsafeBufferPointer<UInt8>) -> Kinds {
        if unsafe CellText.parseDate(text) != nil { return .date }
        return unsafe timestamp(text) == nil ? .text : .timestamp
    }

    /// Reads `2026-01-31T23:59:59.25+01:00`, also with a space for the `T` and without an offset;
    /// nil for anything else, also for what a timestamp cannot hold: more than six decimals and a
    /// second 60.
    static func timestamp(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let zero = UInt8(ascii: "0")
        guard text.count >= 19, unsafe text[17] != UInt8(ascii: "6"),
            unsafe text[text.count - 1] != UInt8(ascii: " "),
            unsafe text[10] != UInt8(ascii: "t")
        else { return nil }
        if unsafe text.count > 26 && text[19] == UInt8(ascii: "."),
            unsafe text[20...26].allSatisfy({ $0 &- zero < 10 })
        {
            return nil
        }
        return unsafe CellText.parseUpstreamTimestamp(text)
    }

    // MARK: JSON

    /// Adds a JSON value.
    mutating func add(_ node: JSONNode) {
        switch node.kind {
        case .null: break
        case .bool: kinds.insert(.bool)
        case .number:
            kinds.insert(.number)
            unsafe node.rawBytes.withUnsafeBufferPointer { text in
                let isInteger = unsafe NumberShape.isInteger(text) ?? false
                unsafe numbers.add(text, isInteger: isInteger)
            }
        case .string:
            guard !kinds.contains(.text) else { return }
            let text = node.stringBytes ?? []
            kinds.insert(unsafe text.withUnsafeBufferPointer { unsafe Self.kind(ofText: $0) })
        case .object: kinds.insert(.object)
        case .array:
            kinds.insert(.list)
            if elements.isEmpty { elements.append(ValueShape()) }
            for element in node.elements { elements[0].add(element) }
        }
    }
}

/// What numbers have been seen, and the type that rounds none of the whole ones.
struct NumberShape: Sendable {
    private var isInteger = true
    private var fitsInt64 = true
    private var fitsDecimal = true
    private var fitsUInt256 = true
    /// Finite, and the whole numbers among them exactly so.
    private var fitsDouble = true

    /// The type; nil if there is none.
    var type: ColumnType? {
        guard isInteger else { return fitsDouble ? .double : nil }
        if fitsInt64 { return .int64 }
        if fitsDecimal { return .decimal(precision: 38, scale: 0) }
        return fitsUInt256 ? .uint256 : nil
    }

    /// Adds what another one has seen.
    mutating func merge(_ other: NumberShape) {
        isInteger = isInteger && other.isInteger
        fitsInt64 = fitsInt64 && other.fitsInt64
        fitsDecimal = fitsDecimal && other.fitsDecimal
        fitsUInt256 = fitsUInt256 && other.fitsUInt256
        fitsDouble = fitsDouble && other.fitsDouble
    }

    /// Adds a number, spelled as in JSON.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>, isInteger: Bool) {
        guard isInteger else {
            self.isInteger = false
            // Shorter ones without an exponent are finite.
            guard unsafe text.count > 300 || text.contains(where: { $0 | 32 == 0x65 }) else {
                return
            }
            if unsafe JSONNumber.double(text)?.isFinite != true { fitsDouble = false }
            return
        }
        let digits = unsafe Self.normal(text)
        if unsafe digits[0] == UInt8(ascii: "-") { fitsUInt256 = false }
        // Up to 15 digits there is nothing that does not fit.
        guard digits.count > 15 else { return }
        if unsafe JSONNumber.int64(digits) == nil { fitsInt64 = false }
        let wide = unsafe CellText.parseDecimal(digits, scale: 0)
        if wide == nil { fitsDecimal = false }
        if unsafe !CellText.isUInt256(digits) { fitsUInt256 = false }
        let double = unsafe JSONNumber.double(digits) ?? .infinity
        if wide == nil || Int128(exactly: double) != wide { fitsDouble = false }
    }

    /// Whole numbers without the sign of `-0`, which no type keeps.
    static func normal(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        let isMinusZero = unsafe text.count == 2 && text[0] == UInt8(ascii: "-") && text[1] == 0x30
        return unsafe isMinusZero ? UnsafeBufferPointer(rebasing: text[1...]) : text
    }

    /// Whether a text that is a number, spelled as in JSON, has neither point nor exponent; nil if
    /// it is no number: `007`, `+1`, `.5`, `1,000`, `0x1`.
    static func isInteger(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
        let count = text.count
        var index = 0
        func digits() -> Int {
            let start = index
            while unsafe index < count && text[index] &- 0x30 < 10 { index += 1 }
            return index - start
        }
        if unsafe count > 0 && text[0] == UInt8(ascii: "-") { index = 1 }
        let start = index
        let whole = digits()
        guard whole > 0, unsafe whole == 1 || text[start] != UInt8(ascii: "0") else { return nil }
        if index == count { return true }
        if unsafe text[index] == UInt8(ascii: ".") {
            index += 1
            guard digits() > 0 else { return nil }
        }
        if unsafe index < count && text[index] | 32 == UInt8(ascii: "e") {
            index += 1
            if unsafe index < count && (text[index] == 0x2b || text[index] == 0x2d) { index += 1 }
            guard digits() > 0 else { return nil }
        }
        return index == count ? false : nil
    }
}

extension RowBuilder {
    /// Appends a number of a JSON spelling, or bytes in base64; false if the column cannot hold it.
    mutating func plain(
        _ text: UnsafeBufferPointer<UInt8>,
        as type: ColumnType
    ) throws(Failure) -> Bool {
        switch type {
        case .int64:
            guard let value = unsafe JSONNumber.int64(text) else { return false }
            try int64(value)
        case .decimal(_, let scale):
            var digits = unsafe Array(NumberShape.normal(text))
            if scale > 0 {
                let point = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.count
                if point == digits.count { digits.append(UInt8(ascii: ".")) }
                let missing = scale - (digits.count - point - 1)
                guard missing >= 0 else { return false }
                digits += repeatElement(UInt8(ascii: "0"), count: missing)
            }
            let value = unsafe digits.withUnsafeBufferPointer {
                unsafe CellText.parseDecimal($0, scale: scale)
            }
            guard let value else { return false }
            try decimal(unscaled: value)
        case .bytes:
            var value: [UInt8] = []
            guard unsafe Base64.decode(text, into: &value) else { return false }
            try bytes(value)
        case .uint256:
            let digits = unsafe NumberShape.normal(text)
            guard unsafe CellText.isUInt256(digits) else { return false }
            try unsafe uint256(digits: digits)
        case .double:
            guard let value = unsafe JSONNumber.double(text), value.isFinite else { return false }
            try double(value)
        default: return false
        }
        return true
    }
}
