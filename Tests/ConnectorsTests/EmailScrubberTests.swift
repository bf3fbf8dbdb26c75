import Codecs
import Connectors
import Testing

/// The pattern of addresses, and what takes their place.
struct EmailScrubberTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        /// With `<1>`, `<2>` for the hashes of the addresses.
        let scrubbed: String
        let addresses: [String]

        init(_ text: String, _ scrubbed: String, _ addresses: String...) {
            self.text = text
            self.scrubbed = scrubbed
            self.addresses = addresses
        }

        var testDescription: String { text }
    }

    let scrubber = EmailScrubber(key: Array("public-demo".utf8))

    private func scrub(_ text: String) -> (text: String, count: Int) {
        var bytes = Array(text.utf8)
        let count = scrubber.scrub(&bytes)
        return (String(decoding: bytes, as: UTF8.self), count)
    }

    @Test(arguments: [
        Case("joe@example.org", "<1>", "joe@example.org"),
        Case("Joe <Joe.B+x@Mail.Example.CO.UK>, ok", "Joe <<1>>, ok", "joe.b+x@mail.example.co.uk"),
        Case("a@b.org b@c.net", "<1> <2>", "a@b.org", "b@c.net"),
        Case("write joe@example.org.", "write <1>.", "joe@example.org"),
        Case("mailto:joe@example.org?subject=x", "mailto:<1>?subject=x", "joe@example.org"),
        Case("email=joe@example.org", "email=<1>", "joe@example.org"),
        Case("'joe'@example.org", "<1>", "'joe'@example.org"),
        Case("joe@laptop.(none)", "<1>", "joe@laptop.(none)"),
        Case("müller@straße.de!", "<1>!", "müller@straße.de"),
        Case("joe@почта.рф", "<1>", "joe@почта.рф"),
        Case("joe@example.xn--p1ai", "<1>", "joe@example.xn--p1ai"),
        Case("joe@example.org，然后", "<1>，然后", "joe@example.org"),
        Case("a@b@c.org", "a@<1>", "b@c.org"),
        Case("ssh joe@example.org: hi", "ssh <1>: hi", "joe@example.org"),
        Case("1234+joe@users.noreply.github.com", "<1>", "1234+joe@users.noreply.github.com"),
    ])
    func `an address becomes a hash`(example: Case) {
        var expected = example.scrubbed
        for (index, address) in example.addresses.enumerated() {
            expected.replace("<\(index + 1)>", with: scrubber.hash(address))
        }
        let (text, count) = scrub(example.text)
        #expect(text == expected)
        #expect(count == example.addresses.count)
    }

    @Test(arguments: [
        "", "@", "no address", "@joe thanks", "cc @joe, @ann", "joe@", "@example.org",
        "lodash@4.17.21", "trunk@17448 1a063a9b-81f0-0310", "foo@bar", "a@.org", "a@b.c",
        "git@github.com:joe/repo.git", "ssh://git@github.com/joe/repo.git", "x @example.org",
    ])
    func `other text stays`(text: String) {
        #expect(scrub(text) == (text, 0))
    }

    @Test func `a hash is not an address, so that scrubbing twice is scrubbing once`() {
        let texts = [
            "a@b@c.org", "a@b.org@c.org", "a@b@c.com.1", "joe@example.org joe@example.org",
            "a@b@c.d.(none)", "x@a@b.org.x", "a@b@cc.dd-ee.ff", "é@é@é.éé",
        ]
        for text in texts {
            let once = scrub(text)
            #expect(once.count > 0)
            #expect(scrub(once.text) == (once.text, 0), "\(text)")
        }
    }

    @Test func `random text is left without an address`() {
        var generator = SeededGenerator(state: 7)
        let alphabet = Array("aaabbé@@@....-Z1:/ (none)xn--'=+_".utf8)
        var hits = 0
        for _ in 0..<20_000 {
            let length = Int.random(in: 1..<40, using: &generator)
            var text = (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            text = Array(String(decoding: text, as: UTF8.self).utf8)
            if scrubber.scrub(&text) > 0 { hits += 1 }
            #expect(scrubber.scrub(&text) == 0)
            let isLeft = unsafe text.withUnsafeBufferPointer {
                unsafe scrubber.containsAddress($0)
            }
            #expect(!isLeft)
        }
        #expect(hits > 500)
    }

    @Test func `the hash is keyed and does not tell case`() {
        #expect(scrubber.hash("Joe@Example.org") == scrubber.hash("joe@example.org"))
        // echo -n joe@example.org | openssl dgst -sha256 -hmac public-demo
        #expect(scrubber.hash("joe@example.org") == "email-a5f810c520d726ea46cb94958af03b84")
        let other = EmailScrubber(key: Array("other".utf8))
        #expect(other.hash("joe@example.org") != scrubber.hash("joe@example.org"))
    }
}

/// Numbers that depend on the seed alone.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
