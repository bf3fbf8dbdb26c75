import Codecs

/// Sort keys: byte strings whose order as bytes (a prefix first) is the format's order of the
/// values they are made of.
///
/// They live in memory only and are no part of the format.
///
///     bool        one byte
///     int64, date, timestamp     8 bytes big-endian, sign bit flipped
///     decimal     16 bytes big-endian of the unscaled value, sign bit flipped
///     double      8 bytes big-endian; sign bit flipped, or all bits if negative
///     uint256     number of digits, digits
///     string      UTF-8, 00 (no string has U+0000)
///     json        canonical text, 00
///     bytes       00 as 00 FF, then 00 00
///     list        01 for a null element, 02 and the element for another, 00 at the end
///     in tables without key, before each cell: 00 for null, 01 for a value
enum SortKey {
    /// Appends the key of a cell that is not null.
    /// - Returns: false, with `out` in any state, if the text is not of the type.
    static func append(
        _ cell: UnsafeBufferPointer<UInt8>,
        _ type: CellType,
        to out: inout [UInt8]
    ) -> Bool {
        if type.listDepth > 0 { return unsafe appendList(cell, type.element, to: &out) }
        switch type.base {
        case .bool:
            guard let value = unsafe CellScan.bool(cell) else { return false }
            out.append(value ? 1 : 0)
        case .int64:
            guard let value = unsafe CellText.parseInt64(cell) else { return false }
            appendBigEndian(UInt64(bitPattern: value) ^ 1 << 63, to: &out)
        case .date:
            guard let inner = unsafe CellScan.unquoted(cell),
                let value = unsafe CellText.parseDate(inner)
            else { return false }
            appendBigEndian(UInt64(bitPattern: Int64(value)) ^ 1 << 63, to: &out)
        case .timestamp:
            guard let inner = unsafe CellScan.unquoted(cell),
                let value = unsafe CellText.parseTimestamp(inner)
            else { return false }
            appendBigEndian(UInt64(bitPattern: value) ^ 1 << 63, to: &out)
        case .decimal:
            guard let inner = unsafe CellScan.unquoted(cell),
                let value = unsafe CellText.parseDecimal(inner, scale: Int(type.scale))
            else { return false }
            let bits = UInt128(bitPattern: value) ^ 1 << 127
            appendBigEndian(UInt64(truncatingIfNeeded: bits >> 64), to: &out)
            appendBigEndian(UInt64(truncatingIfNeeded: bits), to: &out)
        case .double:
            guard let value = unsafe CellText.parseDouble(cell) else { return false }
            appendBigEndian(orderedBits(value), to: &out)
        case .uint256:
            guard let inner = unsafe CellScan.unquoted(cell), unsafe CellText.isUInt256(inner)
            else { return false }
            out.append(UInt8(truncatingIfNeeded: inner.count))
            unsafe out.append(contentsOf: inner)
        case .string:
            guard unsafe CellText.unescapeString(cell, into: &out) else { return false }
            out.append(0)
        case .bytes:
            return unsafe appendBytes(cell, to: &out)
        case .json:
            unsafe out.append(contentsOf: cell)
            out.append(0)
        }
        return true
    }

    /// Bits of a double that compare as it does.
    static func orderedBits(_ value: Double) -> UInt64 {
        let bits = value.bitPattern
        return bits >> 63 == 1 ? ~bits : bits ^ 1 << 63
    }

    private static func appendBytes(
        _ cell: UnsafeBufferPointer<UInt8>,
        to out: inout [UInt8]
    ) -> Bool {
        var decoded: [UInt8] = []
        guard let inner = unsafe CellScan.unquoted(cell),
            unsafe Base64.decode(inner, into: &decoded)
        else { return false }
        for byte in decoded {
            out.append(byte)
            if byte == 0 { out.append(0xff) }
        }
        out.append(0)
        out.append(0)
        return true
    }

    private static func appendList(
        _ cell: UnsafeBufferPointer<UInt8>,
        _ element: CellType,
        to out: inout [UInt8]
    ) -> Bool {
        let isList = unsafe CellScan.eachElement(cell) { part in
            if unsafe CellScan.isNull(part) {
                out.append(1)
                return true
            }
            out.append(2)
            return unsafe append(part, element, to: &out)
        }
        out.append(0)
        return isList
    }

    @inline(__always)
    private static func appendBigEndian(_ value: UInt64, to out: inout [UInt8]) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe out.append(contentsOf: $0) }
    }

    /// Appends the key of a row: of the cells that order it.
    /// - Returns: the index of a cell that is not of its type, or nil.
    static func append(
        row: UnsafeBufferPointer<UInt8>,
        cells: [Range<Int>],
        layout: RowLayout,
        to out: inout [UInt8]
    ) -> Int? {
        for index in 0..<layout.orderCount {
            let cell = unsafe UnsafeBufferPointer(rebasing: row[cells[index]])
            if layout.isMultiset {
                // Whatever the column says: keys of two schemas that differ in nullability
                // must compare.
                if unsafe CellScan.isNull(cell) {
                    out.append(0)
                    continue
                }
                out.append(1)
            }
            guard unsafe append(cell, layout.types[index], to: &out) else { return index }
        }
        return nil
    }

    /// The key of a cell's text; nil if it is not of the type.
    static func key(_ cell: [UInt8], _ type: CellType) -> [UInt8]? {
        var key: [UInt8] = []
        let isFine = unsafe cell.withUnsafeBufferPointer { unsafe append($0, type, to: &key) }
        return isFine ? key : nil
    }

    /// Whether one key comes before another.
    static func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool { compare(a, b) < 0 }

    /// As with keys that are lent.
    static func compare(_ a: [UInt8], _ b: [UInt8]) -> Int {
        unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in unsafe compare(a, b) }
        }
    }

    /// The first eight bytes of a key, as a number that compares as they do.
    static func prefix(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        if key.count >= 8 {
            return unsafe UnsafeRawBufferPointer(key).loadUnaligned(as: UInt64.self).bigEndian
        }
        var prefix: UInt64 = 0
        for index in 0..<8 {
            unsafe prefix = prefix << 8 | (index < key.count ? UInt64(key[index]) : 0)
        }
        return prefix
    }

    /// Whether one key comes before another, at, or behind: below, at or above zero.
    @inline(__always)
    static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        let count = min(a.count, b.count)
        var index = 0
        while index + 8 <= count {
            let left = unsafe UnsafeRawBufferPointer(a)
                .loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let right = unsafe UnsafeRawBufferPointer(b)
                .loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if left != right { return left.bigEndian < right.bigEndian ? -1 : 1 }
            index += 8
        }
        while index < count {
            let left = unsafe a[index]
            let right = unsafe b[index]
            if left != right { return left < right ? -1 : 1 }
            index += 1
        }
        return a.count - b.count
    }
}

/// How two sort keys compare: below, at or above zero.
package func compareKeys(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    unsafe SortKey.compare(a, b)
}
