/// Whether bytes are UTF-8.
enum UTF8Check {
    /// As Unicode 3.9, table 3-7: no overlong form, no surrogate, nothing past U+10FFFF.
    static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < text.count {
            let first = unsafe text[index]
            if first < 0x80 {
                index &+= 1
                continue
            }
            let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
            guard first >= 0xc2, first <= 0xf4, index &+ length <= text.count else { return false }
            let second = unsafe text[index &+ 1]
            let lowest: UInt8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80
            let highest: UInt8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf
            guard second >= lowest, second <= highest else { return false }
            for offset in 2..<max(length, 2) {
                guard unsafe text[index &+ offset] & 0xc0 == 0x80 else { return false }
            }
            index &+= length
        }
        return true
    }
}
