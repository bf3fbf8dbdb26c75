import Codecs
import Diagnostics
import Testing
import TestSupport

private func canonical(_ text: String) throws -> String {
    String(decoding: try CanonicalJSON.format(parsing: Array(text.utf8)), as: UTF8.self)
}

private func code(_ bytes: [UInt8]) -> Failure.Code? {
    do {
        _ = try CanonicalJSON.format(parsing: bytes)
        return nil
    } catch { return error.code }
}

struct JSONTests {
    @Test(arguments: [
        "", " ", "nul", "nulll", "tru", "True", "+1", "01", "-", "-01", "1.", ".5", "1e", "1e+",
        "0x1", "NaN", "Infinity", "[", "[1", "[1,", "[1,]", "[,]", "[1 2]", "]", "{", "{}}",
        "{\"a\"",
        "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "\"",
        "\"a",
        "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"\u{1}\"", "\"\n\"", "1 2", "// a\n1",
        "'a'", "[1}", "{\"a\":1]", "\u{feff}1", "\"a\" \"b\"", "\\", "--1", "1-", "\"\\u\"",
        "{\"a\":1,,\"b\":2}", "{,}", "{\"a\"}", "\u{a0}1",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(code(Array(text.utf8)) == .jsonSyntax)
    }

    @Test(
        arguments: [
            [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80],
            [0xf0, 0x80],
            [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xe2, 0x82], [0xc3],
        ] as [[UInt8]]
    )
    func `malformed UTF-8 is refused with its offset`(bytes: [UInt8]) {
        let text = Array("\"twelve bytes".utf8) + bytes + Array("\"".utf8)
        do {
            _ = try JSONDocument(parsing: text)
            Issue.record("accepted")
        } catch {
            #expect(error.code == .jsonSyntax)
            #expect(error.message.contains("byte 13"))
        }
    }

    @Test func `values come out as they went in`() throws {
        let text =
            #" { "a" : [ 1 , -2.5e1 , true , false , null , "x\u00e9\n\ud83d\ude00" , {} , [] ] , "b":0, "a":7 } "#
        let root = try JSONDocument(parsing: Array(text.utf8)).root
        #expect(root.kind == .object)
        #expect(root.members.map(\.key) == ["a", "b", "a"])
        #expect(root.member("a")?.int64 == 7)
        #expect(root.member("c") == nil)
        let list = try #require(root.members.first?.value)
        #expect(list.elements.count == 8)
        #expect(list.elements[0].int64 == 1)
        #expect(list.elements[1].int64 == nil)
        #expect(list.elements[1].double == -25)
        #expect(list.elements[2].bool == true)
        #expect(list.elements[3].bool == false)
        #expect(list.elements[4].isNull)
        #expect(list.elements[5].string == "xé\n😀")
        #expect(list.elements[5].isString("xé\n😀"))
        #expect(list.elements[6].members.isEmpty)
        #expect(list.elements[7].elements.isEmpty)
        #expect(Array(list.elements[1].rawBytes) == Array("-2.5e1".utf8))
    }

    @Test(
        arguments: [
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil),
            ("100000000000000000000", nil), ("-0", 0), ("0", 0),
        ] as [(String, Int64?)]
    )
    func `only whole numbers that fit are int64`(text: String, value: Int64?) throws {
        #expect(try JSONDocument(parsing: Array(text.utf8)).root.int64 == value)
    }

    @Test func `depth ends at 512`() {
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: 0x5b, count: depth) + [UInt8](repeating: 0x5d, count: depth)
        }
        #expect(code(nested(512)) == nil)
        #expect(code(nested(513)) == .jsonSyntax)
        #expect(code([UInt8](repeating: 0x5b, count: 1_000_000)) == .jsonSyntax)
    }

    @Test func `a document can be used again and old nodes stay`() throws {
        var document = try JSONDocument(parsing: Array("[1,2,3]".utf8))
        let old = document.root
        try unsafe Array("{\"x\":\"y\"}".utf8).withUnsafeBytes { try unsafe document.parse($0) }
        #expect(document.root.member("x")?.string == "y")
        #expect(old.elements.map(\.int64) == [1, 2, 3])
        #expect(throws: Failure.self) {
            try unsafe Array("{".utf8).withUnsafeBytes { try unsafe document.parse($0) }
        }
        #expect(document.root.isNull)
    }

    @Test func `repairs are made and counted`() throws {
        let text = #"{"b":"\u0000\ud800x\udc00\ud83d\ude00","a\u0000":1,"b":"\udfff\ud800\ud800"}"#
        var repairs = CanonicalJSON.Repairs()
        var out: [UInt8] = []
        let root = try JSONDocument(parsing: Array(text.utf8)).root
        try CanonicalJSON.append(root, to: &out, repairs: &repairs)
        #expect(
            String(decoding: out, as: UTF8.self)
                == "{\"a\u{fffd}\":1,\"b\":\"\u{fffd}\u{fffd}\u{fffd}\"}"
        )
        #expect(repairs.duplicateKeys == 1)
        #expect(repairs.replacedCharacters == 4)
        var more = CanonicalJSON.Repairs()
        #expect(
            root.members[0].value.stringBytes(repairs: &more)
                == Array("\u{fffd}\u{fffd}x\u{fffd}😀".utf8)
        )
        #expect(more.replacedCharacters == 3)
    }

    @Test func `strings are transformed before keys are sorted`() throws {
        let root = try JSONDocument(parsing: Array(#"{"b":"x","a":["y"]}"#.utf8)).root
        var out: [UInt8] = []
        var repairs = CanonicalJSON.Repairs()
        try CanonicalJSON.append(root, to: &out, repairs: &repairs) { text in
            text = text == [0x61] ? Array("z\"".utf8) : text + text
        }
        #expect(String(decoding: out, as: UTF8.self) == #"{"bb":"xx","z\"":["yy"]}"#)
    }

    @Test func `keys are sorted by UTF-16 units as in RFC 8785`() throws {
        // The example of section 3.2.3.
        let text =
            #"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#
        #expect(
            try canonical(text)
                == #"{"\r":"Carriage Return","1":"One",""# + "\u{80}"
                + #"":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face",""#
                + "\u{fb33}" + #"":"Hebrew Letter Dalet With Dagesh"}"#
        )
    }

    @Test func `the example of RFC 8785 section 3.2 comes out`() throws {
        let text = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50,
                          2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        #expect(
            try canonical(text)
                == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        )
    }

    @Test(arguments: [
        ("12345678901234567890123", "12345678901234567890123"), ("-0", "0"), ("-0.0", "0"),
        ("1.0", "1"), ("1e2", "100"), ("1E-7", "1e-7"), ("1e-400", "0"), ("0.1", "0.1"),
        ("123456789012345678901.0", "123456789012345680000"), ("1e21", "1e+21"),
        ("9007199254740993.0", "9007199254740992"), ("-1.5", "-1.5"), ("5e-324", "5e-324"),
    ])
    func `integers keep their digits and other numbers are shortest doubles`(
        text: String,
        expected: String
    ) throws {
        #expect(try canonical(text) == expected)
    }

    @Test func `a number beyond doubles is refused with its path`() {
        do {
            _ = try CanonicalJSON.format(parsing: Array(#"{"a":[0,{"b":1e400}]}"#.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.code == .jsonNumberRange)
            #expect(error.message.contains("$.a[1].b"))
        }
    }

    @Test func `every control character has its one escape`() throws {
        var out: [UInt8] = []
        CanonicalJSON.appendString(
            String(String.UnicodeScalarView((1..<33).compactMap { Unicode.Scalar($0) })),
            to: &out
        )
        #expect(
            String(decoding: out, as: UTF8.self)
                == #""\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f ""#
        )
    }

    @Test func `canonical text is canonical and says the same`() throws {
        var random = SeededRandom()
        for _ in 0..<500 {
            let value = Self.value(&random, depth: 0)
            let text = Array(value.serialized(pretty: random.oneIn(2)).utf8)
            #expect(try JSONValue(parsing: text) == value)
            let once = try CanonicalJSON.format(parsing: text)
            #expect(try CanonicalJSON.format(parsing: once) == once)
        }
    }

    private static func value(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        switch random.int(0...(depth > 4 ? 4 : 6)) {
        case 0: return .null
        case 1: return .bool(random.oneIn(2))
        case 2: return .int(Int64(bitPattern: random.next()) >> Int64(random.int(0...63)))
        case 3:
            let value = Double(bitPattern: random.next())
            // A whole double is spelled, and read back, as an integer.
            return value.isFinite && value != value.rounded() ? .double(value) : .double(0.5)
        case 4: return .string(random.text(upTo: 20))
        case 5:
            return .array(
                (0..<random.int(0...5)).map { _ in Self.value(&random, depth: depth + 1) }
            )
        default:
            return .object(
                (0..<random.int(0...5)).map { index in
                    (random.text(upTo: 5), Self.value(&random, depth: depth + 1))
                }
            )
        }
    }

    @Test func `hostile bytes never crash`() {
        var random = SeededRandom()
        let seeds = [
            #"{"a":[1,2.5e10,"x\u00e9",null,true],"b":{"c":"\ud83d\ude00"}}"#, "[[[]]]", "\"é\"",
        ]
        for _ in 0..<5_000 {
            var text = Array(seeds[random.int(0...2)].utf8)
            for _ in 0..<random.int(1...4) {
                text[random.int(0...(text.count - 1))] = UInt8(random.int(0...255))
            }
            if random.oneIn(3) { text.removeLast(random.int(0...text.count)) }
            _ = code(text)
        }
    }
}

struct NumberTests {
    /// RFC 8785, appendix B, but for its NaN and infinity.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)]
    )
    func `doubles have the spellings of RFC 8785 appendix B`(bits: UInt64, text: String) {
        #expect(spelled(Double(bitPattern: bits)) == text)
    }

    @Test func `doubles read back as themselves`() throws {
        var random = SeededRandom()
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let text = spelled(value)
            #expect(Double(text) == value)
            #expect(try JSONDocument(parsing: Array(text.utf8)).root.double == value)
        }
    }

    private func spelled(_ value: Double) -> String {
        var out: [UInt8] = []
        CanonicalJSON.appendDouble(value, to: &out)
        return String(decoding: out, as: UTF8.self)
    }
}
