/// Finds where JSON values end in the text of a row.
enum CellScan {
    /// The position behind the JSON value that starts at `start`, by its outline only: strings to
    /// their quote, arrays and objects to their bracket, others to a delimiter.
    ///
    /// Nil if it does not end before `end`.
    @inline(__always)
    static func valueEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
        guard start < end else { return nil }
        switch unsafe text[start] {
        case UInt8(ascii: "\""):
            return unsafe stringEnd(text, start, end)
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            return unsafe nestedEnd(text, start, end)
        default:
            var index = start
            while index < end {
                let byte = unsafe text[index]
                if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
                    || byte == UInt8(ascii: "]")
                {
                    break
                }
                index += 1
            }
            return index > start ? index : nil
        }
    }

    /// The position behind the string that starts at `start`.
    @inline(__always)
    static func stringEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var index = start + 1
        let ones: UInt64 = 0x0101_0101_0101_0101
        while true {
            while index + 8 <= end {
                let word = unsafe UInt64(
                    littleEndian: UnsafeRawBufferPointer(text)
                        .loadUnaligned(fromByteOffset: index, as: UInt64.self)
                )
                let quote = word ^ 0x2222_2222_2222_2222
                let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
                let marks =
                    ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash)
                    & 0x8080_8080_8080_8080
                if marks != 0 {
                    index += marks.trailingZeroBitCount >> 3
                    break
                }
                index += 8
            }
            guard index < end else { return nil }
            switch unsafe text[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
    }

    private static func nestedEnd(
        _ text: UnsafeBufferPointer<UInt8>,
        _ start: Int,
        _ end: Int
    ) -> Int? {
        var depth = 0
        var index = start
        while index < end {
            switch unsafe text[index] {
            case UInt8(ascii: "\""):
                guard let next = unsafe stringEnd(text, index, end) else { return nil }
                index = next
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                index += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                index += 1
                if depth == 0 { return index }
            default:
                index += 1
            }
        }
        return nil
    }

    /// Lends each element of an array without white space; stops when `body` gives false.
    /// - Returns: whether it was an array and `body` never gave false.
    static func eachElement(
        _ cell: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        let end = cell.count
        guard end >= 2, unsafe cell[0] == UInt8(ascii: "["),
            unsafe cell[end - 1] == UInt8(ascii: "]")
        else { return false }
        if end == 2 { return true }
        var index = 1
        while true {
            guard let next = unsafe valueEnd(cell, index, end - 1),
                unsafe body(UnsafeBufferPointer(rebasing: cell[index..<next]))
            else { return false }
            if next == end - 1 { return true }
            guard unsafe cell[next] == UInt8(ascii: ",") else { return false }
            index = next + 1
        }
    }

    /// Whether `count` bytes of two texts are equal; both must have them.
    @inline(__always)
    static func isEqual(
        _ a: UnsafeBufferPointer<UInt8>,
        _ aStart: Int,
        _ b: UnsafeBufferPointer<UInt8>,
        _ bStart: Int,
        _ count: Int
    ) -> Bool {
        var offset = 0
        while offset + 8 <= count {
            let left = unsafe UnsafeRawBufferPointer(a)
                .loadUnaligned(fromByteOffset: aStart + offset, as: UInt64.self)
            let right = unsafe UnsafeRawBufferPointer(b)
                .loadUnaligned(fromByteOffset: bStart + offset, as: UInt64.self)
            if left != right { return false }
            offset += 8
        }
        while offset < count {
            if unsafe a[aStart + offset] != b[bStart + offset] { return false }
            offset += 1
        }
        return true
    }

    /// Whether a cell is `null`.
    @inline(__always)
    static func isNull(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        unsafe cell.count == 4 && cell[0] == UInt8(ascii: "n") && cell[1] == UInt8(ascii: "u")
            && cell[2] == UInt8(ascii: "l") && cell[3] == UInt8(ascii: "l")
    }

    /// The value of `true` or `false`; nil for another cell.
    @inline(__always)
    static func bool(_ cell: UnsafeBufferPointer<UInt8>) -> Bool? {
        // As words: "true" and "alse", little-endian.
        if cell.count == 4 {
            let word = unsafe UnsafeRawBufferPointer(cell).loadUnaligned(as: UInt32.self)
            return UInt32(littleEndian: word) == 0x6575_7274 ? true : nil
        }
        guard cell.count == 5, unsafe cell[0] == UInt8(ascii: "f") else { return nil }
        let word = unsafe UnsafeRawBufferPointer(cell)
            .loadUnaligned(fromByteOffset: 1, as: UInt32.self)
        return UInt32(littleEndian: word) == 0x6573_6c61 ? false : nil
    }

    /// What is between the quotes of a cell; nil if it has none.
    @inline(__always)
    static func unquoted(_ cell: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        let count = cell.count
        guard count >= 2, unsafe cell[0] == UInt8(ascii: "\""),
            unsafe cell[count - 1] == UInt8(ascii: "\"")
        else { return nil }
        return unsafe UnsafeBufferPointer(rebasing: cell[1..<(count - 1)])
    }
}
