/// Length of the rows two texts share from the given positions on, as whole lines.
///
/// Most rows of two differing chunks are equal; passing over them eight bytes at a time is what
/// makes a difference cost no more than reading the chunks.
func equalRows(_ a: [UInt8], _ aStart: Int, _ b: [UInt8], _ bStart: Int) -> Int {
    let length = min(a.count - aStart, b.count - bStart)
    return unsafe a.withUnsafeBytes { a in
        unsafe b.withUnsafeBytes { b in
            var shared = 0
            while shared + 8 <= length {
                let left = unsafe a.loadUnaligned(fromByteOffset: aStart + shared, as: UInt64.self)
                let right = unsafe b.loadUnaligned(fromByteOffset: bStart + shared, as: UInt64.self)
                if left != right { break }
                shared += 8
            }
            while unsafe shared < length && a[aStart + shared] == b[bStart + shared] { shared += 1 }
            while unsafe shared > 0 && a[aStart + shared - 1] != UInt8(ascii: "\n") { shared -= 1 }
            return shared
        }
    }
}

/// Order of two byte strings: below, at or above zero, as memcmp with length as the last word.
func compareBytes(_ a: [UInt8], _ b: [UInt8]) -> Int {
    unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
            let length = min(a.count, b.count)
            for index in 0..<length {
                let left = unsafe a[index]
                let right = unsafe b[index]
                if left != right { return Int(left) - Int(right) }
            }
            return a.count - b.count
        }
    }
}

/// Whether two cells are the same bytes.
func equalBytes(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
    a.count == b.count && a.elementsEqual(b)
}

/// The value of a row count; 1 if it is none or beyond 2^53, which `verify` reports and a
/// difference need not.
func decimalValue(_ digits: ArraySlice<UInt8>) -> Int {
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return 1 }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
        if value > 1 << 53 { return 1 }
    }
    return digits.isEmpty ? 1 : value
}
