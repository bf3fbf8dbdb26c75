import Diagnostics
import Fetching
import Foundation
import Testing

/// A server of the openssl program with a certificate of our own making.
struct CertificateTests {
    @Test func `a server that cannot prove who it is is refused, unless it is trusted`() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "osodata-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let making = openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
                + " -subj /CN=localhost -addext subjectAltName=DNS:localhost"
                + " -keyout key.pem -out cert.pem",
            in: folder
        )
        try making.run()
        making.waitUntilExit()
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        try Data(answer.utf8).write(to: folder.appending(path: "x"))
        let away =
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:9/x\r\nContent-Length: 0\r\n\r\n"
        try Data(away.utf8).write(to: folder.appending(path: "away"))

        let server = openssl(
            "s_server -accept 127.0.0.1:0 -HTTP -cert cert.pem -key key.pem",
            in: folder
        )
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        defer { server.terminate() }
        let port = try #require(acceptedPort(output))

        var options = FakeTime().options()
        let stranger = Fetcher(options: options)
        options.certificateFile = folder.appending(path: "cert.pem").path
        let friend = Fetcher(options: options)

        let request = FetchRequest(url: "https://localhost:\(port)/x")
        let refused = failure { try stranger.bytes(request) } as? Failure
        #expect(refused?.code == .fetchCertificate)
        #expect(refused?.hint?.contains("SSL_CERT_FILE") == true)
        #expect(String(decoding: try friend.bytes(request).body, as: UTF8.self) == "hello")

        let otherName = FetchRequest(url: "https://127.0.0.1:\(port)/x")
        #expect((failure { try friend.bytes(otherName) } as? Failure)?.code == .fetchCertificate)
        let unsafe = FetchRequest(url: "https://localhost:\(port)/away")
        #expect((failure { try friend.bytes(unsafe) } as? Failure)?.code == .fetchAddress)
    }

    private func openssl(_ arguments: String, in folder: URL) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    /// Reads lines until `ACCEPT 127.0.0.1:12345`.
    private func acceptedPort(_ output: Pipe) -> Int? {
        var text = ""
        while true {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { return nil }
            text += String(decoding: part, as: UTF8.self)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix("ACCEPT ") }),
                let port = line.split(separator: ":").last
            {
                return Int(port)
            }
        }
    }
}
