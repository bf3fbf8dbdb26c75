import Foundation
import Testing

@testable import Codecs

@Suite struct KeccakTests {
    @Test(
        arguments: [
            ("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
            ("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        ]
    )
    func `Keccak-256 of the known texts`(text: String, hash: String) {
        let hex = Keccak.hash256(Array(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        #expect(hex.joined() == hash)
    }

    @Test(arguments: [0, 1, 135, 136, 137, 272, 1_000])
    func `with SHA-3's padding it is libcrypto's SHA-3`(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = ["openssl", "dgst", "-sha3-256", "-binary"]
        let (input, output) = (Pipe(), Pipe())
        openssl.standardInput = input
        openssl.standardOutput = output
        try openssl.run()
        try input.fileHandleForWriting.write(contentsOf: Data(bytes))
        try input.fileHandleForWriting.close()
        let expected = try output.fileHandleForReading.readToEnd()
        openssl.waitUntilExit()
        #expect(Keccak.hash256(bytes, padding: 6) == expected.map(Array.init))
    }
}
