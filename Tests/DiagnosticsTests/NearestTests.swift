import Diagnostics
import Testing

/// What "Did you mean" says.
struct NearestTests {
    @Test(
        arguments: [
            ("warehose", "warehouse"),  // a letter left out
            ("pathh", "path"),  // one too many
            ("kez", "key"),  // another one
            ("form", "from"),  // two swapped
            ("yek", nil),  // two wrong of three
            ("PATH", "path"),  // in capitals
            ("email_kye_evn", "email_key_env"),
            ("repos", "repositories"),  // begun only
            ("email", "email_key"),  // the shortest of those begun
            ("re", nil),  // too little to say
            ("x", nil),
            ("", nil),
            ("endpoint", nil),
        ] as [(String, String?)]
    )
    func `a misspelled word has a near one`(_ word: String, _ expected: String?) {
        let candidates = [
            "warehouse", "email_key_env", "email_key_id", "email_key", "repositories", "path",
            "key", "from",
        ]
        #expect(nearest(to: word, among: candidates) == expected)
    }

    @Test func `the nearest of several is chosen, the first by name among equals`() {
        #expect(
            nearest(to: "marts_v1", among: ["marts_v23", "marts_v2", "marts_w1"]) == "marts_v2"
        )
        #expect(nearest(to: "abcdef", among: ["abcdxy", "abcdefg"]) == "abcdefg")
        #expect(nearest(to: "cat", among: ["rat", "bat"]) == "bat")
        #expect(nearest(to: "cat", among: ["bat", "rat"]) == "bat")
    }

    @Test func `a third of the letters may be wrong, no more`() {
        #expect(nearest(to: "abcdef", among: ["abcdxy"]) == "abcdxy")
        #expect(nearest(to: "abcdef", among: ["abcxyz"]) == nil)
        #expect(nearest(to: "abcde", among: ["abcxy"]) == nil)
        #expect(nearest(to: "word", among: []) == nil)
    }
}
