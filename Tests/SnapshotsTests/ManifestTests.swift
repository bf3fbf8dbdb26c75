import Codecs
import Diagnostics
import Records
import Snapshots
import TestSupport
import Testing

struct ManifestTests {
    private func manifest() throws -> [UInt8] {
        let world = try World()
        try world.commit(try LongRows.rows(0..<50), "raw.t")
        return try world.snapshot("raw.t").manifest.serialized()
    }

    @Test func `a manifest is read back and written alike`() throws {
        let bytes = try manifest()
        #expect(try Manifest(parsing: bytes).serialized() == bytes)
    }

    @Test func `without its line breaks a manifest is canonical JSON`() throws {
        let bytes = try manifest().filter { $0 != UInt8(ascii: "\n") }
        #expect(try CanonicalJSON.format(parsing: bytes) == bytes)
    }

    @Test func `what a newer version added is kept`() throws {
        let text = String(decoding: try manifest(), as: UTF8.self)
        var newer = text.replacing(
            "{\"bytes\"",
            with: "{\"aaa\":{\"x\":[1,2]},\n\"bytes\"",
            maxReplacements: 1
        )
        newer = newer.replacing("\"id\":1,", with: "\"id\":1,\"moon\":\"full\",")
        newer = newer.replacing("\"chunks\":", with: "\"chips\":true,\"chunks\":")
        #expect(newer != text)
        let written = try Manifest(parsing: Array(newer.utf8)).serialized()
        let object = try JSONValue(parsing: written)
        #expect(object["aaa"]?["x"] == .array([.int(1), .int(2)]))
        #expect(object["columns"]?.array?[0]["moon"] == .string("full"))
        #expect(object["segments"]?.array?[0]["chips"] == .bool(true))
    }

    @Test func `a version from the future is refused with a hint to upgrade`() throws {
        let text = String(decoding: try manifest(), as: UTF8.self)
            .replacing("osodata.snapshot/1", with: "osodata.snapshot/2")
        let failure = try #require(throws: Failure.self) {
            try Manifest(parsing: Array(text.utf8), file: "m")
        }
        #expect(failure.code == .unknownFormat)
        #expect(failure.message.contains("osodata.snapshot/2"))
        #expect(failure.hint?.contains("Upgrade") == true)
    }

    @Test(arguments: [
        ("\"rows\":50", "\"rows\":-1"), ("\"rows\":50", "\"rows\":1e99"),
        ("\"class\":\"small\"", "\"class\":\"huge\""), ("\"type\":\"int64\"", "\"type\":\"int\""),
        ("\"key\":[\"id\"]", "\"key\":[\"no\"]"), ("\"key\":[\"id\"]", "\"key\":[]"),
        ("\"key\":[\"id\"]", "\"key\":{}"), ("\"digest\":\"", "\"digest\":\"x"),
        ("\"segments\":[", "\"segments\":[3,"), ("\"format\":", "\"forma\":"),
        ("osodata.snapshot/1", "parquet"), ("\"nulls\":0", "\"nulls\":null"), ("{", "["), ("{", ""),
    ])
    func `a malformed manifest is refused`(_ old: String, _ new: String) throws {
        let text = String(decoding: try manifest(), as: UTF8.self)
        let broken = text.replacing(old, with: new)
        #expect(broken != text)
        let failure = try #require(throws: Failure.self) {
            try Manifest(parsing: Array(broken.utf8), file: "manifest.json of raw.t")
        }
        #expect(failure.code == .malformedManifest)
        #expect(failure.message.contains("manifest.json of raw.t"))
    }

    @Test func `no flipped byte crashes the reader`() throws {
        let bytes = try manifest()
        var refused = 0
        for index in bytes.indices {
            for flip in [UInt8(1), 0x80] {
                var broken = bytes
                broken[index] ^= flip
                do {
                    _ = try Manifest(parsing: broken)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > bytes.count)
    }
}
