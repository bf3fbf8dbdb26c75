import Codecs
import Diagnostics

/// What an address of an Ethereum-like network must look like.
enum AddressRule {
    /// Checks length, digits and the checksum that its case makes (EIP-55).
    ///
    /// - Parameter address: as it is written, in ASCII.
    /// - Throws: what is wrong with it.
    static func check(_ address: ArraySlice<UInt8>) throws(LinkRule.Complaint) {
        guard !address.contains(UInt8(ascii: " ")) else {
            throw complaint(.addressShape, address, "has a blank.", hint: "Remove it.")
        }
        let digits = address.dropFirst(2)
        guard address.starts(with: "0x".utf8) || address.starts(with: "0X".utf8) else {
            throw complaint(.addressShape, address, "does not start with 0x.")
        }
        if let odd = digits.first(where: { !isDigit($0) }) {
            throw complaint(.addressShape, address, "has \"\(UnicodeScalar(odd))\" in it.")
        }
        guard digits.count == 40 else {
            throw complaint(
                .addressShape,
                address,
                "has \(digits.count) digits, not 40.",
                hint: "Copy it again."
            )
        }
        // One case throughout says nothing.
        let hasUpper = digits.contains { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }
        let hasLower = digits.contains { (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
        guard hasUpper, hasLower else { return }
        let right = checksummed(digits)
        guard !right.elementsEqual(address) else { return }
        throw complaint(
            .addressChecksum,
            address,
            "has a wrong checksum: a digit may be wrong.",
            hint: "Compare it with where it is from. If it is right, write"
                + " \(String(decoding: right, as: UTF8.self))."
        )
    }

    private static func complaint(
        _ code: Failure.Code,
        _ address: ArraySlice<UInt8>,
        _ what: String,
        hint: String = "Write 0x and 40 hexadecimal digits."
    ) -> LinkRule.Complaint {
        LinkRule.Complaint(
            code: code,
            message: "The address \"\(String(decoding: address, as: UTF8.self))\" \(what)",
            hint: hint
        )
    }

    /// An address in the case that EIP-55 gives it (https://eips.ethereum.org/EIPS/eip-55).
    ///
    /// - Parameter digits: 40 hexadecimal digits.
    /// - Returns: `0x` and the digits.
    static func checksummed(_ digits: ArraySlice<UInt8>) -> [UInt8] {
        let lower = digits.map { (65...70).contains($0) ? $0 + 32 : $0 }
        let hash = Keccak.hash256(lower)
        var out = Array("0x".utf8)
        for (index, digit) in lower.enumerated() {
            let half = hash[index / 2] >> (index % 2 == 0 ? 4 : 0) & 0xF
            out.append(digit > 57 && half >= 8 ? digit - 32 : digit)
        }
        return out
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
