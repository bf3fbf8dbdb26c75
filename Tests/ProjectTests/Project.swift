import Foundation

/// The files of this project, as the tests about them see them.
enum Project {
    /// The folder that holds `Package.swift`.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The text of a file, given by its path from the root.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Names in a folder, sorted; none if there is no such folder.
    static func names(in folder: String) -> [String] {
        let path = root.appending(path: folder).path
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Paths from the root of the Swift files at any depth under `folder`, sorted.
    static func swiftFiles(under folder: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
        return (found?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(".swift") }
            .map { "\(folder)/\($0)" }
            .sorted()
    }

    /// Swift targets under `Sources`: not the C libraries, which are module maps.
    static var modules: [String] {
        names(in: "Sources").filter { !swiftFiles(under: "Sources/\($0)").isEmpty }
    }

    /// Names that a Swift file imports, whatever the access level it imports them with.
    static func imports(in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
                words[..<index].allSatisfy({ importPrefixes.contains(String($0)) })
            else { return nil }
            // `import struct Foundation.URL` names the module in its last word.
            guard let name = words[words.endIndex - 1].split(separator: ".").first else {
                return nil
            }
            return String(name)
        }
    }

    private static let importPrefixes: Set = [
        "package", "internal", "private", "fileprivate", "public", "@preconcurrency", "@testable",
    ]
}

/// Runs a program and gives its exit status and all it printed.
func run(_ program: URL, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
}

/// Gives `body` a new empty folder, and removes it afterwards.
func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}
