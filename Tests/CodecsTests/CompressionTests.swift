import Codecs
import Diagnostics
import Testing
import TestSupport

struct CompressionTests {
    /// `printf 'hello\n' | gzip -n`, made with gzip 1.12.
    private let hello: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9,
        0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00, 0x00,
    ]

    /// What `body` throws.
    private func code(_ body: () throws(Failure) -> Void) -> Failure.Code? {
        do {
            try body()
            return nil
        } catch { return error.code }
    }

    @Test func `a frame gives back its bytes`() throws {
        var random = SeededRandom()
        let compressor = ZstdCompressor()
        let decompressor = ZstdDecompressor()
        for length in [0, 1, 100, 1 << 17, 3 << 20] {
            let bytes = random.bytes(length / 2) + [UInt8](repeating: 7, count: length - length / 2)
            let frame = compressor.compress(bytes)
            #expect(try decompressor.decompress(frame, limit: length) == bytes)
        }
    }

    @Test func `a damaged frame is refused`() {
        let frame = ZstdCompressor().compress([UInt8](repeating: 65, count: 1000) + Array(0..<200))
        let decompressor = ZstdDecompressor()
        func refusal(_ frame: [UInt8], limit: Int = 10_000) -> Failure.Code? {
            code { () throws(Failure) in _ = try decompressor.decompress(frame, limit: limit) }
        }
        #expect(refusal(frame) == nil)
        #expect(refusal(frame, limit: 1199) == .tooLarge)
        #expect(refusal(frame + [0]) == .corruptFrame)
        #expect(refusal(frame + frame) == .corruptFrame)
        #expect(refusal(Array(frame.dropLast())) == .corruptFrame)
        #expect(refusal([]) == .corruptFrame)
        #expect(refusal(Array("no frame at all".utf8)) == .corruptFrame)
        // From byte 5: the bit of byte 4 flipped below is one that decoders must ignore.
        for index in 5..<frame.count {
            var broken = frame
            broken[index] ^= 0x10
            #expect(refusal(broken) != nil, "byte \(index)")
        }
    }

    @Test func `a gzip file may have several members and come in any pieces`() throws {
        let file = hello + hello + hello
        for piece in 1..<30 {
            var inflater = GzipInflater()
            var out: [UInt8] = []
            var position = 0
            while position < file.count {
                let end = min(position + piece, file.count)
                try inflater.inflate(Array(file[position..<end]), into: &out)
                position = end
            }
            try inflater.finish()
            #expect(out == Array("hello\nhello\nhello\n".utf8))
        }
    }

    @Test func `a gzip file that ends early or is damaged is refused`() {
        func refusal(_ file: [UInt8]) -> Failure.Code? {
            code { () throws(Failure) in
                var inflater = GzipInflater()
                var out: [UInt8] = []
                try inflater.inflate(file, into: &out)
                try inflater.finish()
            }
        }
        #expect(refusal(hello) == nil)
        for length in 0..<hello.count {
            #expect(refusal(Array(hello.prefix(length))) == .truncated, "\(length) bytes")
        }
        #expect(refusal(hello + hello.prefix(5)) == .truncated)
        #expect(refusal(hello + Array("garbage".utf8)) == .corruptStream)
        #expect(refusal(Array("{\"a\":1}\n".utf8)) == .corruptStream)
        var broken = hello
        broken[20] ^= 1
        #expect(refusal(broken) == .corruptStream)
    }

    @Test func `stored and deflated streams are zlib streams of the bytes`() {
        var random = SeededRandom()
        #expect(Zlib.stored([]) == [0x78, 1, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 1])
        #expect(Zlib.deflate([UInt8]()) == [0x78, 0x9c, 3, 0, 0, 0, 0, 1])
        for length in [1, 65_534, 65_535, 65_536, 200_000] {
            let stream = Zlib.stored(random.bytes(length))
            #expect(stream.count == length + 6 + 5 * ((length + 65_534) / 65_535))
        }
        #expect(Zlib.crc32(0, Array("123456789".utf8)) == 0xcbf4_3926)
        #expect(Zlib.crc32(Zlib.crc32(0, Array("1234".utf8)), Array("56789".utf8)) == 0xcbf4_3926)
    }
}
