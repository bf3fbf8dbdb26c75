import Foundation
import Testing

/// A web server on a free port of loopback, made of Python's.
enum WebServer {
    /// Serves while `body` runs, which is given the port.
    ///
    /// - Parameters:
    ///   - handler: Python of a class `Handler`; `http.server` and `os` are imported. What it
    ///     writes to file 1, in one write a line, is given back: answers are given side by side.
    ///   - folder: where it runs.
    ///   - body: what asks it.
    /// - Returns: the lines it wrote.
    /// - Throws: what `body` throws.
    static func serving(
        _ handler: String,
        in folder: URL,
        _ body: (Int) throws -> Void
    ) throws -> [String] {
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        server.arguments = [
            "-c",
            """
            import http.server, os
            \(handler)
            server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
            print(server.server_address[1], flush=True)
            server.serve_forever()
            """,
        ]
        server.currentDirectoryURL = folder
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        // Threads of the test library block SIGTERM, and children inherit that.
        defer { kill(server.processIdentifier, SIGKILL) }
        var text = Data()
        while !text.contains(UInt8(ascii: "\n")) {
            text += output.fileHandleForReading.availableData
        }
        let port = try #require(Int(String(decoding: text, as: UTF8.self).dropLast()))
        try body(port)
        kill(server.processIdentifier, SIGKILL)
        server.waitUntilExit()
        let lines = output.fileHandleForReading.readDataToEndOfFile()
        return String(decoding: lines, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
