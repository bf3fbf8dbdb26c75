import Codecs
import Testing
import TestSupport

/// Vectors published with each algorithm.
struct HashTests {
    @Test func `a digest is read from 64 lower-case digits alone`() {
        let digits = String(repeating: "0123456789abcdef", count: 4)
        #expect(Digest(hex: digits)?.hex == digits)
        #expect(Digest(hex: (digits + "x").dropLast())?.hex == digits)
        for wrong in ["", "0", String(digits.dropLast()), digits + "0", digits.uppercased()] {
            #expect(Digest(hex: wrong) == nil, "\(wrong)")
        }
        #expect(Digest(hex: digits.dropLast() + "g") == nil)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 has the digests of FIPS 180-4`(text: String, hex: String) {
        #expect(Digest.of(text).hex == hex)
        #expect(Digest.of(text).short == String(hex.prefix(32)))
        var hash = SHA256()
        for byte in text.utf8 { hash.update([byte]) }
        let digest = hash.finalize()
        #expect(digest.description == hex)
        #expect(Digest(hex: hex) == digest)
    }

    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
    ])
    func `SHA-1 has the digests of FIPS 180-4`(text: String, hex: String) {
        var hash = SHA1()
        hash.update(text)
        let digest = hash.finalize()
        #expect(Hex.encode(digest) == hex)
    }

    @Test func `SHA-256 of a million letters`() {
        var hash = SHA256()
        for _ in 0..<1000 { hash.update([UInt8](repeating: 0x61, count: 1000)) }
        let digest = hash.finalize()
        #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `HMAC-SHA256 has the tags of RFC 4231`() {
        #expect(
            hmacSHA256(key: [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8)).hex
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        )
        #expect(
            hmacSHA256(
                key: [UInt8](repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
            ).hex == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        )
        // Wikipedia's example of an empty key and message.
        #expect(
            hmacSHA256(key: [], []).hex
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        )
    }

    /// Inputs of 0 to 7, 8, 15 and 63 bytes 00 01 02 …, from the reference implementation's
    /// vectors.h, read as little-endian numbers.
    @Test(
        arguments: [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (2, 0x0d6c_8009_d9a9_4f5a),
            (3, 0x8567_6696_d7fb_7e2d), (4, 0xcf27_94e0_2771_87b7), (5, 0x1876_5564_cd99_a68d),
            (6, 0xcbc9_466e_58fe_e3ce), (7, 0xab02_00f5_8b01_d137), (8, 0x93f5_f579_9a93_2462),
            (15, 0xa129_ca61_49be_45e5), (63, 0x958a_324c_eb06_4572),
        ] as [(Int, UInt64)]
    )
    func `SipHash-2-4 has the reference vectors`(length: Int, hash: UInt64) {
        #expect(sipHash24((0..<length).map { UInt8($0) }) == hash)
    }

    @Test(arguments: [
        "", "abc", String(repeating: "a", count: 63), String(repeating: "A", count: 64),
        String(repeating: "g", count: 64), String(repeating: "a", count: 65),
    ])
    func `only 64 lower-case digits are a digest`(text: String) {
        #expect(Digest(hex: text) == nil)
    }

    @Test func `digests are ordered as bytes`() {
        var random = SeededRandom()
        let digests = (0..<100).map { _ in Digest(bytes: random.bytes(32)) }
        let sorted = digests.sorted()
        for (a, b) in zip(sorted, sorted.dropFirst()) {
            #expect(a.bytes.lexicographicallyPrecedes(b.bytes))
        }
    }

    @Test func `base64 has the texts of RFC 4648 and only those`() {
        for (bytes, text) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.encode(Array(bytes.utf8)) == text)
            #expect(Base64.decode(text) == Array(bytes.utf8))
        }
        for text in ["Zg=", "Zg", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm-_", "Zm9v\n"] {
            #expect(Base64.decode(text) == nil)
        }
        var random = SeededRandom()
        for length in 0..<50 {
            let bytes = random.bytes(length)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }
}
