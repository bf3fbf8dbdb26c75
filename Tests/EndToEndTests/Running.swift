import Foundation

/// `osodata` at work in a warehouse, one of whose streams is read while it is.
struct Running {
    /// What is read.
    enum Stream {
        case output, messages
    }

    let process = Process()
    private let pipe = Pipe()
    /// What the other stream said.
    private let rest: URL

    /// Starts it, without configuration of the machine.
    init(_ world: World, _ arguments: [String], reading stream: Stream) throws {
        process.executableURL = World.program
        process.arguments = arguments
        process.currentDirectoryURL = world.folder
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": world.root.path, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C", "TZ": "UTC",
        ]
        rest = world.root.appending(path: "rest-\(UUID().uuidString)")
        try Data().write(to: rest)
        let file = try FileHandle(forWritingTo: rest)
        process.standardOutput = stream == .output ? pipe : file
        process.standardError = stream == .output ? file : pipe
        try process.run()
    }

    /// Reads until there is the text; all of it if it ends before.
    func read(until text: String) -> String {
        var all = ""
        while !all.contains(text) {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { break }
            all += String(decoding: data, as: UTF8.self)
        }
        return all
    }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for its end; gives what the stream that is not read said.
    func end() throws -> (status: Int32, reason: Process.TerminationReason, rest: String) {
        process.waitUntilExit()
        let text = String(decoding: try Data(contentsOf: rest), as: UTF8.self)
        return (process.terminationStatus, process.terminationReason, text)
    }
}
